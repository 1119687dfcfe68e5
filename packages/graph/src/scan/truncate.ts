/**
 * `truncate`: how far back a gradient goes.
 *
 *   k            steps jk are told that the state they begin with is a constant: each loss looks back 1 … k steps
 *   { last: k }  only the k steps visited last propagate; what the others compute is a constant
 *
 * Both say something about the function that is differentiated, as `stopGradient` does, so derivatives of every order and
 * in both modes are those of one function. Of a plain loop the second is a property of the op (see `grad.ts`), so that the
 * backward loop has k steps; where the loop is written in another way, as the first, it is written into the step.
 */
import { isFloat } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { mod, sub } from '../ops/arithmetic.js'
import { and, eq, gt, lt } from '../ops/comparison.js'
import { stopGradient, where } from '../ops/select.js'
import { dimValue } from '../ops/size.js'
import { substitute } from '../traverse.js'
import type { Variable } from '../variable.js'
import { truncateNotANumber } from './errors.js'

/** Chunks of so many steps, or the last ones as Theano's `truncate_gradient` has it. */
export type Truncate = number | { readonly last: number }

/** Of chunks, or of the last steps; null: nothing is cut. */
export interface Cut {
  readonly kind: 'chunks' | 'last'
  readonly steps: number
}

/** What `truncate` says of a loop of so many steps. */
export function cutOf(truncate: Truncate | undefined, length: Dim): Cut | null {
  if (truncate === undefined) return null
  const isLast = typeof truncate === 'object' && truncate !== null
  const steps = isLast ? truncate.last : truncate
  if (!Number.isInteger(steps) || steps < 1 || (isLast && Object.keys(truncate).length > 1))
    throw truncateNotANumber(truncate)
  if (typeof length === 'number' && length <= steps) return null
  return { kind: isLast ? 'last' : 'chunks', steps }
}

interface CutStep {
  /** The params of the states. */
  readonly states: readonly Variable[]
  /** The number of the step, in sequence order. */
  readonly trip: Variable
  readonly length: Dim
  readonly reverse: boolean
}

/** The results of a step in which the cut is written down. */
export function cutWritten(
  { kind, steps }: Cut,
  results: readonly Variable[],
  { states, trip, length, reverse }: CutStep,
): readonly Variable[] {
  const visited = reverse ? sub(sub(dimValue(length), 1), trip) : trip
  const constantIf = (condition: Variable, v: Variable): Variable =>
    isFloat(v.dtype) ? where(condition, stopGradient(v), v) : v
  if (kind === 'last') {
    const isBefore = lt(visited, sub(dimValue(length), steps))
    return results.map(v => constantIf(isBefore, v))
  }
  const begins = and(eq(mod(visited, steps), 0), gt(visited, 0))
  return substitute(results, new Map(states.map(v => [v, constantIf(begins, v)])))
}
