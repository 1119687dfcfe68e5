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
  const seen = new Set<Apply>()
  /** Nodes whose inputs are being visited, and how many inputs of each have been. */
  const open: Apply[] = []
  const visited: number[] = []
  for (let at = 0; at < results.length; at++) {
    const { owner } = results[at]!
    if (owner === null || seen.has(owner) || stop?.has(results[at]!)) continue
    seen.add(owner)
    open.push(owner)
    visited.push(0)
    while (open.length > 0) {
      const last = open.length - 1
      const node = open[last]!
      const input = node.inputs[visited[last]!++]
      if (input === undefined) {
        order.push(node)
        open.pop()
        visited.pop()
      } else if (input.owner !== null && !seen.has(input.owner) && !stop?.has(input)) {
        seen.add(input.owner)
        open.push(input.owner)
        visited.push(0)
      }
    }
  }
  return order
}

const orders = new WeakMap<readonly Variable[], readonly Apply[]>()

/** The topological order of results that several look at in turn: remembered, for the list does not change any more. */
export function orderOf(results: readonly Variable[]): readonly Apply[] {
  let order = orders.get(results)
  if (order === undefined) {
    order = topologicalOrder(results)
    orders.set(results, order)
  }
  return order
}

/** Inputs and shared variables that the results depend on, in order of first use. */
export function freeVariables(
  results: readonly Variable[],
  order: readonly Apply[] = topologicalOrder(results),
): readonly Variable[] {
  const found = new Set<Variable>()
  for (let at = 0; at < order.length; at++) {
    const { inputs } = order[at]!
    for (let i = 0; i < inputs.length; i++) if (inputs[i]!.owner === null) found.add(inputs[i]!)
  }
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

/** For each variable, the nodes that read it (each once), among those in the order. */
export function consumers(order: readonly Apply[]): ReadonlyMap<Variable, readonly Apply[]> {
  const users = new Map<Variable, Apply[]>()
  for (let at = 0; at < order.length; at++) {
    const node = order[at]!
    for (let i = 0; i < node.inputs.length; i++) {
      const list = users.get(node.inputs[i]!)
      if (list === undefined) users.set(node.inputs[i]!, [node])
      else if (list[list.length - 1] !== node) list.push(node)
    }
  }
  return users
}

/** The node over the images of its inputs, made at the same places; the node itself where they are the same. */
export function overImages(node: Apply, image: (v: Variable) => Variable): Apply {
  const { inputs } = node
  for (let i = 0; i < inputs.length; i++) {
    if (image(inputs[i]!) !== inputs[i]) return rebuiltOver(node, image)
  }
  return node
}

function rebuiltOver({ op, inputs, params, origins }: Apply, image: (v: Variable) => Variable): Apply {
  return withOrigins(origins, () => apply(op, inputs.map(image), params))
}

/** The images of a list; the list itself where they are the same. */
export function imagesOf(list: readonly Variable[], image: (v: Variable) => Variable): readonly Variable[] {
  return list.every(v => image(v) === v) ? list : list.map(image)
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
