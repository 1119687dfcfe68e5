/**
 * Gather and its adjoint scatter-add, along one axis by an integer tensor. Whether indices are in range is checked at run
 * time, where the index tensor is first read.
 */
import type { DType } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { wrongDType, wrongRank } from '../errors.js'
import type { Op, Requirement } from '../op.js'
import type { DTypeOf, PlusOne, RankLess, RankOf, TakeRank, TensorLike } from '../static.js'
import { apply1, type Rank, type Tensor, Variable } from '../variable.js'
import { add } from './arithmetic.js'
import { cast } from './cast.js'
import { constantFor } from './constant.js'
import { entry, meetDims } from './entry.js'
import { asSize, axisOf, type Size } from './size.js'
import { iota } from './source.js'
import { transpose } from './view.js'

export interface GatherParams {
  readonly axis: number
}
export interface ScatterParams {
  readonly axis: number
  readonly size: Dim
}

const gatherOp: Op<GatherParams> = {
  name: 'gather',
  calledAs: 'take',
  family: { kind: 'gather', axis: p => p.axis },
  infer: ([x, ids], { axis }) => ({
    outputs: [
      { dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), ...ids!.shape, ...x!.shape.slice(axis + 1)] },
    ],
  }),
  grad: ({ inputs: [x, ids], params: { axis }, cotangents: [g] }) => [
    scatterAdd(ids!, g!, axis, x!.shape[axis]!),
    null,
  ],
  batch: ([x, ids], [xBatched, idsBatched], { axis }) => {
    if (!idsBatched) return take(x!, ids!, axis + 1)
    if (xBatched) return null
    const gathered: Variable = take(x!, ids!, axis)
    const order = gathered.shape.map((_, i) => i).filter(i => i !== axis)
    return transpose(gathered, [axis, ...order])
  },
}

/** The elements of x at `ids` along an axis (0): the axis is replaced by the axes of ids. Negative ids are refused. */
export const take = entry(
  gatherOp,
  <D extends DType, R extends Rank, I extends TensorLike>(
    x: Tensor<D, R>,
    ids: I,
    axis = 0,
  ): Tensor<D, TakeRank[R][RankOf<I>]> => {
    const along = axisOf('take', axis, x)
    return apply1(gatherOp, [x, asIndices('take', ids)], { axis: along }) as Tensor<D, TakeRank[R][RankOf<I>]>
  },
)

/** Integers as int32. */
export function asIndices(operation: string, ids: TensorLike): Variable {
  const v: Variable = ids instanceof Variable ? ids : constantFor(operation, ids, 'int32')
  if (v.dtype !== 'int32' && v.dtype !== 'uint8') throw wrongDType(operation, [v], 'indices are integers')
  return cast(v, 'int32')
}

const inferScatter: Op<ScatterParams>['infer'] = ([ids, updates], { axis, size }, variables) => {
  const requires: Requirement[] = []
  const [before, middle, after] = [
    updates!.shape.slice(0, axis),
    updates!.shape.slice(axis, axis + ids!.shape.length),
    updates!.shape.slice(axis + ids!.shape.length),
  ]
  ids!.shape.forEach((n, i) => {
    meetDims('scatterAdd', middle[i]!, n, 'updates must have a row for each index', variables, requires)
  })
  return { outputs: [{ dtype: updates!.dtype, shape: [...before, size, ...after] }], requires }
}

const scatterOp: Op<ScatterParams> = {
  name: 'scatter',
  calledAs: 'incSubtensor',
  family: { kind: 'scatter', axis: p => p.axis, size: p => p.size },
  infer: inferScatter,
  grad: ({ inputs: [ids], params: { axis }, cotangents: [g] }) => [null, take(g!, ids!, axis)],
  batch: ([ids, updates], [idsBatched], { axis, size }) =>
    idsBatched ? null : scatterAdd(ids!, updates!, axis + 1, size),
}

/**
 * Zeros to which updates are added: out[…, ids[i], …] += updates[…, i, …], where `axis` of the result has `size`
 * elements and updates have the axes of ids in its place.
 */
export const scatterAdd = entry(
  scatterOp,
  <I extends TensorLike, U extends TensorLike>(
    ids: I,
    updates: U,
    axis: number,
    size: Size,
  ): Tensor<DTypeOf<U>, PlusOne[RankLess[RankOf<U>][RankOf<I>]]> => {
    const index = asIndices('scatterAdd', ids)
    const values: Variable = updates instanceof Variable ? updates : constantFor('scatterAdd', updates)
    if (values.ndim < index.ndim)
      throw wrongRank('scatterAdd', [index, values], 'updates must have the axes of ids')
    const along = axisOf('scatterAdd', axis, values, values.ndim - index.ndim + 1)
    if (values.dtype === 'bool')
      throw wrongDType('scatterAdd', [index, values], 'bools cannot be added: cast them')
    return apply1(scatterOp, [index, values], { axis: along, size: asSize('scatterAdd', size) }) as never
  },
)

const lastPositionOp: Op<ScatterParams> = {
  name: 'lastPosition',
  calledAs: 'setSubtensor',
  family: { kind: 'scatter', axis: p => p.axis, size: p => p.size, last: true },
  infer: inferScatter,
  grad: () => [null, null],
}

/** For each of `size` rows, the position in ids (rank 1) of the last index that names it, counted from 1; 0: none does. */
export const lastPosition = entry(lastPositionOp, (ids: Variable, size: Dim): Variable => {
  const positions = add(iota(ids.shape, 0), 1)
  return apply1(lastPositionOp, [ids, positions], { axis: 0, size })
})
