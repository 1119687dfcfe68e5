/**
 * Twins: a scan and the same scan with more ys (see `extendScan`), side by side in one graph.
 *
 * A gradient reads an extended copy of the user's scan, so a graph that contains a gradient contains both. Differentiating
 * them one by one would double the loops with every order; here their cotangents meet in the larger one.
 */
import { lambda } from '../lambda.js'
import { add } from '../ops/arithmetic.js'
import type { Apply, Variable } from '../variable.js'
import { courseKey, type ScanParams, splitResults } from './op.js'

type Cotangents = readonly (Variable | null)[]

export interface Twins {
  /** The node to differentiate with the cotangents to use; null: wait, a twin is still to come. */
  arrive(
    node: Apply,
    cotangents: Cotangents,
  ): { readonly node: Apply; readonly cotangents: Cotangents } | null
}

interface Family {
  readonly host: Apply
  expected: number
  arrived: Cotangents
}

/** Finds the twins in a topological order. Twins have equal inputs, so each may wait for the last of them. */
export function joinTwins(order: readonly Apply[]): Twins {
  const alike = new Map<string, Apply[]>()
  for (const node of order) {
    if (node.op.family.kind !== 'scan') continue
    const key = surroundings(node)
    alike.set(key, [...(alike.get(key) ?? []), node])
  }
  const families = new Map<Apply, Family>()
  for (const nodes of alike.values()) {
    if (nodes.length < 2) continue
    const host = nodes.reduce((a, b) => (b.outputs.length > a.outputs.length ? b : a))
    const members = nodes.filter(node => isExtension(host, node))
    const family: Family = { host, expected: members.length, arrived: [] }
    for (const node of members) families.set(node, family)
  }
  return {
    arrive(node, cotangents) {
      const family = families.get(node)
      if (family === undefined) return { node, cotangents }
      family.arrived = sum(family.arrived, cotangents)
      family.expected--
      return family.expected > 0 ? null : { node: family.host, cotangents: family.arrived }
    },
  }
}

/** Everything that two scans must share to be merged, but the body. */
function surroundings({ inputs, params }: Apply): string {
  const { counts, ...how } = params as ScanParams
  const { constants, carries } = counts
  return [inputs.map(v => v.id), courseKey(how), how.last, how.remat, constants, carries].join(' ')
}

/** Whether `whole` computes all that `part` does, at the same indices. */
export function isExtension(whole: Apply, part: Apply): boolean {
  if (surroundings(whole) !== surroundings(part)) return false
  const { body } = whole.params as ScanParams
  const other = (part.params as ScanParams).body
  if (body === other) return true
  const more = body.results.length - other.results.length
  if (more < 0) return false
  const { nexts, ys, condition } = splitResults(body.results, whole.params as ScanParams)
  const shared = [...nexts, ...ys.slice(0, ys.length - more), ...(condition === null ? [] : [condition])]
  return lambda(body.params, shared) === other
}

function sum(a: Cotangents, b: Cotangents): Cotangents {
  const length = Math.max(a.length, b.length)
  return Array.from({ length }, (_, i) => {
    const [x, y] = [a[i] ?? null, b[i] ?? null]
    return x === null ? y : y === null ? x : add(x, y)
  })
}
