/**
 * Picking along the last axis by a list of indices for each lane, and its adjoint, for indices that are in range by
 * construction. (For those of users there is `takeAlongAxis`.)
 */
import { forEach, isFloat, local, s, scalarType } from '@arignote/loops'
import type { Dim } from '../dim.js'
import type { Op } from '../op.js'
import { apply1, type Variable } from '../variable.js'
import { routineOp } from './routine.js'

/** out[k] = x[ids[k]]. */
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

/** Zeros, to which updates[k] is added at ids[k]. */
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
