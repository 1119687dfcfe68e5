/** The errors of recurrent cells and what runs them: one constructor per message; codes from E360 on. */
import {
  ArgumentError,
  type ArignoteError,
  DTypeError,
  report,
  ShapeError,
  type Variable,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'

const print = (shape: readonly unknown[]) => `(${shape.join(', ')})`

export function noParameter(cell: string, name: string, names: readonly string[]): ArignoteError {
  return report(ArgumentError, 'E360', {
    operation: cell,
    problem: `params has no ${name}`,
    lines: [`with these options its parameters are ${names.join(', ')}`],
  })
}

export function wrongParameter(
  cell: string,
  name: string,
  given: Variable,
  dtype: string,
  shape: readonly number[],
): ArignoteError {
  return report(ShapeError, 'E361', {
    operation: cell,
    problem: `${name} does not fit the cell`,
    operands: [[name, given]],
    lines: [`it must be ${dtype} of shape ${print(shape)}`],
  })
}

export function wrongSequence(cell: string, x: Variable, inputSize: number): ArignoteError {
  const size = x.ndim === 3 ? `: ${x.shape[2]} ≠ ${inputSize}` : ''
  return report(ShapeError, 'E362', {
    operation: 'recur',
    problem: `{0} does not fit ${cell}`,
    operands: [['x', x]],
    lines: [`the cell takes (batch, time, ${inputSize})${size}`],
  })
}

export function wrongFloat(cell: string, what: string, given: Variable, dtype: string): ArignoteError {
  return report(DTypeError, 'E363', {
    operation: 'recur',
    problem: `${what} is ${given.dtype}, ${cell} ${dtype}`,
    operands: [[what, given]],
    lines: [
      `cast it: cast(x, '${dtype}')${isFloat(given.dtype) ? `, or make the cell with { dtype: '${given.dtype}' }` : ''}`,
    ],
  })
}

export function wrongStateCount(
  cell: string,
  what: string,
  count: number,
  sizes: readonly number[],
): ArignoteError {
  const are = sizes.map(size => print(['batch', size])).join(', ')
  return report(ArgumentError, 'E364', {
    operation: cell,
    problem: `${what} has ${count} ${count === 1 ? 'state' : 'states'}, not ${sizes.length}`,
    lines: [`its states are ${are}`],
  })
}

export function wrongState(
  cell: string,
  what: string,
  index: number,
  given: Variable,
  size: number,
): ArignoteError {
  return report(ShapeError, 'E365', {
    operation: cell,
    problem: `${what}[${index}] has the shape ${print(given.shape)}`,
    operands: [[`${what}[${index}]`, given]],
    lines: [`this state is ${print(['batch', size])}`],
  })
}

export function wrongMask(x: Variable, mask: Variable): ArignoteError {
  return report(ShapeError, 'E366', {
    operation: 'recur',
    problem: '{1} is no mask of {0}',
    operands: [
      ['x', x],
      ['mask', mask],
    ],
    lines: [
      `a mask is (batch, time), here ${print(x.shape.slice(0, 2))}: true, or not 0, where a step counts`,
    ],
  })
}

export function wrongDropoutMask(
  cell: string,
  what: string,
  given: Variable,
  count: number,
  features: number,
): ArignoteError {
  return report(ShapeError, 'E367', {
    operation: cell,
    problem: `${what} has the shape ${print(given.shape)}`,
    operands: [[what, given]],
    lines: [
      `it must be (n, batch, ${features})${count === 1 ? ', with n = 1' : `, with n = ${count}, one for each gate, or 1 for all`}`,
    ],
  })
}

export function notTheParts(cell: string, what: string, given: string, wanted: string): ArignoteError {
  return report(ArgumentError, 'E368', {
    operation: cell,
    problem: `${what} is ${given}`,
    lines: [wanted],
  })
}

export function nothingClipped(cell: string): ArignoteError {
  return report(ArgumentError, 'E369', {
    operation: 'recur',
    problem: `gradClip has nothing to clip in ${cell}`,
    lines: ['its step must put what is to be clipped through context.clip, as in tanh(clip(z))'],
  })
}

export function notACell(
  operation: string,
  role: string,
  what: string,
  missing: string | null,
): ArignoteError {
  return report(ArgumentError, 'E370', {
    operation,
    problem: `${role} is ${what}, not a cell`,
    lines: [
      ...(missing === null ? [] : [`it has no ${missing}`]),
      'a cell has params, inputSize, units, stateSizes, masks and step(x, states)',
    ],
  })
}

export function cellsDoNotFit(operation: string, problem: string, rule: string): ArignoteError {
  return report(ShapeError, 'E371', { operation, problem, lines: [rule] })
}
