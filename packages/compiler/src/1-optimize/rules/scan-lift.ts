/**
 * What need not be done in the loop because only its results are read: contractions, gathers and scatters above the
 * recurrence, with the maps and views on top of them, are computed after the loop for all steps at once.
 *
 * `dx_t = dz_t · Wᵀ` leaves: dz is stacked and one contraction makes every dx. Elementwise work alone stays: in the loop it
 * is fused with what made its operands. Where the loop may stop early the rows after its end hold nothing: all stays.
 */
import { type Apply, equalType, type FamilyKind, type Variable } from '@arignote/graph'
import { Lifter } from '../lift.js'
import type { Carry, Recurrence } from '../recurrence.js'
import { youngNodes } from '../replace.js'
import { isPlainView } from './scan-hoist.js'
import type { ScanRule } from './scan-tidy.js'

const worthLifting: ReadonlySet<FamilyKind> = new Set(['contract', 'gather', 'scatter', 'routine'])

/** Nodes of the body that none of the carries needs: what of them is worth lifting. */
export function resultWork(
  r: Recurrence,
  carries: readonly Carry[],
  staying: readonly Variable[] = [],
): ReadonlySet<Apply> {
  const kept = new Set(youngNodes([...carries.map(c => c.next), ...staying], -1))
  const work = new Set<Apply>()
  const facts = r.facts()
  for (const node of facts.order) {
    if (kept.has(node) || facts.isInvariant(node.outputs[0]!)) continue
    const own = worthLifting.has(node.op.family.kind)
    if (own || node.inputs.some(v => v.owner !== null && work.has(v.owner))) work.add(node)
  }
  return work
}

/** Computes outside: the work, what depends on sequences only, and views on the way down. */
export function resultLifter(r: Recurrence, work: ReadonlySet<Apply>): Lifter {
  const facts = r.facts()
  return new Lifter(r, {
    lifts: node => work.has(node) || facts.isOfSequences(node.outputs[0]!) || isPlainView(node),
    exports: true,
  })
}

function liftResults(r: Recurrence): boolean {
  if (r.keepsStatesOnly) return false
  if (r.until) return false
  const needed = r.needed()
  const work = resultWork(r, r.carries)
  const ys = r.ys.filter(y => y.value.owner !== null && work.has(y.value.owner) && needed.has(y.stacked))
  if (ys.length === 0) return false
  const lifter = resultLifter(r, work)
  const values = new Map<Variable, Variable>()
  for (const y of ys) {
    const outer = lifter.liftRows(y.value)
    if (outer !== null && equalType(outer.type, y.stacked.type) && outer !== y.stacked)
      values.set(y.stacked, outer)
  }
  r.ys = r.ys.filter(y => !values.has(y.stacked))
  for (const [stacked, outer] of values) r.define(stacked, outer)
  return values.size > 0
}

export const scanLift: ScanRule = {
  name: 'scan: a result of work nobody waits for → all steps at once',
  apply: liftResults,
}
