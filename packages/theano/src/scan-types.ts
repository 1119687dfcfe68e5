/**
 * What `theano.scan` hands to its step and gives back, for the type-checker: Theano's order of arguments, and each result one
 * rank higher. Where the lists are no tuples the types are wide.
 */
import type {
  AnyNdArray,
  LessOne,
  PlusOne,
  Rank,
  Shared,
  Size,
  Tensor,
  Value,
  Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { Until } from './until.js'

/** Visited along axis 0; the taps say which rows a step sees, relative to its own. */
export type SequenceArgument =
  | Variable
  | AnyNdArray
  | { readonly input: Variable | AnyNdArray; readonly taps?: number | readonly number[] | null }

/** A state's initial value, with the taps, if there are others than −1, its first rows; null for what is only an output. */
export type InitialArgument =
  | Variable
  | Value
  | null
  | undefined
  | {
      readonly initial?: Variable | Value | null
      readonly taps?: number | readonly number[] | null
    }

export type ListOf<T> = T | readonly T[] | null

/** What a step returns besides outputs: new values of shared variables. */
export type StepUpdates = ReadonlyMap<Shared, Variable> | readonly (readonly [Shared, Variable])[]

type StepOutputs = Variable | readonly Variable[]
/** In Theano's orders: outputs, updates, `until`. */
export type StepResult =
  | StepOutputs
  | StepUpdates
  | Until
  | readonly [StepOutputs, StepUpdates | Until]
  | readonly [StepUpdates, Until]
  | readonly [StepOutputs, StepUpdates, Until]

type AsList<L> = L extends null | undefined ? readonly [] : L extends readonly unknown[] ? L : readonly [L]

type Repeated<V, T> = T extends readonly unknown[] ? { -readonly [K in keyof T]: V } : [V]

/** Of a value only that it becomes a tensor is known. */
type Whole<V> = V extends Variable<infer D, infer R> ? Tensor<D, R> : Tensor
type Row<V> = V extends Variable<infer D, infer R> ? Tensor<D, LessOne[R]> : Tensor

type OfSequence<S> = S extends Variable
  ? [Row<S>]
  : S extends { readonly input: infer V; readonly taps: infer T }
    ? Repeated<Row<V>, T>
    : S extends { readonly input: infer V }
      ? [Row<V>]
      : [Tensor]

type OfInitial<I> = I extends null | undefined
  ? []
  : I extends Variable
    ? [Whole<I>]
    : I extends { readonly initial: infer V; readonly taps: infer T }
      ? T extends -1 | readonly [-1] | null | undefined
        ? [Whole<V>]
        : Repeated<Row<V>, T>
      : I extends { readonly initial: infer V }
        ? V extends null | undefined
          ? []
          : [Whole<V>]
        : I extends Value
          ? [Tensor]
          : []

type OfNonSequence<V> = V extends Variable<infer D, infer R> ? [Tensor<D, R>] : [Tensor]

type EachSequence<L extends readonly unknown[]> = number extends L['length']
  ? Tensor[]
  : L extends readonly [infer Head, ...infer Rest]
    ? [...OfSequence<Head>, ...EachSequence<Rest>]
    : []
type EachInitial<L extends readonly unknown[]> = number extends L['length']
  ? Tensor[]
  : L extends readonly [infer Head, ...infer Rest]
    ? [...OfInitial<Head>, ...EachInitial<Rest>]
    : []
type EachNonSequence<L extends readonly unknown[]> = number extends L['length']
  ? Tensor[]
  : L extends readonly [infer Head, ...infer Rest]
    ? [...OfNonSequence<Head>, ...EachNonSequence<Rest>]
    : []

/** Slices of the sequences, then past values of the states, then what is the same in every step. */
export type StepArguments<S, I, N> = [
  ...EachSequence<AsList<S>>,
  ...EachInitial<AsList<I>>,
  ...EachNonSequence<AsList<N>>,
]

type Stacked<V> = V extends Variable<infer D, infer R> ? Tensor<D, PlusOne[R]> : Tensor
type Last<V> = V extends Variable<infer D, infer R> ? Tensor<D, R> : Tensor

/** The outputs among what a step returned. */
type OutputsAmong<R> = R extends Variable
  ? R
  : R extends readonly [infer O extends StepOutputs, StepUpdates | Until, Until?]
    ? O
    : R extends readonly Variable[]
      ? R
      : R extends StepUpdates | Until | readonly [StepUpdates, Until]
        ? readonly []
        : StepOutputs

/** One output alone, several as a list, none as null: as Theano gives them. */
type Packed<O, Each extends 'all' | 'last'> = O extends Variable
  ? Made<O, Each>
  : O extends readonly []
    ? null
    : O extends readonly [infer V]
      ? Made<V, Each>
      : O extends readonly unknown[]
        ? number extends O['length']
          ? Tensor<DType, Rank> | Tensor<DType, Rank>[]
          : { -readonly [K in keyof O]: Made<O[K], Each> }
        : never
type Made<V, Each extends 'all' | 'last'> = Each extends 'all' ? Stacked<V> : Last<V>

/** The last values of shared variables that the step updates. */
export type ScanUpdates = Map<Shared, Variable>

export type ScanResult<R, Each extends 'all' | 'last' = 'all'> = [
  outputs: Packed<OutputsAmong<R>, Each>,
  updates: ScanUpdates,
]

/** Called once, symbolically. */
export type Step<S, I, N, R> = (...args: StepArguments<S, I, N>) => R
export interface WithStep<S, I, N, R> {
  readonly fn: Step<S, I, N, R>
}

interface Common<S, N> {
  readonly sequences?: S
  readonly non_sequences?: N
  readonly name?: string | null
  /** Have no effect. */
  readonly mode?: unknown
  readonly profile?: unknown
  readonly allow_gc?: unknown
}

export interface MapKeywords<S, N> extends Common<S, N> {
  /** The gradient goes back through the last so many steps only; −1, the default, through all. */
  readonly truncate_gradient?: number
  /** Visit the sequences from the end. Outputs are in the order of the visits. */
  readonly go_backwards?: boolean
}

export interface FoldKeywords<S, I, N> extends Common<S, N> {
  readonly outputs_info?: I
}

export interface ReduceKeywords<S, I, N> extends FoldKeywords<S, I, N> {
  readonly go_backwards?: boolean
}

export interface ScanKeywords<S, I, N> extends MapKeywords<S, N> {
  readonly outputs_info?: I
  readonly n_steps?: Size | null
  /** What is not among `non_sequences` is an error. */
  readonly strict?: boolean
}

export type SequencesArgument = ListOf<SequenceArgument>
export type InitialsArgument = ListOf<InitialArgument> | undefined
export type NonSequencesArgument = ListOf<Variable | Value>
