/** The errors of initialisers, losses, metrics and optimisers: one constructor per message; codes from E340 on. */
import {
  ArgumentError,
  type ArignoteError,
  describeGiven,
  report,
  ShapeError,
  type Shared,
  type Variable,
} from '@arignote/graph'

export function notAParameter(operation: string, index: number, given: unknown): ArignoteError {
  return report(ArgumentError, 'E340', {
    operation,
    problem: `parameter ${index} is ${describeGiven(given).what}, not a shared variable of floats`,
    lines: ['shared([0, 0]) makes one'],
  })
}

export function gradientCount(operation: string, count: number, params: readonly Shared[]): ArignoteError {
  return report(ArgumentError, 'E341', {
    operation,
    problem: `${count} gradients for ${params.length} parameters`,
    operands: params.map((v, i) => [`parameter ${i}`, v]),
    lines: ['give a scalar loss, or gradients in the form of the parameters, as grad(loss, params) does'],
  })
}

export function gradientType(operation: string, param: Variable, gradient: Variable): ArignoteError {
  return report(ShapeError, 'E342', {
    operation,
    problem: 'a gradient does not have the type of its parameter',
    operands: [
      ['parameter', param],
      ['gradient', gradient],
    ],
  })
}

export function optimizerWeights(
  optimizer: string,
  given: readonly string[],
  wanted: readonly string[],
): ArignoteError {
  return report(ShapeError, 'E343', {
    operation: `${optimizer}: setWeights`,
    problem: 'the arrays are not the state of this optimiser',
    lines: [`given : ${given.join(', ') || 'none'}`, `state : ${wanted.join(', ')}`, 'nothing was set'],
  })
}

export function targetsUnlike(operation: string, target: Variable, prediction: Variable): ArignoteError {
  return report(ShapeError, 'E344', {
    operation,
    problem: 'targets and predictions have other shapes',
    operands: [
      ['target', target],
      ['prediction', prediction],
    ],
    lines: ['they are compared element by element: a prediction (batch, 1) needs targets (batch, 1)'],
  })
}

export function weightsUnlike(operation: string, weights: Variable, values: Variable): ArignoteError {
  return report(ShapeError, 'E345', {
    operation,
    problem: 'the mask or the weights have more axes than the values',
    operands: [
      ['weights', weights],
      ['values', values],
    ],
    lines: ['(batch), or (batch, time) where there is a value for each step'],
  })
}

export function wrongInitialShape(
  initializer: string,
  shape: readonly number[],
  wanted: string,
): ArignoteError {
  return report(ShapeError, 'E346', {
    operation: initializer,
    problem: `it cannot make the shape (${shape.join(', ')})`,
    lines: [`it makes ${wanted}`],
  })
}

export function unknownSums(metric: string, part: Variable): ArignoteError {
  return report(ShapeError, 'E347', {
    operation: metric,
    problem: 'the sums of a metric must have a known shape',
    operands: [['what a batch adds', part]],
    lines: ['sum over the axes whose size changes from batch to batch'],
  })
}
