/**
 * Making, joining, cutting and reordering tensors under Theano's names.
 */
import {
  arange as arangeOf,
  argsort as argsortAlong,
  broadcastTo,
  type DTypeOf,
  dim,
  expandDims,
  eye as eyeOf,
  flatten as flattenTo,
  full,
  incSubtensor,
  type PlusOne,
  type Rank,
  type RankOf,
  type RankOfShape,
  type RankSum,
  type Size,
  setSubtensor,
  sort as sortAlong,
  specifyShape,
  stack as stackOf,
  type Tensor,
  type TensorLike,
  tril,
  type Value,
  type Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { FloatX } from './config.js'
import { type DTypeArgument, type DTypeName, dtypeOf, type Named } from './dtype.js'
import { argumentOf, type Keyword } from './keywords.js'

// ── new ones ──────────────────────────────────────────────────────────────────────────────────

/** A shape, or the size of a vector. */
type ShapeArgument = Size | readonly Size[]
type RankOfArgument<S> = S extends readonly unknown[] ? RankOfShape<S> : 1

const shapeOf = (shape: ShapeArgument) => (Array.isArray(shape) ? shape : [shape]) as readonly Size[]

const filled =
  (name: string, value: number) =>
  <const S extends ShapeArgument, N extends DTypeName = 'floatX'>(
    shape: S,
    dtype?: DTypeArgument<N>,
  ): Tensor<Named<NoInfer<N>>, RankOfArgument<S>> =>
    full(shapeOf(shape), value, dtypeOf(dtype, name)) as never

/** `T.alloc(value, *shape)`. */
function alloc<V extends Value | Variable, const S extends readonly Size[]>(
  value: V,
  ...shape: S
): Tensor<V extends number ? FloatX : DTypeOf<V>, RankOfShape<S>> {
  if (typeof value === 'number') return full(shape, value, dtypeOf('floatX', 'T.alloc')) as never
  return broadcastTo(value as Variable, shape) as never
}

const like =
  (name: string, value: number) =>
  <X extends Variable, N extends DTypeName = never>(
    x: X,
    dtype?: DTypeArgument<N>,
  ): Tensor<[N] extends [never] ? DTypeOf<X> : Named<NoInfer<N>>, RankOf<X>> =>
    full(x.shape, value, dtype == null ? x.dtype : dtypeOf(dtype, name)) as never

/** `T.fill(a, b)`: b in the shape of a. */
const fill = <X extends Variable, V extends TensorLike>(a: X, b: V): Tensor<DTypeOf<V>, RankOf<X>> =>
  broadcastTo(b as Variable, a.shape) as never

function eye<N extends DTypeName = 'floatX'>(
  n: Size,
  m: Size | null = n,
  k = 0,
  dtype?: DTypeArgument<N>,
): Tensor<Named<NoInfer<N>>, 2> {
  return eyeOf(n, m ?? n, k, dtypeOf(dtype, 'T.eye')) as never
}

/** A matrix of ones and zeros like x, a square matrix. */
const identity_like = <D extends DType>(x: Tensor<D, 2>): Tensor<D, 2> =>
  eyeOf(x.shape[0]!, x.shape[1]!, 0, x.dtype) as never

/** `T.arange(stop)`, `T.arange(start, stop, step)`: int32, unless a dtype is asked for. */
function arange<N extends DTypeName = 'int32'>(
  start: Size,
  stop?: Size | null,
  step = 1,
  dtype?: DTypeArgument<N>,
): Tensor<Named<NoInfer<N>>, 1> {
  return arangeOf(start, stop, step, dtypeOf(dtype ?? 'int32', 'T.arange')) as never
}

/** `T.tri(N, M, k)`: ones at and below a diagonal. */
function tri<N extends DTypeName = 'floatX'>(
  n: Size,
  m: Size | null = n,
  k = 0,
  dtype?: DTypeArgument<N>,
): Tensor<Named<NoInfer<N>>, 2> {
  return tril(full([n, m ?? n], 1, dtypeOf(dtype, 'T.tri')) as Variable, k) as never
}

// ── reordered ─────────────────────────────────────────────────────────────────────────────────

/** `T.flatten(x, ndim)`: all axes from the last that stays on as one. */
const flatten = <D extends DType, N extends Rank = 1>(
  x: Tensor<D>,
  ndim?: Keyword<'ndim', N>,
): Tensor<D, NoInfer<N>> => flattenTo(x, argumentOf('T.flatten', 'ndim', ndim) as N)

const range = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i)

/** `T.shape_padleft(t, n_ones)`: axes of size 1 in front. */
const shape_padleft = <D extends DType, R extends Rank, N extends number = 1>(
  t: Tensor<D, R>,
  n_ones: N = 1 as N,
): Tensor<D, RankSum[R][N]> => expandDims(t, range(n_ones)) as never

/** `T.shape_padright(t, n_ones)`: axes of size 1 behind. */
const shape_padright = <D extends DType, R extends Rank, N extends number = 1>(
  t: Tensor<D, R>,
  n_ones: N = 1 as N,
): Tensor<D, RankSum[R][N]> => expandDims(t, range(n_ones, t.ndim)) as never

/** `T.shape_padaxis(t, axis)`: an axis of size 1. */
const shape_padaxis = <D extends DType, R extends Rank>(
  t: Tensor<D, R>,
  axis: number,
): Tensor<D, PlusOne[R]> => expandDims(t, axis) as never

/** `T.patternbroadcast(x, pattern)`: the axes that broadcast have size 1, which every call checks. */
const patternbroadcast = <X extends Variable>(x: X, broadcastable: readonly boolean[]): X =>
  specifyShape(
    x,
    broadcastable.map(isOne => (isOne ? 1 : null)),
  )

/** `T.addbroadcast(x, *axes)`: these axes have size 1, which every call checks. */
const addbroadcast = <X extends Variable>(x: X, ...axes: readonly number[]): X =>
  patternbroadcast(
    x,
    range(x.ndim).map(axis => axes.includes(axis)),
  )

/** `T.unbroadcast(x, *axes)`: x. What broadcasts is told by sizes, not by a pattern. */
const unbroadcast = <X extends Variable>(x: X, ..._axes: readonly number[]): X => x

/** `T.shape(x)`: the sizes as an int32 vector. `x.shape` is a list here, of sizes as they stand in shapes. */
const shape = (x: Variable): Tensor<'int32', 1> =>
  stackOf(range(x.ndim).map(axis => dim(x, axis))) as Tensor<'int32', 1>

type Axis = Keyword<'axis', number>

/** `T.sort(x, axis)`. */
const sort = <X extends TensorLike>(x: X, axis?: Axis): Tensor<DTypeOf<X>, RankOf<X>> =>
  sortAlong(x, argumentOf('T.sort', 'axis', axis))

/** `T.argsort(x, axis)`. */
const argsort = <X extends TensorLike>(x: X, axis?: Axis): Tensor<'int32', RankOf<X>> =>
  argsortAlong(x, argumentOf('T.argsort', 'axis', axis))

/** `T.set_subtensor(x[…], y)`: of `x.at(i)`, `x.slice(…)`, `T.take(x, ids, 0)` or `T.diag(x)`. */
const set_subtensor = <D extends DType>(part: Tensor<D>, y: TensorLike): Tensor<D> => setSubtensor(part, y)
/** `T.inc_subtensor(x[…], y)`. */
const inc_subtensor = <D extends DType>(part: Tensor<D>, y: TensorLike): Tensor<D> => incSubtensor(part, y)

const ones = filled('T.ones', 1)
const zeros = filled('T.zeros', 0)
const ones_like = like('T.ones_like', 1)
const zeros_like = like('T.zeros_like', 0)

export {
  diag,
  dimshuffle,
  moveaxis,
  reshape,
  roll,
  specifyShape as specify_shape,
  squeeze,
  swapaxes,
  tile,
  transpose,
  tril,
  triu,
} from '@arignote/graph'
export {
  addbroadcast,
  alloc,
  arange,
  argsort,
  eye,
  fill,
  flatten,
  identity_like,
  inc_subtensor,
  ones,
  ones_like,
  patternbroadcast,
  set_subtensor,
  shape,
  shape_padaxis,
  shape_padleft,
  shape_padright,
  sort,
  tri,
  unbroadcast,
  zeros,
  zeros_like,
}
