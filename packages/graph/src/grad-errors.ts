/** The errors of `grad` and its relatives. */
import {
  ArgumentError,
  type ArignoteError,
  DTypeError,
  describeVariable,
  GraphError,
  report,
  ShapeError,
} from './errors.js'
import type { Apply, Variable } from './variable.js'

const scalars = 'a gradient is taken of a single number: sum() or mean() it first'

export function gradientOfTensor(operation: string, cost: Variable): ArignoteError {
  return report(ShapeError, 'E050', {
    operation,
    problem: 'the cost is not a scalar',
    operands: [['cost', cost]],
    lines: [scalars],
  })
}

export function gradientOfInteger(operation: string, what: 'cost' | 'result', v: Variable): ArignoteError {
  return report(DTypeError, 'E051', {
    operation,
    problem: `a ${what} of ${v.dtype} has no gradient`,
    operands: [[what, v]],
    lines: [`the ${what} must be float32 or float64`],
  })
}

export function gradientWithRespectToInteger(operation: string, v: Variable): ArignoteError {
  return report(DTypeError, 'E052', {
    operation,
    problem: `there is no gradient with respect to ${v.dtype}`,
    operands: [['wrt', v]],
    lines: ['only float32 and float64 can be varied by a little'],
  })
}

/** What was asked: of which result (null: of several), by whom. */
export interface Asked {
  readonly operation: string
  readonly what: 'cost' | 'result'
  readonly result: Variable | null
}

export function disconnectedGradient({ operation, what, result }: Asked, v: Variable): ArignoteError {
  return report(GraphError, 'E053', {
    operation,
    problem: `the ${what} does not depend on the variable`,
    operands: [...(result === null ? [] : [[what, result] as const]), ['wrt', v]],
    lines: ["if zeros are what you want, pass disconnectedInputs: 'ignore'"],
  })
}

/** The same, as a warning. */
export function disconnectedMessage({ operation, what, result }: Asked, v: Variable): string {
  const on = result === null ? '' : `; ${describeVariable(result, what)}`
  return `${operation}: the ${what} does not depend on ${describeVariable(v, 'wrt')}${on}: its gradient is zeros`
}

export function notDifferentiable(node: Apply): ArignoteError {
  return report(GraphError, 'E054', {
    operation: 'grad',
    problem: `${node.op.name} has no derivative`,
    operands: node.inputs.map((v, i) => [`input ${i}`, v] as const),
    lines: ['stopGradient(x) around its argument says that none shall flow through it'],
    origins: node.origins,
  })
}

/** What is given for each variable: a `cotangent` for each `result`. */
export type Pairing = readonly [given: string, variable: string]

export function wrongNumberGiven(
  operation: string,
  [given, variable]: Pairing,
  have: number,
  want: number,
): ArignoteError {
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
  return report(ArgumentError, 'E055', {
    operation,
    problem: `${count(have, given)} for ${count(want, variable)}`,
    lines: [`give one ${given} for each ${variable}, in the same form: one, a list, or a record`],
  })
}

export function givenDoesNotFit(
  operation: string,
  [given, variable]: Pairing,
  v: Variable,
  other: Variable,
): ArignoteError {
  return report(v.dtype === other.dtype ? ShapeError : DTypeError, 'E056', {
    operation,
    problem: `a ${given} must have the type of its ${variable}`,
    operands: [
      [variable, v],
      [given, other],
    ],
  })
}

export function nothingToStartFrom(): ArignoteError {
  return report(ArgumentError, 'E057', {
    operation: 'grad',
    problem: 'there is neither a cost nor a known gradient',
    lines: ['without a cost, knownGrads says where the gradient starts: { knownGrads: new Map([[y, dy]]) }'],
  })
}
