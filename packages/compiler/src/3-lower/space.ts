/**
 * The axes of a kernel: neighbours merged where every operand's strides allow it, so that loops are few and long.
 */
import { type Dim, equalDim, mulDim, productDim, type Variable } from '@arignote/graph'
import { type Expression, isPointwise, type PlaceOf } from '../expression.js'
import type { Place } from '../program.js'

export interface Space {
  /** For each loop, outermost first, the axes it stands for. */
  readonly groups: readonly (readonly number[])[]
  readonly extents: readonly Dim[]
  /** The groups, if axes may be merged; null when every axis has a loop of its own. */
  readonly merged: readonly (readonly number[])[] | null
}

/** The places of all leaves that have axes; null if the expression looks at more than its own index. */
export function pointwisePlaces(
  expressions: readonly Expression[],
  placeOf: PlaceOf,
): readonly Place[] | null {
  if (!expressions.every(x => isPointwise(x))) return null
  const leaves = new Set<Variable>(expressions.flatMap(x => x.leaves.map(leaf => leaf.variable)))
  return [...leaves].filter(v => v.ndim > 0).map(v => placeOf(v)!)
}

/**
 * Merges neighbouring axes for which `mayMerge` holds and whose strides fit in every place; places null: none.
 * Axes of extent 1 go into their neighbour.
 */
export function mergedSpace(
  shape: readonly Dim[],
  places: readonly Place[] | null,
  mayMerge: (axis: number) => boolean = () => true,
): Space {
  const separate = shape.map((_, axis) => [axis])
  if (places === null) return { groups: separate, extents: shape, merged: null }
  const groups: number[][] = []
  for (let axis = 0; axis < shape.length; axis++) {
    const fits =
      axis > 0 &&
      mayMerge(axis) &&
      places.every(p => equalDim(p.strides[axis - 1]!, mulDim(p.strides[axis]!, shape[axis]!)))
    if (fits) groups.at(-1)!.push(axis)
    else groups.push([axis])
  }
  return { groups, extents: groups.map(axes => productDim(axes.map(a => shape[a]!))), merged: groups }
}
