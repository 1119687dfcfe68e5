/** The errors about arguments that are not what a function takes. */

import type { DimExpr } from './dim.js'
import { printDim } from './dim.js'
import type { Given } from './given.js'
import { nearestName } from './nearest.js'
import { ArgumentError, type ArignoteError, report, rolesOf } from './report.js'
import { Variable } from './variable.js'

export function badArgument(
  operation: string,
  problem: string,
  hint: string,
  variables: readonly Variable[] = [],
): ArignoteError {
  return report(ArgumentError, 'E040', { operation, problem, operands: rolesOf(variables), lines: [hint] })
}

/** A name that is none of those there are: of an option, a dtype, a back end. */
export function unknownName(
  operation: string,
  what: string,
  given: unknown,
  names: readonly string[],
): ArignoteError {
  const nearest = typeof given === 'string' ? nearestName(given, names) : null
  return report(ArgumentError, 'E041', {
    operation,
    problem: `there is no ${what} ${typeof given === 'string' ? JSON.stringify(given) : String(given)}`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      names.length === 0 ? `there is none` : `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`,
    ],
  })
}

/** @param role what was wanted: `the cost`, `input 0`. */
export function notSymbolic(operation: string, role: string, { what, hint }: Given): ArignoteError {
  return report(ArgumentError, 'E042', {
    operation,
    problem: `${role} is ${what}, not a symbolic tensor`,
    lines: [
      hint ?? "a symbolic tensor is an input such as matrix('x'), a shared variable, or computed from them",
    ],
  })
}

/** JavaScript asked for a number, as its operators do. */
export function usedAsNumber(x: Variable | DimExpr): ArignoteError {
  const isSize = !(x instanceof Variable)
  return report(ArgumentError, 'E043', {
    operation: 'operator',
    problem: isSize
      ? `the symbolic size ${printDim(x)} has no value yet`
      : '{0} is symbolic and has no value yet',
    operands: isSize ? [] : [['x', x]],
    lines: isSize
      ? ["+, -, <, … are JavaScript's own: dim(x, axis) is a size to compute with, as in dim(x, 0).sub(1)"]
      : [
          "+, *, <, … are JavaScript's own: write x.add(y), x.mul(y), x.lt(y), and where(x.lt(y), a, b) for a choice",
        ],
    did: 'called',
  })
}
