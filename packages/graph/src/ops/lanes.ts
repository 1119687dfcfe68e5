/**
 * Picking along an axis by a list of indices for each lane, and its adjoint.
 */
import { forEach, isFloat, local, s, scalarType } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { wrongRank } from '../errors.js'
import type { Op } from '../op.js'
import type { DTypeOf, MaxRank, RankOf, TensorLike } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { asTensor, broadcastBatch } from './builders.js'
import { entry } from './entry.js'
import { asIndices, take } from './gather.js'
import { alongAxis, routineOp } from './routine.js'
import { axisOf } from './size.js'
import { iota } from './source.js'

/** x[ids[k]]; the indices must be in range. */
const takeLanesOp: Op<null> = routineOp<null>({
  name: 'takeLanes',
  core: { inputs: [1, 1], output: 1 },
  shape: ([, ids]) => ids!,
  statements: ({ inputs: [x, ids], output, size }) => [
    forEach('k', 0, size(output.shape[0]!), k => [output.store([k], x!.at(ids!.at(k)))]),
  ],
  evaluate: ([x, ids]) => Array.from(ids!.data, i => x!.data[i]!),
  grad: ({ inputs: [x, ids], cotangents: [g] }) => [
    isFloat(x!.dtype) ? addLanes(ids!, g!, x!.shape.at(-1)!) : null,
    null,
  ],
})

export const takeLanes = (x: Variable, ids: Variable): Variable => apply1(takeLanesOp, [x, ids], null)

/** Zeros, to which updates[k] is added at ids[k]; the indices must be in range. */
const addLanesOp: Op<{ readonly size: Dim }> = routineOp<{ readonly size: Dim }>({
  name: 'addLanes',
  dtype: 1,
  core: { inputs: [1, 1], output: 1 },
  shape: (_, { size }) => [size],
  statements: ({ inputs: [ids, updates], output, size }) => [
    forEach('i', 0, size(output.shape[0]!), i => [output.store([i], s.const(scalarType(output.dtype), 0))]),
    forEach('k', 0, size(ids!.shape[0]!), k => {
      const at = local('at', ids!.at(k))
      return [at.declare, output.store([at.value], s.add(output.at(at.value), updates!.at(k)))]
    }),
  ],
  evaluate: ([ids, updates], _, [n]) => {
    const sums = new Array<number>(n!).fill(0)
    for (let k = 0; k < ids!.data.length; k++) sums[ids!.data[k]!]! += updates!.data[k]!
    return sums
  },
  grad: ({ inputs: [ids], cotangents: [g] }) => [null, takeLanes(g!, ids!)],
})

export const addLanes = (ids: Variable, updates: Variable, size: Dim): Variable =>
  apply1(addLanesOp, [ids, updates], { size })

/**
 * The element of x that each index names along an axis (the last); the other axes of both broadcast. What `take` is to one
 * list of indices, this is to a list for each lane: `takeAlongAxis(x, argsort(x))` is sorted. Negative indices are refused.
 */
export const takeAlongAxis = entry(
  takeLanesOp,
  <X extends TensorLike, I extends TensorLike>(
    x: X,
    ids: I,
    axis = -1,
  ): Tensor<DTypeOf<X>, MaxRank[RankOf<X>][RankOf<I>]> => {
    const v = asTensor(x, 'takeAlongAxis')
    const index = asIndices('takeAlongAxis', ids)
    if (v.ndim !== index.ndim) throw wrongRank('takeAlongAxis', [v, index], 'both must have as many axes')
    const along = axisOf('takeAlongAxis', axis, v)
    // Taking from 0, 1, 2, … changes no index, but refuses one that is out of range.
    const checked = take(iota([v.shape[along]!], 0), index)
    return alongAxis([v, checked], along, (...lanes) => {
      const [values, at] = broadcastBatch('takeAlongAxis', lanes, [1, 1])
      return takeLanes(values!, at!)
    }) as never
  },
)
