/**
 * Lifting: what a variable of a scan's body is in every step at once, as a variable of the graph around the scan.
 *
 * `lift` computes outside what `lifts` allows and asks the loop for the rest: constants and slices are there already, a
 * carry's values are views of its trajectory, anything else becomes one more stacked output (`exports`), where that is
 * allowed. The nodes are batched one by one (`batchNode`); one that cannot be is asked of the loop too.
 */
import { type Apply, apply, batchNode, equalType, type Variable, withOrigins } from '@arignote/graph'
import { repeat } from './build.js'
import type { Facts, Recurrence } from './recurrence.js'
import { youngNodes } from './replace.js'

export interface LiftOptions {
  /** Whether a node of the body may be computed outside. */
  readonly lifts: (node: Apply) => boolean
  /** Whether values may be taken from the loop; if not, what cannot be lifted makes the result null. */
  readonly exports: boolean
}

export interface Lifted {
  readonly outer: Variable
  /** Has one row per step; otherwise it is the same in each. */
  readonly batched: boolean
}

export class Lifter {
  readonly #known = new Map<Variable, Lifted | null>()
  readonly #facts: Facts

  constructor(
    private readonly r: Recurrence,
    private readonly options: LiftOptions,
  ) {
    this.#facts = r.facts()
    for (const { outer, param } of r.constants) this.#known.set(param, { outer, batched: false })
    for (const slot of r.sequences) this.#known.set(slot.param, { outer: r.visited(slot), batched: true })
  }

  lift(v: Variable): Lifted | null {
    const order = youngNodes([v], -1, { has: x => this.#known.has(x) || !this.#descends(x) })
    for (const node of order) {
      if (node.outputs.every(output => this.#known.has(output))) continue
      const outputs = this.#liftNode(node)
      for (const [i, output] of node.outputs.entries()) this.#known.set(output, outputs[i]!)
    }
    return this.#get(v)
  }

  /** With one row per step, repeated if need be. */
  liftRows(v: Variable): Variable | null {
    const lifted = this.lift(v)
    if (lifted === null) return null
    return lifted.batched ? lifted.outer : repeat(lifted.outer, this.r.length)
  }

  #descends(v: Variable): boolean {
    return v.owner !== null && (this.#facts.isInvariant(v) || this.options.lifts(v.owner))
  }

  #get(v: Variable): Lifted | null {
    const known = this.#known.get(v)
    if (known !== undefined) return known
    const found = this.options.exports ? { outer: this.#export(v), batched: true } : null
    this.#known.set(v, found)
    return found
  }

  #export(v: Variable): Variable {
    const { carries } = this.r
    const computed = carries.find(c => c.next === v)
    if (computed !== undefined) return this.r.newValues(computed)
    const started = carries.find(c => c.param === v)
    return started === undefined ? this.r.stack(v) : this.r.startValues(started)
  }

  #liftNode(node: Apply): readonly (Lifted | null)[] {
    const inputs = node.inputs.map(v => this.#get(v))
    if (inputs.some(x => x === null)) return node.outputs.map(() => null)
    const outer = inputs.map(x => x!.outer)
    const batched = inputs.map(x => x!.batched)
    return withOrigins(node.origins, () => {
      if (!batched.includes(true)) {
        const same = node.inputs.every((v, i) => v === outer[i]) ? node : apply(node.op, outer, node.params)
        return same.outputs.map(v => ({ outer: v, batched: false }))
      }
      const all = batchNode(node, outer, batched, this.r.length)
      const isStack = (v: Variable, i: number) => {
        const { dtype, shape } = node.outputs[i]!
        return equalType(v.type, { dtype, shape: [this.r.length, ...shape] })
      }
      if (all?.every(isStack)) return all.map(v => ({ outer: v, batched: true }))
      return node.outputs.map(v => this.#get(v))
    })
  }
}
