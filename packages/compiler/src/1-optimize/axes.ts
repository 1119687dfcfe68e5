/**
 * The one canonical chain for a statement about axes (`AxisView`): expand ∘ expandDims ∘ transpose ∘ squeeze.
 */
import type { AxisView, Variable } from '@arignote/graph'
import { view } from './build.js'

export function buildAxes({ source, axes, shape }: AxisView): Variable {
  const placed = reuseUnitAxes(source, axes)
  const used = placed.filter(axis => axis !== null)
  const unused = source.shape.map((_, axis) => axis).filter(axis => !used.includes(axis))
  const rank = new Map([...used].sort((a, b) => a - b).map((axis, i) => [axis, i]))
  const squeezed = view.squeeze(source, unused)
  const transposed = view.transpose(
    squeezed,
    used.map(axis => rank.get(axis)!),
  )
  const added = placed.flatMap((axis, i) => (axis === null ? [i] : []))
  return view.expand(view.expandDims(transposed, added), shape)
}

/** A repeated axis may be a source axis of size 1 that would otherwise be squeezed away, where the order stays. */
function reuseUnitAxes(source: Variable, axes: readonly (number | null)[]): readonly (number | null)[] {
  const used = axes.filter(axis => axis !== null)
  if (used.length === source.ndim || used.length === axes.length) return axes
  if (used.some((axis, i) => i > 0 && used[i - 1]! > axis)) return axes
  const placed = [...axes]
  let last = -1
  for (const [i, axis] of placed.entries()) {
    if (axis === null && source.shape[last + 1] === 1 && !used.includes(last + 1)) placed[i] = last + 1
    last = placed[i] ?? last
  }
  return placed
}
