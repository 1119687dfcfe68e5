/**
 * What layers make of their shared variables – moving averages, kept states –, graph by graph: a layer that is used twice
 * goes on from what its first use made of them.
 */
import type { Shared, Variable } from '@arignote/graph'
import type { CallContext } from './kind.js'

const inGraphs = new WeakMap<CallContext, Map<Shared, Variable>>()

/** The value after the uses so far; before the first, the variable itself. */
export function valueSoFar(context: CallContext, variable: Shared): Variable {
  return inGraphs.get(context)?.get(variable) ?? variable
}

/** The value after one more use. */
export function becomes(context: CallContext, variable: Shared, value: Variable): void {
  const known = inGraphs.get(context) ?? new Map<Shared, Variable>()
  inGraphs.set(context, known)
  known.set(variable, value)
  context.update(variable, value)
}
