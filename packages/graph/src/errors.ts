/**
 * Errors: one constructor per message. Codes are stable and documented in docs/errors.md; other packages build theirs
 * with `report` and its helpers.
 */
import type { DType } from '@arignote/loops'
import { type Dim, printDim } from './dim.js'
import type { Given } from './given.js'
import { ArgumentError, type ArignoteError, DTypeError, report, rolesOf, ShapeError } from './report.js'
import type { Variable } from './variable.js'

export * from './argument-errors.js'
export * from './report.js'

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
    lines: [
      v.ndim === 0 ? 'a scalar has no axes' : `an axis of {0} must be from ${-v.ndim} to ${v.ndim - 1}`,
    ],
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
    problem: `{0} has not the elements of [${shape.map(d => printDim(d)).join(', ')}]`,
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
  return report(ShapeError, 'E012', {
    operation,
    problem: 'inner dimensions differ',
    operands: rolesOf([left, right]),
    lines: [
      `${axisInWords(left, axisLeft)} of {0} must equal ${axisInWords(right, axisRight)} of {1}: ` +
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

// ── values ────────────────────────────────────────────────────────────────────────────────────

export function notAValue(operation: string, { what, hint }: Given): ArignoteError {
  return report(ArgumentError, 'E030', {
    operation,
    problem: `${what} is not a value`,
    lines: [hint ?? 'a value is a number, a boolean, a nested array of them, a typed array or an NdArray'],
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
