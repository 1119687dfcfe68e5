/**
 * Rules about branches: decided ones go, sides that are equal are one, and only what a side reads is handed in.
 *
 * What is computed in which side was settled when the graph was closed (graph's `branch/sink.ts`).
 */
import {
  type Apply,
  applyBranch,
  type BranchParams,
  equalType,
  type Lambda,
  literalOf,
  mergeBranches,
  not,
  sidesOf,
  substitute,
  type Variable,
} from '@arignote/graph'
import { isLight } from './scan-tidy.js'

/** One rule about a branch: what its outputs become (null: nobody reads that one), or null where it does not apply. */
export interface BranchRule {
  readonly name: string
  readonly apply: (node: Apply, read: readonly boolean[]) => readonly (Variable | null)[] | null
}

const paramsOf = (node: Apply) => node.params as BranchParams

function decided(node: Apply): readonly Variable[] | null {
  const holds = literalOf(node.inputs[0]!)
  if (holds === null) return null
  const { thenValues, elseValues } = sidesOf(node)
  return fitting(node, holds === 0 ? elseValues : thenValues)
}

/** Sides are interned by structure, so equal ones are one and the same. */
function equalSides(node: Apply): readonly Variable[] | null {
  const { thenBody, elseBody } = paramsOf(node)
  return thenBody === elseBody ? fitting(node, sidesOf(node).thenValues) : null
}

/** A size that is only perhaps the same must not take the place of the other. */
const fitting = ({ outputs }: Apply, values: readonly Variable[]) =>
  values.every((v, i) => equalType(v.type, outputs[i]!.type)) ? values : null

function negated(node: Apply): readonly Variable[] | null {
  const [condition, ...values] = node.inputs as readonly [Variable, ...Variable[]]
  if (condition.owner?.op !== not.op) return null
  const { thenBody, elseBody } = paramsOf(node)
  return applyBranch(condition.owner.inputs[0]!, values, elseBody, thenBody).outputs
}

function unread(node: Apply, read: readonly boolean[]): readonly (Variable | null)[] | null {
  if (read.every(Boolean)) return null
  const [condition, ...values] = node.inputs as readonly [Variable, ...Variable[]]
  const { thenBody, elseBody } = paramsOf(node)
  const kept = ({ params, results }: Lambda) => ({ params, results: results.filter((_, i) => read[i]) })
  const { outputs } = applyBranch(condition, values, kept(thenBody), kept(elseBody))
  let next = 0
  return read.map(isRead => (isRead ? outputs[next++]! : null))
}

/** Equal values, small constants, and values that no side reads need not be handed in. */
function fewerValues(node: Apply): readonly Variable[] | null {
  const [condition, ...values] = node.inputs as readonly [Variable, ...Variable[]]
  const first = values.map(v => values.indexOf(v))
  const { thenBody, elseBody } = paramsOf(node)
  const side = ({ params, results }: Lambda) => {
    const known = new Map<Variable, Variable>()
    for (const [i, param] of params.entries()) {
      if (isLight(values[i]!)) known.set(param, values[i]!)
      else if (first[i] !== i) known.set(param, params[first[i]!]!)
    }
    return { params, results: known.size === 0 ? results : substitute(results, known) }
  }
  const { outputs, inputs } = applyBranch(condition, values, side(thenBody), side(elseBody))
  return inputs.length < node.inputs.length ? outputs : null
}

/** Several branches of one condition in one. */
export const branchMerge = {
  name: 'ifElse c, f, g ∪ ifElse c, h, k → one',
  apply: mergeBranches,
} as const

export const branchRules: readonly BranchRule[] = [
  { name: 'ifElse, decided → that branch', apply: decided },
  { name: 'ifElse c, f, f → f', apply: equalSides },
  { name: 'ifElse ¬c, f, g → ifElse c, g, f', apply: negated },
  { name: 'ifElse: what nobody reads → ∅', apply: unread },
  { name: 'ifElse: a constant, an equal value, an unread one → not handed in', apply: fewerValues },
]
