/**
 * `map`, `reduce`, `foldl`, `foldr`: scans of which only the outputs, or only the last states, are wanted.
 *
 * As in Theano the step has its arguments one after the other, slices first, and what it closes over need not be listed.
 */
import { badArgument } from '../argument-errors.js'
import { checkOptions, describeGiven } from '../given.js'
import type { PlusOne } from '../static.js'
import type { Variable } from '../variable.js'
import { notAStep } from './errors.js'
import { type ScanOptions, scanOptions } from './request.js'
import { scan } from './scan.js'
import type { Taps } from './taps.js'
import type { InitialStates, Sequences, SliceOf, StateOf } from './types.js'

/** What is visited along axis 0. */
type Walkable = Variable | Taps
/** The initial value of a state. */
type Initial = Variable | Taps | number
type Slices<X extends readonly Walkable[]> = { -readonly [I in keyof X]: SliceOf<X[I]> }
type States<S extends readonly Initial[]> = { -readonly [I in keyof S]: StateOf<S[I]> }
type StackOf<V> = V extends Variable<infer D, infer R> ? Variable<D, PlusOne[R]> : never

/** The options of `scan`, except what is given by itself. */
export type LoopOptions = Omit<ScanOptions<Sequences, InitialStates>, 'sequences' | 'state'>
/** A fold's direction is in its name. */
export type FoldOptions = Omit<LoopOptions, 'reverse'>

/** One variable, or a list: as a tuple. */
type Made = Variable | readonly Variable[] | []
type Stacks<O extends Made> = O extends Variable ? StackOf<O> : { -readonly [I in keyof O]: StackOf<O[I]> }

interface Map_ {
  <X extends Walkable, const O extends Made>(
    step: (slice: SliceOf<X>) => O,
    sequence: X,
    options?: LoopOptions,
  ): Stacks<O>
  <const X extends readonly Walkable[], const O extends Made>(
    step: (...slices: Slices<X>) => O,
    sequences: X,
    options?: LoopOptions,
  ): Stacks<O>
}

interface Reduce<Options> {
  <X extends Walkable, S extends Initial, O extends Variable>(
    step: (slice: SliceOf<X>, state: StateOf<S>) => O,
    sequence: X,
    initial: S,
    options?: Options,
  ): O
  <const X extends readonly Walkable[], S extends Initial, O extends Variable>(
    step: (...slicesAndState: [...Slices<X>, StateOf<S>]) => O,
    sequences: X,
    initial: S,
    options?: Options,
  ): O
  <X extends Walkable, const S extends readonly Initial[], const O extends readonly Variable[] | []>(
    step: (slice: SliceOf<X>, ...states: States<S>) => O,
    sequence: X,
    initial: S,
    options?: Options,
  ): { -readonly [I in keyof O]: O[I] }
  <
    const X extends readonly Walkable[],
    const S extends readonly Initial[],
    const O extends readonly Variable[] | [],
  >(
    step: (...slicesAndStates: [...Slices<X>, ...States<S>]) => O,
    sequences: X,
    initial: S,
    options?: Options,
  ): { -readonly [I in keyof O]: O[I] }
}

type Step = (...inputs: readonly unknown[]) => unknown
type Stated = { readonly [name: string]: { readonly all: Variable; readonly last: Variable } }

const loopOptions = scanOptions.filter(name => name !== 'sequences' && name !== 'state')
const foldOptions = loopOptions.filter(name => name !== 'reverse')

/**
 * What the step makes of each row of a sequence, or of several side by side, as a stack: Theano's `map`. A step that returns
 * a list makes a list of stacks.
 *
 * @example map((a, b) => a.dot(b), [A, B]) // of each pair of rows
 */
export const map: Map_ = ((step: Step, sequences: unknown, options: LoopOptions = {}) => {
  checkOptions('map', options, loopOptions)
  return run('map', step, sequences, null, options).map(({ all }) => all)
}) as unknown as Map_

/**
 * The state after the last step: Theano's `reduce`. The step is given the rows of the sequences and then the state, or the
 * states; it returns the next. Without rows it is the initial value. No history is kept.
 *
 * @example reduce((x, total) => total.add(x), xs, 0)
 */
export const reduce: Reduce<LoopOptions> = fold('reduce', loopOptions, undefined) as Reduce<LoopOptions>

/** `reduce` from the first row on. */
export const foldl: Reduce<FoldOptions> = fold('foldl', foldOptions, false) as Reduce<FoldOptions>

/** `reduce` from the last row on. */
export const foldr: Reduce<FoldOptions> = fold('foldr', foldOptions, true) as Reduce<FoldOptions>

function fold(operation: string, names: readonly string[], reverse: boolean | undefined): unknown {
  return (step: Step, sequences: unknown, initial: unknown, options: LoopOptions = {}) => {
    checkOptions(operation, options, names)
    const how = reverse === undefined ? options : { ...options, reverse }
    return run(operation, step, sequences, initial, how).map(({ last }) => last)
  }
}

const isList = (given: unknown): given is readonly unknown[] => Array.isArray(given)
const listOf = (given: unknown): readonly unknown[] => (isList(given) ? given : [given])
/** Names as messages tell them: `sequence`, or `sequence0`, `sequence1` …. */
const named = (what: string, values: readonly unknown[]) =>
  values.map((v, i) => [values.length === 1 ? what : `${what}${i}`, v] as const)

/** The results of the scan, one per state, or per output where there are no states. */
function run(operation: string, step: Step, walked: unknown, initial: unknown, options: LoopOptions) {
  if (typeof step !== 'function') throw notAStep(step)
  const sequences = named('sequence', listOf(walked))
  const states = initial === null ? [] : named('state', listOf(initial))
  let names: readonly string[] = states.map(([name]) => name)
  let single = !isList(initial)
  const body = (inputs: { readonly [name: string]: unknown }) => {
    const returned = step(...[...sequences, ...states].map(([name]) => inputs[name]))
    const values = listOf(returned)
    if (initial === null) {
      names = named('output', values).map(([name]) => name)
      single = !isList(returned)
    } else if (values.length !== states.length || isList(returned) === single)
      throw badArgument(
        operation,
        `the step returned ${isList(returned) ? `a list of ${values.length}` : describeGiven(returned).what}`,
        single
          ? 'it returns the next value of the state; with a list of states, a list'
          : `it returns the next values of the ${states.length} states, in their order, as a list`,
      )
    return Object.fromEntries(values.map((v, i) => [names[i]!, v]))
  }
  const found = scan(
    body as never,
    {
      ...options,
      sequences: Object.fromEntries(sequences),
      state: Object.fromEntries(states),
    } as never,
  ) as Stated
  return {
    map: (pick: (history: Stated[string]) => Variable) => {
      const results = names.map(name => pick(found[name]!))
      return single ? results[0]! : results
    },
  }
}
