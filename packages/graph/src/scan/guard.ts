/**
 * Index values that are the same in every step are read before the loop, and checked there. Where there may be no step,
 * they are 0 then: what no step reads is nobody's mistake.
 */
import type { Dim } from '../dim.js'
import { gt } from '../ops/comparison.js'
import { where } from '../ops/select.js'
import { dimValue, provablyAtLeast } from '../ops/size.js'
import { substitute, topologicalOrder } from '../traverse.js'
import { type Apply, apply, type Variable, withOrigins } from '../variable.js'

/**
 * The results of a step over its own parameters. `begin`: the id of a variable made before the step was traced; what is
 * older was written outside of it.
 */
export function guardIndices(
  own: readonly Variable[],
  results: readonly Variable[],
  length: Dim,
  begin: number,
): readonly Variable[] {
  if (provablyAtLeast(length, 1)) return results
  const varying = new Set(own)
  const image = new Map<Variable, Variable>()
  for (const node of topologicalOrder(results)) {
    const at = indexInput(node)
    const [output] = node.outputs as readonly [Variable]
    if (node.inputs.some(v => varying.has(v))) for (const v of node.outputs) varying.add(v)
    if (at === null || output.id < begin || varying.has(node.inputs[at]!)) continue
    image.set(
      output,
      withOrigins(node.origins, () => {
        const ids: Variable = where(gt(dimValue(length), 0), node.inputs[at]!, 0)
        const inputs = substitute(node.inputs.with(at, ids), image)
        return apply(node.op, inputs, node.params).outputs[0]!
      }),
    )
  }
  return image.size === 0 ? results : substitute(results, image)
}

/** Where a node has index values. */
function indexInput({ op: { family } }: Apply): number | null {
  return family.kind === 'gather' ? 1 : family.kind === 'scatter' ? 0 : null
}
