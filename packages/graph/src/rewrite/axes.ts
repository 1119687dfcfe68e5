/**
 * Axis views: compositions of transpose, expandDims, squeeze and expand, as one statement about axes.
 *
 * Each axis of the result is an axis of the source, or repeats it (null); source axes that appear nowhere have size 1.
 */
import type { Dim } from '../dim.js'
import { expand, expandDims, squeeze, transpose } from '../ops/view.js'
import type { Variable } from '../variable.js'

export interface AxisView {
  readonly source: Variable
  readonly axes: readonly (number | null)[]
  readonly shape: readonly Dim[]
}

/** The chain of axis views that a variable is; null if it is none. */
export function readAxes(v: Variable): AxisView | null {
  let axes = step(v)
  if (axes === null) return null
  let source = v.owner!.inputs[0]!
  for (let below = step(source); below !== null; below = step(source)) {
    axes = composed(axes, below)
    source = source.owner!.inputs[0]!
  }
  return { source, axes, shape: v.shape }
}

const composed = (axes: readonly (number | null)[], below: readonly (number | null)[]) =>
  axes.map(axis => (axis === null ? null : below[axis]!))

/** For each axis of v, the axis of the view's input that it is. */
function step({ owner, shape }: Variable): readonly (number | null)[] | null {
  if (owner?.op.family.kind !== 'view') return null
  const axes = (owner.params as { readonly axes?: readonly number[] } | null)?.axes ?? []
  switch (owner.op) {
    case transpose.op:
      return axes
    case expandDims.op: {
      let next = 0
      return shape.map((_, axis) => (axes.includes(axis) ? null : next++))
    }
    case squeeze.op:
      return owner.inputs[0]!.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis))
    case expand.op: {
      const from = owner.inputs[0]!.shape
      const added = shape.length - from.length
      return shape.map((size, axis) => {
        const old = axis - added
        return old >= 0 && (from[old] !== 1 || size === 1) ? old : null
      })
    }
    default:
      return null
  }
}
