/**
 * Which values of the forward steps the backward steps read from memory, and which they compute again.
 *
 * States are there already: their trajectory is one buffer. Of the rest, a value is kept if computing it again would
 * repeat something expensive (a contraction, a reduction, a loop); it is kept as near to its use as possible, so a gate
 * is kept, not the sum it came from. What follows from kept values, slices, states and constants by maps and views is
 * computed again, and nothing that follows from constants alone is ever kept.
 *
 * That is what `remat: 'auto'` means. 'none' keeps all that is read but views, 'step' nothing but the states. What prints
 * or asserts happens once in any case: it is kept, and what would come before it is not computed again.
 */
import { hasEffects } from '../bodies.js'

import { expand, expandDims, reshape, squeeze, transpose } from '../ops/view.js'
import { topologicalOrder } from '../traverse.js'
import type { Apply, Variable } from '../variable.js'
import type { RematPolicy, ScanParams } from './op.js'

/**
 * The values that `results` – graphs over the body's params and cotangents – should read: every next value of a state,
 * and among all that does not depend on a cotangent, what is expensive to compute again. Inputs before users.
 */
export function valuesToKeep(
  { body, counts, remat }: Pick<ScanParams, 'body' | 'counts' | 'remat'>,
  results: readonly Variable[],
): readonly Variable[] {
  const order = topologicalOrder([...body.results, ...results])
  const primal = new Set(body.params)
  for (const node of order) {
    if (node.inputs.every(v => primal.has(v))) for (const output of node.outputs) primal.add(output)
  }
  const isPrimal = (node: Apply) => primal.has(node.outputs[0]!)
  const read = [...results, ...order.filter(node => !isPrimal(node)).flatMap(node => node.inputs)]
  const used = new Set(read.map(underViews))
  const next = new Set(body.results.slice(0, counts.carries))
  const invariant = new Set(body.params.slice(0, counts.constants))
  const free = new Set(body.params)
  const kept: Variable[] = []
  for (const node of order.filter(isPrimal)) {
    const fixed = node.inputs.every(v => invariant.has(v))
    const again = fixed || (isComputedAgain(node, remat) && node.inputs.every(v => free.has(v)))
    for (const v of node.outputs) {
      if (fixed) invariant.add(v)
      const keep = !fixed && (next.has(v) || (!again && used.has(v)))
      if (keep) kept.push(v)
      if (keep || again) free.add(v)
    }
  }
  return kept
}

/** What a value is a mere re-forming of: the same elements, repeated at most. */
function underViews(v: Variable): Variable {
  while (
    v.owner !== null &&
    [expand.op, expandDims.op, reshape.op, squeeze.op, transpose.op].some(op => op === v.owner!.op)
  )
    v = v.owner.inputs[0]!
  return v
}

function isComputedAgain(node: Apply, remat: RematPolicy): boolean {
  if (remat === 'step') return node.op.family.kind !== 'effect' && !hasEffects(node)
  return isCheap(node) && !(remat === 'none' && node.op.family.kind === 'map')
}

function isCheap({ op: { family } }: Apply): boolean {
  switch (family.kind) {
    case 'map':
    case 'view':
    case 'constant':
    case 'source':
      return true
    case 'reduce':
    case 'contract':
    case 'gather':
    case 'scatter':
    case 'routine':
    case 'scan':
    case 'branch':
    case 'effect':
      return false
    default:
      return family satisfies never
  }
}
