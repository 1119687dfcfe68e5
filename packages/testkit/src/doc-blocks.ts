/**
 * Doc blocks: a Markdown file  →  its `ts` code blocks, ready to be type-checked and run.
 *
 *     ```ts                      stands alone
 *     ```ts continued            goes on from the blocks that ran before it in this file
 *     ```ts no-run: WHY          is type-checked, not run; the reason is obligatory
 *
 * The program of a block keeps every line where the document has it, so errors point into the document.
 */
import { transformSync } from '@swc/core'

export interface DocBlock {
  readonly file: string
  /** The line of its first line of code, counted from 1. */
  readonly line: number
  /** The program: the block, and what it continues, on the lines they have in the document. */
  readonly program: string
  /** Why it is not run, where it is not. */
  readonly noRun: string | undefined
}

/** The `ts` blocks of a document. Throws, with file and line, at one that is marked in a way it may not be. */
export function readBlocks(file: string, markdown: string): DocBlock[] {
  const blocks: DocBlock[] = []
  let before: readonly string[] = []
  for (const { info, start, code } of fences(file, markdown.split('\n'))) {
    const [language, ...words] = info.split(/\s+/)
    if (language !== 'ts' && language !== 'typescript') continue
    const mark = words.join(' ')
    const wrong = (why: string) => new Error(`${file}:${start}: ${why}`)

    const noRun = /^no-run(?::?\s+(.*))?$/.exec(mark)
    if (noRun && !noRun[1]) throw wrong('a block that is not run says why: ```ts no-run: REASON')
    if (!noRun && mark !== '' && mark !== 'continued') throw wrong(`"${mark}" is not a mark of a ts block`)
    if (mark === 'continued' && before.length === 0) throw wrong('there is no block to continue')

    const head = mark === 'continued' ? before : []
    const lines = [...head, ...Array<string>(start - head.length).fill(''), ...code]
    if (!noRun) before = lines
    blocks.push({ file, line: start + 1, program: `${lines.join('\n')}\n`, noRun: noRun?.[1] })
  }
  return blocks
}

interface Fence {
  readonly info: string
  /** The line of the opening fence, counted from 1: as many lines stand before the code. */
  readonly start: number
  readonly code: readonly string[]
}

/** Every fenced block, with the indentation of its fence taken off its lines. */
function* fences(file: string, lines: readonly string[]): Generator<Fence> {
  for (let at = 0; at < lines.length; at++) {
    const open = /^(\s*(?:>\s?)?)(`{3,}|~{3,})([^`]*)$/.exec(lines[at]!)
    if (!open) continue
    const [, indent = '', fence = '', info = ''] = open
    const start = at + 1
    const code: string[] = []
    for (at++; ; at++) {
      const line = lines[at]
      if (line === undefined) throw new Error(`${file}:${start}: this code block never ends`)
      const text = line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()
      if (text.startsWith(fence) && text.slice(fence.length).trim() === '') break
      code.push(text)
    }
    yield { info: info.trim(), start, code }
  }
}

const AsyncFunction = (async () => {}).constructor as new (
  ...source: string[]
) => (...args: unknown[]) => unknown

/**
 * Runs a block; `load` resolves its imports, and what it prints is returned, not shown.
 * Top-level await is fine. A failure names the document and the line where the block begins.
 */
export async function runBlock(block: DocBlock, load: (name: string) => unknown): Promise<string[]> {
  const printed: string[] = []
  const print = (...values: unknown[]) => printed.push(values.map(String).join(' '))
  const quiet = { ...console, log: print, info: print, warn: print, error: print, table: print }
  try {
    const { code } = transformSync(block.program, {
      filename: block.file,
      swcrc: false,
      isModule: true,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    })
    await new AsyncFunction('require', 'exports', 'console', code)(load, {}, quiet)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${block.file}:${block.line}: this block fails: ${why}`, { cause: error })
  }
  return printed
}
