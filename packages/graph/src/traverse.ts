/**
 * Walking a graph. Everything is iterative: an unrolled recurrence is a hundred thousand nodes deep.
 */
import { type Apply, apply, type Variable, withOrigins } from './variable.js'

/** Every Apply that the variables depend on, inputs before users. Stops at (and leaves out) owners of `stop` variables. */
export function topologicalOrder(
  results: readonly Variable[],
  stop?: { has(v: Variable): boolean },
): readonly Apply[] {
  const order: Apply[] = []
  const state = new Map<Apply, 'open' | 'done'>()
  const stack: Apply[] = []
  const push = (v: Variable) => {
    if (v.owner !== null && !stop?.has(v) && !state.has(v.owner)) stack.push(v.owner)
  }
  for (const result of results) {
    push(result)
    while (stack.length > 0) {
      const node = stack.at(-1)!
      const seen = state.get(node)
      if (seen === undefined) {
        state.set(node, 'open')
        for (let i = node.inputs.length - 1; i >= 0; i--) push(node.inputs[i]!)
      } else {
        stack.pop()
        if (seen === 'open') {
          state.set(node, 'done')
          order.push(node)
        }
      }
    }
  }
  return order
}

/** Inputs and shared variables that the results depend on, in order of first use. */
export function freeVariables(results: readonly Variable[]): readonly Variable[] {
  const found = new Set<Variable>()
  for (const { inputs } of topologicalOrder(results))
    for (let i = 0; i < inputs.length; i++) if (inputs[i]!.owner === null) found.add(inputs[i]!)
  for (const v of results) if (v.owner === null) found.add(v)
  return [...found]
}

/** Every variable that depends on one of `roots` (the roots themselves included) among those the results depend on. */
export function dependents(results: readonly Variable[], roots: Iterable<Variable>): ReadonlySet<Variable> {
  const marked = new Set<Variable>(roots)
  for (const node of topologicalOrder(results)) {
    if (node.inputs.some(v => marked.has(v))) for (const output of node.outputs) marked.add(output)
  }
  return marked
}

/** For each variable, the nodes that read it (each once), among those the results depend on. */
export function consumers(results: readonly Variable[]): ReadonlyMap<Variable, readonly Apply[]> {
  const users = new Map<Variable, Apply[]>()
  for (const node of topologicalOrder(results)) {
    for (const v of new Set(node.inputs)) {
      const list = users.get(v)
      if (list === undefined) users.set(v, [node])
      else list.push(node)
    }
  }
  return users
}

/** The node over the images of its inputs, made at the same places; the node itself where they are the same. */
export function overImages(node: Apply, image: (v: Variable) => Variable): Apply {
  const { inputs } = node
  for (let i = 0; i < inputs.length; i++) {
    if (image(inputs[i]!) === inputs[i]) continue
    return withOrigins(node.origins, () => apply(node.op, inputs.map(image), node.params))
  }
  return node
}

/** The results with variables replaced wherever they occur; untouched nodes stay the same objects. */
export function substitute(
  results: readonly Variable[],
  replacement: ReadonlyMap<Variable, Variable>,
): readonly Variable[] {
  if (replacement.size === 0) return results
  const mapped = new Map<Variable, Variable>(replacement)
  const image = (v: Variable) => mapped.get(v) ?? v
  for (const node of topologicalOrder(results, new Set(replacement.keys()))) {
    if (node.outputs.every(v => mapped.has(v))) continue
    const rebuilt = overImages(node, image)
    if (rebuilt === node) continue
    node.outputs.forEach((v, i) => {
      if (!replacement.has(v)) mapped.set(v, rebuilt.outputs[i]!)
    })
  }
  return results.map(image)
}
