/**
 * Elementwise operations under Theano's names.
 */
import {
  add as addTwo,
  badArgument,
  cast as castTo,
  type DTypeOf,
  type MaxRank,
  type MeetOf,
  mul as mulTwo,
  type Rank,
  type RankOf,
  round as roundEven,
  type Tensor,
  type TensorLike,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { type DTypeArgument, type DTypeName, dtypeOf, type Named } from './dtype.js'

/** An operation of two operands that takes any number of them. */
export interface Variadic {
  <X extends TensorLike, Y extends TensorLike>(
    x: X,
    y: Y,
  ): Tensor<MeetOf<X, Y>, MaxRank[RankOf<X>][RankOf<Y>]>
  (...operands: readonly [TensorLike, TensorLike, ...TensorLike[]]): Tensor<DType, Rank>
}

const add: Variadic = (...operands: readonly TensorLike[]) =>
  operands.reduce((x, y) => addTwo(x, y) as Tensor) as never
const mul: Variadic = (...operands: readonly TensorLike[]) =>
  operands.reduce((x, y) => mulTwo(x, y) as Tensor) as never

/** `T.cast(x, dtype)`; `'floatX'` is `theano.config.floatX`. */
function cast<X extends TensorLike, N extends DTypeName>(
  x: X,
  dtype: DTypeArgument<N>,
): Tensor<Named<N>, RankOf<X>> {
  return castTo(x as Tensor, dtypeOf(dtype, 'T.cast')) as never
}

/** `T.round(x)`: half to even, which is also what Theano 1.0 does. */
function roundTo<X extends TensorLike>(
  x: X,
  mode: 'half_to_even' = 'half_to_even',
): Tensor<DTypeOf<X>, RankOf<X>> {
  if (mode !== 'half_to_even')
    throw badArgument(
      'T.round',
      `no rounding ${mode}`,
      'x.abs().add(0.5).floor().mul(x.sign()) is half away from zero',
    )
  return roundEven(x)
}

export {
  abs,
  abs as abs_,
  acos as arccos,
  acosh as arccosh,
  allClose as allclose,
  and as and_,
  and as bitwise_and,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atan2 as arctan2,
  atanh as arctanh,
  ceil,
  clip,
  cos,
  cosh,
  deg2rad,
  div as true_div,
  eq,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  floorDiv as floor_div,
  floorDiv as int_div,
  ge,
  gt,
  isClose as isclose,
  isInf as isinf,
  isNaN as isnan,
  le,
  log,
  log1p,
  log2,
  log10,
  logAddExp as logaddexp,
  lt,
  maximum,
  minimum,
  mod,
  neg,
  neq,
  not as bitwise_not,
  not as invert,
  or as bitwise_or,
  or as or_,
  pow,
  pow as power,
  rad2deg,
  /** 1 / x, as in Theano; the inverse of a matrix is `T.nlinalg.matrix_inverse`. */
  reciprocal as inv,
  reciprocal,
  sign as sgn,
  sin,
  sinh,
  sqrt,
  square as sqr,
  square,
  sub,
  tan,
  tanh,
  trunc,
  where as switch,
  where,
  xor as bitwise_xor,
  xor,
} from '@arignote/graph'
export { add, cast, mul, roundTo as round }
