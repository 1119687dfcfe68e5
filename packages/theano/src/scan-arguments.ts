/**
 * Theano's lists of sequences, initial states and results  →  the records that `scan` takes.
 */
import { badArgument, constant, describeGiven, flip, Shared, type Value, Variable } from '@arignote/graph'
import type { InitialArgument, SequenceArgument } from './scan-types.js'
import { Until } from './until.js'

export const operation = 'theano.scan'

/** One, several or none, as a list. */
export function asList<T>(given: T | readonly T[] | null | undefined): readonly T[] {
  if (given === null || given === undefined) return []
  return Array.isArray(given) ? given : [given as T]
}

const tapsOf = (taps: number | readonly number[] | null | undefined): readonly number[] | null =>
  taps == null ? null : typeof taps === 'number' ? [taps] : taps

function checkTaps(taps: readonly number[], what: string): void {
  if (!Array.isArray(taps) || taps.length === 0 || !taps.every(Number.isInteger))
    throw badArgument(operation, `taps of ${what} are not whole numbers`, 'taps are a list: [-2, -1]')
}

/** A name not yet among those taken. */
function fresh(wanted: string, taken: Iterable<string>): string {
  const names = new Set(taken)
  let name = wanted
  for (let i = 2; names.has(name); i++) name = `${wanted} (${i})`
  return name
}

/**
 * One sequence per tap, cut so that row t is what step t sees: Theano pretends that tap 0 is among the taps. Visited from
 * the end they are turned around first, so that taps count in the order of the sequence.
 */
export function sequencesOf(
  list: readonly SequenceArgument[],
  goesBackwards: boolean,
): { readonly [name: string]: Variable } {
  const made: Record<string, Variable> = {}
  list.forEach((given, i) => {
    const { input, taps } = given instanceof Variable ? { input: given, taps: null } : (given ?? {})
    if (!(input instanceof Variable) || input.ndim === 0)
      throw badArgument(
        operation,
        `sequence ${i} is ${input instanceof Variable ? 'a scalar' : describeGiven(given).what}`,
        'a sequence is a tensor that is visited along axis 0, or { input: x, taps: [-1, 0] }',
        input instanceof Variable ? [input] : [],
      )
    const all = tapsOf(taps) ?? [0]
    checkTaps(all, `sequence ${i}`)
    const [least, greatest] = [Math.min(0, ...all), Math.max(0, ...all)]
    for (const tap of all) {
      const cut = tap === greatest ? { start: tap - least } : { start: tap - least, stop: tap - greatest }
      const rows: Variable = least === 0 && greatest === 0 ? input : input.slice(cut)
      const title = `${input.name ?? `sequence ${i}`}${tap === 0 ? '' : `[${tap}]`}`
      made[fresh(title, Object.keys(made))] = goesBackwards ? flip(rows, 0) : rows
    }
  })
  return made
}

/** A state, with the taps by which its step sees it; `taps` is null for its last value alone. */
export interface InitialState {
  readonly name: string
  readonly initial: Variable | number
  readonly taps: readonly number[] | null
}

/** What becomes of each output: a state, or null for what is only an output. */
export function statesOf(
  list: readonly InitialArgument[],
  taken: readonly string[],
): readonly (InitialState | null)[] {
  const names = [...taken]
  return list.map((given, i) => {
    const isRecord = typeof given === 'object' && given !== null && !(given instanceof Variable)
    const { initial, taps } = isRecord ? given : { initial: given, taps: null }
    const all = tapsOf(taps)
    if (initial === null || initial === undefined) {
      if (all !== null)
        throw badArgument(operation, `output ${i} has taps and no initial value`, 'give { initial, taps }')
      return null
    }
    if (all !== null) checkTaps(all, `output ${i}`)
    const title = (initial instanceof Variable ? initial.name : null) ?? `state ${i}`
    const name = fresh(title, names)
    names.push(name)
    const isPlain = all === null || (all.length === 1 && all[0] === -1)
    if (isPlain) return { name, initial, taps: null }
    if (typeof initial === 'number')
      throw badArgument(
        operation,
        `output ${i} has taps, and one number as its past`,
        'its past has a row per step',
      )
    return { name, initial: initial.slice({ stop: -Math.min(...all) }) as Variable, taps: all }
  })
}

/** Values as constants. */
export const asVariable = (x: Variable | Value): Variable => (x instanceof Variable ? x : constant(x))

// ── what a step returned ──────────────────────────────────────────────────────────────────────

export interface Returned {
  readonly outputs: readonly Variable[]
  readonly updates: ReadonlyMap<Shared, Variable>
  readonly until: Variable | null
}

const isOutputs = (x: unknown): x is Variable | readonly Variable[] =>
  x instanceof Variable || (Array.isArray(x) && x.every(v => v instanceof Variable))

const isPair = (x: unknown): x is readonly [Shared, Variable] =>
  Array.isArray(x) && x.length === 2 && x[0] instanceof Shared && x[1] instanceof Variable

const isUpdates = (
  x: unknown,
): x is ReadonlyMap<Shared, Variable> | readonly (readonly [Shared, Variable])[] =>
  x instanceof Map || (Array.isArray(x) && x.length > 0 && x.every(isPair))

/** Theano's forms: outputs, updates, until, and lists of them in this order. */
export function readReturned(returned: unknown): Returned {
  // A list of one pair of a shared variable and its value could also be outputs in a list: those are no lists themselves.
  const parts =
    isOutputs(returned) || isUpdates(returned) || returned instanceof Until ? [returned] : returned
  if (!Array.isArray(parts)) throw notReturned(returned)
  const rest = [...parts]
  const next = <T>(is: (x: unknown) => x is T): T | null => (is(rest[0]) ? (rest.shift() as T) : null)
  const outputs = next(isOutputs)
  const updates = next(
    (x): x is ReadonlyMap<Shared, Variable> => isUpdates(x) || (Array.isArray(x) && x.length === 0),
  )
  const stop = next((x): x is Until => x instanceof Until)
  if (rest.length > 0) throw notReturned(returned)
  return { outputs: asList(outputs), updates: new Map(updates ?? []), until: stop?.condition ?? null }
}

const notReturned = (returned: unknown) =>
  badArgument(
    operation,
    `the step returned ${describeGiven(returned).what}`,
    'a step returns an output, a list of outputs, updates as a Map or pairs, until(condition), or [outputs, updates, until]',
  )
