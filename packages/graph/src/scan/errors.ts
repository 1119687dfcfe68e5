/** The errors of `scan`, raised where the step is traced. */
import { type DType, isFloat } from '@arignote/loops'
import { type Dim, differentDim, printDim } from '../dim.js'
import {
  ArgumentError,
  type ArignoteError,
  DTypeError,
  describeVariable,
  GraphError,
  placesOf,
  report,
  ShapeError,
} from '../errors.js'
import { describeGiven } from '../given.js'
import { nearestName } from '../nearest.js'
import { cast } from '../ops/cast.js'
import { freeVariables, topologicalOrder } from '../traverse.js'
import { printType } from '../type.js'
import { type Apply, Variable } from '../variable.js'

const operation = 'scan'

export function namesOverlap(name: string): ArignoteError {
  return report(GraphError, 'E060', {
    operation,
    problem: `"${name}" is both a sequence and a state`,
    lines: ['the step finds both under their names: give one of them another'],
  })
}

export function notAStep(given: unknown): ArignoteError {
  return report(ArgumentError, 'E072', {
    operation,
    problem: `${describeGiven(given).what} cannot be the step`,
    lines: [
      'the step is a function of slices and states, and comes first: scan(({ x, h }) => ({ h: … }), { … })',
    ],
  })
}

export function notAnInitialValue(name: string, given: unknown): ArignoteError {
  return report(ArgumentError, 'E073', {
    operation,
    problem: `${describeGiven(given).what} cannot be the initial value of state "${name}"`,
    lines: [...hintFor(given), 'an initial value is a symbolic tensor, or a number for a whole state of it'],
  })
}

export function noLength(): ArignoteError {
  return report(GraphError, 'E061', {
    operation,
    problem: 'no telling how many steps',
    lines: ['without sequences, say steps: a number or a symbolic int32 scalar'],
  })
}

export function stepsNotAnInteger(given: string | Variable): ArignoteError {
  return report(DTypeError, 'E062', {
    operation,
    problem: typeof given === 'string' ? `steps cannot be ${given}` : 'steps is not an integer scalar',
    operands: typeof given === 'string' ? [] : [['steps', given]],
    lines: ['steps is a whole number from 0 on, or a symbolic int32 scalar'],
  })
}

export function sequenceWithoutAxis(name: string, given: unknown): ArignoteError {
  return report(ShapeError, 'E063', {
    operation,
    problem: `sequence "${name}" has no axis to walk along`,
    operands: given instanceof Variable ? [[name, given]] : [],
    lines: [
      ...(given instanceof Variable ? [] : [`it is ${describeGiven(given).what}`, ...hintFor(given)]),
      'a sequence is a symbolic tensor of rank 1 or more; its first axis is time',
    ],
  })
}

export function sequenceTooShort(name: string, v: Variable, steps: Dim): ArignoteError {
  return report(ShapeError, 'E064', {
    operation,
    problem: `sequence "${name}" is shorter than the scan`,
    operands: [[name, v]],
    lines: [
      `a sequence must have at least as many rows as there are steps: ${printDim(v.shape[0]!)} < ${printDim(steps)}`,
    ],
  })
}

export function notARecord(given: unknown): ArignoteError {
  return report(GraphError, 'E065', {
    operation,
    problem: `the step returned ${describe(given)}`,
    lines: [
      ...hintFor(given),
      'a step returns a record: next states and outputs under their names, { h: tanh(…) }',
    ],
  })
}

export function notATensor(name: string, given: unknown): ArignoteError {
  return report(GraphError, 'E066', {
    operation,
    problem: `the step returned ${describe(given)} as "${name}"`,
    lines: ['everything that a step returns is a symbolic tensor', ...hintFor(given)],
  })
}

export function stateMissing(
  name: string,
  returned: readonly string[],
  states: readonly string[],
): ArignoteError {
  const nearest = nearestName(
    name,
    returned.filter(other => !states.includes(other)),
  )
  const names = returned.length === 0 ? 'nothing' : returned.map(n => `"${n}"`).join(', ')
  return report(GraphError, 'E067', {
    operation,
    problem: `the step returned no next value of state "${name}"`,
    lines: [
      ...(nearest === null ? [] : [`is "${nearest}" meant to be "${name}"?`]),
      `it returned ${names}; for a state that stays as it is, return it unchanged`,
    ],
  })
}

export function stateChangesType(name: string, initial: Variable, next: Variable): ArignoteError {
  const number = initial.ndim === 0 && next.ndim > 0
  const Kind = initial.dtype === next.dtype ? ShapeError : DTypeError
  return report(Kind, 'E068', {
    operation,
    problem: `state "${name}" does not keep its type`,
    operands: [
      ['initial', initial],
      ['next', next],
    ],
    lines: [
      `the next value of a state must have the type of its initial value: ${difference(initial, next)}`,
      ...(initial.dtype === next.dtype ? [] : dtypeChange(initial, next)),
      ...placesLine('the initial value was made', initial),
      ...placesLine('the next value was made', next),
      ...(number
        ? ['a single number stands for a whole state only where the step does nothing but broadcast it']
        : []),
    ],
  })
}

/** Where a variable was made; equal constants are one for the whole process, so their places say nothing. */
const placesLine = (what: string, v: Variable): readonly string[] => {
  if (v.owner?.op.family.kind === 'constant') return []
  const [place] = placesOf(v.owner?.origins ?? (v.origin === null ? [] : [v.origin]))
  return place === undefined ? [] : [`${what} at ${place}`]
}

/** Where the other dtype comes in, and where the state's own meets it. */
function dtypeChange(initial: Variable, next: Variable): readonly string[] {
  const order = topologicalOrder([next])
  const meeting = order.find(
    ({ op, inputs, outputs }) =>
      op === cast.op && inputs[0]!.dtype === initial.dtype && outputs[0]!.dtype === next.dtype,
  )
  if (meeting === undefined) return [`nothing in it is ${initial.dtype}`]
  const [made] = meeting.outputs
  const user = order.find(({ inputs }) => inputs.includes(made!))
  const other = user?.inputs.find(v => v !== made && v.dtype === next.dtype)
  if (user === undefined || other === undefined) return placesLine(`it is cast to ${next.dtype}`, made!)
  const source = firstOf(next.dtype, other)
  return [
    `${next.dtype} comes in with ${describeVariable(source)}`,
    ...placesLine('  made', source),
    ...placesLine(`it meets ${initial.dtype} in ${user.op.name}`, user.outputs[0]!),
    isFloat(initial.dtype)
      ? `cast one of them: x.cast('${initial.dtype}')`
      : `begin with a value of ${next.dtype}, or cast the next value`,
  ]
}

/** The first variable of the dtype that a variable is computed from, or itself. */
function firstOf(dtype: DType, v: Variable): Variable {
  const leaf = freeVariables([v]).find(x => x.dtype === dtype)
  if (leaf !== undefined) return leaf
  return topologicalOrder([v]).find(({ outputs }) => outputs[0]!.dtype === dtype)?.outputs[0] ?? v
}

function difference(a: Variable, b: Variable): string {
  if (a.dtype !== b.dtype) return `${printType(a.type)} ≠ ${printType(b.type)}`
  if (a.ndim !== b.ndim) return `rank ${a.ndim} ≠ ${b.ndim}`
  const axis = a.shape.findIndex((d, i) => differentDim(d, b.shape[i]!))
  return `axis ${axis}: ${printDim(a.shape[axis]!)} ≠ ${printDim(b.shape[axis]!)}`
}

export function foreignInStep(v: Variable, allowed: readonly string[]): ArignoteError {
  return report(GraphError, 'E069', {
    operation,
    problem: `the step uses ${v.name === null ? 'a variable' : `"${v.name}"`}, which strict does not list`,
    operands: [['variable', v]],
    lines: [
      `strict: [${allowed.map(n => `'${n}'`).join(', ')}]; add its name, hand it in as a state or sequence, or leave strict out`,
    ],
  })
}

export function lengthVaries(node: Apply, size: Variable): ArignoteError {
  return report(GraphError, 'E070', {
    operation,
    problem: `a size of ${node.op.name} changes from step to step`,
    operands: [['size', size]],
    lines: ['sizes inside a step must be known before the loop starts; mask with where() instead'],
    origins: node.origins,
  })
}

export function unrollNotANumber(given: number | true): ArignoteError {
  return report(GraphError, 'E071', {
    operation,
    problem: given === true ? 'unroll: true needs a number of steps' : `unroll cannot be ${given}`,
    lines: [
      given === true
        ? 'the number of steps is symbolic: give steps a number, or unroll: 4'
        : 'unroll is a whole number from 1 on, or true',
    ],
  })
}

export function conditionNotBool(given: unknown): ArignoteError {
  return report(DTypeError, 'E090', {
    operation: 'until',
    problem: 'the condition is not a bool scalar',
    operands: given instanceof Variable ? [['condition', given]] : [],
    lines: [
      ...(given instanceof Variable ? [] : [`it is ${describeGiven(given).what}`, ...hintFor(given)]),
      'it is one symbolic bool: a comparison of scalars, or any(…), all(…) of a comparison',
    ],
  })
}

export function historyInside(node: Apply): ArignoteError {
  return report(GraphError, 'E091', {
    operation,
    problem: 'the .all of a scan with until, inside another scan, has another size in each step',
    lines: [
      'inside another scan take .last, or add up in a state; or leave out until, and where() the steps after the end',
    ],
    origins: node.origins,
  })
}

export function unrollUntil(): ArignoteError {
  return report(GraphError, 'E092', {
    operation,
    problem: 'a scan with until cannot be unrolled',
    lines: ['it may stop after any step: leave out unroll, or until'],
  })
}

export function truncateNotANumber(given: unknown): ArignoteError {
  return report(ArgumentError, 'E074', {
    operation,
    problem: `truncate cannot be ${typeof given === 'number' ? given : describeGiven(given).what}`,
    lines: ['truncate is a number of steps, from 1 on, or { last: a number of steps }, as Theano has it'],
  })
}

export function rematUnknown(given: unknown): ArignoteError {
  const isText = typeof given === 'string'
  return report(ArgumentError, 'E075', {
    operation,
    problem: `remat cannot be ${isText ? `'${given}'` : describeGiven(given).what}`,
    lines: [
      "remat is 'auto', 'none', 'step', or { every: k }, k a whole number from 1 on or a symbolic int32 scalar",
    ],
  })
}

export function rematUntil(): ArignoteError {
  return report(GraphError, 'E093', {
    operation,
    problem: 'a scan with until has no segments',
    lines: ["it may stop after any step: take remat: 'step' instead of { every: … }"],
  })
}

/** In words, for a sentence that begins with "the step returned". */
const describe = (given: unknown): string =>
  given === undefined ? 'nothing' : given instanceof Variable ? 'a tensor' : describeGiven(given).what

const hintFor = (given: unknown): readonly string[] => {
  const { hint } = describeGiven(given)
  return hint === null ? [] : [hint]
}
