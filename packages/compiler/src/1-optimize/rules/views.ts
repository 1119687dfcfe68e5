/**
 * Views compose: what is read through two views is read through one.
 */
import {
  add,
  addDim,
  anything,
  apply1,
  as,
  commuted,
  concatenate,
  type Dim,
  equalDim,
  equalShape,
  expand,
  expandDims,
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
  squeeze,
  subDim,
  sum,
  transpose,
  type Variable,
} from '@arignote/graph'
import { buildAxes } from '../axes.js'
import { extent } from '../box.js'
import { filled, view } from '../build.js'

const paramsOf = <P>(v: Variable) => v.owner!.params as P

// ── axes ──────────────────────────────────────────────────────────────────────────────────────

const canonicalAxes = (v: Variable) => buildAxes(readAxes(v)!)

const axisRules: readonly Rule[] = [transpose, expandDims, squeeze, expand].map(op =>
  rule(`${op.op.name} ∘ axis views → one axis view`, madeBy(op), (_, v) => canonicalAxes(v)),
)

// ── reshape ───────────────────────────────────────────────────────────────────────────────────

/** A reshape that only adds or drops axes of size 1 is an axis view. */
function unitReshape(x: Variable, root: Variable): Variable | null {
  if (equalShape(x.shape, root.shape)) return x
  const real = (shape: readonly Dim[]) => shape.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  const [from, to] = [real(x.shape), real(root.shape)]
  if (from.length !== to.length || from.some((axis, i) => !equalDim(x.shape[axis]!, root.shape[to[i]!]!)))
    return null
  const axes = root.shape.map((_, axis) => (to.includes(axis) ? from[to.indexOf(axis)]! : null))
  return buildAxes({ source: x, axes, shape: root.shape })
}

/** A reshape does not see axes of size 1 that an axis view added or dropped below it. */
function reshapeOfUnitAxes(x: Variable, root: Variable): Variable | null {
  const seen = readAxes(x)
  if (seen === null) return null
  const used = seen.axes.filter(axis => axis !== null)
  const plain =
    used.every((axis, i) => i === 0 || used[i - 1]! < axis) &&
    seen.axes.every((axis, i) => axis !== null || x.shape[i] === 1)
  return plain ? view.reshape(seen.source, root.shape) : null
}

const reshapeRules: readonly Rule[] = [
  rule('reshape (reshape x) → reshape x', of(reshape, of(reshape, anything('x'))), ({ x }, v) =>
    view.reshape(x, v.shape),
  ),
  rule('reshape of unit axes → axis view', of(reshape, anything('x')), ({ x }, v) => unitReshape(x, v)),
  rule('reshape (unit axes of x) → reshape x', of(reshape, anything('x')), ({ x }, v) =>
    reshapeOfUnitAxes(x, v),
  ),
]

// ── slice ─────────────────────────────────────────────────────────────────────────────────────

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

function sliceOfConcatenate(x: Variable, root: Variable): Variable | null {
  const { inputs } = x.owner!
  const { axis } = paramsOf<{ axis: number }>(x)
  const params = paramsOf<SliceParams>(root)
  const [low, high] = extent(params, axis)
  let start: Dim = 0
  for (const piece of inputs) {
    const end = addDim(start, piece.shape[axis]!)
    if (provablyAtLeast(low, start) && provablyAtLeast(end, addDim(high, 1))) {
      const offset = start
      return view.slice(
        piece,
        shiftedBy(
          params,
          x.shape.map((_, i) => (i === axis ? offset : 0)),
        ),
      )
    }
    start = end
  }
  return null
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

const sliceRules: readonly Rule[] = [
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
    'slice of one piece of concatenate → slice of the piece',
    of(slice, as('x', madeBy(concatenate))),
    ({ x }, v) => sliceOfConcatenate(x, v),
  ),
  rule('slice (pad x) → slice x, or the padding', of(slice, as('x', madeBy(pad))), ({ x }, v) =>
    sliceOfPad(x, v),
  ),
]

// ── concatenate and pad ───────────────────────────────────────────────────────────────────────

const isEmpty = (v: Variable) => productDim(v.shape) === 0

/** Pieces of pieces, without the empty ones; adjacent slices of one tensor become one slice. */
function flatConcatenate(root: Variable): Variable | null {
  const { inputs } = root.owner!
  const { axis } = paramsOf<{ axis: number }>(root)
  const flat = inputs.flatMap(x =>
    x.owner?.op === concatenate.op && paramsOf<{ axis: number }>(x).axis === axis ? x.owner.inputs : [x],
  )
  const joined: Variable[] = []
  for (const piece of flat) {
    if (isEmpty(piece)) continue
    const last = joined.at(-1)
    const both = last === undefined ? null : joinSlices(last, piece, axis)
    if (both === null) joined.push(piece)
    else joined[joined.length - 1] = both
  }
  if (joined.length === 0 || (joined.length === inputs.length && joined.every((x, i) => x === inputs[i])))
    return null
  return view.concatenate(joined, axis)
}

function joinSlices(a: Variable, b: Variable, axis: number): Variable | null {
  if (a.owner?.op !== slice.op || b.owner?.op !== slice.op || a.owner.inputs[0] !== b.owner.inputs[0])
    return null
  const [p, q] = [paramsOf<SliceParams>(a), paramsOf<SliceParams>(b)]
  for (let i = 0; i < a.ndim; i++) {
    if (p.steps[i] !== q.steps[i]) return null
    const start = i === axis ? addDim(p.starts[i]!, mulDim(p.steps[i]!, p.sizes[i]!)) : p.starts[i]!
    if (!equalDim(start, q.starts[i]!)) return null
  }
  const sizes = p.sizes.map((n, i) => (i === axis ? addDim(n, q.sizes[i]!) : n))
  return view.slice(a.owner.inputs[0]!, { ...p, sizes })
}

/** Two pads with zeros side by side along one axis, and equal on the others: a pad of both. */
function sumOfPads(a: Variable, b: Variable): Variable | null {
  const [x, y] = [a.owner!.inputs[0]!, b.owner!.inputs[0]!]
  const [p, q] = [paramsOf<PadParams>(a), paramsOf<PadParams>(b)]
  if (p.value !== 0 || q.value !== 0) return null
  const unlike = a.shape.flatMap((_, i) =>
    equalDim(p.before[i]!, q.before[i]!) && equalDim(p.after[i]!, q.after[i]!) ? [] : [i],
  )
  if (unlike.length !== 1) return null
  const axis = unlike[0]!
  if (equalDim(addDim(q.before[axis]!, y.shape[axis]!), p.before[axis]!)) return sumOfPads(b, a)
  if (!equalDim(addDim(p.before[axis]!, x.shape[axis]!), q.before[axis]!)) return null
  return padded(view.concatenate([x, y], axis), { ...p, after: p.after.with(axis, q.after[axis]!) })
}

function padded(x: Variable, params: PadParams): Variable {
  return [...params.before, ...params.after].every(n => n === 0) ? x : apply1(pad.op, [x], params)
}

const anyPad = (name: 'a' | 'b' | 'c') => as(name, madeBy(pad))

/** (a + b) + c, where c stands beside b, or beside a. */
function sumOfThree(a: Variable, b: Variable, c: Variable): Variable | null {
  const besideB = sumOfPads(b, c)
  if (besideB !== null) return add(a, besideB)
  const besideA = a.owner?.op === pad.op ? sumOfPads(a, c) : null
  return besideA === null ? null : add(besideA, b)
}

const padRules: readonly Rule[] = [
  rule('concatenate of pieces → fewer pieces', madeBy(concatenate), (_, v) => flatConcatenate(v)),
  rule('pad by nothing → x', of(pad, anything('x')), ({ x }, v) => (equalShape(x.shape, v.shape) ? x : null)),
  rule('pad a + pad b → pad (concatenate a b), side by side', of(add, anyPad('a'), anyPad('b')), ({ a, b }) =>
    sumOfPads(a, b),
  ),
  rule(
    '(a + pad b) + pad c → a + (pad b + pad c), side by side',
    commuted(add, commuted(add, anything('a'), anyPad('b')), anyPad('c')),
    ({ a, b, c }) => sumOfThree(a, b, c),
  ),
]

// ── sums ──────────────────────────────────────────────────────────────────────────────────────

interface Axes {
  readonly axes: readonly number[]
}

function sumOfSum(x: Variable, inner: Variable, root: Variable): Variable {
  const first = paramsOf<Axes>(inner).axes
  const kept = x.shape.map((_, axis) => axis).filter(axis => !first.includes(axis))
  const axes = [...first, ...paramsOf<Axes>(root).axes.map(axis => kept[axis]!)].sort((a, b) => a - b)
  return apply1(sum.op, [x], { ...paramsOf<Axes>(root), axes })
}

const sumRules: readonly Rule[] = [
  rule('Σ (Σ x) → Σ x', of(sum, as('y', of(sum, anything('x')))), ({ x, y }, v) => sumOfSum(x, y, v)),
]

export const views: readonly Rule[] = [...axisRules, ...reshapeRules, ...sliceRules, ...padRules, ...sumRules]
