/**
 * Composed operations: statistics, softmax, cross-entropies, masks. No ops of their own: fusion makes kernels of them.
 */
import { type DType, isFloat } from '@arignote/loops'
import { productDim } from '../dim.js'
import { badArgument, wrongRank } from '../errors.js'
import { checkOptions, checkTensor } from '../given.js'
import type { DTypeOf, LessOne, PlusOne, RankOf, TensorLike, ToFloat } from '../static.js'
import type { Rank, Tensor, Variable } from '../variable.js'
import { abs, add, div, maximum, minimum, mul, neg, pow, square, sub } from './arithmetic.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { eq, ge, isInf, le, neq } from './comparison.js'
import { asIndices, take } from './gather.js'
import {
  type AxisArgument,
  max,
  min,
  type ReduceOptions,
  type Reduction,
  reduceOptions,
  sum,
} from './reduce.js'
import { stopGradient, where } from './select.js'
import { asSize, axesOf, axisOf, dimValue, type Size } from './size.js'
import { iota, zeros } from './source.js'
import { exp, log, softplus, sqrt } from './transcendental.js'
import { expandDims, squeeze } from './view.js'

type FloatTable = { [D in DType]: ToFloat[D] }
type Real<X> = Tensor<ToFloat[DTypeOf<X>], RankOf<X>>
type RealLess<X> = Tensor<ToFloat[DTypeOf<X>], LessOne[RankOf<X>]>

/** Integers and bools as float32. */
function real(x: TensorLike, operation: string): Variable {
  const v: Variable = asTensor(x, operation)
  return isFloat(v.dtype) ? v : cast(v, 'float32')
}

/** A statistic of real numbers, computed with the reduced axes in place, as size 1. */
function statistic<O extends object>(
  name: string,
  own: readonly (keyof O & string)[],
  compute: (x: Variable, axes: readonly number[], options: O) => Variable,
) {
  return ((x: TensorLike, axis?: AxisArgument, options?: ReduceOptions & O) => {
    checkOptions(name, options, [...own, ...reduceOptions])
    const v = real(x, name)
    const axes = axesOf(name, axis, v)
    const kept = compute(v, axes, options ?? ({} as O))
    return options?.keepdims || axes.length === 0 ? kept : squeeze(kept, axes)
  }) as unknown
}

const kept = { keepdims: true } as const

/** How many elements a reduction sees, less `minus`. */
function countOf(x: Variable, axes: readonly number[], minus: number): Variable | number {
  const n = productDim(axes.map(axis => x.shape[axis]!))
  return typeof n === 'number'
    ? n - minus
    : cast(minus === 0 ? dimValue(n) : sub(dimValue(n), minus), x.dtype)
}

const meanKept = (x: Variable, axes: readonly number[], minus = 0): Variable =>
  axes.length === 0 ? x : div(sum(x, axes, kept), countOf(x, axes, minus))

/** The mean; of integers as float32. */
export const mean = statistic('mean', [], (x, axes) => meanKept(x, axes)) as Reduction<FloatTable>

export interface SpreadOptions {
  /** How much less than the number of elements the divisor is. */
  readonly ddof?: number
}
type Spread = Reduction<FloatTable, SpreadOptions>

/** The mean squared distance from the mean. */
export const variance = statistic('variance', ['ddof'], (x, axes, { ddof = 0 }: { ddof?: number }) =>
  meanKept(square(sub(x, meanKept(x, axes))), axes, ddof),
) as Spread

/** The root of the variance. */
export const std = statistic('std', ['ddof'], (x, axes, { ddof = 0 }: { ddof?: number }) =>
  rootOf(meanKept(square(sub(x, meanKept(x, axes))), axes, ddof)),
) as Spread

/** √x with derivative 0 at 0, where the root of a sum of squares has none. */
function rootOf(x: Variable): Variable {
  return where(eq(x, 0), 0, sqrt(where(eq(x, 0), 1, x)))
}

/** log Σ eˣ, computed so that nothing overflows. */
export const logSumExp = statistic('logSumExp', [], (x, axes) => {
  const top = finitePart(max(x, axes, kept))
  return add(log(sum(exp(sub(x, top)), axes, kept)), top)
}) as Reduction<FloatTable>

/** What is subtracted before exp: a constant to the gradient, and 0 in place of an infinity. */
const finitePart = (top: Variable): Variable => stopGradient(where(isInf(top), 0, top))

export interface NormOptions {
  /**
   * The order p of (Σ|x|ᵖ)^(1/p); default 2. Infinity is the greatest magnitude, −Infinity the smallest, 0 the number of
   * elements that are not 0.
   */
  readonly ord?: number
}

/**
 * The norm of a vector, by default the Euclidean one, √Σx²: of all elements together or along axes. Its gradient at 0 is 0.
 * (NumPy's `linalg.norm`; several axes are one vector, so that a matrix has its Frobenius norm.)
 */
export const norm = statistic('norm', ['ord'], (x, axes, { ord = 2 }: { ord?: number }) => {
  if (ord === 2) return rootOf(sum(square(x), axes, kept))
  if (ord === 1) return sum(abs(x), axes, kept)
  if (ord === Number.POSITIVE_INFINITY) return max(abs(x), axes, kept)
  if (ord === Number.NEGATIVE_INFINITY) return min(abs(x), axes, kept)
  if (ord === 0) return cast(sum(neq(x, 0), axes, kept), x.dtype)
  if (Number.isNaN(ord)) throw badArgument('norm', 'a norm of order NaN', 'the order is a number', [x])
  const total: Variable = sum(pow(abs(x), ord), axes, kept)
  return where(eq(total, 0), 0, pow(where(eq(total, 0), 1, total), 1 / ord))
}) as Reduction<FloatTable, NormOptions>

/** eˣ / Σ eˣ along an axis (the last). */
export function softmax<X extends TensorLike>(x: X, axis = -1): Real<X> {
  const v = real(x, 'softmax')
  const along = axisOf('softmax', axis, v)
  const e: Variable = exp(sub(v, finitePart(max(v, along, kept))))
  return div(e, sum(e, along, kept)) as Variable as Real<X>
}

/** The logarithm of softmax, exact where softmax underflows. */
export function logSoftmax<X extends TensorLike>(x: X, axis = -1): Real<X> {
  const v = real(x, 'logSoftmax')
  const along = axisOf('logSoftmax', axis, v)
  const shifted: Variable = sub(v, finitePart(max(v, along, kept)))
  return sub(shifted, log(sum(exp(shifted), along, kept))) as Variable as Real<X>
}

export interface CrossentropyOptions {
  /** The predictions are unnormalised scores, not probabilities. */
  readonly fromLogits?: boolean
}

const checkedCrossentropy = (operation: string, options: CrossentropyOptions): CrossentropyOptions =>
  checkOptions(operation, options, ['fromLogits'])

/** How far a probability may come to 0, so that its logarithm stays finite: Keras's epsilon. */
const epsilon = 1e-7

/** −Σ target·log p along the last axis: predictions (…, classes), targets alike → one value per sample (…). */
export function crossentropyCategorical<X extends TensorLike>(
  predictions: X,
  targets: TensorLike,
  options: CrossentropyOptions = {},
): RealLess<X> {
  const { fromLogits = false } = checkedCrossentropy('crossentropyCategorical', options)
  const p = real(predictions, 'crossentropyCategorical')
  const logs = fromLogits ? logSoftmax(p) : log(inside(div(p, sum(p, -1, kept))))
  return neg(sum(mul(asTensor(targets, 'crossentropyCategorical'), logs), -1)) as Variable as RealLess<X>
}

/** −log p[target]: predictions (…, classes), integer targets (…) → one value per sample (…). */
export function crossentropyCategoricalSparse<X extends TensorLike>(
  predictions: X,
  targets: TensorLike,
  options: CrossentropyOptions = {},
): RealLess<X> {
  const { fromLogits = false } = checkedCrossentropy('crossentropyCategoricalSparse', options)
  const p = real(predictions, 'crossentropyCategoricalSparse')
  const ids = asIndices('crossentropyCategoricalSparse', targets)
  if (ids.ndim !== p.ndim - 1)
    throw wrongRank(
      'crossentropyCategoricalSparse',
      [p, ids],
      'targets have all axes of the predictions but the last',
    )
  const picked = (x: Variable) => pick(x, ids)
  const chosen = fromLogits ? sub(picked(p), logSumExp(p, -1)) : log(inside(div(picked(p), sum(p, -1))))
  return neg(chosen) as Variable as RealLess<X>
}

/** −t·log p − (1 − t)·log(1 − p), element by element: one value per sample and output. */
export function crossentropyBinary<X extends TensorLike>(
  predictions: X,
  targets: TensorLike,
  options: CrossentropyOptions = {},
): Real<X> {
  const { fromLogits = false } = checkedCrossentropy('crossentropyBinary', options)
  const p = real(predictions, 'crossentropyBinary')
  const t = cast(asTensor(targets, 'crossentropyBinary'), p.dtype)
  if (fromLogits) return sub(softplus(p), mul(t, p)) as Variable as Real<X>
  const q = inside(p)
  return neg(add(mul(t, log(q)), mul(sub(1, t), log(sub(1, q))))) as Variable as Real<X>
}

/** Probabilities kept off 0 and 1. */
const inside = (p: Variable): Variable => minimum(maximum(p, epsilon), 1 - epsilon)

/** x[…, ids[…]]: the element of the last axis that each index names; a selection, so that the gradient is one too. */
function pick(x: Variable, ids: Variable): Variable {
  const classes = x.shape[x.ndim - 1]!
  // Taking from 0, 1, 2, … changes no index, but refuses one that is out of range.
  const checked = take(iota([classes], 0), ids)
  const chosen = eq(iota([...ids.shape, classes], x.ndim - 1), expandDims(checked, -1))
  return sum(where(chosen, x, 0), -1)
}

/** Rows with a one where the class is: ids (…) → (…, classes). */
export function oneHot<X extends TensorLike, D extends DType = 'float32'>(
  ids: X,
  classes: Size,
  dtype: D = 'float32' as D,
): Tensor<NoInfer<D>, PlusOne[RankOf<X>]> {
  const index = asIndices('oneHot', ids)
  const positions = iota([...index.shape.map(() => 1), asSize('oneHot', classes)], index.ndim)
  return cast(eq(positions, expandDims(index, -1)), dtype) as Variable as Tensor<D, PlusOne[RankOf<X>]>
}

/** x with zeros below the diagonal `offset` above the main one, in the last two axes. */
export function triu<D extends DType, R extends Rank>(x: Tensor<D, R>, offset = 0): Tensor<D, R> {
  return triangle('triu', x, (row, column) => ge(column, add(row, offset))) as Tensor<D, R>
}

/** x with zeros above the diagonal `offset` above the main one, in the last two axes. */
export function tril<D extends DType, R extends Rank>(x: Tensor<D, R>, offset = 0): Tensor<D, R> {
  return triangle('tril', x, (row, column) => le(column, add(row, offset))) as Tensor<D, R>
}

function triangle(
  name: string,
  x: Variable,
  inside: (row: Variable, column: Variable) => Variable,
): Variable {
  checkTensor(name, x)
  if (x.ndim < 2) throw wrongRank(name, [x], '{0} must have at least two axes')
  const shape = x.shape.slice(-2)
  return where(inside(iota(shape, 0), iota(shape, 1)), x, zeros([], x.dtype))
}
