/**
 * Accumulators: acc ← acc + Σ contributions, of which only the end is read.
 *
 * A contribution that is a contraction of A_t and B_t need not be added up step by step: Σ_t A_t · B_t is one contraction
 * whose time axis is summed like any other label. So for reductions and scatters; what stands around them and is the same
 * in every step (a view, a sign, a factor) is applied once, to the sum. Elementwise contributions stay in the loop, and so
 * does everything where the loop may stop early.
 */
import {
  type Apply,
  add,
  apply1,
  type Contraction,
  div,
  equalType,
  mul,
  neg,
  type PadParams,
  pad,
  type ScatterParams,
  scatterAdd,
  sub,
  sum,
  type Variable,
  withOrigins,
} from '@arignote/graph'
import { contraction, sumOver, times, view } from '../build.js'
import type { Lifted, Lifter } from '../lift.js'
import type { Carry, Recurrence } from '../recurrence.js'
import { dependsOn } from '../replace.js'
import { isPlainView } from './scan-hoist.js'
import { resultLifter, resultWork } from './scan-lift.js'
import type { ScanRule } from './scan-tidy.js'

interface Term {
  readonly value: Variable
  readonly negative: boolean
}

/** The terms of a sum, signs included; only sums that `follow` says are taken apart. */
function termsOf(sum: Term, follow: (v: Variable) => boolean): readonly Term[] {
  const terms: Term[] = []
  const pending: Term[] = [sum]
  while (pending.length > 0) {
    const { value, negative } = pending.pop()!
    const node = follow(value) ? value.owner : null
    const [a, b] = node?.inputs ?? []
    if (node?.op === add.op) pending.push({ value: b!, negative }, { value: a!, negative })
    else if (node?.op === sub.op) pending.push({ value: b!, negative: !negative }, { value: a!, negative })
    else if (node?.op === neg.op) pending.push({ value: a!, negative: !negative })
    else terms.push({ value, negative })
  }
  return terms
}

function addTerm(total: Variable | null, { value, negative }: Term): Variable {
  if (total === null) return negative ? neg(value) : value
  return negative ? sub(total, value) : add(total, value)
}

/** The contributions, if the carry is the sum of itself and them, and nothing else reads it. */
function contributions(r: Recurrence, carry: Carry): readonly Term[] | null {
  const needed = r.needed()
  if (needed.has(carry.trajectory) || !needed.has(carry.final)) return null
  if (carry.next.owner === null || ![add.op, sub.op].some(op => op === carry.next.owner!.op)) return null
  const self = new Set([carry.param])
  const terms = termsOf({ value: carry.next, negative: false }, v => dependsOn([v], self))
  const [own, ...again] = terms.filter(t => t.value === carry.param)
  if (own === undefined || own.negative || again.length > 0) return null
  const others = terms.filter(t => t !== own)
  const elsewhere = [...r.carries.filter(c => c !== carry).map(c => c.next), ...r.ys.map(y => y.value)]
  return dependsOn([...others.map(t => t.value), ...elsewhere], self) ? null : others
}

interface Peeled {
  /** What is summed over the steps. */
  readonly core: Variable
  /** From the outside in. */
  readonly around: readonly { readonly node: Apply; readonly at: number }[]
}

/** Takes off what is linear and the same in every step. */
function peel(r: Recurrence, v: Variable): Peeled {
  const around: { node: Apply; at: number }[] = []
  let core = v
  for (;;) {
    const node = core.owner
    if (node === null) break
    const at = linearIn(r, node)
    if (at === null) break
    around.push({ node, at })
    core = node.inputs[at]!
  }
  return { core, around }
}

/** The input in which the node is linear, the others being invariant. */
function linearIn(r: Recurrence, node: Apply): number | null {
  if (node.op === pad.op && (node.params as PadParams).value !== 0) return null
  if (isPlainView(node) || node.op === neg.op) return 0
  if (node.op === mul.op)
    return r.facts().isInvariant(node.inputs[1]!) ? 0 : r.facts().isInvariant(node.inputs[0]!) ? 1 : null
  return node.op === div.op && r.facts().isInvariant(node.inputs[1]!) ? 0 : null
}

/** Σ over the steps of what a variable is in each. */
function sumOverSteps(r: Recurrence, core: Variable, lifter: Lifter): Variable {
  if (r.facts().isInvariant(core)) return times(r.outside(core), r.length)
  const { owner } = core
  if (owner === null) return sumOver(lifter.liftRows(core)!, [0])
  switch (owner.op.family.kind) {
    case 'contract':
      return sumOfContractions(
        r,
        lifter.lift(owner.inputs[0]!)!,
        lifter.lift(owner.inputs[1]!)!,
        owner.params as Contraction,
      )
    case 'scatter':
      if (owner.op !== scatterAdd.op) return sumOver(lifter.liftRows(core)!, [0])
      return sumOfScatters(lifter.liftRows(owner.inputs[0]!)!, lifter.liftRows(owner.inputs[1]!)!, owner)
    case 'reduce': {
      if (owner.op !== sum.op) return sumOver(lifter.liftRows(core)!, [0])
      const { axes } = owner.params as { readonly axes: readonly number[] }
      const rows = lifter.liftRows(owner.inputs[0]!)!
      return apply1(sum.op, [rows], {
        ...(owner.params as object),
        axes: [0, ...axes.map(axis => axis + 1)],
      } as never)
    }
    default:
      return sumOver(lifter.liftRows(core)!, [0])
  }
}

function sumOfContractions(r: Recurrence, left: Lifted, right: Lifted, spec: Contraction): Variable {
  const time = 1 + Math.max(-1, ...spec.left, ...spec.right)
  if (left.batched && right.batched)
    return contraction(left.outer, right.outer, {
      ...spec,
      left: [time, ...spec.left],
      right: [time, ...spec.right],
    })
  const total = (side: Lifted) => (side.batched ? sumOver(side.outer, [0]) : side.outer)
  const once = contraction(total(left), total(right), spec)
  return left.batched || right.batched ? once : times(once, r.length)
}

/** One scatter whose ids have the time axis too. */
function sumOfScatters(ids: Variable, updates: Variable, { params }: Apply): Variable {
  const { axis } = params as ScatterParams
  const order = updates.shape.map((_, i) => i).slice(1)
  const moved = view.transpose(updates, [...order.slice(0, axis), 0, ...order.slice(axis)])
  return apply1(scatterAdd.op, [ids, moved], params as ScatterParams)
}

/** The sum over the steps, with what was taken off its terms put around it. */
function summedOutside(r: Recurrence, { core, around }: Peeled, lifter: Lifter): Variable {
  const places = core.owner?.origins ?? r.node.origins
  const total = withOrigins(places, () => sumOverSteps(r, core, lifter))
  return around.reduceRight((x, { node, at }) => {
    const inputs = node.inputs.map((v, i) => (i === at ? x : r.outside(v)))
    return withOrigins(node.origins, () => apply1(node.op, inputs, node.params))
  }, total)
}

/** Says which sums over the steps are better formed outside. */
function leavingSums(r: Recurrence, work: ReadonlySet<Apply>): (core: Variable) => boolean {
  const facts = r.facts()
  const stacked = stackedAnyway(r, work)
  return core => {
    if (facts.isInvariant(core) || facts.isOfSequences(core) || stacked.has(core)) return true
    if (core.owner === null) return false
    return core.owner.op === sum.op ? stacked.has(baseOf(core.owner.inputs[0]!)) : addsUp(core.owner)
  }
}

/** Whether sums of such nodes over the steps are one such node. */
const addsUp = ({ op }: Apply): boolean =>
  op.family.kind === 'contract' || (op.family.kind === 'scatter' && !op.family.last)

/** Values that the loop hands out in any case, because they are read, or work that leaves wants them. */
function stackedAnyway(r: Recurrence, work: ReadonlySet<Apply>): ReadonlySet<Variable> {
  const needed = r.needed()
  const stacked = new Set(r.ys.filter(y => needed.has(y.stacked)).map(y => y.value))
  for (const c of r.carries) if (needed.has(c.trajectory)) stacked.add(c.next).add(c.param)
  for (const node of work) {
    for (const v of node.outputs) stacked.add(v)
    if (addsUp(node)) for (const v of node.inputs) stacked.add(baseOf(v))
  }
  return stacked
}

/** What a value is a view of. */
function baseOf(v: Variable): Variable {
  let base = v
  while (base.owner !== null && isPlainView(base.owner)) base = base.owner.inputs[0]!
  return base
}

/** A term that is a sum itself, taken apart if some of it leaves. */
function parts(r: Recurrence, term: Term, leaves: (core: Variable) => boolean): readonly Part[] {
  const peeled = (t: Term): Part => ({ term: t, peeled: peel(r, t.value) })
  const whole = peeled(term)
  if (leaves(whole.peeled.core)) return [whole]
  const inner = termsOf(term, () => true).map(peeled)
  return inner.some(p => leaves(p.peeled.core)) ? inner : [whole]
}

interface Part {
  readonly term: Term
  readonly peeled: Peeled
}

function liftAccumulators(r: Recurrence): boolean {
  if (r.keepsStatesOnly) return false
  if (r.until) return false
  const candidates = r.carries.flatMap(carry => {
    const terms = contributions(r, carry)
    return terms === null ? [] : [{ carry, terms }]
  })
  if (candidates.length === 0) return false
  const accumulators = new Set(candidates.map(({ carry }) => carry))
  const others = r.carries.filter(c => !accumulators.has(c))
  const leaves = leavingSums(r, resultWork(r, others))
  const sums = candidates.map(({ carry, terms }) => ({ carry, all: terms.flatMap(t => parts(r, t, leaves)) }))
  if (!sums.some(({ all }) => all.some(p => leaves(p.peeled.core)))) return false
  const staying = sums.flatMap(({ all }) => all.filter(p => !leaves(p.peeled.core)).map(p => p.term.value))
  const lifter = resultLifter(r, resultWork(r, others, staying))
  let changed = false
  for (const { carry, all } of sums) {
    const rest: Term[] = []
    const totals: Term[] = []
    for (const { term, peeled } of all) {
      const value = leaves(peeled.core) ? summedOutside(r, peeled, lifter) : null
      if (value === null || !equalType(value.type, carry.final.type)) rest.push(term)
      else totals.push({ value, negative: term.negative })
    }
    if (totals.length === 0) continue
    changed = true
    const old = carry.final
    const start = rest.length === 0 ? carry.initial : r.renewFinal(carry)
    if (rest.length === 0) r.carries = r.carries.filter(c => c !== carry)
    else carry.next = rest.reduce(addTerm, carry.param)
    r.define(old, totals.reduce<Variable>(addTerm, start))
  }
  return changed
}

export const scanAccumulate: ScanRule = {
  name: 'scan: Σ over the steps of work → work over all steps',
  apply: liftAccumulators,
}
