/** Boxes: the part of a tensor that is read, one range per axis. */
import {
  addDim,
  type Dim,
  equalDim,
  maxDim,
  minDim,
  mulDim,
  provablyAtLeast,
  type SliceParams,
  subDim,
} from '@arignote/graph'

export interface Range {
  readonly low: Dim
  readonly size: Dim
}

/** The ranges of all axes; null: all there is. */
export type Box = readonly Range[] | null

export function wholeOf(shape: readonly Dim[]): readonly Range[] {
  return shape.map(size => ({ low: 0, size }))
}

/** The lowest and the highest index that a slice reads on an axis. */
export function extent({ starts, steps, sizes }: SliceParams, axis: number): readonly [Dim, Dim] {
  const last = addDim(starts[axis]!, mulDim(steps[axis]!, subDim(sizes[axis]!, 1)))
  return steps[axis]! > 0 ? [starts[axis]!, last] : [last, starts[axis]!]
}

/** What a slice reads. In larger steps the extent of nothing would be less than nothing: then it is nothing, at the start. */
export function readBy(params: SliceParams): readonly Range[] {
  return params.sizes.map((size, axis) => {
    if (params.steps[axis] === 1) return { low: params.starts[axis]!, size }
    const [low, high] = extent(params, axis)
    if (params.steps[axis] === -1 || provablyAtLeast(size, 1))
      return { low, size: addDim(subDim(high, low), 1) }
    const first = minDim(low, addDim(params.starts[axis]!, 1))
    return { low: first, size: maxDim(0, addDim(subDim(high, first), 1)) }
  })
}

const end = ({ low, size }: Range) => addDim(low, size)

/** What contains both, as far as the algebra of sizes can tell. */
export function union(a: Box, b: Box, shape: readonly Dim[]): Box {
  if (a === null || b === null) return null
  return a.map((range, axis) => unionOfRanges(range, b[axis]!) ?? { low: 0, size: shape[axis]! })
}

function unionOfRanges(a: Range, b: Range): Range | null {
  if (equalDim(a.low, b.low) && equalDim(a.size, b.size)) return a
  const low = provablyAtLeast(b.low, a.low) ? a.low : provablyAtLeast(a.low, b.low) ? b.low : null
  const top = provablyAtLeast(end(a), end(b)) ? end(a) : provablyAtLeast(end(b), end(a)) ? end(b) : null
  return low === null || top === null ? null : { low, size: subDim(top, low) }
}
