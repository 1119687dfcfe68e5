/**
 * Tensors out of nothing: counting, and what is made of it and of constants.
 */
import { type DType, isFloat, s } from '@arignote/loops'
import { type Dim, floorDivDim, maxDim, mulDim, subDim } from '../dim.js'
import { badArgument } from '../errors.js'
import { checkDType, checkTensor } from '../given.js'
import type { Op } from '../op.js'
import type { DTypeOf } from '../static.js'
import type { Value } from '../value.js'
import { apply1, type Tensor, Variable } from '../variable.js'
import { add, div, maximum, mul, sub } from './arithmetic.js'
import { cast } from './cast.js'
import { and, eq, gt } from './comparison.js'
import { constantFor } from './constant.js'
import { entry } from './entry.js'
import { where } from './select.js'
import { asDim, asSize, dimValue, neverNegative, type Size, sizesOf } from './size.js'
import { expand, expandDims } from './view.js'

export { constant } from './constant.js'

export interface IotaParams {
  readonly shape: readonly Dim[]
  readonly axis: number
  readonly dtype: DType
}

const iotaOp: Op<IotaParams> = {
  name: 'iota',
  family: { kind: 'source', at: (index, { params }) => s.cast(index[params.axis]!, params.dtype) },
  infer: (_, { dtype, shape }) => ({ outputs: [{ dtype, shape }] }),
  grad: () => [],
}

/** Each element is its own index along an axis. */
export const iota = entry(
  iotaOp,
  <D extends DType = 'int32'>(
    shape: readonly Dim[],
    axis: number,
    dtype: D = 'int32' as D,
  ): Tensor<NoInfer<D>, number> => apply1(iotaOp, [], { shape, axis, dtype }) as Tensor<D, number>,
)

/**
 * The rank that a shape written as a tuple has. (`NoInfer` below: where a result is expected to be any tensor, as a state
 * of a scan is, the dtype is still the default one.)
 */
export type RankOfShape<S extends readonly unknown[]> = S['length']

/** A tensor filled with one value, a number or a symbolic scalar. */
export function full<
  const S extends readonly Size[],
  const V extends Value | Variable,
  D extends DType = DTypeOf<V>,
>(shape: S, value: V, dtype?: D): Tensor<NoInfer<D>, RankOfShape<S>> {
  return filled('full', shape, value, dtype) as Tensor<D, RankOfShape<S>>
}

/** Zeros of a shape. */
export function zeros<const S extends readonly Size[], D extends DType = 'float32'>(
  shape: S,
  dtype: D = 'float32' as D,
): Tensor<NoInfer<D>, RankOfShape<S>> {
  return filled('zeros', shape, 0, dtype) as Tensor<D, RankOfShape<S>>
}

/** Ones of a shape. */
export function ones<const S extends readonly Size[], D extends DType = 'float32'>(
  shape: S,
  dtype: D = 'float32' as D,
): Tensor<NoInfer<D>, RankOfShape<S>> {
  return filled('ones', shape, 1, dtype) as Tensor<D, RankOfShape<S>>
}

/** Zeros of the type of x. */
export function zerosLike<D extends DType, R extends number>(x: Tensor<D, R>): Tensor<D, R> {
  checkTensor('zerosLike', x)
  return filled('zerosLike', x.shape, 0, x.dtype) as Tensor<D, R>
}

/** Ones of the type of x. */
export function onesLike<D extends DType, R extends number>(x: Tensor<D, R>): Tensor<D, R> {
  checkTensor('onesLike', x)
  return filled('onesLike', x.shape, 1, x.dtype) as Tensor<D, R>
}

function filled(
  operation: string,
  shape: readonly Size[],
  value: Value | Variable,
  dtype: DType | undefined,
): Variable {
  const given = value instanceof Variable ? value : constantFor(operation, value, dtype)
  const scalar: Variable = dtype === undefined ? given : cast(given, dtype)
  if (scalar.ndim !== 0)
    throw badArgument(operation, 'the value is not a scalar', 'use broadcastTo', [scalar])
  const sizes = sizesOf(operation, shape)
  const axes = sizes.map((_, i) => i)
  return expand(expandDims(scalar, axes), sizes)
}

/** A matrix (rows, columns) with ones on the diagonal `offset` above the main one. */
export function eye<D extends DType = 'float32'>(
  rows: Size,
  columns: Size = rows,
  offset = 0,
  dtype: D = 'float32' as D,
): Tensor<NoInfer<D>, 2> {
  const shape = [asSize('eye', rows), asSize('eye', columns)]
  return cast(eq(add(iota(shape, 0), offset), iota(shape, 1)), dtype) as Tensor<D, 2>
}

/** start, start + step, … below stop; `arange(n)` counts from 0. Whole numbers, unless a float dtype is asked for. */
export function arange<D extends DType = 'int32'>(
  start: Size,
  stop?: Size | null,
  step = 1,
  dtype: D = 'int32' as D,
): Tensor<NoInfer<D>, 1> {
  const [from, to] = stop === undefined || stop === null ? [0, start] : [start, stop]
  checkDType('arange', dtype)
  if (!Number.isFinite(step) || step === 0)
    throw badArgument('arange', `a step of ${step}`, 'the step must be a number other than 0')
  if (Number.isInteger(step) && !isFraction(from) && !isFraction(to)) {
    const [a, b] = [asDim('arange', from), asDim('arange', to)]
    const steps = mulDim(-1, floorDivDim(subDim(a, b), step))
    const count = neverNegative(steps) ? steps : maxDim(0, steps)
    const scaled = mul(iota([count], 0), step)
    const begun = from instanceof Variable ? add(scaled, from) : add(scaled, dimValue(a))
    return cast(begun, dtype) as Variable as Tensor<D, 1>
  }
  if (typeof from !== 'number' || typeof to !== 'number' || !isFloat(dtype))
    throw badArgument('arange', `fractions in ${dtype}`, 'ask for a float dtype, and give plain numbers')
  const count = Math.max(0, Math.ceil((to - from) / step))
  return add(mul(iota([count], 0, dtype), step), from) as Variable as Tensor<D, 1>
}

/**
 * `count` numbers from start to stop, evenly spaced, both included (stop is not, with `endpoint: false`).
 * @throws DTypeError for a dtype that is not a float
 */
export function linspace<D extends DType = 'float32'>(
  start: number | Variable,
  stop: number | Variable,
  count: Size,
  { endpoint = true, dtype = 'float32' as D }: { readonly endpoint?: boolean; readonly dtype?: D } = {},
): Tensor<NoInfer<D>, 1> {
  const n = asSize('linspace', count)
  if (!isFloat(dtype)) throw badArgument('linspace', `numbers of ${dtype}`, 'ask for a float dtype')
  const [from, to] = [start, stop].map(v => scalarOf('linspace', v, dtype)) as [Variable, Variable]
  const steps: Variable = maximum(dimValue(endpoint ? subDim(n, 1) : n), 1)
  const i = iota([n], 0)
  const inner: Variable = add(from, mul(cast(i, dtype), div(sub(to, from), cast(steps, dtype))))
  // The last is stop itself, not what rounding makes of it.
  return (endpoint ? where(and(eq(i, steps), gt(i, 0)), to, inner) : inner) as Variable as Tensor<D, 1>
}

function scalarOf(operation: string, value: number | Variable, dtype: DType): Variable {
  const v: Variable = value instanceof Variable ? cast(value, dtype) : constantFor(operation, value, dtype)
  if (v.ndim !== 0) throw badArgument(operation, 'a border is not a scalar', 'give numbers or scalars', [v])
  return v
}

const isFraction = (x: Size) => typeof x === 'number' && !Number.isInteger(x)
