/**
 * Branches of one condition that do not wait for each other run as one.
 *
 * They are counted in the order of need: a branch that depends on another of the same condition, by whatever way, comes
 * one later. Those that come equally late are merged. One condition at a time, since merging makes new dependences.
 */
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
    const group = groupsOf(order, condition).find(({ length }) => length > 1)
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
function groupsOf(order: readonly Apply[], condition: Variable): readonly (readonly Apply[])[] {
  const groups: Apply[][] = []
  const after = new Map<Variable, number>()
  for (const node of order) {
    let rank = 0
    for (const v of node.inputs) rank = Math.max(rank, after.get(v) ?? 0)
    if (conditionOf(node) === condition) {
      if (groups[rank] === undefined) groups[rank] = []
      groups[rank]!.push(node)
      rank++
    }
    if (rank > 0) for (const v of node.outputs) after.set(v, rank)
  }
  return groups
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
