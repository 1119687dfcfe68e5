/**
 * The order of a block's units: by need, and otherwise as the graph has it.
 *
 * Checks come as early as they can, so that they precede whatever cannot be undone; what reads the old value of a shared
 * variable comes before what replaces it.
 */
import type { Variable } from '@arignote/graph'
import type { Buffer } from '../program.js'
import type { Unit } from './group.js'
import type { Decision } from './materialize.js'

/** What reads an old value comes before what replaces it, where it may: the new value then needs no copy. */
export function readOldValuesFirst(
  units: readonly Unit[],
  { block }: Decision,
  replaced: ReadonlyMap<Buffer, Variable>,
): void {
  const readers = new Map<Variable, Unit[]>([...replaced.values()].map(old => [old, []]))
  for (const unit of units) {
    const read = [
      ...unit.expressions.flatMap(x => x.leaves.map(leaf => leaf.variable)),
      ...(unit.kind === 'scan' ? unit.node!.inputs : []),
    ]
    for (const old of new Set(read.map(v => block.ownerOf(v)))) readers.get(old)?.push(unit)
  }
  for (const unit of units) {
    for (const { store } of unit.roots) {
      const old = replaced.get(store.place.ref.buffer)
      for (const reader of (old && readers.get(old)) ?? [])
        if (!dependsOn(reader, unit)) unit.needs.add(reader)
    }
  }
}

function dependsOn(unit: Unit, other: Unit): boolean {
  const seen = new Set([unit])
  for (const x of seen) for (const needed of x.needs) seen.add(needed)
  return seen.has(other)
}

/** By need first, then by position. */
export function inOrder(units: readonly Unit[]): readonly Unit[] {
  const order: Unit[] = []
  const done = new Set<Unit>()
  const sorted = [...units].sort((a, b) => priority(a) - priority(b))
  for (const start of sorted) {
    const stack = [start]
    while (stack.length > 0) {
      const unit = stack.at(-1)!
      const missing = done.has(unit) ? undefined : [...unit.needs].find(needed => !done.has(needed))
      if (missing !== undefined) stack.push(missing)
      else {
        stack.pop()
        if (!done.has(unit)) order.push(unit)
        done.add(unit)
      }
    }
  }
  return order
}

const priority = (unit: Unit) => (unit.kind === 'check' ? unit.position - 1e9 : unit.position)
