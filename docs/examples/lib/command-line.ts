/**
 * Command lines of programs: a table of options says what there is, what it means and what may be given. `--help` prints it, and
 * what the user can put right is said without a stack.
 */
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ArignoteError } from 'arignote'

/** One option: `--steps N`. */
export interface Option<T> {
  /** What the text means. @throws UsageError */
  readonly read: (name: string, text: string) => T
  readonly byDefault: T
  /** What stands after its name; nothing for a flag. */
  readonly takes: string
  readonly says: string
}

export type Options = Readonly<Record<string, Option<unknown>>>

export type Values<O extends Options> = { readonly [K in keyof O]: O[K]['byDefault'] }

export interface Program<O extends Options> {
  readonly name: string
  /** What it does, in a sentence or two. */
  readonly says: string
  readonly options: O
}

/** Something the user can put right: a file that is missing, an option that is none. */
export class UsageError extends Error {}

/** A whole number. */
export const whole = (byDefault: number, says: string, from = 1, to = 2 ** 31 - 1): Option<number> => ({
  byDefault,
  says,
  takes: 'N',
  read(name, text) {
    const number = numberOf(text)
    if (Number.isInteger(number) && number >= from && number <= to) return number
    const range = to === 2 ** 31 - 1 ? `from ${from} on` : `from ${from} to ${to}`
    throw new UsageError(`--${name} takes a whole number ${range}, not "${text}"`)
  },
})

/** A number above 0. */
export const positive = (byDefault: number, says: string): Option<number> => ({
  byDefault,
  says,
  takes: 'X',
  read(name, text) {
    const number = numberOf(text)
    if (Number.isFinite(number) && number > 0) return number
    throw new UsageError(`--${name} takes a number above 0, not "${text}"`)
  },
})

/** One of some words, the first by default. */
export const oneOf = <const W extends string>(words: readonly [W, ...W[]], says: string): Option<W> => ({
  byDefault: words[0],
  says,
  takes: words.join('|'),
  read(name, text) {
    const word = words.find(word => word === text.toLowerCase())
    if (word !== undefined) return word
    throw new UsageError(`--${name} takes one of ${words.join(', ')}, not "${text}"`)
  },
})

/** The path of a file or folder; a relative one begins where npm was started. None by default. */
export const path = (says: string): Option<string> => ({
  byDefault: '',
  says,
  takes: 'FILE',
  read(name, text) {
    if (text === '') throw new UsageError(`--${name} takes the name of a file`)
    return resolve(process.env.INIT_CWD ?? '.', text)
  },
})

/** On or off; off by default. */
export const flag = (says: string): Option<boolean> => ({
  byDefault: false,
  says,
  takes: '',
  read: () => true,
})

const numberOf = (text: string) => (text.trim() === '' ? Number.NaN : Number(text))

/** What the options are where nothing is said. */
export const defaultsOf = <const O extends Options>(options: O): Values<O> =>
  Object.fromEntries(Object.entries(options).map(([name, { byDefault }]) => [name, byDefault])) as Values<O>

/** The options as they were given. @throws UsageError for what is none, and for values that cannot be */
export function parseOptions<const O extends Options>(args: readonly string[], options: O): Values<O> {
  const values: Record<string, unknown> = { ...defaultsOf(options) }
  for (const [name, text] of Object.entries(given(args, options)))
    values[name] = options[name]!.read(name, text === true ? '' : text)
  return values as Values<O>
}

function given(args: readonly string[], options: Options): Record<string, string | true> {
  const table = Object.fromEntries(
    Object.entries(options).map(([name, { takes }]) => [
      name,
      { type: takes === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options: table }).values as Record<string, string | true>
  } catch (error) {
    const known = Object.keys(options).map(name => `--${name}`)
    // Of Node's message the first sentence is about the user's words, the others about those of programmers.
    const [what] = (error as Error).message.split('. ')
    throw new UsageError(`${what}.\nThe options are ${known.join(' ')}; --help says what they mean.`)
  }
}

/** What `--help` prints. */
export function helpOf({ name, says, options }: Program<Options>): string {
  const rows = Object.entries(options).map(([option, { takes, says, byDefault }]) => {
    const isTold = byDefault !== '' && typeof byDefault !== 'boolean'
    return [`  --${option} ${takes}`, `${says}${isTold ? ` (${byDefault})` : ''}`] as const
  })
  if (rows.length === 0) return `${says}\n\nnpm start -- ${name}`
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const table = rows.map(([left, right]) => left.padEnd(width) + right)
  return [says, '', `npm start -- ${name} [options]`, '', ...table].join('\n')
}

/** Runs a program if its module is what Node was started with, rather than imported. */
export async function runIfMain<const O extends Options>(
  url: string,
  program: Program<O>,
  main: (options: Values<O>) => void | Promise<void>,
): Promise<void> {
  const started = process.argv[1]
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return
  const args = process.argv.slice(2)
  try {
    if (args.includes('--help') || args.includes('-h')) console.log(helpOf(program))
    else await main(parseOptions(args, program.options))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

/** What reads files of the user's; what is wrong with them is theirs to put right. */
export function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ArignoteError)) throw error
    // The last line says where in this program the file was read.
    const lines = error.message.split('\n').filter(line => !line.trim().startsWith('called at '))
    throw new UsageError(lines.join('\n'))
  }
}

/** Aborted by Ctrl-C; pressed a second time, it ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => {
    process.stdout.write('\nStopping after this batch; Ctrl-C once more ends at once.\n')
    controller.abort()
  })
  return controller.signal
}
