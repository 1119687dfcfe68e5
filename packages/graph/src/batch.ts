/**
 * Batching over time: the same computation for all steps at once, one leading axis more. The way out of a loop.
 *
 * A map is the same map of larger values, a routine the same routine of a larger batch; other ops have a rule of their
 * own (`op.batch`). Values that are the same at every step stay without the axis as long as they can. Null: not without a
 * loop. Whole expressions may contain scans and branches; a single one of these is no candidate for being taken out of a
 * loop.
 */
import { batchBranch } from './branch/batch.js'
import type { Dim } from './dim.js'
import { expand, expandDims } from './ops/view.js'
import { batchScan } from './scan/batch.js'
import { topologicalOrder } from './traverse.js'
import { type Apply, apply, type Variable, withOrigins } from './variable.js'

/** One value repeated along a new leading axis. */
export function repeatForAll(v: Variable, size: Dim): Variable {
  return expand(expandDims(v, 0), [size, ...v.shape])
}

/**
 * The node's outputs for `size` steps at once, each with a leading axis. Inputs marked `batched` are stacked, the others
 * are the same at every step.
 */
export function batchNode(
  node: Apply,
  inputs: readonly Variable[],
  batched: readonly boolean[],
  size: Dim,
): readonly Variable[] | null {
  return withOrigins(node.origins, () => {
    const { op, params, outputs } = node
    if (!batched.includes(true)) return apply(op, inputs, params).outputs.map(v => repeatForAll(v, size))
    if (op.batch !== undefined) {
      const own = op.batch(inputs, batched, params, { size, output: outputs[0]!.type })
      return own === null ? null : [own]
    }
    if (op.family.kind !== 'map' && op.family.kind !== 'routine') return null
    const stacked = inputs.map((v, i) => (batched[i] ? v : repeatForAll(v, size)))
    return apply(op, stacked, params).outputs
  })
}

/** `results` for all steps at once. `stacked` gives the leaves that vary by step; everything else does not. */
export function batchExpression(
  results: readonly Variable[],
  stacked: ReadonlyMap<Variable, Variable>,
  size: Dim,
): readonly Variable[] | null {
  const images = new Map(stacked)
  for (const node of topologicalOrder(results, new Set(stacked.keys()))) {
    const batched = node.inputs.map(v => images.has(v))
    if (!batched.includes(true)) continue
    const inputs = node.inputs.map(v => images.get(v) ?? v)
    const outputs = batchAny(node, inputs, batched, size)
    if (outputs === null) return null
    node.outputs.forEach((v, i) => {
      if (!stacked.has(v)) images.set(v, outputs[i]!)
    })
  }
  return results.map(v => images.get(v) ?? repeatForAll(v, size))
}

function batchAny(
  node: Apply,
  inputs: readonly Variable[],
  batched: readonly boolean[],
  size: Dim,
): readonly Variable[] | null {
  switch (node.op.family.kind) {
    case 'scan':
      return withOrigins(node.origins, () => batchScan(node, inputs, batched, size))
    case 'branch':
      return withOrigins(node.origins, () => batchBranch(node, inputs, batched, size))
    default:
      return batchNode(node, inputs, batched, size)
  }
}
