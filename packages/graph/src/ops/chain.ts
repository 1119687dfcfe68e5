/**
 * The product of the chain rule: cotangent · derivative.
 *
 * Where a `where` did not take a branch, the cotangent that flows into it is 0, but the derivative there may well be
 * infinite (log at 0), and 0 · ∞ is NaN. So wherever a derivative may not be finite, the product is `chain`: 0 where
 * the cotangent is 0. Elsewhere it is an ordinary `mul`, which rules understand.
 */
import { isFloat, s } from '@arignote/loops'
import type { Variable } from '../variable.js'
import { apply1 } from '../variable.js'
import { div, mul } from './arithmetic.js'
import { broadcast, mapOp } from './builders.js'
import { entry, isSingular } from './entry.js'

const chainOp = mapOp({
  name: 'chain',
  dtype: dtype => dtype,
  body: ([g, d]) => s.select(s.eq(g!, 0), 0, s.mul(g!, d!)),
  grad: (h, [g, d]) => [chain(h, d!), chain(h, g!)],
})

/** g·d, and 0 where g is 0, whatever d is. */
export const chain = entry(
  chainOp,
  (g: Variable, d: Variable): Variable => apply1(chainOp, broadcast('chain', [g, d]), null),
)

/** The cotangent g times the derivative d. */
export function times(g: Variable, d: Variable): Variable {
  return maybeInfinite(d) ? chain(g, d) : mul(g, d)
}

/** The cotangent g over the divisor d. */
export function over(g: Variable, d: Variable): Variable {
  return neverZero(d) ? div(g, d) : chain(g, div(1, d))
}

const known = new WeakMap<Variable, boolean>()

/** Whether an elementwise computation could have made infinities of finite numbers. */
function maybeInfinite(root: Variable): boolean {
  const pending = [root]
  while (pending.length > 0) {
    const v = pending.at(-1)!
    const verdict = known.get(v) ?? judge(v, pending)
    if (verdict === null) continue
    known.set(v, verdict)
    pending.pop()
  }
  return known.get(root)!
}

/** By the op that made v and what is known of its inputs; null after adding inputs to `pending`. */
function judge({ owner }: Variable, pending: Variable[]): boolean | null {
  if (owner === null || !['map', 'view', 'reduce', 'gather'].includes(owner.op.family.kind)) return false
  if (isSingular(owner.op) && !(owner.op === div.op && neverZero(owner.inputs[1]!))) return true
  const inputs = owner.inputs.filter(x => isFloat(x.dtype))
  if (inputs.some(x => known.get(x) === true)) return true
  const unknown = inputs.filter(x => !known.has(x))
  pending.push(...unknown)
  return unknown.length === 0 ? false : null
}

/** A constant without zeros, perhaps repeated. */
function neverZero(v: Variable): boolean {
  let source = v
  while (source.owner?.op.family.kind === 'view' && source.owner.inputs.length === 1)
    source = source.owner.inputs[0]!
  if (source.owner?.op.family.kind !== 'constant') return false
  return (source.owner.params as { data: Float32Array }).data.every(x => x !== 0)
}
