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
const ownFile =
  /[\\/](?:packages|@arignote)[\\/](?:loops|wasm|graph|compiler|nn|explorer|arignote)[\\/](?:src|dist)[\\/]|[\\/]node_modules[\\/]arignote[\\/]/

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
    if (ownFile.test(line) || line.includes('node:internal') || line.endsWith('(<anonymous>)')) continue
    const place = /\(?((?:file:\/\/|https?:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1]
    if (place !== undefined) return shorten(place)
  }
  return null
}

function shorten(place: string): string {
  const path = place.replace(/^file:\/\//, '')
  const folder = typeof process === 'object' && typeof process.cwd === 'function' ? `${process.cwd()}/` : null
  return folder !== null && path.startsWith(folder) ? path.slice(folder.length) : path
}
