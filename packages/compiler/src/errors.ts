/** Every message of this package, with its code. The layout is the graph package's. */
import {
  type Apply,
  ArgumentError,
  ArignoteError,
  axisInWords,
  type DimSymbol,
  DTypeError,
  describeGiven,
  describeVariable,
  type Given,
  GraphError,
  NumericError,
  printDim,
  printType,
  type Requirement,
  report,
  ShapeError,
  type Shared,
  type TensorType,
  Variable,
} from '@arignote/graph'
import { type Visit, visitText } from './visits.js'

const list = (shape: readonly number[]) => `[${shape.join(', ')}]`
const plural = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
const nameOf = (s: DimSymbol) => (s.name === null ? 'an unnamed size' : `the size ${s.name}`)
const created = (v: Variable) => ({ origins: v.owner?.origins ?? (v.origin === null ? [] : [v.origin]) })
export const operandsOf = (node: Apply) => node.inputs.slice(0, 6).map((v, i) => ['xyzuvw'[i]!, v] as const)

/** An input by name and place: `x (input 0)`. */
const inputLabel = (v: Variable, index: number) =>
  v.name === null ? `input ${index}` : `"${v.name}" (input ${index})`

// ── compile ──────────────────────────────────────────────────────────────────────────────────

export function notAVariable(
  name: string,
  where: string,
  { what, hint }: Given,
  rule: string,
): ArignoteError {
  return report(ArgumentError, 'E200', {
    operation: name,
    problem: `${where} is not a symbolic variable`,
    lines: [`it is ${what}`, ...(hint === null ? [] : [hint]), rule],
  })
}

/** @param which the inputs, the updates, the givens, the defaults. */
export function notAList(name: string, which: string, { what }: Given): ArignoteError {
  const pairs = '[[variable, value], …] or new Map([[variable, value], …])'
  return report(ArgumentError, 'E214', {
    operation: name,
    problem: `${what} cannot be ${which}`,
    lines: [
      which === 'the inputs'
        ? 'the inputs are a list of variables, also if there is one or none: compile([x], …)'
        : `${which} are written ${which === 'defaults' ? 'new Map([[variable, value], …])' : pairs}`,
    ],
  })
}

export function notAnInput(name: string, v: Variable, index: number, why: string): ArignoteError {
  return report(GraphError, 'E201', {
    operation: name,
    problem: `input ${index} cannot be an input`,
    operands: [['x', v]],
    lines: [why],
    ...created(v),
  })
}

export function duplicateInput(name: string, v: Variable, first: number, second: number): ArignoteError {
  return report(GraphError, 'E202', {
    operation: name,
    problem: `inputs ${first} and ${second} are the same variable`,
    operands: [['x', v]],
    ...created(v),
  })
}

export function unlistedInput(name: string, v: Variable, result: string): ArignoteError {
  return report(GraphError, 'E203', {
    operation: name,
    problem: `${result} depends on a variable that is not among the inputs`,
    operands: [['x', v]],
    lines: ['add it to the inputs, replace it by `givens`, or make it shared'],
    ...created(v),
  })
}

export function unusedInputText(name: string, v: Variable, index: number): string {
  return `${name}: ${inputLabel(v, index)} is not used by any output or update`
}

export function unusedInput(name: string, v: Variable, index: number): ArignoteError {
  return report(GraphError, 'E204', {
    operation: name,
    problem: `${inputLabel(v, index)} is not used`,
    operands: [['x', v]],
    lines: ['no output or update depends on it; leave it out, or say onUnusedInput: "ignore"'],
    ...created(v),
  })
}

export function updateNotShared(name: string, v: unknown): ArignoteError {
  return report(GraphError, 'E205', {
    operation: name,
    problem: 'only shared variables can be updated',
    lines: [
      `an update is a pair [shared variable, new value]; its first is ${v instanceof Variable ? describeVariable(v) : describeGiven(v).what}`,
    ],
  })
}

export function duplicateUpdate(name: string, v: Shared): ArignoteError {
  return report(GraphError, 'E206', {
    operation: name,
    problem: 'a shared variable has two updates',
    operands: [['W', v]],
    lines: ['add the new values together, or keep one of them'],
    ...created(v),
  })
}

export function updateDType(name: string, target: Shared, value: Variable): ArignoteError {
  return report(DTypeError, 'E207', {
    operation: name,
    problem: `a ${value.dtype} cannot become the value of a ${target.dtype} variable`,
    operands: [
      ['shared', target],
      ['value', value],
    ],
    lines: ['only a dtype that loses nothing is converted by itself: cast the new value'],
  })
}

export function updateShape(name: string, target: Shared, value: Variable): ArignoteError {
  return report(ShapeError, 'E208', {
    operation: name,
    problem: 'the new value has another shape than the shared variable',
    operands: [
      ['shared', target],
      ['value', value],
    ],
    lines: ['the shape of a shared variable stays the same, unless it was made with unknown axes'],
  })
}

export function givenType(name: string, v: Variable, by: Variable): ArignoteError {
  return report(by.dtype === v.dtype ? ShapeError : DTypeError, 'E209', {
    operation: name,
    problem: 'a given must have the type of what it replaces',
    operands: [
      ['variable', v],
      ['given', by],
    ],
  })
}

export function duplicateGiven(name: string, v: Variable): ArignoteError {
  return report(GraphError, 'E210', {
    operation: name,
    problem: 'a variable is given twice',
    operands: [['x', v]],
  })
}

export function sizeUnbound(symbol: DimSymbol, v: Variable | null): ArignoteError {
  return report(ShapeError, 'E211', {
    operation: 'compile',
    problem: `nothing tells ${nameOf(symbol)}`,
    operands: v === null ? [] : [['x', v]],
    lines: ['it must be the size of an axis of an input or shared variable'],
    ...(v === null ? {} : created(v)),
  })
}

export function sizeCycle(symbol: DimSymbol): ArignoteError {
  return report(ShapeError, 'E212', {
    operation: 'compile',
    problem: `${nameOf(symbol)} is defined by itself`,
  })
}

export function unknownRule(name: string, nearest: string | null): ArignoteError {
  return report(ArgumentError, 'E213', {
    operation: 'optimize',
    problem: `there is no rule "${name}"`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      'ARIGNOTE_TRACE=rules prints the names of those that are applied',
    ],
  })
}

// ── calls ────────────────────────────────────────────────────────────────────────────────────

const takes = (inputs: readonly Variable[]) =>
  `it takes ${plural(inputs.length, 'argument')}: ${inputs.map(v => `${v.name ?? '·'}: ${printType(v.type)}`).join(', ')}`

export function missingArgument(name: string, inputs: readonly Variable[], index: number, given: number) {
  return report(ArgumentError, 'E220', {
    operation: name,
    problem: `the argument for ${inputLabel(inputs[index]!, index)} is missing`,
    lines: [`${takes(inputs)}; ${given} given`],
    did: 'called',
  })
}

export function surplusArguments(name: string, inputs: readonly Variable[], given: number): ArignoteError {
  return report(ArgumentError, 'E221', {
    operation: name,
    problem: `${plural(given, 'argument')} are too many`,
    lines: [takes(inputs)],
    did: 'called',
  })
}

export function wrongRank(v: Variable, index: number, shape: readonly number[]): ArignoteError {
  return report(ShapeError, 'E222', {
    operation: `argument ${inputLabel(v, index)}`,
    problem: `the value has ${plural(shape.length, 'axis').replace('axiss', 'axes')}, not ${v.ndim}`,
    operands: [['x', v]],
    lines: [`its shape is ${list(shape)}`],
    ...created(v),
  })
}

export function wrongSize(
  v: Variable,
  axis: number,
  expected: number,
  shape: readonly number[],
): ArignoteError {
  return report(ShapeError, 'E223', {
    operation: v.name === null ? 'argument' : `argument "${v.name}"`,
    problem: `${axisInWords(v, axis)} must have size ${expected}, not ${shape[axis]}`,
    operands: [['x', v]],
    lines: [`the value has shape ${list(shape)}`],
    ...created(v),
  })
}

export function sizeConflict(symbol: DimSymbol, a: Variable, sizeA: number, b: Variable, sizeB: number) {
  const label = (v: Variable) => v.name ?? printType(v.type)
  return report(ShapeError, 'E224', {
    operation: 'call',
    problem: `${nameOf(symbol)} is ${sizeA} in ${label(a)} and ${sizeB} in ${label(b)}`,
    operands:
      a === b
        ? [['x', a]]
        : [
            ['x', a],
            ['y', b],
          ],
    ...created(b),
  })
}

export function sizeRequired(node: Apply | null, r: Requirement, left: number, right: number): ArignoteError {
  const sign = r.relation === 'equal' ? '≠' : '<'
  const side = (dim: Requirement['left'], value: number) =>
    typeof dim === 'number' ? `${value}` : `${printDim(dim)} = ${value}`
  return report(ShapeError, 'E225', {
    operation: r.calledAs ?? (node === null ? 'call' : (node.op.calledAs ?? node.op.name)),
    problem: 'sizes do not fit',
    operands: node === null ? [] : operandsOf(node),
    lines: [`${r.rule}: ${left} ${sign} ${right}   (${side(r.left, left)}, ${side(r.right, right)})`],
    origins: node?.origins ?? [],
  })
}

export function wrongOut(which: string, type: TensorType, shape: readonly number[]): ArignoteError {
  return report(ArgumentError, 'E226', {
    operation: 'into',
    problem: `the array for ${which} does not fit`,
    lines: [`an NdArray of ${type.dtype} with shape ${list(shape)} is expected`],
    did: 'called',
  })
}

export function notSpecialised(name: string): ArignoteError {
  return report(GraphError, 'E227', {
    operation: name,
    problem: 'its sizes are not known yet',
    lines: ['kernels and memory belong to given sizes: call the function once before'],
    did: 'called',
  })
}

// ── inside a call ────────────────────────────────────────────────────────────────────────────

/** Where something went wrong. */
export interface FailurePlace {
  /** The shape of the indices, or of a routine's batch, and the position in it in C order. */
  readonly shape: readonly number[]
  readonly at: number
  /** The steps of scans inside which it was, the outermost first. */
  readonly steps: readonly Visit[]
}

/** @param index the offending one. */
export function indexOutOfRange(
  node: Apply,
  index: number,
  size: number,
  { shape, at, steps }: FailurePlace,
): ArignoteError {
  const found =
    shape.length === 0 ? [] : [`found at [${indexOfPosition(shape, at).join(', ')}] of the indices`]
  return report(ArgumentError, 'E240', {
    operation: node.op.calledAs ?? node.op.name,
    problem: `index ${index} is out of range for an axis of size ${size}`,
    operands: operandsOf(node),
    lines: [...found, ...stepLines(steps), 'indices count from 0; negative ones are refused'],
    origins: node.origins,
  })
}

/** A run of a routine that cannot go on, in the words of its entry. */
export function routineFailed(node: Apply, { shape, at, steps }: FailurePlace): ArignoteError {
  const { family, name } = node.op
  if (family.kind !== 'routine' || family.failure === undefined) throw new Error(`internal: ${name} failed`)
  const { problem, hint } = family.failure
  const which = shape.length === 0 ? [] : [`at [${indexOfPosition(shape, at).join(', ')}] of the batch`]
  return report(NumericError, 'E244', {
    operation: name,
    problem,
    operands: operandsOf(node),
    lines: [...which, ...stepLines(steps), hint],
    origins: node.origins,
  })
}

export function indexOfPosition(shape: readonly number[], at: number): readonly number[] {
  const index: number[] = []
  let rest = at
  for (const size of [...shape].reverse()) {
    index.push(rest % size)
    rest = Math.floor(rest / size)
  }
  return index.reverse()
}

/** The steps of scans that an error happened in. */
export const stepLines = (steps: readonly Visit[]) =>
  steps.map(visit => `in ${visitText(visit)} (steps are counted as they are visited)`)

export function assertionFailed(node: Apply, message: string, steps: readonly Visit[]): ArignoteError {
  return report(NumericError, 'E243', {
    operation: 'assert',
    problem: message,
    operands: operandsOf(node).slice(0, 1),
    lines: stepLines(steps),
    origins: node.origins,
  })
}

const mebibytes = (n: number) => `${(n / 2 ** 20).toFixed(1)} MiB`

export function memoryExhausted(bytes: number, present: number, most: number): ArignoteError {
  return report(ArignoteError, 'E241', {
    operation: 'memory',
    problem: `${mebibytes(bytes)} more do not fit`,
    lines: [
      `${mebibytes(present)} are in use; ${mebibytes(most)} is the most that WebAssembly memory may have`,
    ],
    did: 'called',
  })
}

// ── verifyGrad ───────────────────────────────────────────────────────────────────────────────

export function gradientDiffers(
  input: number,
  index: readonly number[],
  found: { readonly graph: number; readonly differences: number },
  tolerance: number,
): ArignoteError {
  return report(NumericError, 'E250', {
    operation: 'verifyGrad',
    problem: `the gradient of input ${input} is wrong at ${list(index)}`,
    lines: [`grad gives ${found.graph}, differences give ${found.differences} (tolerance ${tolerance})`],
  })
}
