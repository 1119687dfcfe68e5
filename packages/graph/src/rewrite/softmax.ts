/**
 * Sums of exponentials, with the greatest exponent subtracted: log Σ eˣ and eˣ / Σ eˣ that do not overflow.
 */
import { add, div, mul, sub } from '../ops/arithmetic.js'
import { eq, isInf } from '../ops/comparison.js'
import { max, type ReduceParams, sum } from '../ops/reduce.js'
import { named, stopGradient, where } from '../ops/select.js'
import { provablyAtLeast } from '../ops/size.js'
import { exp, log } from '../ops/transcendental.js'
import { expand, expandDims, squeeze } from '../ops/view.js'
import { apply1, type Variable } from '../variable.js'
import { readAxes } from './axes.js'
import { literalOf } from './literal.js'

const axesOf = (v: Variable) => (v.owner!.params as ReduceParams).axes

/** Whether v repeats its elements along these axes. */
function isConstantAlong(v: Variable, axes: readonly number[]): boolean {
  const seen = readAxes(v)
  return axes.every(axis => v.shape[axis] === 1 || seen?.axes[axis] === null)
}

/** What stands behind repetitions, names and stopped gradients. */
function bare(v: Variable): Variable {
  for (;;) {
    const { owner } = v
    const passes = owner !== null && (owner.op === stopGradient.op || owner.op === named.op)
    if (passes) v = owner.inputs[0]!
    else {
      const seen = readAxes(v)
      if (seen === null) return v
      v = seen.source
    }
  }
}

/** `isInf t ? 0 : t`, which is how the shift is written here and in `compose.ts`. */
function isFinitePart(v: Variable): boolean {
  const { owner } = bare(v)
  return owner?.op === where.op && bare(owner.inputs[0]!).owner?.op === isInf.op
}

/** Whether x is `y − m`, m the finite part of something that is the same along the axes. */
export function isShifted(x: Variable, axes: readonly number[]): boolean {
  const { owner } = x
  return owner?.op === sub.op && isFinitePart(owner.inputs[1]!) && isConstantAlong(owner.inputs[1]!, axes)
}

/** Σ eˣ from whose exponents nothing has been subtracted. */
export function isSumOfExponentials(s: Variable): boolean {
  const { owner } = s
  const e = owner?.op === sum.op ? owner.inputs[0]!.owner : null
  return e?.op === exp.op && !isRelative(e.inputs[0]!, axesOf(s))
}

/** A sum of exponentials, and numbers above 0, from which nothing has been subtracted; of two terms at least. */
export function areAddedExponentials(s: Variable): boolean {
  const terms: Variable[] = []
  const pending = [s]
  while (pending.length > 0 && terms.length < mostTerms) {
    const v = pending.pop()!
    if (v.owner?.op === add.op) pending.push(...v.owner.inputs)
    else terms.push(v)
  }
  const isExponential = (v: Variable) => v.owner?.op === exp.op && !isShifted(v.owner.inputs[0]!, [])
  const isTerm = (v: Variable) =>
    isExponential(v) || isSumOfExponentials(v) || Number.isFinite(Math.log(literalOf(v) ?? 0))
  return pending.length === 0 && terms.length > 1 && terms.every(isTerm) && terms.some(isExponential)
}

const mostTerms = 16

/** Shifted, or relative to the greatest by the user's own hand. */
function isRelative(x: Variable, axes: readonly number[]): boolean {
  if (isShifted(x, axes)) return true
  const { owner } = x
  return owner?.op === sub.op && bare(owner.inputs[1]!).owner?.op === max.op
}

/** The finite part of the greatest, with the axes in place. */
function topOf(x: Variable, axes: readonly number[]): Variable {
  const known = axes.every(axis => provablyAtLeast(x.shape[axis]!, 1))
  const params: ReduceParams = known ? { axes } : { axes, ofNothing: true }
  const top: Variable = expandDims(apply1(max.op, [x], params), axes)
  return stopGradient(where(isInf(top), 0, top))
}

export function logOfSum(x: Variable, s: Variable): Variable | null {
  const axes = axesOf(s)
  if (isRelative(x, axes)) return null
  const m = topOf(x, axes)
  return add(log(sum(exp(sub(x, expand(m, x.shape))), axes)), squeeze(m, axes))
}

/** `s` is Σ t · a; where t is 0, a has no say in what is subtracted. */
export function logOfWeightedSum(a: Variable, t: Variable, s: Variable): Variable | null {
  const axes = axesOf(s)
  if (a.owner?.op === exp.op && isShifted(a.owner.inputs[0]!, axes)) return null
  const present: Variable = where(eq(t, 0), Number.NEGATIVE_INFINITY, log(a))
  const m = topOf(present, axes)
  return add(log(sum(mul(exp(sub(present, expand(m, a.shape))), t), axes)), squeeze(m, axes))
}

/** `v` is what eˣ is divided by: the sum `s`, seen through views. A shift that was there already cancels. */
export function shiftedSoftmax(x: Variable, v: Variable, s: Variable): Variable | null {
  const axes = axesOf(s)
  if (isShifted(x, axes) || !repeatsOver(v, s, axes)) return null
  const { owner } = x
  const relative = owner?.op === sub.op && isConstantAlong(owner.inputs[1]!, axes)
  const y = relative ? owner.inputs[0]! : x
  const e: Variable = exp(sub(y, expand(topOf(y, axes), y.shape)))
  return div(e, expand(sum(e, axes, { keepdims: true }), e.shape))
}

/** Whether v is the sum under each of the elements that were summed. */
function repeatsOver(v: Variable, s: Variable, axes: readonly number[]): boolean {
  const seen = readAxes(v)
  if (seen === null || seen.source !== s) return false
  const kept = v.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis))
  return seen.axes.every((from, axis) =>
    axes.includes(axis)
      ? from === null
      : from === kept.indexOf(axis) || (from === null && v.shape[axis] === 1),
  )
}
