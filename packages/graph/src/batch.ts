/**
 * Batching over time: the same computation for all steps at once, one leading axis more. The way out of a loop.
 *
 * Maps, reductions and contractions have the rule of their family, other ops their own (`op.batch`). Values that are the
 * same at every step stay without the axis as long as they can. Null: not without a loop.
 */
import type { Dim } from './dim.js'
import { contract } from './ops/contract.js'
import { expand, expandDims } from './ops/view.js'
import { topologicalOrder } from './traverse.js'
import { type Apply, apply, apply1, type Variable, withOrigins } from './variable.js'

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
    return batchFamily(node, inputs, batched, size)
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
    const outputs = batchNode(
      node,
      node.inputs.map(v => images.get(v) ?? v),
      batched,
      size,
    )
    if (outputs === null) return null
    node.outputs.forEach((v, i) => {
      if (!stacked.has(v)) images.set(v, outputs[i]!)
    })
  }
  return results.map(v => images.get(v) ?? repeatForAll(v, size))
}

function batchFamily(
  node: Apply,
  inputs: readonly Variable[],
  batched: readonly boolean[],
  size: Dim,
): readonly Variable[] | null {
  const { op } = node
  switch (op.family.kind) {
    case 'map':
      return apply(
        op,
        inputs.map((v, i) => (batched[i] ? v : repeatForAll(v, size))),
        node.params,
      ).outputs
    case 'reduce': {
      const params = node.params as { readonly axes: readonly number[] }
      return apply(op, inputs, { ...params, axes: params.axes.map(axis => axis + 1) }).outputs
    }
    case 'contract':
      return [batchContraction(op.family.spec(node.params), inputs, batched)]
    case 'view':
    case 'gather':
    case 'scatter':
    case 'constant':
    case 'source':
    case 'scan':
      return null
    default:
      return op.family satisfies never
  }
}

/** The new axis is a batch axis if both operands have it, otherwise a free axis of the one that has. */
function batchContraction(
  spec: {
    readonly left: readonly number[]
    readonly right: readonly number[]
    readonly out: readonly number[]
  },
  inputs: readonly Variable[],
  batched: readonly boolean[],
): Variable {
  const label = 1 + Math.max(-1, ...spec.left, ...spec.right)
  const left = batched[0] ? [label, ...spec.left] : spec.left
  const right = batched[1] ? [label, ...spec.right] : spec.right
  return apply1(contract.op, inputs, { left, right, out: [label, ...spec.out] })
}
