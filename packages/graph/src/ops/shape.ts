/**
 * The shape operations that users write, made of the primitive views.
 */
import type { DType } from '@arignote/loops'
import {
  addDim,
  type Dim,
  differentDim,
  divideExactly,
  floorDivDim,
  maxDim,
  minDim,
  mulDim,
  productDim,
  subDim,
} from '../dim.js'
import { badArgument, notSizeOne, sizesDiffer, wrongRank } from '../errors.js'
import { checkList, checkTensor } from '../given.js'
import type { DTypeOf, DTypeOfAll, MaxRank, PlusOne, RankOfAll, TensorLike } from '../static.js'
import type { Rank, Tensor, Variable } from '../variable.js'
import { asTensor } from './builders.js'
import { asDim, asSize, axesOf, axisOf, type Size, sizesOf } from './size.js'
import type { RankOfShape } from './source.js'
import { concatenate, expand, expandDims, reshape, reversed, squeeze, transpose, window } from './view.js'

/** The first ndim − 1 axes as they are, all others as one; by default everything as one axis. */
export function flatten<D extends DType, N extends Rank = 1>(
  x: Tensor<D>,
  ndim: N = 1 as N,
): Tensor<D, NoInfer<N>> {
  checkTensor('flatten', x)
  if (ndim < 1 || ndim > Math.max(1, x.ndim))
    throw wrongRank('flatten', [x], `{0} cannot be flattened to ${ndim} axes`)
  const kept = x.shape.slice(0, ndim - 1)
  return reshape(x, [...kept, productDim(x.shape.slice(ndim - 1))]) as Tensor<D, N>
}

/** Axes in a new order, 'x' for a new one of size 1: `dimshuffle(v, 'x', 0)`. Axes left out must have size 1. */
export function dimshuffle<D extends DType, const P extends readonly (number | 'x')[]>(
  x: Tensor<D>,
  ...pattern: P
): Tensor<D, P['length']> {
  checkTensor('dimshuffle', x)
  const kept = pattern.filter(p => p !== 'x').map(axis => axisOf('dimshuffle', axis, x))
  const dropped = x.shape.map((_, axis) => axis).filter(axis => !kept.includes(axis))
  for (const axis of dropped) if (x.shape[axis] !== 1) throw notSizeOne('dimshuffle', x, axis)
  const ordered = transpose(x as Variable, [...kept, ...dropped])
  const rest =
    dropped.length === 0
      ? ordered
      : squeeze(
          ordered,
          dropped.map((_, i) => kept.length + i),
        )
  return expandDims(
    rest,
    pattern.flatMap((p, i) => (p === 'x' ? [i] : [])),
  ) as Tensor<D, P['length']>
}

/** x repeated along its axes of size 1 (and new axes in front) to a shape. */
export function broadcastTo<X extends TensorLike, const S extends readonly Size[]>(
  x: X,
  shape: S,
): Tensor<DTypeOf<X>, RankOfShape<S>> {
  const v: Variable = asTensor(x, 'broadcastTo')
  const sizes = sizesOf('broadcastTo', shape)
  const missing = sizes.length - v.ndim
  if (missing < 0) throw wrongRank('broadcastTo', [v], `{0} has more axes than the shape: ${sizes.length}`)
  return expand(
    expandDims(
      v,
      sizes.slice(0, missing).map((_, i) => i),
    ),
    sizes,
  ) as Tensor<DTypeOf<X>, RankOfShape<S>>
}

/** Tensors of one shape along a new axis. */
export function stack<const T extends readonly Variable[]>(
  tensors: T,
  axis = 0,
): Tensor<DTypeOfAll<T>, PlusOne[RankOfAll<T>]> {
  checkList('stack', 'what is stacked', tensors)
  for (const x of tensors) checkTensor('stack', x, 'what is stacked')
  const [first] = tensors
  if (first === undefined) throw badArgument('stack', 'nothing to stack', 'give at least one tensor')
  const along = axisOf('stack', axis, first, first.ndim + 1)
  if (tensors.some(x => x.ndim !== first.ndim))
    throw wrongRank('stack', tensors, 'all must have as many axes')
  first.shape.forEach((n, i) => {
    const other = tensors.find(x => differentDim(x.shape[i]!, n))
    if (other !== undefined)
      throw sizesDiffer('stack', [first, other], `sizes must be equal on axis ${i}`, n, other.shape[i]!)
  })
  return concatenate(
    tensors.map(x => expandDims(x, along)),
    along,
  ) as never
}

/** Pieces along an axis: so many equal ones, or ones of the given sizes. */
export function split<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  sections: number | readonly Size[],
  axis = 0,
): Tensor<D, R>[] {
  const along = axisOf('split', axis, x)
  if (typeof sections === 'number') return equalPieces(x, sections, along) as Tensor<D, R>[]
  const pieces: Variable[] = []
  let start: Dim = 0
  for (const size of sizesOf('split', sections)) {
    pieces.push(windowOf(x, along, start, size))
    start = addDim(start, size)
  }
  return pieces as Tensor<D, R>[]
}

/** The axis is reshaped to (sections, size), which fails, now or at run time, where it has another number of elements. */
function equalPieces(x: Variable, sections: number, axis: number): readonly Variable[] {
  const n = x.shape[axis]!
  const size = divideExactly(n, sections) ?? floorDivDim(n, sections)
  if (!Number.isInteger(sections) || sections < 1 || differentDim(mulDim(size, sections), n))
    throw badArgument('split', `not ${sections} equal sections`, 'or give the sizes as a list', [x])
  const open = reshape(x, [...x.shape.slice(0, axis), sections, size, ...x.shape.slice(axis + 1)])
  return Array.from({ length: sections }, (_, k) => squeeze(windowOf(open, axis, k, 1), axis))
}

/** `size` elements of one axis from `start` on. */
function windowOf(x: Variable, axis: number, start: Dim, size: Dim): Variable {
  return window(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    steps: x.shape.map(() => 1),
    sizes: x.shape.with(axis, size),
  })
}

/** As many axes as there are times, at least those of x. */
export type TiledRank<R extends Rank, N> = MaxRank[R][N extends readonly unknown[] ? N['length'] : 1]

/** x side by side, so many times along each axis. */
export function tile<D extends DType, R extends Rank, const N extends Size | readonly Size[]>(
  x: Tensor<D, R>,
  reps: N,
): Tensor<D, TiledRank<R, N>> {
  checkTensor('tile', x)
  const given = (Array.isArray(reps) ? (reps as readonly Size[]) : [reps as Size]).map(n => asSize('tile', n))
  const ndim = Math.max(x.ndim, given.length)
  const ranked = expandDims(
    x,
    Array.from({ length: ndim - x.ndim }, (_, i) => i),
  )
  const times = [...Array.from({ length: ndim - given.length }, () => 1), ...given]
  const open = expandDims(
    ranked,
    ranked.shape.map((_, axis) => 2 * axis),
  )
  const repeated = expand(
    open,
    ranked.shape.flatMap((n, axis) => [times[axis]!, n]),
  )
  return reshape(
    repeated,
    ranked.shape.map((n, axis) => mulDim(n, times[axis]!)),
  ) as Tensor<D>
}

/** Each element so many times in a row, along an axis; without an axis x is flattened first. */
export function repeat<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  times: Size,
  axis: number,
): Tensor<D, R>
export function repeat<D extends DType>(x: Tensor<D>, times: Size, axis?: number | null): Tensor<D, 1>
export function repeat(x: Variable, times: Size, axis?: number | null): Variable {
  if (axis == null) return repeat(flatten(x), times, 0)
  const along = axisOf('repeat', axis, x)
  const n = asSize('repeat', times)
  const open = expandDims(x, along + 1)
  return reshape(expand(open, open.shape.with(along + 1, n)), x.shape.with(along, mulDim(x.shape[along]!, n)))
}

/** The elements in reverse order along some axes, by default all. */
export function flip<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  axis?: number | readonly number[] | null,
): Tensor<D, R> {
  return axesOf('flip', axis, x).reduce<Variable>((v, a) => reversed(v, a), x) as Tensor<D, R>
}

/** Elements moved by `shift` along an axis, those that fall off coming back in front; without an axis x is taken flat. */
export function roll<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  shift: Size,
  axis?: number | null,
): Tensor<D, R> {
  if (axis == null)
    return reshape(roll(flatten(x) as Variable, shift, 0), x.shape) as Variable as Tensor<D, R>
  const along = axisOf('roll', axis, x)
  const n = x.shape[along]!
  const by = asDim('roll', shift)
  const period = maxDim(n, 1)
  const whole = minDim(n, subDim(by, mulDim(period, floorDivDim(by, period))))
  const head = windowOf(x, along, 0, subDim(n, whole))
  const tail = windowOf(x, along, subDim(n, whole), whole)
  return concatenate([tail, head], along) as Variable as Tensor<D, R>
}
