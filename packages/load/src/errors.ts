/**
 * Every message of the loader. Where the compiled function would have thrown, class and code are the same and the text is
 * short: there is no graph any more that could be shown.
 */
import { ArgumentError, type ArignoteError, DTypeError, NumericError, ShapeError } from '@arignote/errors'
import type { Failure, Numbered } from './format.js'

type ErrorClass = new (code: string, message: string) => ArignoteError

const error = (Kind: ErrorClass, code: string, problem: string, ...lines: readonly string[]) =>
  new Kind(code, `${[problem, ...lines.filter(line => line !== '')].join('\n  ')} [${code}]`)

const list = (shape: readonly (number | string | null)[]) => `[${shape.map(n => n ?? '?').join(', ')}]`
const here = 'loadFunction'

// ── the file ─────────────────────────────────────────────────────────────────────────────────

export const foreign = (why: string) =>
  error(ArgumentError, 'E620', `${here}: this is no exported function: ${why}`, 'exportFunction(f) makes one')

export const newer = (found: number, known: number) =>
  error(
    ArgumentError,
    'E621',
    `${here}: the file has version ${found} of the format, and this loader knows ${known}`,
    'use the arignote/load of the Arignote that exported it',
  )

export const damaged = (why: string) =>
  error(ArgumentError, 'E622', `${here}: the file is damaged: ${why}`, 'export or copy it once more')

export const unsupported = () =>
  error(
    ArgumentError,
    'E623',
    `${here}: this engine cannot run the code in the file`,
    "it has no WebAssembly vectors (SIMD); exportFunction(f, { backend: 'wasm-scalar' }) makes code without them",
  )

// ── a call ───────────────────────────────────────────────────────────────────────────────────

const most = 8

export function sizesRefused(
  name: string,
  given: readonly (readonly number[])[],
  allowed: readonly (readonly (readonly number[])[])[],
  inputs: readonly { readonly name: string | null }[],
): ArignoteError {
  const text = (shapes: readonly (readonly number[])[]) =>
    shapes.map((shape, i) => `${inputs[i]!.name ?? i}: ${list(shape)}`).join(', ')
  return error(
    ShapeError,
    'E624',
    `${name}: it was not exported for ${text(given)}`,
    ...allowed.slice(0, most).map(shapes => `it takes ${text(shapes)}`),
    allowed.length > most ? `and ${allowed.length - most} more` : '',
  )
}

export const wrongArguments = (name: string, names: readonly string[] | null, problem: string) =>
  names === null
    ? error(ArgumentError, problem.includes('missing') ? 'E220' : 'E221', `${name}: ${problem}`)
    : error(ArgumentError, 'E229', `${name}: ${problem}`, `it takes one record: { ${names.join(', ')} }`)

export const wrongRank = (what: string, shape: readonly number[], wanted: readonly unknown[]) =>
  error(
    ShapeError,
    'E222',
    `${what}: the value has rank ${shape.length}, not ${wanted.length}`,
    `its shape is ${list(shape)}`,
  )

export const notAValue = (what: string, given: string) =>
  error(
    ArgumentError,
    'E030',
    `${what}: ${given} is not a value`,
    'a value is a number, a list of values, a typed array or an NdArray',
  )

export const ragged = (what: string) =>
  error(ShapeError, 'E031', `${what}: lists of one level differ in length`)

export const refusedElement = (what: string, x: unknown, dtype: string) =>
  error(DTypeError, 'E032', `${what}: ${String(x)} is not of ${dtype}`)

export const refusedArray = (what: string, dtype: string) =>
  error(DTypeError, 'E033', `${what}: an array of floats does not go into ${dtype}`)

// ── inside a call ────────────────────────────────────────────────────────────────────────────

/** A loop that the place is in, and its trip. */
export interface Passed {
  readonly scan: string
  readonly trip: number
  readonly numbering: Numbered | null
}

/** The steps that people know, as the compiler's `visits.ts` puts them together. */
function stepsOf(passed: readonly Passed[]): readonly string[] {
  const found: { scan: string; step: number; last: number }[] = []
  let around = ''
  for (const { scan, trip, numbering } of passed) {
    const [before, each, part] = numbering ?? ([0, 1, 'whole'] as const)
    const begin = part === 'segment' && around === 'segments' ? found.pop()!.step : 0
    const step = begin + before + each * trip
    found.push({ scan, step, last: step + each - 1 })
    around = part
  }
  return found.map(
    ({ scan, step, last }) =>
      `in ${last > step ? `one of the steps ${step} to ${last}` : `step ${step}`} of ${scan} (steps are counted as they are visited)`,
  )
}

/** @param at the position among the indices or in the batch; `index`: what was found there. */
export function failed(
  { kind, operation, problem, hint, shape }: Failure,
  index: number,
  at: number,
  passed: readonly Passed[],
): ArignoteError {
  const where: number[] = []
  let rest = at
  for (const size of [...shape].reverse()) {
    where.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  const place = shape.length === 0 ? '' : `at ${list(where)} of the ${kind === 'index' ? 'indices' : 'batch'}`
  const visits = stepsOf(passed)
  if (kind === 'index')
    return error(
      ArgumentError,
      'E240',
      `${operation}: index ${index} is out of range for an axis of size ${problem}`,
      place && `found ${place}`,
      ...visits,
    )
  const code = kind === 'assert' ? 'E243' : 'E244'
  return error(NumericError, code, `${operation}: ${problem}`, place, ...visits, hint)
}
