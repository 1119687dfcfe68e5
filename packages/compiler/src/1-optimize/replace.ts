/**
 * Putting variables in place of others, near the results only.
 *
 * A node is younger than its inputs, so what was made before the oldest replaced variable cannot depend on it, and the
 * walk never goes there. That keeps the many small replacements of the scan rules independent of the size of the graph.
 */
import { type Apply, imagesOf, overImages, topologicalOrder, type Variable } from '@arignote/graph'

/** Nodes younger than `oldest` that the results depend on, inputs first; owners of `stop` variables are left out. */
export function youngNodes(
  results: readonly Variable[],
  oldest: number,
  stop?: { has(v: Variable): boolean },
): readonly Apply[] {
  return topologicalOrder(results, { has: v => v.id <= oldest || stop?.has(v) === true })
}

/** The results with variables replaced wherever they occur. */
export function replaceIn(
  results: readonly Variable[],
  replacement: ReadonlyMap<Variable, Variable>,
): readonly Variable[] {
  if (replacement.size === 0) return results
  const image = new Map<Variable, Variable>(replacement)
  const of = (v: Variable) => image.get(v) ?? v
  for (const node of youngNodes(results, oldestOf(replacement.keys()), replacement)) {
    const rebuilt = overImages(node, of)
    if (rebuilt === node) continue
    for (const [i, v] of node.outputs.entries()) if (!replacement.has(v)) image.set(v, rebuilt.outputs[i]!)
  }
  return imagesOf(results, of)
}

/** Whether one of the results depends on one of the variables. */
export function dependsOn(results: readonly Variable[], roots: ReadonlySet<Variable>): boolean {
  if (results.some(v => roots.has(v))) return true
  return youngNodes(results, oldestOf(roots)).some(node => node.inputs.some(v => roots.has(v)))
}

function oldestOf(variables: Iterable<Variable>): number {
  let oldest = Number.POSITIVE_INFINITY
  for (const v of variables) oldest = Math.min(oldest, v.id)
  return oldest
}
