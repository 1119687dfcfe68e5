/**
 * What is read of a trajectory: its ends are the initial and the final value, which have no time axis to store.
 */
import {
  as,
  equalDim,
  madeBy,
  of,
  type Rule,
  rule,
  type ScanParams,
  type SliceParams,
  scanOp,
  slice,
  splitInputs,
  splitOutputs,
  type Variable,
} from '@arignote/graph'
import { view } from '../build.js'

/** A slice of one row at an end of a trajectory. */
function endOfTrajectory(t: Variable, root: Variable): Variable | null {
  const node = t.owner!
  const { length, reverse, until, counts } = node.params as ScanParams
  const { starts, steps, sizes } = root.owner!.params as SliceParams
  const { trajectories, finals } = splitOutputs(node.outputs, counts)
  const index = trajectories.indexOf(t)
  if (index < 0 || sizes[0] !== 1) return null
  const [first, last] = [equalDim(starts[0]!, 0), equalDim(starts[0]!, length)]
  if (!first && !last) return null
  // Where it may stop early, the final value may lie in any row.
  if (until && last !== reverse) return null
  const value = last === reverse ? splitInputs(node.inputs, counts).carries[index]! : finals[index]!
  const row = view.expandDims(value, [0])
  return view.slice(row, { starts: [0, ...starts.slice(1)], steps, sizes })
}

export const scanViews: readonly Rule[] = [
  rule(
    'an end of a trajectory → the initial or final value',
    of(slice, as('t', madeBy(scanOp))),
    ({ t }, v) => endOfTrajectory(t, v),
  ),
]
