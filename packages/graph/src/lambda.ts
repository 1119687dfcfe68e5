/**
 * A closed function of tensors: params → results. The body of a scan, and the whole of what `compile` is given.
 *
 * Lambdas intern by structure, parameters numbered by position: two scans with equal bodies share one Lambda, and so
 * everything that was derived from it.
 */
import { dimKey } from './dim.js'
import { InternTable } from './intern.js'
import { freeVariables, orderOf, topologicalOrder } from './traverse.js'
import { addOrigins, Shared, type Variable } from './variable.js'

export interface Lambda {
  readonly params: readonly Variable[]
  readonly results: readonly Variable[]
  /** A small number for intern keys of those who refer to this Lambda. */
  readonly id: number
}

const interned = new InternTable<Lambda>()
let count = 0

/**
 * The interned Lambda of this structure. Its params may be other variables than the given ones, of the same types; its
 * nodes point at the places of both.
 */
export function lambda(params: readonly Variable[], results: readonly Variable[]): Lambda {
  checkClosed(params, results)
  const key = structure(params, results)
  const known = interned.get(key)
  if (known !== undefined) {
    if (known.results.some((v, i) => v !== results[i])) shareOrigins(known.results, results)
    return known
  }
  const made: Lambda = { params, results, id: count++ }
  interned.set(key, made)
  return made
}

/** A Lambda of its own over these very params, whatever others there are: errors and prints show the user's names. */
export function ownLambda(params: readonly Variable[], results: readonly Variable[]): Lambda {
  checkClosed(params, results)
  return { params, results, id: count++ }
}

function checkClosed(params: readonly Variable[], results: readonly Variable[]): void {
  const allowed = new Set(params)
  const foreign = freeVariables(results, orderOf(results)).find(v => !allowed.has(v))
  if (foreign !== undefined)
    throw new Error(`internal: lambda is not closed over ${foreign.name ?? `variable ${foreign.id}`}`)
}

/** Two graphs of one structure: the first also points at the places of the second. */
function shareOrigins(to: readonly Variable[], from: readonly Variable[]): void {
  const others = topologicalOrder(from)
  for (const [i, node] of topologicalOrder(to).entries()) addOrigins(node, others[i]!.origins)
}

function structure(params: readonly Variable[], results: readonly Variable[]): string {
  const number = new Map<Variable, number>()
  const lines = params.map(v => {
    number.set(v, number.size)
    const identity = v instanceof Shared ? `shared ${v.id} ` : ''
    return `${identity}${v.dtype}[${v.shape.map(dimKey).join()}]`
  })
  for (const node of orderOf(results)) {
    const paramsKey = node.op.key === undefined ? JSON.stringify(node.params) : node.op.key(node.params)
    lines.push(`${node.op.name}(${node.inputs.map(v => number.get(v)).join()})${paramsKey}`)
    for (const output of node.outputs) number.set(output, number.size)
  }
  lines.push(results.map(v => number.get(v)).join())
  return lines.join('\n')
}
