/**
 * Rows of stacked values: the views along the time axis that a scan and its gradient are made of.
 */
import { addDim, type Dim, subDim } from '../dim.js'
import { add } from '../ops/arithmetic.js'
import { provablyAtLeast } from '../ops/size.js'
import { squeeze } from '../ops/view.js'
import { type PadParams, pad, padBy, window } from '../ops/window.js'
import type { Variable } from '../variable.js'
import type { ScanParams } from './op.js'

/** `size` rows from `start` on. */
export function rows(x: Variable, start: Dim, size: Dim): Variable {
  const rest = x.shape.slice(1)
  return window(x, {
    starts: [start, ...rest.map(() => 0)],
    steps: x.shape.map(() => 1),
    sizes: [size, ...rest],
  })
}

/** The value of one row, without the time axis. */
export function row(x: Variable, index: Dim): Variable {
  return squeeze(rows(x, index, 1), 0)
}

/** The rows with rows of zeros around them. */
export function padRows(x: Variable, before: Dim, after: Dim): Variable {
  const others = x.shape.slice(1).map(() => 0)
  return padBy(x, { before: [before, ...others], after: [after, ...others], value: 0 })
}

/** Where in a trajectory the first of the new values lies, in sequence order. */
export const newRows = ({ reverse }: ScanParams): Dim => (reverse ? 0 : 1)

/** Where in a trajectory the first of the values that steps start from lies. */
export const startRows = ({ reverse }: ScanParams): Dim => (reverse ? 1 : 0)

/** Where in a trajectory the initial value lies. */
export const initialRow = ({ reverse, length }: ScanParams): Dim => (reverse ? length : 0)

/**
 * Rows of a cotangent; null where they are zero. A cotangent of a trajectory is a sum of views padded to its size, and
 * looking through the padding is what keeps gradients of gradients from reading zeros.
 */
export function cotangentRows(x: Variable, start: Dim, size: Dim): Variable | null {
  const terms = flattenSum(x)
  if (!terms.some(v => paddedRows(v) !== null)) return rows(x, start, size)
  const parts = terms.flatMap(v => partOf(v, start, size) ?? [])
  return parts.length === 0 ? null : parts.reduce((a, b) => add(a, b))
}

/** One row of a cotangent, without the time axis; null where it is zero. */
export function cotangentRow(x: Variable, index: Dim): Variable | null {
  const found = cotangentRows(x, index, 1)
  return found === null ? null : row(found, 0)
}

function flattenSum(x: Variable): readonly Variable[] {
  const terms: Variable[] = []
  const pending = [x]
  while (pending.length > 0) {
    const v = pending.pop()!
    if (v.owner?.op === add.op) pending.push(...v.owner.inputs.toReversed())
    else terms.push(v)
  }
  return terms
}

function partOf(x: Variable, start: Dim, size: Dim): Variable | null {
  const padded = paddedRows(x)
  if (padded === null) return rows(x, start, size)
  const { inside, before } = padded
  const [from, to, end] = [subDim(start, before), subDim(addDim(start, size), before), inside.shape[0]!]
  if (provablyAtLeast(0, to) || provablyAtLeast(from, end)) return null
  return provablyAtLeast(from, 0) && provablyAtLeast(end, to)
    ? rows(inside, from, size)
    : rows(x, start, size)
}

/** What the rows of a value that is padded with rows of zeros, and nothing else, are. */
function paddedRows({ owner }: Variable): { readonly inside: Variable; readonly before: Dim } | null {
  if (owner === null || owner.op !== pad.op) return null
  const { before, after, value } = owner.params as PadParams
  const others = [...before.slice(1), ...after.slice(1)]
  return value === 0 && others.every(n => n === 0) ? { inside: owner.inputs[0]!, before: before[0]! } : null
}
