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
  type Rule,
  readAxes,
  reshape,
  rule,
  type SliceParams,
  slice,
  squeeze,
  transpose,
  type Variable,
} from '@arignote/graph'
import { buildAxes } from '../axes.js'
import { view } from '../build.js'
import { slices } from './slices.js'

const paramsOf = <P>(v: Variable) => v.owner!.params as P

// ── axes ──────────────────────────────────────────────────────────────────────────────────────

const axisOps: ReadonlySet<object> = new Set([transpose.op, expandDims.op, squeeze.op, expand.op])
const isAxisView = ({ owner }: Variable) => owner !== null && axisOps.has(owner.op)

function canonicalAxes(v: Variable): Variable {
  return isCanonical(v) ? v : buildAxes(readAxes(v)!)
}

/** Most are, and need not be built again to see it: views that stand alone, and expands of new axes. */
function isCanonical(v: Variable): boolean {
  const { op, inputs } = v.owner!
  const [x] = inputs as readonly [Variable]
  if (op === transpose.op) return !isAxisView(x) && !isInOrder(v)
  if (op !== expand.op) return !isAxisView(x) && x.ndim !== v.ndim
  if (x.ndim !== v.ndim || equalShape(x.shape, v.shape)) return false
  if (!isAxisView(x)) return true
  return x.owner!.op === expandDims.op && !isAxisView(x.owner!.inputs[0]!) && isOfNewAxes(x, v.shape)
}

const isInOrder = (v: Variable) =>
  paramsOf<{ readonly axes: readonly number[] }>(v).axes.every((n, i) => n === i)

/** Whether no axis is repeated but those that `x` adds. */
function isOfNewAxes(x: Variable, shape: readonly Dim[]): boolean {
  const { axes } = paramsOf<{ readonly axes: readonly number[] }>(x)
  return shape.every((size, axis) => size === 1 || x.shape[axis] !== 1 || axes.includes(axis))
}

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
  rule('pad (pad x) → pad x, with one value', of(pad, as('y', of(pad, anything('x')))), ({ x, y }, v) => {
    const [a, b] = [paramsOf<PadParams>(y), paramsOf<PadParams>(v)]
    if (a.value !== b.value) return null
    const both = (p: readonly Dim[], q: readonly Dim[]) => p.map((n, axis) => addDim(n, q[axis]!))
    return padded(x, { before: both(a.before, b.before), after: both(a.after, b.after), value: a.value })
  }),
  rule('pad a + pad b → pad (concatenate a b), side by side', of(add, anyPad('a'), anyPad('b')), ({ a, b }) =>
    sumOfPads(a, b),
  ),
  rule(
    '(a + pad b) + pad c → a + (pad b + pad c), side by side',
    commuted(add, commuted(add, anything('a'), anyPad('b')), anyPad('c')),
    ({ a, b, c }) => sumOfThree(a, b, c),
  ),
]

export const views: readonly Rule[] = [...axisRules, ...reshapeRules, ...slices, ...padRules]
