/**
 * Theano's lists of sequences, initial states and results  →  the records that `scan` takes.
 */
import {
  badArgument,
  checkOptions,
  describeGiven,
  dtypeOfValue,
  flip,
  Shared,
  type Taps,
  taps,
  type Value,
  Variable,
} from '@arignote/graph'
import type { InitialArgument, SequenceArgument } from './scan-types.js'
import { Until } from './until.js'
import { as_tensor_variable } from './variables.js'

export const operation = 'theano.scan'

/** One, several or none, as a list. */
export function asList<T>(given: T | readonly T[] | null | undefined): readonly T[] {
  if (given === null || given === undefined) return []
  return Array.isArray(given) ? given : [given as T]
}

const tapsOf = (taps: number | readonly number[] | null | undefined): readonly number[] | null =>
  taps == null ? null : typeof taps === 'number' ? [taps] : taps

/** Keywords, and no value: Theano's dictionaries. */
const isRecord = <T>(x: T): x is Exclude<Extract<T, { readonly taps?: unknown }>, Variable> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype

/** A name not yet among those taken. */
function fresh(wanted: string, taken: Iterable<string>): string {
  const names = new Set(taken)
  let name = wanted
  for (let i = 2; names.has(name); i++) name = `${wanted} (${i})`
  return name
}

/** Something visited along axis 0, or several rows of it around the one that is visited. */
export type Visited = Variable | Taps

/**
 * By name. Visited from the end they are turned around, and so are their taps, which in Theano count in the order of the
 * sequence.
 */
export function sequencesOf(
  list: readonly SequenceArgument[],
  goesBackwards: boolean,
): { readonly [name: string]: Visited } {
  const made: Record<string, Visited> = {}
  list.forEach((given, i) => {
    const { input: of, taps: list } = isRecord(given)
      ? checkOptions(operation, given, ['input', 'taps'])
      : { input: given, taps: null }
    const input: unknown = dtypeOfValue(of) === null ? of : as_tensor_variable(of as unknown as Value)
    if (!(input instanceof Variable) || input.ndim === 0)
      throw badArgument(
        operation,
        `sequence ${i} is ${input instanceof Variable ? 'a scalar' : describeGiven(of).what}`,
        'a sequence is a tensor that is visited along axis 0, or { input: x, taps: [-1, 0] }',
        input instanceof Variable ? [input] : [],
      )
    const rows: Variable = goesBackwards ? flip(input, 0) : input
    const all = tapsOf(list)
    const seen = all === null ? rows : taps(rows, goesBackwards ? all.map(k => -k) : all)
    made[fresh(input.name ?? `sequence ${i}`, Object.keys(made))] = seen
  })
  return made
}

/** A state's name, and what it is before the first step. */
export type InitialState = readonly [name: string, initial: Variable | Taps | number]

/** What becomes of each output: a state, or null for what is only an output. */
export function statesOf(
  list: readonly InitialArgument[],
  taken: readonly string[],
): readonly (InitialState | null)[] {
  const names = [...taken]
  return list.map((given, i) => {
    const { initial: value, taps: list } = isRecord(given)
      ? checkOptions(operation, given, ['initial', 'taps'])
      : { initial: given, taps: null }
    const all = tapsOf(list)
    const isPlain = typeof value === 'number' || value === null || value === undefined
    const initial = isPlain ? value : asVariable(value)
    if (initial === null || initial === undefined) {
      if (all === null) return null
      throw badArgument(operation, `output ${i} has taps and no initial value`, 'give { initial, taps }')
    }
    const name = fresh((initial instanceof Variable ? initial.name : null) ?? `state ${i}`, names)
    names.push(name)
    // Theano's state with tap -1 alone is its last value, without an axis for the steps before.
    if (all === null || (all.length === 1 && all[0] === -1)) return [name, initial]
    if (typeof initial === 'number')
      throw badArgument(
        operation,
        `output ${i} has taps, and a number as its past`,
        'its past is a tensor with a row for each step that the furthest tap looks back',
      )
    return [name, taps(pastRows(initial, all), all)]
  })
}

/** Theano takes the first rows, as many as the furthest tap looks back. */
function pastRows(initial: Variable, taps: readonly number[]): Variable {
  const count = -Math.min(...taps)
  return count < 1 || initial.ndim === 0 || initial.shape[0] === count
    ? initial
    : (initial.slice({ stop: count }) as Variable)
}

/** Values as constants. */
export const asVariable = (x: Variable | Value): Variable => as_tensor_variable(x) as Variable

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
