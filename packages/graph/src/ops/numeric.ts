/**
 * Small functions of numbers that are made of others, and have names of their own in NumPy and Theano.
 */

import { isFloat } from '@arignote/loops'
import { checkOptions } from '../given.js'
import type { DTypeOf, MaxRank, MeetOf, RankOf, TensorLike, ToFloat } from '../static.js'
import type { Tensor, Variable } from '../variable.js'
import { abs, add, div, maximum, mul, neg, sub } from './arithmetic.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { and, eq, isInf, le, neq, not, or } from './comparison.js'
import { type AxisArgument, all, max, min, type ReduceOptions, type Reduction, type Same } from './reduce.js'
import { where } from './select.js'
import { exp, log1p } from './transcendental.js'

type Real<X> = Tensor<ToFloat[DTypeOf<X>], RankOf<X>>
type RealPair<X, Y> = Tensor<ToFloat[MeetOf<X, Y>], MaxRank[RankOf<X>][RankOf<Y>]>

/** 1 / x; of integers as float32. */
export function reciprocal<X extends TensorLike>(x: X): Real<X> {
  return div(1, asTensor(x, 'reciprocal')) as Variable as Real<X>
}

/** Degrees as radians. */
export function deg2rad<X extends TensorLike>(x: X): Real<X> {
  return mul(real(x, 'deg2rad'), Math.PI / 180) as Variable as Real<X>
}

/** Radians as degrees. */
export function rad2deg<X extends TensorLike>(x: X): Real<X> {
  return mul(real(x, 'rad2deg'), 180 / Math.PI) as Variable as Real<X>
}

function real(x: TensorLike, operation: string): Variable {
  const v = asTensor(x, operation)
  return isFloat(v.dtype) ? v : cast(v, 'float32')
}

/** log(eˣ + eʸ), computed so that nothing overflows. */
export function logAddExp<X extends TensorLike, Y extends TensorLike>(x: X, y: Y): RealPair<X, Y> {
  const [a, b] = [real(x, 'logAddExp'), real(y, 'logAddExp')]
  const distance: Variable = sub(a, b)
  // Of two equal infinities the difference is NaN, and the sum is that infinity.
  const apart = where(eq(a, b), 0, neg(abs(distance)))
  return add(maximum(a, b), log1p(exp(apart))) as Variable as RealPair<X, Y>
}

export interface ToleranceOptions {
  /** Of |y|; default 1e-5. */
  readonly rtol?: number
  /** Default 1e-8. */
  readonly atol?: number
  /** Whether NaN is close to NaN; default not. */
  readonly equalNaN?: boolean
}

/** Whether |x − y| ≤ atol + rtol·|y|, element by element; an infinity is close to itself alone. NumPy's `isclose`. */
export function isClose<X extends TensorLike, Y extends TensorLike>(
  x: X,
  y: Y,
  options: ToleranceOptions = {},
): Tensor<'bool', MaxRank[RankOf<X>][RankOf<Y>]> {
  const {
    rtol = 1e-5,
    atol = 1e-8,
    equalNaN = false,
  } = checkOptions('isClose', options, ['rtol', 'atol', 'equalNaN'])
  const [a, b] = [real(x, 'isClose'), real(y, 'isClose')]
  const finite = and(le(abs(sub(a, b)), add(mul(abs(b), rtol), atol)), not(isInf(b)))
  const close = or(eq(a, b), finite)
  return (equalNaN ? or(close, and(neq(a, a), neq(b, b))) : close) as Variable as Tensor<
    'bool',
    MaxRank[RankOf<X>][RankOf<Y>]
  >
}

/** Whether all elements are close: see `isClose`. */
export function allClose(x: TensorLike, y: TensorLike, options?: ToleranceOptions): Tensor<'bool', 0> {
  return all(isClose(x, y, options)) as Variable as Tensor<'bool', 0>
}

/** The greatest less the smallest element ("peak to peak"). */
export const ptp = ((x: TensorLike, axis?: AxisArgument, options?: ReduceOptions) => {
  const v: Variable = asTensor(x, 'ptp')
  return sub(max(v, axis, options as object), min(v, axis, options as object))
}) as unknown as Reduction<Same>
