/**
 * Histories side by side: outputs of a scan whose rows only other scans read, a row in each of their steps.
 *
 *     y₀[t, …, i], y₁[t, …, i]   lie in one buffer   [t, …, k, i]
 *
 * The gates of an LSTM are an example. The wide sums they are made from have rows of that layout, and so have the
 * gradients that are made of them: the planner can then let one take the place of the other, row by row.
 */
import {
  type Apply,
  contiguousStrides,
  equalType,
  mulDim,
  productDim,
  type ScanParams,
  type Variable,
} from '@arignote/graph'
import type { Buffer, Place, Trip } from '../program.js'
import type { Reads } from './window.js'

/** Rows that are shorter would cost more than they save: what is beside another is not contiguous any more. */
const shortest = 32

/** The places of all outputs that lie beside others. */
export function besideEachOther(
  ys: readonly Variable[],
  reads: Reads,
  name: string,
  scope: readonly Trip[],
): ReadonlyMap<Variable, Place> {
  const groups: Variable[][] = []
  for (const y of ys) {
    if (!isReadInSteps(y, reads)) continue
    const group = groups.find(([other]) => equalType(other!.type, y.type))
    if (group === undefined) groups.push([y])
    else group.push(y)
  }
  const places = new Map<Variable, Place>()
  for (const group of groups) {
    if (group.length === 1) continue
    const { dtype, shape } = group[0]!
    const last = shape.at(-1)!
    const wide = [...shape.slice(0, -1), group.length, last]
    const label = `${name}.y${group.map(y => ys.indexOf(y)).join('_')}`
    const buffer: Buffer = {
      name: label,
      role: 'history',
      dtype,
      size: productDim(wide),
      depth: scope.length,
    }
    const strides = contiguousStrides(wide).toSpliced(-2, 1)
    for (const [k, y] of group.entries())
      places.set(y, { ref: { buffer, offset: mulDim(k, last), perTrip: [] }, shape, strides, scope })
  }
  return places
}

function isReadInSteps(y: Variable, reads: Reads): boolean {
  const readers = reads(y)
  const last = y.shape.at(-1)!
  if (readers === 'all' || y.ndim < 2 || typeof last !== 'number' || last < shortest) return false
  return readers.length > 0 && readers.every(reader => isSequenceOnly(reader, y))
}

function isSequenceOnly(node: Apply, v: Variable): boolean {
  if (node.op.family.kind !== 'scan') return false
  const { counts } = node.params as ScanParams
  return node.inputs.indexOf(v) >= counts.constants + counts.carries
}
