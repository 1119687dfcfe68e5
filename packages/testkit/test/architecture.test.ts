import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { violations } from '../src/architecture.js'
import { readFiles } from '../src/files.js'

const root = join(__dirname, '../../..')
const all = readFiles(root, ['packages', 'docs', 'benchmarks', 'scripts'], path => /\.(ts|mjs)$/.test(path))

test('the workspace keeps its own rules', () => {
  expect(all.size).toBeGreaterThan(10)
  expect(violations(all)).toEqual([])
})

/** The rules broken by one import line in one file, as `line: rule`. */
function broken(path: string, text: string, others: Record<string, string> = {}): string[] {
  return violations(new Map(Object.entries({ ...others, [path]: text })))
    .filter(v => v.startsWith(path))
    .map(v => v.slice(path.length + 1).replace(/ \(.*/, ''))
}

const below = '1: a package imports only what is below it'
const passes = '1: passes never import one another; only compile.ts and pipeline.ts import passes'

test('a package may not import what is above it, nor what its manifest does not name', () => {
  expect(broken('packages/loops/src/a.ts', `import { x } from '@arignote/graph'`)).toEqual([below])
  expect(broken('packages/graph/src/a.ts', `import type { X } from '@arignote/compiler'`)).toEqual([below])
  expect(broken('packages/wasm/src/a.ts', `import 'node:fs'`)).toEqual([below])
  expect(broken('packages/compiler/src/a.ts', `export * from 'left-pad'`)).toEqual([below])
  expect(broken('packages/graph/src/a.ts', `const f = () => import('left-pad')`)).toEqual([below])
  expect(broken('packages/graph/src/a.ts', `import {\n  type X,\n  y,\n} from '@arignote/loops'`)).toEqual([])
  expect(broken('packages/testkit/src/a.ts', `import { vec3 } from 'gl-matrix'`)).toEqual([])
})

test('tests of a package see that package, what it imports, and Jest', () => {
  const text = `import { test } from '@jest/globals'\nimport '../src/index.js'\nimport '@arignote/loops'`
  expect(broken('packages/graph/test/a.test.ts', text)).toEqual([])
  expect(broken('packages/graph/test/a.test.ts', `import '@arignote/compiler'`)).toEqual([below])
})

test('the loader of exported functions knows nothing of how they were made', () => {
  for (const name of ['graph', 'compiler', 'loops', 'save'])
    expect(broken('packages/load/src/a.ts', `import '@arignote/${name}'`)).toEqual([below])
  expect(broken('packages/load/src/a.ts', `import '@arignote/errors'`)).toEqual([])
})

test('a relative import may not leave its package', () => {
  expect(broken('packages/graph/src/ops/a.ts', `import { s } from '../../../loops/src/scalar.js'`)).toEqual([
    '1: a relative import stays inside its package',
  ])
  expect(broken('packages/graph/src/ops/a.ts', `import { s } from '../op.js'`)).toEqual([])
})

test('nothing but tests imports testkit', () => {
  const says = '1: nothing but tests imports testkit'
  expect(broken('benchmarks/a.ts', `import { x } from '@arignote/testkit'`)).toEqual([says])
  expect(broken('docs/examples/a.test.ts', `import { x } from '@arignote/testkit'`)).toEqual([])
})

test('a pass may import languages, its own folder and the files beside compile.ts, but no other pass', () => {
  const lower = 'packages/compiler/src/3-lower/lower.ts'
  expect(broken(lower, `import type { Group } from '../2-schedule/schedule.js'`)).toEqual([passes])
  expect(broken(lower, `import { compile } from '../compile.js'`)).toEqual([passes])
  expect(broken(lower, `import { a } from './hoist.js'\nimport { p } from '../program.js'`)).toEqual([])
  expect(broken('packages/compiler/src/5-emit/js/a.ts', `import { b } from '../backend.js'`)).toEqual([])
  expect(broken('packages/compiler/src/trace.ts', `import { a } from './4-plan/place.js'`)).toEqual([passes])
  expect(broken('packages/compiler/src/compile.ts', `import { a } from './4-plan/place.js'`)).toEqual([])
})

test('inside graph, the kernel does not know the ops, and the ops do not know rewriting', () => {
  const says = '1: variable, op, type, lambda and dim never import ops/'
  expect(broken('packages/graph/src/variable.ts', `import { add } from './ops/elementwise.js'`)).toEqual([
    says,
  ])
  expect(broken('packages/graph/src/fluent.ts', `import { add } from './ops/elementwise.js'`)).toEqual([])
  expect(broken('packages/graph/src/ops/a.ts', `import { rule } from '../rewrite/engine.js'`)).toEqual([
    '1: ops/ never imports rewrite/',
  ])
})

test('passes after the first never name an op', () => {
  const says = '1: passes 2 to 6 never name an op'
  const others = {
    'packages/graph/src/ops/elementwise.ts': `export const add = binary('add')\nexport interface Entry {}`,
    'packages/graph/src/ops/reduce.ts': `const total = 1\nexport { total as sum }`,
  }
  const names = (path: string, text: string) => broken(`packages/compiler/src/${path}`, text, others)
  expect(names('3-lower/a.ts', `import { type Op, add } from '@arignote/graph'`)).toEqual([says])
  expect(names('3-lower/a.ts', `import { sum as plus } from '@arignote/graph'`)).toEqual([says])
  expect(names('6-run/a.ts', `import * as graph from '@arignote/graph'`)).toEqual([says])
  expect(names('3-lower/a.ts', `import { type Entry, total } from '@arignote/graph'`)).toEqual([])
  expect(names('1-optimize/rules/a.ts', `import { add } from '@arignote/graph'`)).toEqual([])
})

test('the assembler has one customer', () => {
  const text = `import { module } from '@arignote/wasm'`
  const says = '1: only 5-emit/wasm imports @arignote/wasm'
  expect(broken('packages/compiler/src/6-run/heap.ts', text)).toEqual([says])
  expect(broken('packages/compiler/src/5-emit/wasm/kernel.ts', text)).toEqual([])
  expect(broken('packages/compiler/test/5-emit/wasm.test.ts', text)).toEqual([])
})

test('ndarray stays at the border', () => {
  const text = `import ndarray from 'ndarray'`
  const says =
    '1: only graph/src/value.ts, 6-run, 5-emit/reference, nn/src/data.ts, load/src/values.ts and testkit import ndarray'
  expect(broken('packages/graph/src/variable.ts', text)).toEqual([says])
  expect(broken('packages/compiler/src/3-lower/a.ts', `import ops from 'ndarray-ops'`)).toEqual([says])
  expect(broken('packages/graph/src/value.ts', text)).toEqual([])
  expect(broken('packages/load/src/values.ts', text)).toEqual([])
  expect(broken('packages/compiler/src/6-run/host.ts', text)).toEqual([])
  expect(broken('packages/graph/test/value.test.ts', text)).toEqual([])
})

test('imports inside comments do not count', () => {
  const text = [
    '/**',
    ` * import { compile } from 'arignote'`,
    ` * const lazy = await import('arignote')`,
    ' */',
    'export const a = 1',
  ].join('\n')
  expect(broken('packages/graph/src/a.ts', text)).toEqual([])
})

test('a source file has at most 400 lines', () => {
  expect(broken('packages/loops/src/a.ts', '\n'.repeat(400))).toEqual([])
  expect(broken('packages/loops/src/a.ts', '\n'.repeat(401))).toEqual([
    '400: no source file is longer than 400 lines',
  ])
})

test('nothing is left over', () => {
  const word = ['TO', 'DO'].join('')
  expect(broken('packages/loops/src/a.ts', `const a = 1\n// ${word}: more`)).toEqual(['2: no left-overs'])
})
