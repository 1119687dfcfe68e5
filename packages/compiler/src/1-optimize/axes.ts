/**
 * Axis views: compositions of transpose, expandDims, squeeze and expand, as one statement about axes.
 *
 * Each axis of the result is an axis of the source, or repeats it (null); source axes that appear nowhere have size 1.
 * `buildAxes` makes the one canonical chain for a statement: expand ∘ expandDims ∘ transpose ∘ squeeze.
 */
import { type Dim, equalDim, expand, expandDims, squeeze, transpose, type Variable } from '@arignote/graph'
import { view } from './build.js'

export interface AxisView {
  readonly source: Variable
  readonly axes: readonly (number | null)[]
  readonly shape: readonly Dim[]
}

/** The chain of axis views that a variable is; null if it is none. */
export function readAxes(v: Variable): AxisView | null {
  let source = v
  let axes: (number | null)[] = v.shape.map((_, axis) => axis)
  for (;;) {
    const before = step(source)
    if (before === null) return source === v ? null : { source, axes, shape: v.shape }
    axes = axes.map(axis => (axis === null ? null : before[axis]!))
    source = source.owner!.inputs[0]!
  }
}

/** For each axis of v, the axis of the view's input that it is. */
function step({ owner, ndim, shape }: Variable): readonly (number | null)[] | null {
  if (owner === null) return null
  const all = Array.from({ length: ndim }, (_, axis) => axis)
  const axes = (owner.params as { readonly axes?: readonly number[] } | null)?.axes ?? []
  switch (owner.op) {
    case transpose.op:
      return axes
    case expandDims.op: {
      let next = 0
      return all.map(axis => (axes.includes(axis) ? null : next++))
    }
    case squeeze.op:
      return owner.inputs[0]!.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis))
    case expand.op: {
      const from = owner.inputs[0]!.shape
      return all.map(axis => {
        const old = axis - (ndim - from.length)
        return old >= 0 && (from[old] !== 1 || equalDim(shape[axis]!, 1)) ? old : null
      })
    }
    default:
      return null
  }
}

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
