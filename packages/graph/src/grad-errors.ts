/** The errors of `grad`. */
import { type ArignoteError, DTypeError, describeVariable, GraphError, report, ShapeError } from './errors.js'
import type { Apply, Variable } from './variable.js'

const scalars = 'a gradient is taken of a single number: sum() or mean() it first'

export function gradientOfTensor(cost: Variable): ArignoteError {
  return report(ShapeError, 'E050', {
    operation: 'grad',
    problem: 'the cost is not a scalar',
    operands: [['cost', cost]],
    lines: [scalars],
  })
}

export function gradientOfInteger(cost: Variable): ArignoteError {
  return report(DTypeError, 'E051', {
    operation: 'grad',
    problem: `a cost of ${cost.dtype} has no gradient`,
    operands: [['cost', cost]],
    lines: ['the cost must be float32 or float64'],
  })
}

export function gradientWithRespectToInteger(v: Variable): ArignoteError {
  return report(DTypeError, 'E052', {
    operation: 'grad',
    problem: `there is no gradient with respect to ${v.dtype}`,
    operands: [['wrt', v]],
    lines: ['only float32 and float64 can be varied by a little'],
  })
}

export function disconnectedGradient(cost: Variable | null, v: Variable): ArignoteError {
  return report(GraphError, 'E053', {
    operation: 'grad',
    problem: 'the cost does not depend on the variable',
    operands: [...(cost === null ? [] : [['cost', cost] as const]), ['wrt', v]],
    lines: ["if zeros are what you want, pass disconnectedInputs: 'ignore'"],
  })
}

/** The same, as a warning. */
export function disconnectedMessage(cost: Variable | null, v: Variable): string {
  const on = cost === null ? '' : `; ${describeVariable(cost, 'cost')}`
  return `grad: the cost does not depend on ${describeVariable(v, 'wrt')}${on}: its gradient is zeros`
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
