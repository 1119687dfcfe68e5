/** Routines: the entry's own evaluation, for each element of the batch. */
import type { Apply } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { RoutineFailure } from './failure.js'
import { countOf, type Evaluator, type FamilyOf, type Sizes, shapeUnder } from './value.js'

export function prepareRoutine(family: FamilyOf<'routine'>, node: Apply, sizes: Sizes): Evaluator {
  const { dtype, type } = node.outputs[0]!
  const shape = shapeUnder(type, sizes)
  const batchRank = shape.length - family.core.output
  const runs = countOf(shape.slice(0, batchRank))
  const core = shape.slice(batchRank)
  return inputs => {
    const data = allocate(dtype, countOf(shape))
    for (let run = 0; run < runs; run++) {
      const cores = inputs.map(x => {
        const own = x.shape.slice(batchRank)
        const count = countOf(own)
        return { dtype: x.dtype, shape: own, data: x.data.subarray(run * count, (run + 1) * count) }
      })
      const result = family.evaluate(cores, node.params, core)
      if (result === null) throw new RoutineFailure(node, shape.slice(0, batchRank), run)
      data.set(result, run * countOf(core))
    }
    return [{ dtype, shape, data }]
  }
}
