/**
 * How much of a history is read: all of it, nothing, or only its end – then that many rows are enough memory.
 */
import {
  type Apply,
  addDim,
  type Dim,
  equalDim,
  maxDim,
  mulDim,
  subDim,
  type Variable,
} from '@arignote/graph'

/** Who reads a variable; 'all' when it is a result of its block. */
export type Reads = (v: Variable) => readonly Apply[] | 'all'

/** The number of rows at the end that are read; null where it is not a number, or everything may be read. */
export function rowsRead(history: Variable, reads: Reads): number | null {
  const readers = reads(history)
  if (readers === 'all') return null
  let most = 0
  for (const reader of readers) {
    const first = firstRow(reader)
    const rows = first === null ? null : mostRows(history.shape[0]!, first)
    if (rows === null) return null
    most = Math.max(most, rows)
  }
  return most
}

/** The number of rows from the first one read to the end, or a number that it cannot exceed. */
function mostRows(count: Dim, first: Dim): number | null {
  const rows = subDim(count, first)
  if (typeof rows === 'number') return rows < 0 ? null : rows
  const bounds = lowerBounds(first)
    .map(bound => subDim(count, bound))
    .filter(bound => typeof bound === 'number')
  return bounds.length === 0 ? null : Math.max(0, Math.min(...bounds))
}

/** Dimensions that a sum with a term max(a, b), as clamped slices have it, is at least: with a, and with b, in its place. */
function lowerBounds(dim: Dim): readonly Dim[] {
  if (typeof dim === 'number') return []
  return dim.terms.flatMap(({ coefficient, atoms }) => {
    const [atom, ...others] = atoms
    if (coefficient !== 1 || others.length > 0 || atom === undefined || !('fn' in atom) || atom.fn !== 'max')
      return []
    const rest = subDim(dim, maxDim(...atom.args))
    return atom.args.map(argument => addDim(rest, argument))
  })
}

/** The first of the rows that a view of rows reads; null for anything else. */
function firstRow(node: Apply): Dim | null {
  const { family } = node.op
  if (family.kind !== 'view' || family.strided === undefined) return null
  const [input, output] = [node.inputs[0]!, node.outputs[0]!]
  const rowsOnly = input.shape.map((_, axis) => (axis === 0 ? 1 : 0))
  const view = family.strided(rowsOnly, { params: node.params, inputs: [input.type], output: output.type })
  const step = view?.strides[0]
  if (view == null || typeof step !== 'number' || step === 0) return null
  if (view.strides.slice(1).some(stride => !equalDim(stride, 0))) return null
  return step > 0 ? view.offset : addLast(view.offset, step, output.shape[0]!)
}

const addLast = (offset: Dim, step: number, count: Dim): Dim =>
  subDim(offset, mulDim(-step, subDim(count, 1)))
