/** Gather and scatter: rows picked, and added up, by an index tensor. */

import { type Apply, evaluateDim } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { IndexFailure } from './failure.js'
import { countOf, type Evaluator, type FamilyOf, type Sizes, shapeUnder, type Value } from './value.js'

/** A tensor as (outer, size of the axis, inner). */
const around = (shape: readonly number[], axis: number) => ({
  outer: countOf(shape.slice(0, axis)),
  inner: countOf(shape.slice(axis + 1)),
})

function checkIndices(node: Apply, ids: Value, size: number): void {
  const wrong = ids.data.findIndex(id => id < 0 || id >= size)
  if (wrong >= 0) throw new IndexFailure(node, ids, wrong, size)
}

export function prepareGather(family: FamilyOf<'gather'>, node: Apply, sizes: Sizes): Evaluator {
  const { dtype, type } = node.outputs[0]!
  const shape = shapeUnder(type, sizes)
  const axis = family.axis(node.params)
  return ([x, ids]) => {
    const size = x!.shape[axis]!
    checkIndices(node, ids!, size)
    const { outer, inner } = around(x!.shape, axis)
    const data = allocate(dtype, countOf(shape))
    let to = 0
    for (let o = 0; o < outer; o++) {
      for (const id of ids!.data) {
        const from = (o * size + id) * inner
        data.set(x!.data.subarray(from, from + inner), to)
        to += inner
      }
    }
    return [{ dtype, shape, data }]
  }
}

/** Adds in float64 and rounds once, as sums do (see reduce.ts). Rows are added in the order of the indices. */
export function prepareScatter(family: FamilyOf<'scatter'>, node: Apply, sizes: Sizes): Evaluator {
  const { dtype, type } = node.outputs[0]!
  const shape = shapeUnder(type, sizes)
  const axis = family.axis(node.params)
  const size = evaluateDim(family.size(node.params), sizes)
  return ([ids, updates]) => {
    checkIndices(node, ids!, size)
    const { outer, inner } = around(shape, axis)
    const sums = allocate(dtype === 'float32' ? 'float64' : dtype, countOf(shape))
    let from = 0
    for (let o = 0; o < outer; o++) {
      for (const id of ids!.data) {
        const to = (o * size + id) * inner
        for (let i = 0; i < inner; i++) {
          const update = updates!.data[from++]!
          sums[to + i] = family.last ? update : sums[to + i]! + update
        }
      }
    }
    const data = allocate(dtype, sums.length)
    data.set(sums)
    return [{ dtype, shape, data }]
  }
}
