/**
 * Index arithmetic of reshape: the same C-order position under two shapes.
 */
import { type Scalar, s } from '@arignote/loops'
import { type Dim, equalDim, mulDim } from '../dim.js'

export interface AxisGroup {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/**
 * The index into `to` of the element at `index` in `from`. Axes are matched in groups of equal size, so that only those
 * which are really split or merged cost a division.
 */
export function readReshaped(
  index: readonly Scalar[],
  from: readonly Dim[],
  to: readonly Dim[],
  size: (dim: Dim) => Scalar,
): readonly Scalar[] {
  const result: Scalar[] = to.map(() => s.int(0))
  for (const group of matchAxes(from, to)) {
    const position = flatten(
      group.from.map(axis => index[axis]!),
      group.from.map(axis => size(from[axis]!)),
    )
    const parts = unflatten(
      position,
      group.to.map(axis => size(to[axis]!)),
    )
    group.to.forEach((axis, i) => {
      result[axis] = parts[i]!
    })
  }
  return result
}

/** Consecutive axes of both shapes with provably equal products, as short as possible; axes of size 1 are left out. */
export function matchAxes(from: readonly Dim[], to: readonly Dim[]): readonly AxisGroup[] {
  const [left, right] = [from, to].map(shape => shape.map((_, i) => i).filter(i => shape[i] !== 1)) as [
    number[],
    number[],
  ]
  const found: AxisGroup[] = []
  let start: readonly [number, number] = [0, 0]
  while (start[0] < left.length && start[1] < right.length) {
    const end = shortestMatch(
      left.slice(start[0]).map(i => from[i]!),
      right.slice(start[1]).map(i => to[i]!),
    )
    if (end === null) break
    const next = [start[0] + end[0], start[1] + end[1]] as const
    found.push({ from: left.slice(start[0], next[0]), to: right.slice(start[1], next[1]) })
    start = next
  }
  const rest = { from: left.slice(start[0]), to: right.slice(start[1]) }
  return rest.from.length + rest.to.length === 0 ? found : [...found, rest]
}

/** How many leading axes of each have the same product. */
function shortestMatch(a: readonly Dim[], b: readonly Dim[]): readonly [number, number] | null {
  for (let total = 2; total <= a.length + b.length; total++) {
    for (let i = Math.max(1, total - b.length); i <= Math.min(a.length, total - 1); i++) {
      const [x, y] = [a.slice(0, i), b.slice(0, total - i)]
      if (equalDim(x.reduce(mulDim, 1), y.reduce(mulDim, 1))) return [i, total - i]
    }
  }
  return null
}

/** The C-order position of an index. */
export function flatten(index: readonly Scalar[], sizes: readonly Scalar[]): Scalar {
  return index.reduce(
    (position, i, axis) => (axis === 0 ? i : s.add(s.mul(position, sizes[axis]!), i)),
    s.int(0),
  )
}

/** The index of a C-order position. The first part is not reduced: positions are in range. */
function unflatten(position: Scalar, sizes: readonly Scalar[]): readonly Scalar[] {
  const parts: Scalar[] = []
  let rest = position
  for (let axis = sizes.length - 1; axis > 0; axis--) {
    parts.unshift(s.rem(rest, sizes[axis]!))
    rest = s.quot(rest, sizes[axis]!)
  }
  return sizes.length === 0 ? [] : [rest, ...parts]
}
