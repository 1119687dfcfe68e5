/** The errors of layers: one constructor per message; codes from E300 on. */
import { ArgumentError, ArignoteError, GraphError, report, ShapeError, type Variable } from '@arignote/graph'
import type { Shape } from './kind.js'

/** What `run` returns; an error of it says in which layer it was, unless it does so already. */
export function within<R>(layer: string, run: () => R): R {
  try {
    return run()
  } catch (error) {
    if (error instanceof ArignoteError && !error.message.includes(layer)) {
      const lines = error.message.split('\n')
      error.message = [...lines.slice(0, -1), `  in the layer ${layer}`, ...lines.slice(-1)].join('\n')
    }
    throw error
  }
}

/** `(None, 100, 128)`, as Keras writes shapes. */
export function printShape(shape: Shape): string {
  const sizes = shape.map(n => (n === null ? 'None' : String(n)))
  return `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`
}

export function unstorable(what: string): ArignoteError {
  return report(ArgumentError, 'E300', {
    operation: 'toJSON',
    problem: `${what} cannot be stored`,
    lines: ['give it by name; saveWeights and loadWeights store weights of any model'],
  })
}

export function notBuilt(layer: string): ArignoteError {
  return report(GraphError, 'E301', {
    operation: layer,
    problem: 'the layer has no weights yet',
    lines: ['weights come with the first input: give inputShape, or apply the layer to a tensor'],
  })
}

export function wrongInput(layer: string, rule: string, inputs: readonly Shape[]): ArignoteError {
  return report(ShapeError, 'E302', {
    operation: layer,
    problem: `the layer cannot take ${inputs.map(printShape).join(' and ') || 'no input'}`,
    lines: [rule],
  })
}

export function wrongWeights(layer: string, names: readonly string[], count: number): ArignoteError {
  return report(ArgumentError, 'E303', {
    operation: layer,
    problem: `${count} arrays for ${names.length} weights`,
    lines: [names.length === 0 ? 'it has none' : `its weights are ${names.join(', ')}`],
  })
}

export function wrongWeightShape(
  layer: string,
  weight: string,
  have: readonly number[],
  want: readonly number[],
): ArignoteError {
  return report(ShapeError, 'E304', {
    operation: layer,
    problem: `${weight} has the shape (${want.join(', ')}), the array (${have.join(', ')})`,
  })
}

export function maskRefused(layer: string): ArignoteError {
  return report(GraphError, 'E305', {
    operation: layer,
    problem: 'the layer cannot take a mask',
    lines: [
      'a mask comes from maskZero or from masking; a recurrent layer, or globalAveragePooling1D, uses it up',
    ],
  })
}

export function wrongNoiseShape(noise: Shape, x: Variable): ArignoteError {
  return report(ShapeError, 'E306', {
    operation: 'dropout',
    problem: `noiseShape ${printShape(noise)} has not the axes of the input`,
    operands: [['x', x]],
    lines: [
      'one size per axis, the batch among them: 1 where draws are shared, null for the size of the input',
    ],
  })
}

export function otherWidth(layer: string, input: Shape, first: Shape): ArignoteError {
  return report(ShapeError, 'E307', {
    operation: layer,
    problem: `the layer has weights for ${printShape(first)}, and cannot take ${printShape(input)}`,
    lines: ['used again it has the same weights: make another layer for another number of features'],
  })
}
