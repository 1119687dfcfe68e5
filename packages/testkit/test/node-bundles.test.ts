/** What Node loads of each package, one file per entry, behaves as the modules do; and so does what a bundler makes of them. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'

const root = join(__dirname, '../../..')
let folder: string

beforeAll(() => {
  const { stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', "import('./scripts/workspace.mjs').then(({ bundle }) => bundle())"],
    { cwd: root, encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  folder = mkdtempSync(join(root, 'packages/testkit/node_modules/bundled-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a program prints in a process of its own. */
function run(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}

interface Manifest {
  readonly private?: boolean
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
}

describe('what Node loads', () => {
  const packages = readdirSync(join(root, 'packages')).filter(name =>
    existsSync(join(root, 'packages', name, 'package.json')),
  )
  test.each(packages.filter(name => name !== 'testkit'))('is a file for every entry of %s', name => {
    const { exports }: Manifest = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    )
    for (const entry of Object.values(exports)) {
      expect(Object.keys(entry)).toEqual(['source', 'types', 'node', 'default'])
      expect(existsSync(join(root, 'packages', name, entry['node']!))).toBe(true)
    }
  })

  test('compiles and trains, with the layers and the compiler working on one graph', () => {
    const printed = run(
      'train.mjs',
      `import { compile, grad, shared, vector } from 'arignote'
import { layers, sequential } from 'arignote/nn'
import { formsOf } from '@arignote/compiler'
const x = vector('x')
const w = shared(2, 'w')
const loss = x.mul(w).square().sum()
const train = compile([x], loss, { updates: [[w, w.sub(grad(loss, w).mul(0.125))]] })
console.log(train([1, 2]).data[0], w.getValue().data[0])
console.log(formsOf([x], loss, [[1, 2]]).texts.optimized.includes('sum'))
const model = sequential([layers.dense({ units: 1, inputShape: [2] })])
console.log(model.predict([[1, 2]]).shape.join())`,
    )
    expect(printed.split('\n')).toEqual(['20 -0.5', 'true', '1,1'])
  })

  test('can be required', () => {
    const printed = run(
      'required.cjs',
      `const { compile, vector } = require('arignote')
const x = vector('x')
console.log(compile([x], x.mul(2))([1, 2]).data.join())`,
    )
    expect(printed).toBe('2,4')
  })

  test("names the user's line in errors", () => {
    const printed = run(
      'wrong.mjs',
      `import { vector } from 'arignote'
const x = vector('x', { shape: [3] })
try {
  x.add(vector('y', { shape: [4] }))
} catch (error) {
  console.log(error.message)
}`,
    )
    expect(printed).toMatch(/wrong\.mjs:4:5/)
    expect(printed).toMatch(/E0\d\d/)
  })
})

const wrong = `import { vector } from 'arignote'
try {
  vector('x', { shape: [3] }).add(vector('y', { shape: [4] }))
} catch (error) {
  console.log(error.message)
}`

/** What a program prints whose modules a bundler has put together. */
function runBundled(entries: Readonly<Record<string, string>>, first: string): string {
  for (const [name, text] of Object.entries(entries)) writeFileSync(join(folder, name), text)
  buildSync({
    absWorkingDir: folder,
    entryPoints: Object.keys(entries),
    outdir: 'out',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['source'],
  })
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, 'out', first)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

describe("in a bundle of the user's", () => {
  test('layers and files are made for browsers without a word of Node, h5wasm installed or not', () => {
    const { errors, outputFiles } = buildSync({
      stdin: {
        contents: "export * from 'arignote'; export * from 'arignote/nn'; export * from 'arignote/save'",
        resolveDir: folder,
      },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['source'],
      alias: { h5wasm: 'not-installed' },
      write: false,
      logLevel: 'silent',
    })
    expect(errors).toEqual([])
    expect(outputFiles[0]!.text).not.toMatch(/(?:from |import\(|require\()["']node:/)
  })

  test('an error names the line in it where the library is a file of its own', () => {
    const printed = runBundled({ 'user.js': wrong, 'other.js': "import 'arignote'" }, 'user.mjs')
    expect(printed).toMatch(/created at .*out\/user\.mjs:\d+:\d+/)
  })

  test('an error names no line where the library is in the same file: it would be one of ours', () => {
    const printed = runBundled({ 'single.js': wrong }, 'single.mjs')
    expect(printed).toContain('[E0')
    expect(printed).not.toContain('created at')
  })
})
