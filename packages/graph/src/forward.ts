/**
 * Forward-mode differentiation by pulling back twice: no op has a rule of its own for it.
 *
 *   pulled = Lop(results, wrt, u)     = Jᵀu    linear in the stand-ins u
 *   pushed = Lop(pulled, u, tangents) = J·tangents
 *
 * As the first is linear in u, u is not in the second: what remains is the derivative of each node applied to the tangents
 * of its inputs, and of the first pull-back nothing but the derivatives. A scan gives a scan in its own direction.
 */
import { type Alike, formOf, type Wrt } from './form.js'
import { checkOptions, checkTensor } from './given.js'
import { type Gradients, type GradOptions, pullBack, pullOptions } from './grad.js'
import { checkedAlike } from './grad-checks.js'
import { actsBackwardOnly, gradClip, gradScale } from './ops/cotangent.js'
import { named } from './ops/select.js'
import { zerosLike } from './ops/source.js'
import { type Rule, rewrite, rule } from './rewrite/engine.js'
import { anything, of } from './rewrite/pattern.js'
import { freeVariables, substitute } from './traverse.js'
import { asOneCall, Variable } from './variable.js'

/**
 * The Jacobian–vector product: how the results change when the variables move along the tangents. In the form of the
 * results. `gradClip` and `gradScale` act on cotangents and have no part in it.
 *
 * @example Rop(tanh(x.dot(W)), W, V)   // Σ ∂result/∂Wᵢⱼ · Vᵢⱼ
 */
export function Rop<const Y extends Wrt, const W extends Wrt>(
  results: Y,
  wrt: W,
  tangents: Alike<W>,
  options: Omit<GradOptions, 'knownGrads'> = {},
): Gradients<Y> {
  return asOneCall(() => {
    checkOptions('Rop', options, pullOptions)
    const [form, asked] = [formOf(results), formOf(wrt)]
    for (const v of form.list) checkTensor('Rop', v, 'a result')
    const moves = checkedAlike('Rop', ['tangent', 'variable'], asked.list, asked.unpack(tangents))
    const [plain, variables] = forwardOnly(form.list, asked.list)
    const standIns = plain.map(v => new Variable(v.type, null, 0, null))
    const pulled = pullBack('Rop', plain, variables, standIns, options)
    const pushed = pullBack('Rop', pulled, standIns, moves, { disconnectedInputs: 'ignore' })
    return form.pack(without(pushed, standIns)) as Gradients<Y>
  })
}

/** What acts on the way back only is not there on the way forward. */
export const forwardIdentities: readonly Rule[] = [
  rule('gradClip x → x', of(gradClip, anything('x'), anything('low'), anything('high')), ({ x }) => x),
  rule('gradScale x → x', of(gradScale, anything('x'), anything('k')), ({ x }) => x),
]

/** The graph without what acts on the way back only. A variable that is such an identity itself stays one, under a name. */
function forwardOnly(
  results: readonly Variable[],
  wrt: readonly Variable[],
): readonly [results: readonly Variable[], wrt: readonly Variable[]] {
  const kept = wrt.filter(actsBackwardOnly)
  const replaced = new Map(kept.map(v => [v, named(v.owner!.inputs[0]!, '') as Variable]))
  const images = rewrite(substitute([...results, ...wrt], replaced), forwardIdentities)
  return [images.slice(0, results.length), images.slice(results.length)]
}

/** Whatever still mentions the stand-ins does not depend on their values. */
function without(list: readonly Variable[], standIns: readonly Variable[]): readonly Variable[] {
  const present = freeVariables(list).filter(v => standIns.includes(v))
  return present.length === 0 ? list : substitute(list, new Map(present.map(v => [v, zerosLike(v)])))
}
