/**
 * Bodies: the closed functions inside a node. Whoever walks through all of a graph asks here, and need not know which
 * families have any.
 */
import type { BranchParams } from './branch/op.js'
import type { Lambda } from './lambda.js'
import type { ScanParams } from './scan/op.js'
import { orderOf, topologicalOrder } from './traverse.js'
import type { Apply, Variable } from './variable.js'

const none: readonly Lambda[] = []

/** The step of a scan, the two sides of a branch; none of any other node. */
export function bodiesOf({ op, params }: Apply): readonly Lambda[] {
  switch (op.family.kind) {
    case 'scan':
      return [(params as ScanParams).body]
    case 'branch': {
      const { thenBody, elseBody } = params as BranchParams
      return [thenBody, elseBody]
    }
    default:
      return none
  }
}

export function hasBodies({ op }: Apply): boolean {
  const { kind } = op.family
  return kind === 'scan' || kind === 'branch'
}

const blocks = new WeakMap<readonly Variable[], readonly Apply[]>()

/** The nodes with bodies that the results depend on, in topological order; remembered, as `orderOf` is. */
export function blocksOf(results: readonly Variable[]): readonly Apply[] {
  let found = blocks.get(results)
  if (found === undefined) {
    found = orderOf(results).filter(hasBodies)
    blocks.set(results, found)
  }
  return found
}

/** Whether something happens inside it: a print or an assertion, however deep. */
export function hasEffects(node: Apply): boolean {
  const open = [...bodiesOf(node)]
  for (const body of open)
    for (const inner of topologicalOrder(body.results)) {
      if (inner.op.family.kind === 'effect') return true
      open.push(...bodiesOf(inner))
    }
  return false
}

/** The node's params with other bodies; the same params if none has changed. */
export function withBodies(node: Apply, bodies: readonly Lambda[]): unknown {
  if (bodiesOf(node).every((body, i) => body === bodies[i])) return node.params
  if (node.op.family.kind === 'scan') return { ...(node.params as ScanParams), body: bodies[0]! }
  return { thenBody: bodies[0]!, elseBody: bodies[1]! } satisfies BranchParams
}
