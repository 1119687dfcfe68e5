/**
 * The order of a block's units: by need, and otherwise as the graph has it – but where the next one would take much memory,
 * those that take less, or give some back, go first.
 *
 * Checks and effects come as early as they can, so that they precede whatever cannot be undone; what reads the old value
 * of a shared variable comes before what replaces it.
 */
import type { Dim, Variable } from '@arignote/graph'
import { bytesOf } from '@arignote/loops'
import { type Buffer, elementsOf } from '../program.js'
import type { Unit } from './group.js'
import type { Decision } from './materialize.js'

/** What reads an old value comes before what replaces it, where it may: the new value then needs no copy. */
export function readOldValuesFirst(
  units: readonly Unit[],
  { block }: Decision,
  replaced: ReadonlyMap<Buffer, Variable>,
): void {
  const readers = new Map<Variable, Unit[]>([...replaced.values()].map(old => [old, []]))
  for (const unit of units)
    for (const old of new Set(readBy(unit).map(v => block.ownerOf(v)))) readers.get(old)?.push(unit)
  for (const unit of units) {
    for (const { store } of unit.roots) {
      const old = replaced.get(store.place.ref.buffer)
      for (const reader of (old && readers.get(old)) ?? [])
        if (!dependsOn(reader, unit)) unit.needs.add(reader)
    }
  }
}

function readBy(unit: Unit): readonly Variable[] {
  const leaves = unit.expressions.flatMap(x => x.leaves.map(leaf => leaf.variable))
  return isBlock(unit) ? [...leaves, ...unit.node!.inputs] : leaves
}

function dependsOn(unit: Unit, other: Unit): boolean {
  if (unit === other) return true
  const seen = new Set<Unit>()
  const open = [unit]
  const meet = (needed: Unit) => {
    if (seen.has(needed)) return
    seen.add(needed)
    open.push(needed)
  }
  while (open.length > 0 && !seen.has(other)) open.pop()!.needs.forEach(meet)
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

/** Less than this is not worth another order. */
const muchMemory = 1 << 18
/** How far ahead a unit is looked for that gives memory back. */
const farthest = 64

/** A valid order with less memory in use at once; `isOwn` tells buffers that are freed after their last reader. */
export function sparingly(
  order: readonly Unit[],
  { block }: Decision,
  isOwn: (buffer: Buffer) => boolean,
  estimate: (dim: Dim) => number,
): readonly Unit[] {
  const writes = new Map<Unit, readonly Buffer[]>()
  const reads = new Map<Unit, ReadonlySet<Buffer>>()
  const readers = new Map<Buffer, number>()
  const sizes = new Map<Buffer, number>()
  for (const unit of order) {
    const places = [
      ...unit.roots.map(root => root.store.place),
      ...(isBlock(unit) ? unit.node!.outputs.flatMap(v => block.places.get(v) ?? []) : []),
    ]
    const own = [...new Set(places.map(place => place.ref.buffer))].filter(isOwn)
    for (const buffer of own) sizes.set(buffer, elementsOf(buffer, estimate) * bytesOf(buffer.dtype))
    writes.set(unit, own)
  }
  if (![...sizes.values()].some(bytes => bytes > muchMemory)) return order
  for (const unit of order) {
    const buffers = readBy(unit).flatMap(v => block.placeOf(v)?.ref.buffer ?? [])
    const own = new Set(buffers.filter(buffer => sizes.has(buffer)))
    reads.set(unit, own)
    for (const buffer of own) readers.set(buffer, (readers.get(buffer) ?? 0) + 1)
  }

  const live = new Set<Buffer>()
  const growth = (unit: Unit): number => {
    let bytes = 0
    for (const buffer of writes.get(unit)!) if (!live.has(buffer)) bytes += sizes.get(buffer)!
    for (const buffer of reads.get(unit)!) if (readers.get(buffer) === 1) bytes -= sizes.get(buffer)!
    return bytes
  }
  const left = new Set(order)
  const isReady = (unit: Unit) => {
    for (const needed of unit.needs) if (left.has(needed)) return false
    return true
  }
  const result: Unit[] = []
  for (const first of order) {
    while (left.has(first)) {
      let next = first
      let [least, seen] = [growth(first), 0]
      if (least > muchMemory) {
        for (const unit of left) {
          if (++seen > farthest) break
          const bytes = isReady(unit) ? growth(unit) : least
          if (bytes < least) [next, least] = [unit, bytes]
        }
      }
      left.delete(next)
      result.push(next)
      for (const buffer of writes.get(next)!) live.add(buffer)
      for (const buffer of reads.get(next)!) readers.set(buffer, readers.get(buffer)! - 1)
    }
  }
  return result
}

/** It has steps of its own. */
const isBlock = ({ kind }: Unit) => kind === 'scan' || kind === 'branch'

const priority = ({ kind, position }: Unit) =>
  kind === 'check' || kind === 'effect' ? position - 1e9 : position
