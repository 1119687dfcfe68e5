/**
 * Indexing by several integer tensors together, as NumPy does it: they broadcast, and each place of their common shape
 * picks one element (or sub-tensor). Made of one gather from the indexed axes as one.
 */
import type { DType } from '@arignote/loops'
import { type Dim, productDim } from '../dim.js'
import { wrongRank } from '../errors.js'
import type { TensorLike } from '../static.js'
import type { Rank, Tensor, Variable } from '../variable.js'
import { add, mul } from './arithmetic.js'
import { broadcast } from './builders.js'
import { asIndices, take } from './gather.js'
import { axisOf, dimValue } from './size.js'
import { iota } from './source.js'
import { expandDims, reshape, transpose } from './view.js'

/** An axis and the int32 tensor that indexes it. */
export interface IndexedAxis {
  readonly axis: number
  readonly index: Variable
  /** The index is in range by construction. */
  readonly safe?: boolean
}

/**
 * x with the indexed axes (ascending) replaced by the common shape of the indices: in their place where they are
 * neighbours, else in front.
 */
export function pickBy(x: Variable, indexed: readonly IndexedAxis[]): Variable {
  const axes = indexed.map(i => i.axis)
  const areNeighbours = axes.every((axis, k) => axis === axes[0]! + k)
  const at = areNeighbours ? axes[0]! : 0
  const others = x.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis))
  const ordered = areNeighbours ? x : transpose(x, [...axes, ...others])
  if (indexed.length === 1) return take(ordered, indexed[0]!.index, at)
  const sizes = axes.map(axis => x.shape[axis]!)
  const merged = [...ordered.shape.slice(0, at), productDim(sizes), ...ordered.shape.slice(at + axes.length)]
  const indices = indexed.map(({ index, safe }, k) => (safe ? index : checked(index, sizes[k]!)))
  const position = broadcast('slice', indices).reduce(
    (sum, index, k) => add(mul(sum, dimValue(sizes[k]!)), index) as Variable,
  )
  return take(reshape(ordered, merged), position, at)
}

/** Taking from 0, 1, 2, … changes no index, but refuses one that is out of range: in the merged axis it may not be. */
const checked = (index: Variable, size: Dim): Variable => take(iota([size], 0), index)

/**
 * The elements that ids name along one axis (the last), each in its own row: out[i, j] = x[i, ids[i, j]]. ids have as many
 * axes as x; the other axes are equal, or 1. NumPy's `take_along_axis`.
 * @throws ShapeError where they are not
 */
export function takeAlongAxis<D extends DType, R extends Rank>(
  x: Tensor<D, R>,
  ids: TensorLike,
  axis = -1,
): Tensor<D, R> {
  const along = axisOf('takeAlongAxis', axis, x)
  const index = asIndices('takeAlongAxis', ids)
  if (index.ndim !== x.ndim) throw wrongRank('takeAlongAxis', [x, index], '{1} must have as many axes as {0}')
  const indexed = x.shape.map((n, k): IndexedAxis => {
    if (k === along) return { axis: k, index }
    const others = x.shape.map((_, other) => other).filter(other => other !== k)
    return { axis: k, index: expandDims(iota([n], 0), others), safe: true }
  })
  return pickBy(x, indexed) as Tensor<D, R>
}
