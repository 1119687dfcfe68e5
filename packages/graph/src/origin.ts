/**
 * Where in the user's code a node was made: the first stack frame outside this project's own packages.
 *
 * Capturing costs about a microsecond because V8 formats `stack` only when somebody reads it.
 */

/** A captured place; `place` formats it on first use. */
export class Origin {
  #error: Error | null
  #place: string | null = null

  constructor(error: Error) {
    this.#error = error
  }

  /** `examples/mnist.ts:41:7`, or null where the stack shows only our own files. */
  get place(): string | null {
    if (this.#error !== null) {
      this.#place = userFrame(this.#error.stack ?? '')
      this.#error = null
    }
    return this.#place
  }
}

const deepest = 10
const installed = /[\\/]node_modules[\\/](?:arignote|@arignote[\\/]\w+)[\\/]/
const inWorkspace =
  /^(?:errors|loops|wasm|graph|compiler|load|save|nn|theano|explorer|arignote)[\\/](?:src|dist)[\\/]/

/** The folder of the packages where they run from this project's own sources; users have packages of these names too. */
const workspace =
  /(?:\(|at )([^()]*[\\/]packages[\\/])graph[\\/](?:(?:src|dist)[\\/]origin|dist[\\/]node[\\/]index)\./.exec(
    new Error().stack ?? '',
  )?.[1]

function isOwn(line: string): boolean {
  const at = workspace === undefined ? -1 : line.indexOf(workspace)
  return installed.test(line) || (at >= 0 && inWorkspace.test(line.slice(at + workspace!.length)))
}

/** `depth`: how many frames to look at; an error, which is rare, may look further than a node. */
export function captureOrigin(depth = deepest): Origin {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = depth
  const error = new Error()
  Error.stackTraceLimit = limit
  return new Origin(error)
}

function userFrame(stack: string): string | null {
  for (const line of stack.split('\n').slice(1)) {
    if (isOwn(line) || line.includes('node:internal') || line.endsWith('(<anonymous>)')) continue
    const [, called, bare] =
      /(?:\((.*:\d+:\d+)\)|at (?:async )?(.*:\d+:\d+))$/.exec(line.replace(/\(eval at .*, /, '(')) ?? []
    const place = called ?? bare
    if (place !== undefined) return shorten(place)
  }
  return null
}

function shorten(place: string): string {
  const path = place.replace(/^file:\/\//, '')
  const folder = typeof process === 'object' && typeof process.cwd === 'function' ? `${process.cwd()}/` : null
  return folder !== null && path.startsWith(folder) ? path.slice(folder.length) : path
}
