/**
 * Verify: what must be true of every graph, whoever made it. Used between passes in tests; a failure is our own fault.
 *
 * A Lambda is closed over its params, its params are distinct leaves, and the type of every node is what its op infers
 * from the types of its inputs; so for the steps of scans and the sides of branches, at any depth.
 */
import { bodiesOf } from './bodies.js'
import type { Lambda } from './lambda.js'
import { freeVariables, topologicalOrder } from './traverse.js'
import { equalType, printType } from './type.js'
import type { Apply, Variable } from './variable.js'

/** Throws an internal error that says which node is wrong, and how. */
export function verifyLambda(fn: Lambda): void {
  const pending = [fn]
  const seen = new Set(pending)
  while (pending.length > 0) {
    const current = pending.pop()!
    verifyClosed(current)
    for (const node of topologicalOrder(current.results, new Set(current.params))) {
      verifyNode(node)
      for (const body of bodiesOf(node)) {
        if (!seen.has(body)) pending.push(body)
        seen.add(body)
      }
    }
  }
}

function verifyClosed({ params, results }: Lambda): void {
  const own = new Set<Variable>(params)
  if (own.size !== params.length) throw new Error('internal: a parameter occurs twice')
  const made = params.find(v => v.owner !== null)
  if (made !== undefined) throw new Error(`internal: a parameter is the result of ${made.owner!.op.name}`)
  const foreign = freeVariables(results).find(v => !own.has(v))
  if (foreign !== undefined) {
    throw new Error(`internal: not closed over ${foreign.name ?? 'a variable'}: ${printType(foreign.type)}`)
  }
}

function verifyNode({ op, inputs, params, outputs }: Apply): void {
  const inferred = op.infer(
    inputs.map(v => v.type),
    params,
    inputs,
  ).outputs
  if (inferred.length !== outputs.length) {
    throw new Error(`internal: ${op.name} has ${outputs.length} outputs, and infers ${inferred.length}`)
  }
  outputs.forEach((v, i) => {
    if (!equalType(v.type, inferred[i]!)) {
      throw new Error(`internal: ${op.name} is ${printType(v.type)}, and infers ${printType(inferred[i]!)}`)
    }
  })
}
