/**
 * Many branches at once: values stacked along a new leading axis. One condition for all leaves it a branch; a condition
 * of its own for each makes both sides run, and `where` choose.
 */
import { batchExpression } from '../batch.js'
import type { Dim } from '../dim.js'
import type { Lambda } from '../lambda.js'
import { where } from '../ops/select.js'
import { expand, expandDims } from '../ops/view.js'
import { type Apply, Variable } from '../variable.js'
import { applyBranch, type BranchParams } from './op.js'
import { sidesOf } from './sink.js'

/** The outputs, each with a leading axis; null where a side has an op that cannot be batched. */
export function batchBranch(
  node: Apply,
  inputs: readonly Variable[],
  batched: readonly boolean[],
  size: Dim,
): readonly Variable[] | null {
  const [condition, ...values] = inputs as readonly [Variable, ...Variable[]]
  const image = new Map<Variable, Variable>()
  for (const [i, v] of node.inputs.entries()) if (i > 0 && batched[i]) image.set(v, inputs[i]!)
  if (batched[0]) return chosenEach()
  const { thenBody, elseBody } = node.params as BranchParams
  const one = batchedSide(thenBody)
  const other = batchedSide(elseBody)
  return one === null || other === null ? null : applyBranch(condition, values, one, other).outputs

  function batchedSide({ params, results }: Lambda) {
    const own = params.map((v, i) => (batched[i + 1] ? withAxis(v) : v))
    const stacked = new Map(params.flatMap((v, i) => (batched[i + 1] ? [[v, own[i]!] as const] : [])))
    const found = batchExpression(results, stacked, size)
    return found === null ? null : { params: own, results: found }
  }

  function chosenEach(): readonly Variable[] | null {
    const sides = sidesOf(node)
    const [a, b] = [sides.thenValues, sides.elseValues].map(results => batchExpression(results, image, size))
    if (a == null || b == null) return null
    return a.map((x, i) => where(alongAxes(condition, x), x, b[i]!))
  }

  function withAxis(v: Variable): Variable {
    return new Variable({ dtype: v.dtype, shape: [size, ...v.shape] }, null, 0, v.name)
  }
}

/** A vector of conditions, one for each of the values in a stack. */
function alongAxes(condition: Variable, like: Variable): Variable {
  const axes = like.shape.slice(1).map((_, i) => i + 1)
  return axes.length === 0 ? condition : expand(expandDims(condition, axes), like.shape)
}
