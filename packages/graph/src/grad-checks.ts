/**
 * What gradient tools check of their arguments, before anything is built.
 */
import { isFloat } from '@arignote/loops'
import { checkTensor } from './given.js'
import {
  givenDoesNotFit,
  gradientOfInteger,
  gradientOfTensor,
  type Pairing,
  wrongNumberGiven,
} from './grad-errors.js'
import { mayBeOne } from './same-type.js'
import type { Variable } from './variable.js'

/** The cost of `operation` must be a float scalar. */
export function checkCost(operation: string, cost: Variable): void {
  checkTensor(operation, cost, 'the cost')
  if (cost.ndim !== 0) throw gradientOfTensor(operation, cost)
  if (!isFloat(cost.dtype)) throw gradientOfInteger(operation, 'cost', cost)
}

/** What is given, one for each variable and of its type. */
export function checkedAlike(
  operation: string,
  pairing: Pairing,
  variables: readonly Variable[],
  given: readonly (Variable | undefined)[],
): readonly Variable[] {
  const present = given.filter(v => v !== undefined)
  if (present.length !== variables.length)
    throw wrongNumberGiven(operation, pairing, present.length, variables.length)
  present.forEach((other, i) => {
    const v = variables[i]!
    checkTensor(operation, v, `a ${pairing[1]}`)
    checkTensor(operation, other, `a ${pairing[0]}`)
    if (!mayBeOne(v.type, other.type)) throw givenDoesNotFit(operation, pairing, v, other)
  })
  return present
}
