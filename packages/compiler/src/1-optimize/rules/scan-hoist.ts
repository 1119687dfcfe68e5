/**
 * What need not wait for the loop: invariants are computed before it once, work on sequences before it for all steps.
 *
 * Views stay where they are read, for they cost nothing there; small constants too. Of what depends on sequences only
 * *work* leaves: contractions, reductions, gathers, scatters and maps with a transcendental function – with the maps that
 * follow them, so that `x_t · W + b` leaves as one. A transcendental map of stacks that another loop made stays: a
 * gradient chose to compute it again rather than to store it. A y that depends on sequences only leaves whatever it is.
 * Of a scan that may stop early, only invariants leave: nobody knows how many of the rows it will look at.
 */
import { type Apply, equalType, type FamilyKind, type Op, scanOp, type Variable } from '@arignote/graph'
import { postorder, s, scalarType } from '@arignote/loops'
import { Lifter } from '../lift.js'
import { dependence, type Recurrence } from '../recurrence.js'
import { bringIn, isLight, type ScanRule } from './scan-tidy.js'

/** A view of one input, without a copy. */
export const isPlainView = ({ op, inputs }: Apply) => op.family.kind === 'view' && inputs.length === 1

/** Variables of the body that something which stays in the loop reads, and that are worth computing before. */
function invariantFrontier(r: Recurrence): readonly Variable[] {
  const { order, dependsOn } = r.facts()
  const found = new Set<Variable>()
  const look = (v: Variable) => {
    let x = v
    while (dependsOn.get(x) === dependence.constants && x.owner !== null && isPlainView(x.owner))
      x = x.owner.inputs[0]!
    const from = dependsOn.get(x) ?? 0
    if (x.owner !== null && (from === dependence.constants || (from === 0 && isClosedWork(x)))) found.add(x)
  }
  for (const { inputs, outputs } of order) {
    if ((dependsOn.get(outputs[0]!) ?? 0) > dependence.constants) inputs.forEach(look)
  }
  for (const { next } of r.carries) look(next)
  if (r.condition !== null) look(r.condition)
  return [...found]
}

/** Depends on nothing, and yet is more than counting or a broadcast of a number. */
function isClosedWork(v: Variable): boolean {
  const { op } = v.owner!
  if (op.family.kind === 'source' || isLight(v)) return false
  return !isPlainView(v.owner!)
}

function hoistInvariants(r: Recurrence): boolean {
  const frontier = invariantFrontier(r)
  if (frontier.length === 0) return false
  r.replaceInside(new Map(frontier.map(v => [v, bringIn(r, r.outside(v))])))
  return true
}

const transcendental = new WeakMap<Op<unknown>, boolean>()

function usesIntrinsic({ op, inputs, params, outputs }: Apply): boolean {
  const known = transcendental.get(op)
  if (known !== undefined) return known
  if (op.family.kind !== 'map') return false
  const args = inputs.map((v, i) => s.register({ name: `x${i}`, type: scalarType(v.dtype) }))
  const found = postorder([op.family.body(args, params, outputs[0]!.type)]).some(x => x.kind === 'intrinsic')
  transcendental.set(op, found)
  return found
}

const heavy: ReadonlySet<FamilyKind> = new Set(['contract', 'reduce', 'gather', 'scatter', 'routine'])

/** Nodes that depend on sequences only and are work, or have work below them. */
function sequenceWork(r: Recurrence): ReadonlySet<Apply> {
  const work = new Set<Apply>()
  const stored = new Set(r.sequences.filter(slot => isMadeByScan(slot.outer)).map(slot => slot.param))
  const recomputes = new Set<Variable>(stored)
  const facts = r.facts()
  for (const node of facts.order) {
    if (!facts.isOfSequences(node.outputs[0]!)) continue
    const varying = node.inputs.filter(v => facts.isOfSequences(v))
    const again = varying.every(v => recomputes.has(v))
    if (again) for (const v of node.outputs) recomputes.add(v)
    const own = heavy.has(node.op.family.kind) || (!again && usesIntrinsic(node))
    if (own || node.inputs.some(v => v.owner !== null && work.has(v.owner))) work.add(node)
  }
  return work
}

function isMadeByScan(outer: Variable): boolean {
  let x = outer
  while (x.owner !== null && isPlainView(x.owner)) x = x.owner.inputs[0]!
  return x.owner?.op === scanOp
}

/** The outermost work that the loop reads; through views, and not past a value that several maps share. */
function workFrontier(r: Recurrence): readonly Variable[] {
  const work = sequenceWork(r)
  if (work.size === 0) return []
  const facts = r.facts()
  const { order, users } = facts
  const found = new Set<Variable>()
  const pending: Variable[] = []
  for (const node of order) if (!facts.isOfSequences(node.outputs[0]!)) pending.push(...node.inputs)
  pending.push(...r.carries.map(c => c.next))
  const seen = new Set<Variable>()
  while (pending.length > 0) {
    const v = pending.pop()!
    if (seen.has(v) || v.owner === null || !facts.isOfSequences(v) || !work.has(v.owner)) continue
    seen.add(v)
    const below = v.owner.inputs.filter(x => x.owner !== null && work.has(x.owner))
    const { kind } = v.owner.op.family
    const isShared = kind === 'map' && !usesIntrinsic(v.owner) && below.some(x => users.get(x)! > 1)
    if (isPlainView(v.owner) || isShared) pending.push(...v.owner.inputs)
    else found.add(v)
  }
  return [...found]
}

function sequenceLifter(r: Recurrence): Lifter {
  const facts = r.facts()
  return new Lifter(r, { lifts: node => facts.isOfSequences(node.outputs[0]!), exports: false })
}

function hoistSequenceWork(r: Recurrence): boolean {
  if (r.keepsStatesOnly) return false
  if (r.until) return false
  const frontier = workFrontier(r)
  if (frontier.length === 0) return false
  const lifter = sequenceLifter(r)
  const lifted = frontier.map(v => [v, lifter.lift(v)] as const).filter(([, outer]) => outer !== null)
  if (lifted.length === 0) return false
  r.replaceInside(new Map(lifted.map(([v, outer]) => [v, r.addSequence(outer!.outer, v)])))
  return true
}

/** Ys without any recurrence are no loop's business. */
function hoistSequenceYs(r: Recurrence): boolean {
  if (r.keepsStatesOnly) return false
  if (r.until) return false
  const ys = r.ys.filter(y => r.facts().isOfSequences(y.value))
  const lifter = sequenceLifter(r)
  const lifted = new Set<object>()
  for (const y of ys) {
    const outer = lifter.liftRows(y.value)
    if (outer === null || !equalType(outer.type, y.stacked.type)) continue
    r.define(y.stacked, outer)
    lifted.add(y)
  }
  r.ys = r.ys.filter(y => !lifted.has(y))
  return lifted.size > 0
}

export const scanInvariants: ScanRule = { name: 'scan: an invariant → a constant', apply: hoistInvariants }

export const scanSequences: readonly ScanRule[] = [
  { name: 'scan: a y of sequences only → all steps at once', apply: hoistSequenceYs },
  { name: 'scan: work on sequences only → all steps at once', apply: hoistSequenceWork },
]
