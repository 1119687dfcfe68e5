/**
 * What a step sees and returns, for the type-checker: each sequence one rank lower, each result one rank higher.
 */
import type { DType } from '@arignote/loops'
import type { LessOne, PlusOne } from '../static.js'
import type { Rank, Variable } from '../variable.js'
import type { Taps } from './taps.js'

/** Visited along axis 0. */
export type Sequences = { readonly [name: string]: Variable | Taps }

/** The initial value of each state; a number stands for a value of the state's own type. */
export type InitialStates = { readonly [name: string]: Variable | Taps | number }

/** One value per tap, in the order of the list. */
type PerTap<L extends readonly number[], V> = { readonly [I in keyof L]: V }

/** What a step sees of a sequence. */
export type SliceOf<X> =
  X extends Variable<infer D, infer R>
    ? Variable<D, LessOne[R]>
    : X extends Taps<infer D, infer R, infer L>
      ? PerTap<L, Variable<D, LessOne[R]>>
      : never

/** What a step sees of a state that begins with this. */
export type StateOf<S> =
  S extends Variable<infer D, infer R>
    ? Variable<D, R>
    : S extends Taps<infer D, infer R, infer L>
      ? PerTap<L, Variable<D, LessOne[R]>>
      : Variable

/** Slices and states in. */
export type StepInputs<X extends Sequences, S extends InitialStates> = {
  readonly [K in keyof X]: SliceOf<X[K]>
} & {
  readonly [K in keyof S]: StateOf<S[K]>
}

/** Next states and outputs out. */
export type StepResults<S extends InitialStates> = { readonly [name: string]: Variable } & {
  readonly [K in keyof S]: Variable
}

/** What became of one state or output. */
export interface History<D extends DType, R extends Rank> {
  /** Every step's value, in sequence order. */
  readonly all: Variable<D, PlusOne[R]>
  /** The value of the step visited last; for a state and no steps, the initial value. Alone it costs no history. */
  readonly last: Variable<D, R>
}

export type Histories<O> = {
  readonly [K in keyof O]: O[K] extends Variable<infer D, infer R> ? History<D, R> : never
}
