/**
 * What layers make of their shared variables – moving averages, kept states –, graph by graph: a layer that is used twice
 * goes on from what its first use made of them.
 */
import type { Shared, Variable } from '@arignote/graph'
import { inEachGraph } from './in-graph.js'
import type { CallContext } from './kind.js'

const valuesIn = inEachGraph<Shared, Variable>()

/** The value after the uses so far; before the first, the variable itself. */
export function valueSoFar(context: CallContext, variable: Shared): Variable {
  return valuesIn(context).get(variable) ?? variable
}

/** The value after one more use. */
export function becomes(context: CallContext, variable: Shared, value: Variable): void {
  valuesIn(context).set(variable, value)
  context.update(variable, value)
}
