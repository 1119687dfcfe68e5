/**
 * Many recurrences at once: a scan whose inputs are stacked along a new leading axis  →  one scan whose states and slices
 * have that axis.
 *
 * Time stays the first axis of what is walked along, so stacks with the new axis in front are turned around it on the way
 * in and out. A state has the axis if its initial value has, or if anything that makes its next value has.
 */
import { batchExpression, repeatForAll } from '../batch.js'
import type { Dim } from '../dim.js'
import { lambda } from '../lambda.js'
import { transpose } from '../ops/view.js'
import { dependents } from '../traverse.js'
import { type Apply, Variable } from '../variable.js'
import { applyScan, type ScanParams, splitInputs, splitOutputs, splitResults } from './op.js'

/** The outputs, each with a leading axis; null where the step has an op that cannot be batched. */
export function batchScan(
  node: Apply,
  inputs: readonly Variable[],
  batched: readonly boolean[],
  size: Dim,
): readonly Variable[] | null {
  const { body, counts, ...how } = node.params as ScanParams
  const varying = varyingParams(node.params as ScanParams, batched)
  const params = body.params.map(v =>
    varying.has(v) ? new Variable({ dtype: v.dtype, shape: [size, ...v.shape] }, null, 0, v.name) : v,
  )
  const stacked = new Map(body.params.flatMap((v, i) => (varying.has(v) ? [[v, params[i]!]] : [])))
  const reached = dependents(body.results, varying)
  const { condition } = splitResults(body.results, node.params as ScanParams)
  // Each of the recurrences would stop at a step of its own.
  if (condition !== null && reached.has(condition)) return null
  const isStacked = (v: Variable, i: number) =>
    i < counts.carries ? varying.has(body.params[counts.constants + i]!) : reached.has(v)
  const needed = body.results.filter(isStacked)
  const images = batchExpression(needed, stacked, size)
  if (images === null) return null
  const results = body.results.map((v, i) => (isStacked(v, i) ? images[needed.indexOf(v)]! : v))

  const own = splitInputs(body.params, counts)
  const given = splitInputs(inputs, counts)
  const flags = splitInputs(batched, counts)
  const scanned = applyScan(
    {
      constants: given.constants,
      carries: given.carries.map((v, i) =>
        varying.has(own.carries[i]!) && !flags.carries[i] ? repeatForAll(v, size) : v,
      ),
      sequences: given.sequences.map((v, i) => (flags.sequences[i] ? withAxesTurned(v) : v)),
    },
    lambda(params, results),
    how,
  )
  const { finals, trajectories, ys } = splitOutputs(scanned.outputs, counts)
  const carried = own.carries.map(v => varying.has(v))
  const stack = (v: Variable, has: boolean) => (has ? withAxesTurned(v) : repeatForAll(v, size))
  return [
    ...finals.map((v, i) => (carried[i] ? v : repeatForAll(v, size))),
    ...trajectories.map((v, i) => stack(v, carried[i]!)),
    ...ys.map((v, i) => stack(v, reached.has(body.results[counts.carries + i]!))),
  ]
}

/** The params of the body that have the axis. */
function varyingParams({ body, counts }: ScanParams, batched: readonly boolean[]): ReadonlySet<Variable> {
  const varying = new Set(body.params.filter((_, i) => batched[i]))
  for (;;) {
    const reached = dependents(body.results, varying)
    const before = varying.size
    for (let i = 0; i < counts.carries; i++)
      if (reached.has(body.results[i]!)) varying.add(body.params[counts.constants + i]!)
    if (varying.size === before) return varying
  }
}

/** Axes 0 and 1 exchanged. */
const withAxesTurned = (v: Variable): Variable =>
  transpose(
    v,
    v.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)),
  )
