/**
 * Joining and cutting tensors under Theano's names.
 */
import {
  concatenate as concatenateAlong,
  type DTypeOf,
  flatten,
  type Rank,
  type RankOf,
  repeat as repeatAlong,
  type Size,
  split as splitInto,
  stack as stackOf,
  type TakeRank,
  type Tensor,
  type TensorLike,
  take as takeAlong,
  type Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { argumentOf, type Keyword } from './keywords.js'

type Axis = Keyword<'axis', number>
type Joined = Tensor<DType, Rank>

/** `T.concatenate(tensors, axis)`. */
export const concatenate = <const T extends readonly TensorLike[]>(
  tensors: T,
  axis?: Axis,
): ReturnType<typeof concatenateAlong<T>> =>
  concatenateAlong(tensors, argumentOf('T.concatenate', 'axis', axis))

/** `T.join(axis, *tensors)`. */
export const join = <const T extends readonly Variable[]>(axis: number, ...tensors: T) =>
  concatenateAlong(tensors, axis)

export interface Stack {
  <const T extends readonly Variable[]>(tensors: T, axis?: Axis): ReturnType<typeof stackOf<T>>
  /** Theano's older form: all along a new axis 0. */
  (...tensors: readonly Variable[]): Joined
}

export const stack: Stack = ((first: Variable | readonly Variable[], ...others: readonly unknown[]) =>
  Array.isArray(first)
    ? stackOf(first as readonly Variable[], argumentOf('T.stack', 'axis', others[0] as Axis))
    : stackOf([first as Variable, ...(others as Variable[])], 0)) as Stack

type Lists = readonly (Variable | Lists)[]

/** `T.stacklists([[a, b], [c, d]])`. */
export const stacklists = (lists: Lists): Joined =>
  stackOf(lists.map(x => (Array.isArray(x) ? stacklists(x as Lists) : (x as Variable)))) as Joined

/** `T.split(x, splits_size, n_splits, axis)`. */
export const split = <D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  splits_size: readonly Size[],
  _n_splits: number = splits_size.length,
  axis?: Axis,
): Tensor<D, R>[] => splitInto(x, splits_size, argumentOf('T.split', 'axis', axis))

/** `T.take(a, indices, axis)`: without an axis of a taken flat. Negative indices are refused. */
export function take<X extends Variable, I extends TensorLike>(
  x: X,
  indices: I,
  axis?: null,
): Tensor<DTypeOf<X>, RankOf<I>>
export function take<X extends Variable, I extends TensorLike>(
  x: X,
  indices: I,
  axis: Axis,
): Tensor<DTypeOf<X>, TakeRank[RankOf<X>][RankOf<I>]>
export function take(x: Variable, indices: TensorLike, at?: Axis | null): Variable {
  const axis = argumentOf('T.take', 'axis', at)
  return axis === undefined ? takeAlong(flatten(x), indices) : takeAlong(x, indices, axis)
}

/** `T.repeat(x, repeats, axis)`: without an axis of x taken flat. */
export function repeat<D extends DType>(x: Tensor<D>, repeats: Size, axis?: null): Tensor<D, 1>
export function repeat<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  repeats: Size,
  axis: Axis,
): Tensor<D, R>
export function repeat(x: Variable, repeats: Size, axis?: Axis | null): Variable {
  return repeatAlong(x, repeats, argumentOf('T.repeat', 'axis', axis))
}
