/**
 * Errors: one class per kind of mistake, one constructor per message, one layout for all.
 *
 *   matmul: inner dimensions differ
 *     x : f32[batch, 128]   (input "x")
 *     W : f32[64, 10]       (shared "dense1.W")
 *     the last axis of x must equal the first axis of W: 128 ≠ 64
 *     created at examples/mnist.ts:41:7                                         [E012]
 *
 * Codes are stable and documented in docs/errors.md. Other packages build theirs with `report` and the helpers here.
 * What cannot happen unless we erred ourselves is a plain Error that begins with `internal:`.
 */
import type { DType } from '@arignote/loops'
import type { Dim } from './dim.js'
import { printDim } from './dim.js'
import { captureOrigin, type Origin } from './origin.js'
import { printType } from './type.js'
import { Shared, type Variable } from './variable.js'

/** Every error that a user can cause. */
export class ArignoteError extends Error {
  override readonly name: string = 'ArignoteError'
  constructor(
    /** Stable: `E012`. */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** An element type that the operation does not take. */
export class DTypeError extends ArignoteError {
  override readonly name = 'DTypeError'
}

/** Sizes or ranks that do not fit. */
export class ShapeError extends ArignoteError {
  override readonly name = 'ShapeError'
}

/** A graph that does not make sense as a whole. */
export class GraphError extends ArignoteError {
  override readonly name = 'GraphError'
}

/** A NaN or an infinity where none is allowed. */
export class NumericError extends ArignoteError {
  override readonly name = 'NumericError'
}

/** An argument that is not what the function takes. */
export class ArgumentError extends ArignoteError {
  override readonly name = 'ArgumentError'
}

/** What an error says, before it is laid out. */
export interface Report {
  /** What the user called: `matmul`. */
  readonly operation: string
  /** What is wrong, in a few words. */
  readonly problem: string
  /** The variables involved, each with the role it plays where it has no name of its own. */
  readonly operands?: readonly (readonly [role: string, variable: Variable])[]
  /** The rule that was broken, with the two sides; a hint on what to do; each a line. */
  readonly lines?: readonly string[]
  /** Where in the user's code; by default here and now. */
  readonly origins?: readonly Origin[]
}

type ErrorClass = new (code: string, message: string) => ArignoteError

const width = 84

/** The error with its message laid out. */
export function report(Kind: ErrorClass, code: string, r: Report): ArignoteError {
  return new Kind(code, layout(code, r))
}

function layout(code: string, { operation, problem, operands = [], lines = [], origins }: Report): string {
  const places = placesOf(origins ?? [captureOrigin()])
  const last = places.length > 0 ? `  created at ${places.join(', ')}` : ' '
  return [
    `${operation}: ${problem}`,
    ...describeVariables(operands).map(line => `  ${line}`),
    ...lines.map(line => `  ${line}`),
    `${last.padEnd(width - code.length - 3)} [${code}]`,
  ].join('\n')
}

/** The distinct places in the user's code, first one first. */
export function placesOf(origins: readonly Origin[]): readonly string[] {
  return [...new Set(origins.map(o => o.place))].filter(place => place !== null)
}

/** One aligned line per variable: `W : f32[64, 10]   (shared "dense1.W")`. */
export function describeVariables(operands: NonNullable<Report['operands']>): readonly string[] {
  const labels = labelsOf(operands)
  const types = operands.map(([, v]) => printType(v.type))
  const wide = (texts: readonly string[]) => Math.max(0, ...texts.map(t => t.length))
  return operands.map(
    ([, v], i) =>
      `${labels[i]!.padEnd(wide(labels))} : ${types[i]!.padEnd(wide(types))}   (${describeKind(v)})`,
  )
}

/** `x : f32[batch, 128]   (input "x")`. */
export function describeVariable(variable: Variable, role = 'x'): string {
  return describeVariables([[role, variable]])[0]!
}

/** `input "x"`, `shared "W"`, `constant`, `result of dot`. */
export function describeKind(v: Variable): string {
  const name = v.name === null ? '' : ` "${v.name}"`
  if (v instanceof Shared) return `shared${name}`
  if (v.owner === null) return `input${name}`
  if (v.owner.op.family.kind === 'constant') return `constant${name}`
  const source = v.owner.op.name === 'named' && v.owner.inputs[0]?.owner ? v.owner.inputs[0].owner : v.owner
  return `result of ${source.op.name}${name === '' ? '' : `,${name}`}`
}

/** What each operand is called in the text: the end of its name, or its role where names are missing or collide. */
export function labelsOf(operands: NonNullable<Report['operands']>): readonly string[] {
  const names = operands.map(([role, v]) => v.name?.split(/[./]/).at(-1) || role)
  return new Set(names).size === names.length ? names : operands.map(([role]) => role)
}

const rolesOf = (variables: readonly Variable[]): NonNullable<Report['operands']> =>
  variables.map((v, i) => ['xyzuvw'[i] ?? `x${i}`, v] as const)

// ── shapes ────────────────────────────────────────────────────────────────────────────────────

export function cannotBroadcast(
  operation: string,
  variables: readonly Variable[],
  [a, b]: readonly [Dim, Dim],
  fromEnd: number,
): ArignoteError {
  return report(ShapeError, 'E001', {
    operation,
    problem: 'shapes do not broadcast',
    operands: rolesOf(variables),
    lines: [`sizes must be equal, or 1, on axis -${fromEnd}: ${printDim(a)} ≠ ${printDim(b)}`],
  })
}

export function axisOutOfRange(operation: string, axis: number, v: Variable): ArignoteError {
  return report(ShapeError, 'E002', {
    operation,
    problem: `there is no axis ${axis}`,
    operands: rolesOf([v]),
    lines: [v.ndim === 0 ? 'a scalar has no axes' : `an axis of x must be from ${-v.ndim} to ${v.ndim - 1}`],
  })
}

export function repeatedAxis(operation: string, axes: readonly number[], v: Variable): ArignoteError {
  return report(ShapeError, 'E003', {
    operation,
    problem: `an axis is named twice in [${axes.join(', ')}]`,
    operands: rolesOf([v]),
  })
}

export function wrongRank(operation: string, variables: readonly Variable[], rule: string): ArignoteError {
  return report(ShapeError, 'E004', {
    operation,
    problem: 'wrong number of axes',
    operands: rolesOf(variables),
    lines: [rule],
  })
}

export function sizesDiffer(
  operation: string,
  variables: readonly Variable[],
  rule: string,
  a: Dim,
  b: Dim,
): ArignoteError {
  return report(ShapeError, 'E005', {
    operation,
    problem: 'sizes differ',
    operands: rolesOf(variables),
    lines: [`${rule}: ${printDim(a)} ≠ ${printDim(b)}`],
  })
}

export function cannotReshape(v: Variable, shape: readonly Dim[], have: Dim, want: Dim): ArignoteError {
  return report(ShapeError, 'E006', {
    operation: 'reshape',
    problem: `x has not the elements of [${shape.map(d => printDim(d)).join(', ')}]`,
    operands: rolesOf([v]),
    lines: [`the number of elements must stay the same: ${printDim(have)} ≠ ${printDim(want)}`],
  })
}

export function notSizeOne(operation: string, v: Variable, axis: number): ArignoteError {
  return report(ShapeError, 'E007', {
    operation,
    problem: `axis ${axis} cannot be dropped`,
    operands: rolesOf([v]),
    lines: [`only an axis of size 1 can be dropped: ${printDim(v.shape[axis]!)} ≠ 1`],
  })
}

export function indexOutOfRange(operation: string, v: Variable, axis: number, index: number): ArignoteError {
  return report(ShapeError, 'E008', {
    operation,
    problem: `index ${index} is out of range`,
    operands: rolesOf([v]),
    lines: [`axis ${axis} has ${printDim(v.shape[axis]!)} elements`],
  })
}

export function tooManyIndices(operation: string, v: Variable, given: number): ArignoteError {
  return report(ShapeError, 'E009', {
    operation,
    problem: `${given} indices for ${v.ndim} ${v.ndim === 1 ? 'axis' : 'axes'}`,
    operands: rolesOf([v]),
  })
}

export function emptyReduction(operation: string, v: Variable, axis: number): ArignoteError {
  return report(ShapeError, 'E010', {
    operation,
    problem: 'nothing to choose from',
    operands: rolesOf([v]),
    lines: [`axis ${axis} has no elements, and ${operation} of nothing has no value`],
  })
}

export function badSize(operation: string, given: string, v: Variable | null = null): ArignoteError {
  return report(ShapeError, 'E011', {
    operation,
    problem: `${given} is not a size`,
    operands: v === null ? [] : rolesOf([v]),
    lines: ['a size is a whole number of at least 0, or a symbolic int32 scalar'],
  })
}

export function innerSizesDiffer(
  operation: string,
  left: Variable,
  right: Variable,
  [axisLeft, axisRight]: readonly [number, number],
): ArignoteError {
  const operands = rolesOf([left, right])
  const [x, y] = labelsOf(operands)
  return report(ShapeError, 'E012', {
    operation,
    problem: 'inner dimensions differ',
    operands,
    lines: [
      `${axisInWords(left, axisLeft)} of ${x} must equal ${axisInWords(right, axisRight)} of ${y}: ` +
        `${printDim(left.shape[axisLeft]!)} ≠ ${printDim(right.shape[axisRight]!)}`,
    ],
  })
}

/** `the last axis`, `the first axis`, `axis 1`. */
export function axisInWords(v: Variable, axis: number): string {
  if (axis === v.ndim - 1 && axis > 0) return 'the last axis'
  return axis === 0 ? 'the first axis' : `axis ${axis}`
}

// ── element types ─────────────────────────────────────────────────────────────────────────────

export function wrongDType(operation: string, variables: readonly Variable[], rule: string): ArignoteError {
  return report(DTypeError, 'E020', {
    operation,
    problem: `not defined for ${[...new Set(variables.map(v => v.dtype))].join(' and ')}`,
    operands: rolesOf(variables),
    lines: [rule],
  })
}

export function unlikeDTypes(operation: string, variables: readonly Variable[]): ArignoteError {
  return report(DTypeError, 'E021', {
    operation,
    problem: 'element types differ',
    operands: rolesOf(variables),
    lines: ['cast one of them; only the arithmetic of tensors promotes'],
  })
}

// ── values ────────────────────────────────────────────────────────────────────────────────────

export function notAValue(operation: string, given: string): ArignoteError {
  return report(ArgumentError, 'E030', {
    operation,
    problem: `${given} is not a value`,
    lines: ['a value is a number, a boolean, a nested array of them, a typed array or an NdArray'],
  })
}

export function raggedArray(operation: string, place: string, have: string, want: string): ArignoteError {
  return report(ShapeError, 'E031', {
    operation,
    problem: 'the nested array is ragged',
    lines: [`${place} has ${have} where the first has ${want}`],
  })
}

export function refusedElement(
  operation: string,
  element: string,
  place: string,
  dtype: DType,
): ArignoteError {
  const rule = {
    bool: 'a bool is true, false, 1 or 0',
    uint8: 'a uint8 is a whole number from 0 to 255',
    int32: 'an int32 is a whole number from -2147483648 to 2147483647',
    float32: 'a float32 is a number',
    float64: 'a float64 is a number',
  }
  return report(DTypeError, 'E032', {
    operation,
    problem: `${element}${place === '' ? '' : ` at ${place}`} does not fit into ${dtype}`,
    lines: [rule[dtype]],
  })
}

export function refusedArray(operation: string, from: string, dtype: DType): ArignoteError {
  return report(DTypeError, 'E033', {
    operation,
    problem: `a ${from} does not go into ${dtype}`,
    lines: ['it would be truncated: round and convert it first'],
  })
}

export function wrongValueShape(
  operation: string,
  have: readonly number[],
  want: readonly Dim[],
  v: Variable | null = null,
): ArignoteError {
  return report(ShapeError, 'E034', {
    operation,
    problem: 'the value has another shape',
    operands: v === null ? [] : rolesOf([v]),
    lines: [`the shape must be [${want.map(d => printDim(d)).join(', ')}]: it is [${have.join(', ')}]`],
  })
}

// ── arguments ─────────────────────────────────────────────────────────────────────────────────

export function badArgument(
  operation: string,
  problem: string,
  hint: string,
  variables: readonly Variable[] = [],
) {
  return report(ArgumentError, 'E040', { operation, problem, operands: rolesOf(variables), lines: [hint] })
}
