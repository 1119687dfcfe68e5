/**
 * The op behind `ifElse`: two closed functions of the same values, of which one runs.
 *
 *   inputs   [condition, ...values]      the condition a bool scalar
 *   thenBody, elseBody   params [...values] → results
 *   outputs  [...results]
 *
 * What users write makes it in its flat form: the values are the two alternatives, and each side hands on one of them. So
 * whatever leads to an alternative is an ordinary part of the graph, to be differentiated, replaced and shared. `sink`
 * then moves into a side what nothing else needs.
 */
import { type Dim, equalDim } from '../dim.js'
import { type Lambda, lambda } from '../lambda.js'
import type { Inferred, Op, Requirement } from '../op.js'
import { mustEqual } from '../same-type.js'
import { freeVariables } from '../traverse.js'
import type { TensorType } from '../type.js'
import { type Apply, apply, Variable } from '../variable.js'
import { branchGradient } from './grad.js'

export interface BranchParams {
  readonly thenBody: Lambda
  readonly elseBody: Lambda
}

export const branchOp: Op<BranchParams> = {
  name: 'ifElse',
  family: { kind: 'branch' },
  infer: inferBranch,
  key: ({ thenBody, elseBody }) => `${thenBody.id} ${elseBody.id}`,
  grad: context => branchGradient(context),
}

export const isBranch = (node: Apply): boolean => node.op.family.kind === 'branch'

function inferBranch([, ...given]: readonly TensorType[], { thenBody, elseBody }: BranchParams): Inferred {
  const requires: Requirement[] = []
  for (const { params } of [thenBody, elseBody]) {
    for (const [i, type] of given.entries())
      requires.push(...mustEqual('ifElse', type, params[i]!.type, 'the types the branches were made for'))
  }
  const outputs = thenBody.results.map((v, i): TensorType => {
    const other = elseBody.results[i]!
    requires.push(...mustEqual('ifElse', v.type, other.type, sameShape))
    return { dtype: v.dtype, shape: v.shape.map((n, axis) => concrete(n, other.shape[axis]!)) }
  })
  return { outputs, requires }
}

export const sameShape = 'both branches must have the same shape'

const concrete = (a: Dim, b: Dim): Dim => (equalDim(a, b) || typeof b !== 'number' ? a : b)

/** One side: what it computes, as a graph over `params` and nothing else. */
export interface Side {
  readonly params: readonly Variable[]
  readonly results: readonly Variable[]
}

/** The flat form: `a` if the condition holds, else `b`. */
export function choose(condition: Variable, a: Variable, b: Variable): Variable {
  if (a === b) return a
  const params = [a, b].map(v => new Variable(v.type, null, 0, v.name))
  const [thenBody, elseBody] = params.map(v => lambda(params, [v])) as [Lambda, Lambda]
  return apply(branchOp, [condition, a, b], { thenBody, elseBody }).outputs[0]!
}

/** A branch over those of the values that a side reads. Each side has a param for every value. */
export function applyBranch(
  condition: Variable,
  values: readonly Variable[],
  thenBody: Side,
  elseBody: Side,
): Apply {
  const read = [thenBody, elseBody].map(({ params, results }) => {
    const free = new Set(freeVariables(results))
    return new Set(params.flatMap((v, i) => (free.has(v) ? [i] : [])))
  })
  const kept = values.flatMap((_, i) => (read.some(set => set.has(i)) ? [i] : []))
  const closed = ({ params, results }: Side) =>
    lambda(
      kept.map(i => params[i]!),
      results,
    )
  return apply(branchOp, [condition, ...kept.map(i => values[i]!)], {
    thenBody: closed(thenBody),
    elseBody: closed(elseBody),
  })
}
