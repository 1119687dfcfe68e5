/**
 * Activation functions. All but `relu` are compositions: fusion makes one kernel of them.
 */
import { type DType, isFloat, s } from '@arignote/loops'
import type { DTypeOf, MaxRank, Meet, RankOf, TensorLike, ToFloat } from '../static.js'
import type { Rank, Tensor, Variable } from '../variable.js'
import { abs, add, div, maximum, minimum, mul } from './arithmetic.js'
import { asTensor, unary } from './builders.js'
import { cast } from './cast.js'
import { gt } from './comparison.js'
import { where } from './select.js'
import { erf, expm1, sigmoid } from './transcendental.js'

type Real<X> = Tensor<ToFloat[DTypeOf<X>], RankOf<X>>
/** The overloads of a composition are stated where it is exported, its body is written once over Variables. */
const real = <X>(v: Variable) => v as Variable as Real<X>

/** Integers and bools as float32: in their own arithmetic 1 + |x| might wrap. */
function asReal(x: TensorLike, operation: string): Variable {
  const v: Variable = asTensor(x, operation)
  return isFloat(v.dtype) ? v : cast(v, 'float32')
}

/** max(x, 0), with derivative 0 at 0. */
export const relu = unary('relu', {
  body: x => s.max(x, 0),
  bool: x => x,
  // Asked of the result, so that only this one need be kept.
  grad: (g, _, out) => where(gt(out, 0), g, 0),
})

/** x, and alpha·x below 0. */
export function leakyRelu<X extends TensorLike>(x: X, alpha = 0.3): Real<X> {
  const v = asReal(x, 'leakyRelu')
  return real(where(gt(v, 0), v, mul(v, alpha)))
}

/** x, and alpha·(eˣ − 1) below 0. */
export function elu<X extends TensorLike>(x: X, alpha = 1): Real<X> {
  const v = asReal(x, 'elu')
  return real(where(gt(v, 0), v, mul(expm1(minimum(v, 0)), alpha)))
}

/** The scaled elu of self-normalising networks. */
export function selu<X extends TensorLike>(x: X): Real<X> {
  return real(mul(elu(x, 1.6732632423543772), 1.0507009873554805))
}

/** x·Φ(x), Φ the normal distribution's cumulative function. */
export function gelu<X extends TensorLike>(x: X): Real<X> {
  const v = asReal(x, 'gelu')
  return real(mul(mul(v, 0.5), add(erf(mul(v, Math.SQRT1_2)), 1)))
}

/** x·sigmoid(x). */
export function silu<X extends TensorLike>(x: X): Real<X> {
  const v = asReal(x, 'silu')
  return real(mul(v, sigmoid(v)))
}

/** x / (1 + |x|). */
export function softsign<X extends TensorLike>(x: X): Real<X> {
  const v = asReal(x, 'softsign')
  return real(div(v, add(abs(v), 1)))
}

/** Keras's piecewise linear sigmoid: 0.2x + 0.5, between 0 and 1. */
export function hardSigmoid<X extends TensorLike>(x: X): Real<X> {
  const v = asReal(x, 'hardSigmoid')
  return real(clip(add(mul(v, 0.2), 0.5), 0, 1))
}

/** x, but not below low and not above high; at the borders the gradient still flows. */
export function clip<D extends DType, R extends Rank, L extends TensorLike, H extends TensorLike>(
  x: Tensor<D, R>,
  low: L,
  high: H,
): Tensor<Meet<Meet<D, L>, H>, MaxRank[MaxRank[R][RankOf<L>]][RankOf<H>]> {
  return minimum(maximum(x, low), high) as never
}
