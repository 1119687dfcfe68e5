/**
 * Putting one scan in place of several.
 */
import { type Apply, imagesOf, overImages, type Variable, withOrigins } from '@arignote/graph'

/** Scans to be merged, in the order of the graph. */
export type Group = readonly Apply[]

/** A rule about several scans: which of a graph become one, and how. */
export interface MergeRule {
  readonly name: string
  /** `order`: all nodes of the graph. */
  readonly groups: (scans: readonly Apply[], order: readonly Apply[]) => readonly Group[]
  /** For the outputs of each member what stands for them. `inputs` are those of a member now. */
  readonly merge: (
    group: Group,
    inputs: (member: Apply) => readonly Variable[],
  ) => ReadonlyMap<Variable, Variable>
}

/** The results with the groups merged. No member of a group depends on another, also not through other groups. */
export function mergeIn(
  results: readonly Variable[],
  { merge }: MergeRule,
  groups: readonly Group[],
): readonly Variable[] {
  const groupOf = new Map(groups.flatMap(group => group.map(node => [node, group] as const)))
  const image = new Map<Variable, Variable>()
  const of = (v: Variable) => image.get(v) ?? v
  const order = unitsInOrder(results, groupOf)
  for (const unit of order) {
    const [node] = unit as [Apply]
    if (groupOf.has(node)) {
      const merged = withOrigins(
        unit.flatMap(member => [...member.origins]),
        () => merge(unit, member => member.inputs.map(of)),
      )
      for (const [v, replacement] of merged) image.set(v, replacement)
      continue
    }
    const rebuilt = image.size === 0 ? node : overImages(node, of)
    if (rebuilt === node) continue
    for (let i = 0; i < node.outputs.length; i++) image.set(node.outputs[i]!, rebuilt.outputs[i]!)
  }
  return imagesOf(results, of)
}

/** Nodes, and groups as one, each after all that any of its members depends on. */
function unitsInOrder(
  results: readonly Variable[],
  groupOf: ReadonlyMap<Apply, Group>,
): readonly (readonly Apply[])[] {
  const oldest = Math.min(...[...groupOf.keys()].map(node => node.outputs[0]!.id))
  const order: (readonly Apply[])[] = []
  const state = new Map<Apply, 'open' | 'done'>()
  const stack: Apply[] = []
  /** What is older than every member depends on none. */
  const mayDepend = (v: Variable) => v.owner !== null && v.id >= oldest
  for (const result of results) {
    if (mayDepend(result)) stack.push(result.owner!)
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!
      const group = groupOf.get(node)
      const head = group === undefined ? node : group[0]!
      const known = state.get(head)
      if (known === 'done') {
        stack.pop()
        continue
      }
      if (known === 'open') {
        order.push(group ?? [node])
        state.set(head, 'done')
        stack.pop()
        continue
      }
      state.set(head, 'open')
      for (const { inputs } of group ?? [node])
        for (let i = 0; i < inputs.length; i++) {
          const { owner } = inputs[i]!
          if (owner === null || !mayDepend(inputs[i]!)) continue
          const below = state.get(groupOf.get(owner)?.[0] ?? owner)
          if (below === 'open') throw new Error('internal: scans that depend on each other were merged')
          if (below === undefined) stack.push(owner)
        }
    }
  }
  return order
}
