/**
 * A closed function of tensors: params → results. The body of a scan, and the whole of what `compile` is given.
 *
 * Lambdas intern by structure, parameters numbered by position: two scans with equal bodies share one Lambda, and so
 * everything that was derived from it.
 */
import { dimKey } from './dim.js'
import { InternTable } from './intern.js'
import { freeVariables, topologicalOrder } from './traverse.js'
import { Shared, type Variable } from './variable.js'

export interface Lambda {
  readonly params: readonly Variable[]
  readonly results: readonly Variable[]
  /** Canonical text of the structure. */
  readonly key: string
  /** A small number for intern keys of those who refer to this Lambda. */
  readonly id: number
}

const interned = new InternTable<Lambda>()
let count = 0

/** The interned Lambda of this structure. Its params may be other variables than the given ones, of the same types. */
export function lambda(params: readonly Variable[], results: readonly Variable[]): Lambda {
  const allowed = new Set(params)
  const foreign = freeVariables(results).find(v => !allowed.has(v))
  if (foreign !== undefined)
    throw new Error(`internal: lambda is not closed over ${foreign.name ?? `variable ${foreign.id}`}`)
  const key = structure(params, results)
  const known = interned.get(key)
  if (known !== undefined) return known
  const made: Lambda = { params, results, key, id: count++ }
  interned.set(key, made)
  return made
}

function structure(params: readonly Variable[], results: readonly Variable[]): string {
  const number = new Map<Variable, number>()
  const lines = params.map(v => {
    number.set(v, number.size)
    const identity = v instanceof Shared ? `shared ${v.id} ` : ''
    return `${identity}${v.dtype}[${v.shape.map(dimKey).join()}]`
  })
  for (const node of topologicalOrder(results)) {
    const paramsKey = node.op.key === undefined ? JSON.stringify(node.params) : node.op.key(node.params)
    lines.push(`${node.op.name}(${node.inputs.map(v => number.get(v)).join()})${paramsKey}`)
    for (const output of node.outputs) number.set(output, number.size)
  }
  lines.push(results.map(v => number.get(v)).join())
  return lines.join('\n')
}
