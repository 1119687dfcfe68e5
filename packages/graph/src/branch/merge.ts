/**
 * Branches of one condition that do not wait for each other run as one.
 *
 * They are counted in the order of need: a branch that depends on another of the same condition, by whatever way, comes
 * one later. Those that come equally late are merged. One condition at a time, since merging makes new dependences. What
 * has a size that is told behind a branch of the condition, by a loop that stops early, is left alone, and what needs it.
 */
import type { DimSymbol } from '../dim.js'
import { symbolsIn } from '../symbols.js'
import { substitute, topologicalOrder } from '../traverse.js'
import { type Apply, Variable, withOrigins } from '../variable.js'
import { applyBranch, type BranchParams, type Side } from './op.js'

/** The results with every such group of branches in one. */
export function mergeBranches(
  results: readonly Variable[],
  outer?: { has(v: Variable): boolean },
): readonly Variable[] {
  const done = new Set<Variable>()
  let current = results
  for (;;) {
    const order = topologicalOrder(current, outer)
    const condition = repeatedCondition(order, done)
    if (condition === null) return current
    const group = groupsOf(order, condition, outer).find(({ length }) => length > 1)
    if (group === undefined) done.add(condition)
    else current = substitute(current, merged(condition, group))
  }
}

const conditionOf = (node: Apply): Variable | null =>
  node.op.family.kind === 'branch' ? node.inputs[0]! : null

function repeatedCondition(order: readonly Apply[], done: ReadonlySet<Variable>): Variable | null {
  const met = new Set<Variable>()
  for (const node of order) {
    const condition = conditionOf(node)
    if (condition === null || done.has(condition)) continue
    if (met.has(condition)) return condition
    met.add(condition)
  }
  return null
}

/** The branches of a condition, those that come equally late together. */
function groupsOf(
  order: readonly Apply[],
  condition: Variable,
  outer?: { has(v: Variable): boolean },
): readonly (readonly Apply[])[] {
  const groups: Apply[][] = []
  const after = new Map<Variable, number>()
  const isToldBehind = toldBehind(condition, outer)
  for (const node of order) {
    let rank = [...symbolsIn(node)].some(isToldBehind) ? Number.POSITIVE_INFINITY : 0
    for (const v of node.inputs) rank = Math.max(rank, after.get(v) ?? 0)
    if (conditionOf(node) === condition && Number.isFinite(rank)) {
      if (groups[rank] === undefined) groups[rank] = []
      groups[rank]!.push(node)
      rank++
    }
    if (rank > 0) for (const v of node.outputs) after.set(v, rank)
  }
  return groups
}

/** Whether what tells a size depends on a branch of the condition. */
function toldBehind(condition: Variable, outer?: { has(v: Variable): boolean }) {
  const known = new Map<DimSymbol, boolean>()
  return (symbol: DimSymbol): boolean => {
    let behind = known.get(symbol)
    if (behind === undefined) {
      const source = symbol.source as Variable | null
      behind =
        source !== null && topologicalOrder([source], outer).some(node => conditionOf(node) === condition)
      known.set(symbol, behind)
    }
    return behind
  }
}

/** What stands for the outputs of the group: those of one branch. */
function merged(condition: Variable, group: readonly Apply[]): ReadonlyMap<Variable, Variable> {
  const params = new Map<Variable, Variable>()
  for (const node of group)
    for (const v of node.inputs.slice(1))
      if (!params.has(v)) params.set(v, new Variable(v.type, null, 0, v.name))
  const side = (which: keyof BranchParams): Side => ({
    params: [...params.values()],
    results: group.flatMap(node => {
      const own = (node.params as BranchParams)[which]
      return substitute(own.results, new Map(own.params.map((v, i) => [v, params.get(node.inputs[i + 1]!)!])))
    }),
  })
  const origins = [...new Set(group.flatMap(node => node.origins))]
  const { outputs } = withOrigins(origins, () =>
    applyBranch(condition, [...params.keys()], side('thenBody'), side('elseBody')),
  )
  return new Map(group.flatMap(node => node.outputs).map((v, i) => [v, outputs[i]!]))
}
