/** The fuzzer: what it draws, that the library stands it, and that it finds what is broken on purpose. */
import { join } from 'node:path'
import { rows } from '@arignote/compiler'
import type { Rule } from '@arignote/graph'
import * as graph from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import * as arignote from 'arignote'
import { type DocBlock, runBlock } from '../src/doc-blocks.js'
import { typeErrors } from '../src/doc-types.js'
import { build } from '../src/fuzz/build.js'
import { Coverage } from '../src/fuzz/coverage.js'
import { type Finding, fuzz } from '../src/fuzz/fuzz.js'
import { programOf } from '../src/fuzz/generate.js'
import { printTest } from '../src/fuzz/print.js'
import { lineCount } from '../src/fuzz/program.js'
import { notDrawn, rowNames } from '../src/fuzz/rows.js'
import { smaller, weight } from '../src/fuzz/shrink.js'

const isClass = (f: unknown) => typeof f === 'function' && /^class\b/.test(String(f))
const functionsOf = (names: object) =>
  Object.entries(names).flatMap(([name, f]) => (typeof f === 'function' && !isClass(f) ? [name] : []))

describe('what is drawn', () => {
  test('every public function has a row, or a reason to have none', () => {
    const missing = functionsOf(arignote).filter(
      name => !rowNames.has(name) && !Object.hasOwn(notDrawn, name),
    )
    expect(missing).toEqual([])
    const superfluous = Object.keys(notDrawn).filter(name => rowNames.has(name) || !(name in arignote))
    expect(superfluous).toEqual([])
  })

  test('every method of random streams has a row', () => {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(arignote.randomStream(1)))
    const others = ['constructor', 'seed', 'numberedAnew']
    expect(methods.filter(name => !others.includes(name) && !rowNames.has(`random.${name}`))).toEqual([])
  })

  test('every row, op and pair of families comes up, and what scans can do, by twos and with gradients', () => {
    const ops = Object.values(graph).flatMap(f => (typeof f === 'function' && 'op' in f ? [f.op.name] : []))
    const coverage = new Coverage()
    const missing = () => [
      ...[...rowNames].filter(name => !coverage.rows.has(name)),
      ...ops.filter(name => !coverage.ops.has(name) && !Object.hasOwn(notDrawn, name)),
      ...coverage.missingPairs(),
      ...coverage.missingFeatures(),
    ]
    for (let seed = 1; seed <= 4000 && (seed % 200 !== 0 || missing().length > 0); seed++) {
      const program = programOf(seed)
      coverage.add(program, build(program))
    }
    expect(missing()).toEqual([])
  }, 240_000)
})

test('back ends agree about 120 random programs', () => {
  const { findings } = fuzz({ seed: 20_000, count: 120 })
  expect(findings.map(finding => finding.text)).toEqual([])
}, 240_000)

describe('a rule that was broken on purpose', () => {
  const breaks: readonly (readonly [string, (build: Rule['build']) => Rule['build']])[] = [
    [
      'x · 1 → x',
      () =>
        ({ x }) =>
          graph.neg(x!),
    ],
    [
      'x + 0 → x',
      () =>
        ({ x }) =>
          graph.zerosLike(x!),
    ],
    [
      'an end of a trajectory → the initial or final value',
      own => (captures, root) => {
        const found = own(captures, root)
        return found === null ? null : graph.mul(found, 2)
      },
    ],
  ]

  test.each(breaks)(
    '%s: is found, shrunk, and printed as a test that fails',
    async (name, broken) => {
      const rule = rows.find(row => row.name === name) as { build: Rule['build'] }
      const sound = rule.build
      let finding: Finding | undefined
      try {
        rule.build = broken(sound)
        for (let seed = 1; seed <= 600 && finding === undefined; seed++)
          finding = fuzz({ seed, count: 1 }).findings[0]
        expect(finding).toBeDefined()
        expect(finding!.lines).toBeLessThanOrEqual(5)
        expect(finding!.text).toContain(`without the rule "${name}" they agree`)
        await expect(runTest(finding!.text)).rejects.toThrow()
      } finally {
        rule.build = sound
      }
      await runTest(finding!.text)
    },
    240_000,
  )
})

describe('programs', () => {
  const drawn = Array.from({ length: 40 }, (_, i) => programOf(i + 1))

  test('of one seed are one program', () => {
    expect(programOf(3)).toEqual(programOf(3))
  })

  test('shrink to what has less weight', () => {
    for (const program of drawn.slice(0, 10))
      for (const candidate of smaller(program)) expect(weight(candidate)).toBeLessThan(weight(program))
  })

  test('print as tests with the types they should have, which run', async () => {
    const texts = drawn
      .filter(program => lineCount(program.lines) < 20)
      .map((program, i) => printTest(program, `${i}`))
    expect(typeErrors(join(__dirname, '../../..'), texts.map(blockOf))).toEqual([])
    for (const text of texts.slice(0, 15)) await runTest(text)
  }, 120_000)
})

const blockOf = (text: string): DocBlock => ({ file: 'printed.ts', line: 1, program: text, noRun: undefined })

/** Runs the text of a test; rejects if the test fails. */
async function runTest(text: string): Promise<void> {
  const jest = { expect, test: (_: string, body: () => void) => body() }
  const here: Readonly<Record<string, unknown>> = {
    '@jest/globals': jest,
    '@arignote/testkit': await import('../src/agree.js'),
    '@arignote/graph': graph,
    arignote,
  }
  await runBlock(blockOf(text), name => here[name])
}
