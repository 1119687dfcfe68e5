/**
 * What a branch computes in a side and hands out, later branches of the same condition need not compute again: in that side
 * it is the output.
 *
 * Later is who depends on the branch anyway. Branches that come equally late are merged instead (`merge.ts`).
 */
import { topologicalOrder } from '../traverse.js'
import type { Apply, Variable } from '../variable.js'
import { isBranch } from './op.js'
import type { Sides } from './sink.js'

/** Values of one side that are known: the outputs that they are. */
export interface Known {
  has(v: Variable): boolean
  get(v: Variable): Variable | undefined
}

interface Handed {
  readonly output: Variable
  readonly rank: number
}

type Side = keyof Sides

export class HandedOut {
  readonly #ranks = new Map<Apply, number>()
  readonly #handed = new Map<Variable, Record<Side, Map<Variable, Handed>>>()

  /** `order`: the nodes outside of all branches. */
  constructor(
    order: readonly Apply[],
    private readonly sides: ReadonlyMap<Apply, Sides>,
    private readonly isOutside: (v: Variable) => boolean,
  ) {
    const byCondition = new Map<Variable, Apply[]>()
    for (const node of order.filter(isBranch)) {
      const [condition] = node.inputs as readonly [Variable]
      byCondition.set(condition, [...(byCondition.get(condition) ?? []), node])
    }
    for (const [condition, branches] of byCondition) {
      if (branches.length < 2) continue
      this.#rank(order, new Set(branches))
      const handed = { thenValues: new Map<Variable, Handed>(), elseValues: new Map<Variable, Handed>() }
      this.#handed.set(condition, handed)
      for (const node of branches) {
        const rank = this.#ranks.get(node)!
        for (const side of ['thenValues', 'elseValues'] as const)
          for (const [i, v] of sides.get(node)![side].entries())
            if (!isOutside(v) && !handed[side].has(v)) handed[side].set(v, { output: node.outputs[i]!, rank })
      }
    }
  }

  /** What has been handed out when a branch runs. */
  before(node: Apply): { readonly whereTrue: Known; readonly whereFalse: Known } {
    const handed = this.#handed.get(node.inputs[0]!)
    const rank = this.#ranks.get(node) ?? 0
    const known = (side: Side): Known => {
      const get = (v: Variable) => {
        const found = handed?.[side].get(v)
        return found === undefined || found.rank >= rank ? undefined : found.output
      }
      return { get, has: v => get(v) !== undefined }
    }
    return { whereTrue: known('thenValues'), whereFalse: known('elseValues') }
  }

  /** How many of the branches each of them has to wait for, one after the other. */
  #rank(order: readonly Apply[], branches: ReadonlySet<Apply>): void {
    const after = new Map<Variable, number>()
    for (const node of order) {
      let rank = 0
      for (const v of isBranch(node) ? this.#readBy(node) : node.inputs)
        rank = Math.max(rank, after.get(v) ?? 0)
      if (branches.has(node)) this.#ranks.set(node, rank++)
      if (rank > 0) for (const v of node.outputs) after.set(v, rank)
    }
  }

  /** What a branch reads of what is outside: its condition, and what its sides need. */
  #readBy(node: Apply): readonly Variable[] {
    const { thenValues, elseValues } = this.sides.get(node)!
    const own = [...thenValues, ...elseValues]
    const read = topologicalOrder(own, { has: this.isOutside }).flatMap(x => x.inputs)
    return [node.inputs[0]!, ...own, ...read].filter(this.isOutside)
  }
}
