/**
 * Accumulators: acc ← acc + Σ contributions, of which only the end is read.
 *
 * A contribution that is a contraction of A_t and B_t need not be added up step by step: Σ_t A_t · B_t is one contraction
 * whose time axis is summed like any other label. So for reductions and scatters; what stands around them and is the same
 * in every step (a view, a sign, a factor) is applied once, to the sum. Elementwise contributions stay in the loop.
 */
import {
  type Apply,
  add,
  apply1,
  type Contraction,
  div,
  equalType,
  type FamilyKind,
  mul,
  neg,
  type PadParams,
  pad,
  type ScatterParams,
  scatterAdd,
  sub,
  sum,
  type Variable,
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
  if (dependsOn([...others.map(t => t.value), ...elsewhere], self)) return null
  return others.flatMap(term => {
    const inner = termsOf(term, () => true)
    return inner.some(t => leaves(r, peel(r, t.value))) ? inner : [term]
  })
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

/** Σ over the steps of what a node is in each; null: better left in the loop. */
function sumOverSteps(r: Recurrence, core: Variable, lifter: Lifter): Variable | null {
  if (r.facts().isInvariant(core)) return times(r.outside(core), r.length)
  const { owner } = core
  if (owner === null) return r.facts().isOfSequences(core) ? sumOver(lifter.liftRows(core)!, [0]) : null
  switch (owner.op.family.kind) {
    case 'contract':
      return sumOfContractions(
        r,
        lifter.lift(owner.inputs[0]!)!,
        lifter.lift(owner.inputs[1]!)!,
        owner.params as Contraction,
      )
    case 'scatter':
      return sumOfScatters(lifter.liftRows(owner.inputs[0]!)!, lifter.liftRows(owner.inputs[1]!)!, owner)
    case 'reduce': {
      if (owner.op !== sum.op) return null
      const { axes } = owner.params as { readonly axes: readonly number[] }
      const rows = lifter.liftRows(owner.inputs[0]!)!
      return apply1(sum.op, [rows], {
        ...(owner.params as object),
        axes: [0, ...axes.map(axis => axis + 1)],
      } as never)
    }
    default:
      return r.facts().isOfSequences(core) ? sumOver(lifter.liftRows(core)!, [0]) : null
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

/** Puts around a sum what was taken off its terms. */
function wrap(r: Recurrence, total: Variable, { around }: Peeled): Variable {
  return around.reduceRight((x, { node, at }) => {
    const inputs = node.inputs.map((v, i) => (i === at ? x : r.outside(v)))
    return apply1(node.op, inputs, node.params)
  }, total)
}

/** Whether a sum over the steps is better formed outside. */
function leaves(r: Recurrence, { core }: Peeled): boolean {
  if (r.facts().isInvariant(core) || r.facts().isOfSequences(core)) return true
  const node = core.owner
  if (node === null) return false
  return node.op === sum.op ? isStackedAnyway(r, node.inputs[0]!) : addsUp.has(node.op.family.kind)
}

const addsUp: ReadonlySet<FamilyKind> = new Set(['contract', 'scatter'])

/** A reduction waits for the end where its operand is outside already, or some contraction wants it there. */
function isStackedAnyway(r: Recurrence, operand: Variable): boolean {
  let x = operand
  while (x.owner !== null && isPlainView(x.owner)) x = x.owner.inputs[0]!
  if (x.owner === null || addsUp.has(x.owner.op.family.kind) || r.facts().isOfSequences(x)) return true
  if (r.carries.some(c => c.next === x) || r.ys.some(y => y.value === x)) return true
  return r
    .facts()
    .order.some(node => addsUp.has(node.op.family.kind) && node.inputs.some(v => readsThrough(v, x)))
}

function readsThrough(v: Variable, x: Variable): boolean {
  let base = v
  while (base !== x && base.owner !== null && isPlainView(base.owner)) base = base.owner.inputs[0]!
  return base === x
}

function liftAccumulators(r: Recurrence): boolean {
  const sums = r.carries.flatMap(carry => {
    const terms = contributions(r, carry)
    if (terms === null) return []
    const parts = terms.map(term => ({ term, peeled: peel(r, term.value) }))
    return parts.some(({ peeled }) => leaves(r, peeled)) ? [{ carry, parts }] : []
  })
  if (sums.length === 0) return false
  const accumulators = new Set(sums.map(({ carry }) => carry))
  const staying = sums.flatMap(({ parts }) => parts.filter(p => !leaves(r, p.peeled)).map(p => p.term.value))
  const lifter = resultLifter(
    r,
    resultWork(
      r,
      r.carries.filter(c => !accumulators.has(c)),
      staying,
    ),
  )
  let changed = false
  for (const { carry, parts } of sums) {
    const rest: Term[] = []
    const totals: Term[] = []
    for (const { term, peeled } of parts) {
      const total = leaves(r, peeled) ? sumOverSteps(r, peeled.core, lifter) : null
      const value = total === null ? null : wrap(r, total, peeled)
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
