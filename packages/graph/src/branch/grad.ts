/**
 * The gradient of a branch: a branch of the same condition, each side of which is the gradient of that side.
 *
 *   values    [...the branch's values, ...cotangents of its outputs]
 *   results   [...gradients of the values]
 *
 * What the gradient needs of the forward computation is computed again inside the side, without its effects.
 */
import { isFloat } from '@arignote/loops'
import { backward, type WantedGradContext } from '../grad.js'
import type { Lambda } from '../lambda.js'
import type { GradContext } from '../op.js'
import { withoutEffects } from '../ops/effect.js'
import { zerosLike } from '../ops/source.js'
import { insideBody } from '../scan/inside.js'
import { Variable } from '../variable.js'
import { applyBranch, type BranchParams } from './op.js'

/** The gradient rule of `branchOp`. */
export function branchGradient(
  context: GradContext<BranchParams> & Partial<WantedGradContext<BranchParams>>,
): readonly (Variable | null)[] {
  const { inputs, params, cotangents } = context
  const [condition, ...values] = inputs as readonly [Variable, ...Variable[]]
  const wanted = values.flatMap((v, i) => (isFloat(v.dtype) && (context.wanted?.[i + 1] ?? true) ? [i] : []))
  const arriving = cotangents.map(g => (g === null ? null : new Variable(g.type, null, 0, null)))
  const gradientsOf = ({ params: own, results }: Lambda) => {
    const wrt = wanted.map(i => own[i]!)
    return insideBody(() => backward(withoutEffects(results), arriving, wrt))
  }
  const found = [params.thenBody, params.elseBody].map(gradientsOf)
  const flowing = wanted.filter((_, k) => found.some(gradients => gradients[k] !== null))
  const result: (Variable | null)[] = inputs.map(() => null)
  if (flowing.length === 0) return result
  const side = ({ params: own }: Lambda, gradients: readonly (Variable | null)[]) => ({
    params: [...own, ...arriving.filter(v => v !== null)],
    results: flowing.map(i => gradients[wanted.indexOf(i)] ?? zerosLike(own[i]!)),
  })
  const { outputs } = applyBranch(
    condition,
    [...values, ...cotangents.filter(v => v !== null)],
    side(params.thenBody, found[0]!),
    side(params.elseBody, found[1]!),
  )
  for (const [k, i] of flowing.entries()) result[i + 1] = outputs[k]!
  return result
}
