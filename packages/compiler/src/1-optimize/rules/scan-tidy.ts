/**
 * What of a scan need not be a slot: equal slots, sequences of equal rows, constants cheaper to say than to pass, carries
 * that do not change, ys that are known without the loop. And what nobody reads.
 */
import {
  type Apply,
  apply1,
  equalDim,
  equalType,
  expand,
  expandDims,
  readAxes,
  type Variable,
} from '@arignote/graph'
import { buildAxes } from '../axes.js'
import { repeat } from '../build.js'
import type { Carry, Recurrence, Slot } from '../recurrence.js'
import { replaceIn, youngNodes } from '../replace.js'

/** One rule about scans; says whether it changed something. */
export interface ScanRule {
  readonly name: string
  readonly apply: (r: Recurrence) => boolean
}

/** Removes slots whose params have a replacement in the body. */
function removeSlots(r: Recurrence, replacement: ReadonlyMap<Variable, Variable>): boolean {
  if (replacement.size === 0) return false
  r.constants = r.constants.filter(slot => !replacement.has(slot.param))
  r.sequences = r.sequences.filter(slot => !replacement.has(slot.param))
  r.carries = r.carries.filter(slot => !replacement.has(slot.param))
  r.replaceInside(replacement)
  return true
}

function mergeEqualSlots(r: Recurrence): boolean {
  const replacement = new Map<Variable, Variable>()
  for (const slots of [r.constants, r.sequences]) {
    const first = new Map<Variable, Variable>()
    for (const { outer, param } of slots) {
      const known = first.get(outer)
      if (known === undefined) first.set(outer, param)
      else replacement.set(param, known)
    }
  }
  return removeSlots(r, replacement)
}

const smallest = 16

const isBroadcast = ({ op }: Apply) => op === expand.op || op === expandDims.op

/** A small constant or a broadcast of one: inside the body, where rules can see it, it costs nothing. */
export function isLight(v: Variable): boolean {
  let x = v
  while (x.owner !== null && isBroadcast(x.owner)) x = x.owner.inputs[0]!
  if (x.owner?.op.family.kind !== 'constant') return false
  return x.shape.reduce<number>((n, d) => n * (typeof d === 'number' ? d : Number.NaN), 1) <= smallest
}

function inlineConstants(r: Recurrence): boolean {
  const broadcast = r.constants.filter(c => c.outer.owner?.op === expand.op)
  const light = r.constants.filter(c => isLight(c.outer))
  const all = new Set([...broadcast, ...light])
  r.constants = r.constants.filter(c => !all.has(c))
  return removeSlots(r, new Map([...all].map(c => [c.param, bringIn(r, c.outer)])))
}

/** A variable of the surrounding graph, inside the body: a light one as it is, a broadcast over what it broadcasts. */
export function bringIn(r: Recurrence, outer: Variable): Variable {
  if (isLight(outer)) return outer
  const known = r.constants.find(c => c.outer === outer)
  if (known !== undefined) return known.param
  const node = outer.owner
  if (node !== null && isBroadcast(node)) return apply1(node.op, [bringIn(r, node.inputs[0]!)], node.params)
  return r.addConstant(outer)
}

function constantsOfEqualRows(r: Recurrence): boolean {
  const replacement = new Map<Variable, Variable>()
  for (const slot of r.sequences) {
    const row = commonRow(slot)
    if (row !== null) replacement.set(slot.param, bringIn(r, row))
  }
  return removeSlots(r, replacement)
}

/** What each row of an expand along axis 0 is. */
function commonRow({ outer, param }: Slot): Variable | null {
  const seen = readAxes(outer)
  if (seen === null || seen.axes[0] !== null || equalDim(outer.shape[0]!, 1)) return null
  const row = buildAxes({ source: seen.source, axes: seen.axes.slice(1), shape: outer.shape.slice(1) })
  return equalType(row.type, param.type) ? row : null
}

/** next = the carry itself: it keeps its initial value. */
function carriesThatStay(r: Recurrence): boolean {
  const replacement = new Map<Variable, Variable>()
  for (const carry of r.carries) {
    if (carry.next !== carry.param || !equalType(carry.initial.type, carry.param.type)) continue
    r.define(carry.final, carry.initial)
    const rows = carry.trajectory.shape[0]!
    r.define(carry.trajectory, repeat(carry.initial, rows))
    replacement.set(carry.param, bringIn(r, carry.initial))
  }
  return removeSlots(r, replacement)
}

/** Carries that begin equal and stay equal. Assumes that all with one start are, and drops what contradicts. */
function mergeEqualCarries(r: Recurrence): boolean {
  const class_ = new Map<Carry, Carry>()
  const byStart = new Map<Variable, Carry[]>()
  for (const carry of r.carries) byStart.set(carry.initial, [...(byStart.get(carry.initial) ?? []), carry])
  for (const group of byStart.values()) {
    const head = group[0]!
    for (const carry of group.slice(1))
      if (carry.next.owner?.op === head.next.owner?.op) class_.set(carry, head)
  }
  while (class_.size > 0) {
    const params = new Map([...class_].map(([carry, head]) => [carry.param, head.param]))
    const nexts = new Map(
      replaceIn(
        r.carries.map(c => c.next),
        params,
      ).map((next, i) => [r.carries[i]!, next]),
    )
    const wrong = [...class_].filter(([carry, head]) => nexts.get(carry) !== nexts.get(head))
    for (const [carry] of wrong) class_.delete(carry)
    if (wrong.length > 0) continue
    for (const [carry, head] of class_) {
      r.define(carry.final, head.final)
      r.define(carry.trajectory, head.trajectory)
    }
    return removeSlots(r, params)
  }
  return false
}

/** Ys that the loop need not store: they are inputs, or trajectories, or other ys. */
function knownYs(r: Recurrence): boolean {
  const needed = r.needed()
  const seen = new Map<Variable, Variable>()
  const known = r.ys.filter(y => {
    if (!needed.has(y.stacked)) return false
    const value = seen.get(y.value) ?? withoutLoop(r, y.value)
    seen.set(y.value, value ?? y.stacked)
    if (value === null || !equalType(value.type, y.stacked.type)) return false
    r.define(y.stacked, value)
    return true
  })
  r.ys = r.ys.filter(y => !known.includes(y))
  return known.length > 0
}

function withoutLoop(r: Recurrence, value: Variable): Variable | null {
  const carry = r.carries.find(c => c.next === value)
  if (carry !== undefined) return r.newValues(carry)
  const started = r.carries.find(c => c.param === value)
  if (started !== undefined) return r.startValues(started)
  const sequence = r.sequences.find(s => s.param === value)
  if (sequence !== undefined) return r.visited(sequence)
  return r.facts().isInvariant(value) ? repeat(r.outside(value), r.length) : null
}

/** Keeps a carry only if its value reaches something that is read; and so for every slot. */
function removeUnread(r: Recurrence): boolean {
  const needed = r.needed()
  const ys = r.ys.filter(y => needed.has(y.stacked))
  const carries = new Set(r.carries.filter(c => needed.has(c.final) || needed.has(c.trajectory)))
  if (ys.length === r.ys.length && carries.size === r.carries.length) return removeUnused(r)
  const byParam = new Map(r.carries.map(c => [c.param, c]))
  const reached = new Set<Variable>()
  let pending = [...ys.map(y => y.value), ...[...carries].map(c => c.next)]
  if (pending.length > 0 && r.condition !== null) pending.push(r.condition)
  while (pending.length > 0) {
    const found: Variable[] = []
    const reach = (v: Variable) => {
      if (reached.has(v)) return
      reached.add(v)
      const carry = byParam.get(v)
      if (carry === undefined || carries.has(carry)) return
      carries.add(carry)
      found.push(carry.next)
    }
    pending.forEach(reach)
    for (const node of youngNodes(pending, -1)) node.inputs.forEach(reach)
    pending = found
  }
  const constants = r.constants.filter(c => reached.has(c.param))
  const sequences = r.sequences.filter(s => reached.has(s.param))
  const before = r.ys.length + r.carries.length + r.constants.length + r.sequences.length
  if (before === ys.length + carries.size + constants.length + sequences.length) return false
  r.ys = ys
  r.carries = r.carries.filter(c => carries.has(c))
  r.constants = constants
  r.sequences = sequences
  r.touch()
  return true
}

/** Of a body all of which is read: what it does not mention. */
function removeUnused(r: Recurrence): boolean {
  const { users } = r.facts()
  const isUsed = ({ param }: Slot) => users.has(param)
  if (r.constants.every(isUsed) && r.sequences.every(isUsed)) return false
  r.constants = r.constants.filter(isUsed)
  r.sequences = r.sequences.filter(isUsed)
  r.touch()
  return true
}

export const scanTidy: readonly ScanRule[] = [
  { name: 'scan: what nobody reads → ∅', apply: removeUnread },
  { name: 'scan: two equal slots → one', apply: mergeEqualSlots },
  { name: 'scan: a small constant, a broadcast → inside', apply: inlineConstants },
  { name: 'scan: a sequence of equal rows → a constant', apply: constantsOfEqualRows },
  { name: 'scan: a carry that stays → a constant', apply: carriesThatStay },
  { name: 'scan: a y known without the loop → a view', apply: knownYs },
]

export const scanEqualCarries: ScanRule = { name: 'scan: two equal carries → one', apply: mergeEqualCarries }
