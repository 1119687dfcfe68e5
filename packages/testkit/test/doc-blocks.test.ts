import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type DocBlock, readBlocks, runBlock } from '../src/doc-blocks.js'
import { typeErrors } from '../src/doc-types.js'

const root = join(__dirname, '../../..')

const fence = '```'
const block = (info: string, ...code: string[]) => [fence + info, ...code, fence]
const read = (...lines: (string | string[])[]) => readBlocks('a.md', lines.flat().join('\n'))

describe('reading', () => {
  test('only ts blocks count', () => {
    expect(
      read(block('sh', 'ls'), block('ts', 'const a = 1'), block('', '?'), block('tsx', '?')),
    ).toHaveLength(1)
  })

  test('code keeps the line it has in the document', () => {
    const [only] = read('# Title', '', block('ts', 'const a = 1', 'a'))
    expect(only).toEqual({ file: 'a.md', line: 4, program: '\n\n\nconst a = 1\na\n', noRun: undefined })
  })

  test('a fence in a list or a quotation is a fence', () => {
    expect(read('1. one', '   ```ts', '   const a = 1', '     + 2', '   ```')[0]!.program).toBe(
      '\n\nconst a = 1\n  + 2\n',
    )
    expect(read('> ```ts', '> const a = 1', '> ```')[0]!.program).toBe('\nconst a = 1\n')
  })

  test('a longer fence may show a shorter one', () => {
    const shown = read('````md', block('ts', 'const a = 1'), '````')
    expect(shown).toEqual([])
  })

  test('a continued block has what ran before it, each line in its place', () => {
    const [, second, third] = read(
      block('ts', 'const a = 1'),
      block('ts no-run: it would not end', 'for (;;) {}'),
      block('ts continued', 'a + 1'),
    )
    expect(second!.noRun).toBe('it would not end')
    expect(third!.program).toBe('\nconst a = 1\n\n\n\n\n\na + 1\n')
  })

  test('marks that hide a block are refused', () => {
    expect(() => read(block('ts no-run', ''))).toThrow('a.md:1: a block that is not run says why')
    expect(() => read('', block('ts norun: x', ''))).toThrow('a.md:2: "norun: x" is not a mark of a ts block')
    expect(() => read(block('ts continued', ''))).toThrow('a.md:1: there is no block to continue')
    expect(() => read('```ts', 'const a = 1')).toThrow('a.md:1: this code block never ends')
  })
})

describe('running', () => {
  const run = async (...code: string[]) => runBlock(read(block('ts', ...code))[0]!, require)

  test('a block may use types, imports and top-level await, and what it prints is kept', async () => {
    const printed = await run(
      `import { strictEqual } from 'node:assert'`,
      `import * as arignote from 'arignote'`,
      'const a: number = await Promise.resolve(2)',
      'strictEqual(a, 2)',
      `console.log(typeof arignote, a)`,
    )
    expect(printed).toEqual(['object 2'])
  })

  test('imports reach the sources, not a build', () => {
    expect(require.resolve('arignote')).toBe(join(root, 'packages/arignote/src/index.ts'))
  })

  test('a failing block is caught, and the document named', async () => {
    await expect(run(`throw new Error('no')`)).rejects.toThrow('a.md:2: this block fails: no')
    await expect(run(`await Promise.reject(new Error('later'))`)).rejects.toThrow('this block fails: later')
    await expect(run(`import { equal } from 'node:assert/strict'`, 'equal(1, 2)')).rejects.toThrow(
      'this block fails',
    )
    await expect(run(`import 'no-such-package'`)).rejects.toThrow('no-such-package')
    await expect(run('const = 1')).rejects.toThrow('a.md:2: this block fails')
  })
})

describe('types', () => {
  test('type errors are found in every block, run or not, at their line of the document', () => {
    const blocks: DocBlock[] = [
      ...read('', block('ts', 'const a: string = 1', 'export { a }')),
      ...read(block('ts no-run: slow', `import { nothing } from 'arignote'`, 'nothing()')),
      ...read(block('ts', `import * as arignote from 'arignote'`, 'console.log(arignote)')),
    ]
    expect(typeErrors(root, blocks)).toEqual([
      expect.stringMatching(/^a\.md:3: TS2322: /),
      expect.stringMatching(/^a\.md:2: TS2305: /),
    ])
  }, 60_000)
})
