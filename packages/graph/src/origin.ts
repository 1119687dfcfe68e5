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
/** Where packages are installed, where Vite's development server puts them, and as networks that serve packages name them. */
const installed =
  /[\\/](?:node_modules[\\/](?:(?:arignote|@arignote[\\/]\w+)[\\/]|\.vite[\\/]deps)|(?:arignote|@arignote[\\/]\w+)@\d)/
const inWorkspace =
  /^(?:errors|loops|wasm|graph|compiler|load|save|nn|theano|explorer|arignote)[\\/](?:src|dist)[\\/]/

const here =
  (new Error().stack ?? '')
    .split('\n')
    .map(placeIn)
    .find(place => place !== null) ?? ''

/** The folder of the packages where they run from this project's own sources; users have packages of these names too. */
const workspace =
  /^(.*[\\/]packages[\\/])graph[\\/](?:(?:src|dist)[\\/]origin|dist[\\/]node[\\/]index)\./.exec(here)?.[1]

/** The file that a bundler put this in; the user's code may be in it too, and then there is no telling. */
const bundle =
  here === '' || workspace !== undefined || installed.test(here) ? undefined : here.replace(/\d+:\d+$/, '')

function isOwn(place: string): boolean {
  if (installed.test(place) || (bundle !== undefined && place.startsWith(bundle))) return true
  return (
    workspace !== undefined && place.startsWith(workspace) && inWorkspace.test(place.slice(workspace.length))
  )
}

/** The `file:line:column` of a line of a stack, as V8, or as Firefox and Safari write it. */
function placeIn(line: string): string | null {
  const [, called, bare, elsewhere] =
    /(?:\((.*:\d+:\d+)\)|^\s*at (?:async )?(.*:\d+:\d+)|^[^@]*@(.*:\d+:\d+))$/.exec(
      line.replace(/\(eval at .*, /, '('),
    ) ?? []
  return called ?? bare ?? elsewhere ?? null
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
    const place = placeIn(line)
    if (place === null || isOwn(place) || place.includes('node:internal')) continue
    return shorten(place)
  }
  return null
}

function shorten(place: string): string {
  const path = place.replace(/^file:\/\//, '')
  const folder = typeof process === 'object' && typeof process.cwd === 'function' ? `${process.cwd()}/` : null
  return folder !== null && path.startsWith(folder) ? path.slice(folder.length) : path
}
