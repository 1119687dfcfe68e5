/**
 * Slices go down to what is there: through views, pieces put side by side, reshapes of whole rows and padding.
 */
import {
  addDim,
  anything,
  as,
  concatenate,
  type Dim,
  divideExactly,
  equalDim,
  equalShape,
  madeBy,
  mulDim,
  of,
  type PadParams,
  pad,
  productDim,
  provablyAtLeast,
  type Rule,
  readAxes,
  reshape,
  rule,
  type SliceParams,
  slice,
  subDim,
  type Variable,
} from '@arignote/graph'
import { buildAxes } from '../axes.js'
import { extent } from '../box.js'
import { filled, view } from '../build.js'

const paramsOf = <P>(v: Variable) => v.owner!.params as P

const shiftedBy = (params: SliceParams, offsets: readonly Dim[]): SliceParams => ({
  ...params,
  starts: params.starts.map((start, axis) => subDim(start, offsets[axis]!)),
})

function sliceOfSlice(x: Variable, inner: Variable, root: Variable): Variable {
  const [a, b] = [paramsOf<SliceParams>(inner), paramsOf<SliceParams>(root)]
  return view.slice(x, {
    starts: a.starts.map((start, axis) => addDim(start, mulDim(a.steps[axis]!, b.starts[axis]!))),
    steps: a.steps.map((step, axis) => step * b.steps[axis]!),
    sizes: b.sizes,
  })
}

/** A slice below an axis view: repeated axes only change their size. */
function sliceOfAxes(x: Variable, root: Variable): Variable | null {
  const seen = readAxes(x)
  if (seen === null) return null
  const { starts, steps, sizes } = paramsOf<SliceParams>(root)
  const place = (axis: number) => seen.axes.indexOf(axis)
  const source = view.slice(seen.source, {
    starts: seen.source.shape.map((_, axis) => (place(axis) < 0 ? 0 : starts[place(axis)]!)),
    steps: seen.source.shape.map((_, axis) => (place(axis) < 0 ? 1 : steps[place(axis)]!)),
    sizes: seen.source.shape.map((n, axis) => (place(axis) < 0 ? n : sizes[place(axis)]!)),
  })
  return buildAxes({ source, axes: seen.axes, shape: root.shape })
}

/** The pieces that a slice reads, and of each its part; null where borders cannot be told, or all are read. */
function sliceOfConcatenate(x: Variable, root: Variable): Variable | null {
  const { inputs } = x.owner!
  const { axis } = paramsOf<{ axis: number }>(x)
  const params = paramsOf<SliceParams>(root)
  const [low, high] = extent(params, axis)
  const beyond = addDim(high, 1)
  const read: Variable[] = []
  let start: Dim = 0
  for (const piece of inputs) {
    const end = addDim(start, piece.shape[axis]!)
    const offset = x.shape.map((_, i): Dim => (i === axis ? start : 0))
    const [isFirst, isLast] = [provablyAtLeast(low, start), provablyAtLeast(end, beyond)]
    if (isFirst && isLast) return view.slice(piece, shiftedBy(params, offset))
    const isOutside = provablyAtLeast(low, end) || provablyAtLeast(start, beyond)
    if (!isOutside) {
      const from = provablyAtLeast(start, low) ? start : isFirst ? low : null
      const to = isLast ? beyond : provablyAtLeast(beyond, end) ? end : null
      if (from === null || to === null || params.steps[axis] !== 1) return null
      const sizes = params.sizes.with(axis, subDim(to, from))
      read.push(
        view.slice(piece, shiftedBy({ ...params, starts: params.starts.with(axis, from), sizes }, offset)),
      )
    }
    start = end
  }
  return read.length < inputs.length && read.length > 0 ? view.concatenate(read, axis) : null
}

/** Rows that lie together on the first axis are rows that lie together on the first axis before the reshape. */
function sliceOfReshape(x: Variable, reshaped: Variable, root: Variable): Variable | null {
  const { starts, steps, sizes } = paramsOf<SliceParams>(root)
  if (x.ndim === 0 || reshaped.ndim === 0 || steps.some(step => step !== 1)) return null
  if (sizes.some((n, axis) => axis > 0 && !equalDim(n, reshaped.shape[axis]!))) return null
  const [inRow, outRow] = [productDim(x.shape.slice(1)), productDim(reshaped.shape.slice(1))]
  if (inRow === 0 || outRow === 0) return null
  const start = divideExactly(mulDim(starts[0]!, outRow), inRow)
  const size = divideExactly(mulDim(sizes[0]!, outRow), inRow)
  if (start === null || size === null) return null
  return view.reshape(view.rows(x, start, size), root.shape)
}

function sliceOfPad(x: Variable, root: Variable): Variable | null {
  const inner = x.owner!.inputs[0]!
  const { before, value } = paramsOf<PadParams>(x)
  const params = paramsOf<SliceParams>(root)
  let inside = true
  for (let axis = 0; axis < x.ndim; axis++) {
    const [low, high] = extent(params, axis)
    const end = addDim(before[axis]!, inner.shape[axis]!)
    const beyond = provablyAtLeast(low, end) || provablyAtLeast(before[axis]!, addDim(high, 1))
    if (beyond && params.sizes[axis] !== 0) return filled(value, root.dtype, root.shape)
    inside &&= provablyAtLeast(low, before[axis]!) && provablyAtLeast(end, addDim(high, 1))
  }
  return inside ? view.slice(inner, shiftedBy(params, before)) : null
}

export const slices: readonly Rule[] = [
  rule('slice of everything → x', of(slice, anything('x')), ({ x }, v) => {
    const { starts, steps } = paramsOf<SliceParams>(v)
    return starts.every(n => n === 0) && steps.every(n => n === 1) && equalShape(x.shape, v.shape) ? x : null
  }),
  rule('slice (slice x) → slice x', of(slice, as('y', of(slice, anything('x')))), ({ x, y }, v) =>
    sliceOfSlice(x, y, v),
  ),
  rule('slice (axis view x) → axis view (slice x)', of(slice, anything('x')), ({ x }, v) =>
    sliceOfAxes(x, v),
  ),
  rule(
    'slice (concatenate of pieces) → concatenate of parts of fewer pieces',
    of(slice, as('x', madeBy(concatenate))),
    ({ x }, v) => sliceOfConcatenate(x, v),
  ),
  rule(
    'slice (reshape x) → reshape (slice x), whole rows',
    of(slice, as('y', of(reshape, anything('x')))),
    ({ x, y }, v) => sliceOfReshape(x, y, v),
  ),
  rule('slice (pad x) → slice x, or the padding', of(slice, as('x', madeBy(pad))), ({ x }, v) =>
    sliceOfPad(x, v),
  ),
]
