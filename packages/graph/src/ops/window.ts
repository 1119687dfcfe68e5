/**
 * Windows, the primitives that move indices: slice, pad, concatenate. Their gradients are made of each other.
 */
import { type DType, type Scalar, s } from '@arignote/loops'
import { addDim, type Dim, equalDim, minDim, mulDim, subDim } from '../dim.js'
import { badArgument, wrongRank } from '../errors.js'
import { checkList, checkOptions, checkTensor } from '../given.js'
import type { Op, Requirement } from '../op.js'
import type { DTypeOfAll, RankOfAll, TensorLike } from '../static.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { promoted } from './builders.js'
import { entry, meetDims } from './entry.js'
import { type IndexSpec, type SliceRank, sliceBy } from './indexing.js'
import { type PadMode, padWithItself } from './padding.js'
import { asSize, axisOf, provablyAtLeast, type Size } from './size.js'
import { stridedSlice } from './strided.js'
import { expand, expandDims, reshape } from './view.js'

// ── slice ─────────────────────────────────────────────────────────────────────────────────────

export interface SliceParams {
  readonly starts: readonly Dim[]
  readonly steps: readonly number[]
  readonly sizes: readonly Dim[]
}

const sliceOp: Op<SliceParams> = {
  name: 'slice',
  family: {
    kind: 'view',
    read: (index, { params: { starts, steps }, size }) => [
      { input: 0, index: index.map((i, axis) => s.add(size(starts[axis]!), s.mul(i, steps[axis]!))) },
    ],
    strided: stridedSlice,
  },
  infer: ([x], params) => ({
    outputs: [{ dtype: x!.dtype, shape: params.sizes }],
    requires: params.sizes.flatMap((_, axis) => inRange(x!.shape[axis]!, axis, params)),
  }),
  grad: ({ inputs: [x], params, cotangents: [g] }) => [unslice(g!, params, x!.shape)],
  batch: ([x], _, { starts, steps, sizes }, { size }) =>
    window(x!, { starts: [0, ...starts], steps: [1, ...steps], sizes: [size, ...sizes] }),
}

/** What must hold for the first and the last element to exist; an empty slice satisfies it too. */
function inRange(n: Dim, axis: number, { starts, steps, sizes }: SliceParams): readonly Requirement[] {
  const [start, step] = [starts[axis]!, steps[axis]!]
  const last = addDim(start, mulDim(step, subDim(sizes[axis]!, 1)))
  const [low, high] = step > 0 ? [start, last] : [last, start]
  const rule = `axis ${axis} must reach as far as the slice`
  return [
    { left: low, relation: 'atLeast', right: 0, rule } as const,
    { left: n, relation: 'atLeast', right: addDim(high, 1), rule } as const,
  ].filter(({ left, right }) => !provablyAtLeast(left, right))
}

/** out[i] = x[start + step·i] along each axis. */
export function window(x: Variable, params: SliceParams): Variable {
  const whole = params.sizes.every(
    (n, axis) => params.starts[axis] === 0 && params.steps[axis] === 1 && equalDim(n, x.shape[axis]!),
  )
  return whole ? x : apply1(sliceOp, [x], params)
}

/**
 * One argument per axis: a number (or symbolic integer) drops the axis, null keeps it, `{ start, stop, step }` cuts it;
 * missing ones are null, negative ones count from the end. Integer tensors index together, as in NumPy: they broadcast, and
 * their shape replaces the axes they index; theirs are not counted from the end.
 */
export const slice = entry(
  sliceOp,
  <D extends DType, R extends Rank, const P extends readonly IndexSpec[]>(
    x: Tensor<D, R>,
    ...specs: P
  ): Tensor<D, SliceRank<R, P>> => sliceBy(x, specs) as Variable as Tensor<D, SliceRank<R, P>>,
)

/** Zeros of `shape` with x at the places that the slice reads: the slice's adjoint. */
export function unslice(x: Variable, { starts, steps }: SliceParams, shape: readonly Dim[]): Variable {
  let spread = x
  const before = [...starts]
  steps.forEach((step, axis) => {
    if (step < 0) {
      before[axis] = addDim(starts[axis]!, mulDim(step, subDim(spread.shape[axis]!, 1)))
      spread = reversed(spread, axis)
    }
    if (Math.abs(step) > 1) spread = dilate(spread, axis, Math.abs(step), subDim(shape[axis]!, before[axis]!))
  })
  const after = shape.map((n, axis) => subDim(n, addDim(before[axis]!, spread.shape[axis]!)))
  return padBy(spread, { before, after, value: 0 })
}

/** The elements of an axis in reverse order. */
export function reversed(x: Variable, axis: number): Variable {
  const starts = x.shape.map((n, i) => (i === axis ? subDim(n, 1) : 0))
  return window(x, { starts, steps: x.shape.map((_, i) => (i === axis ? -1 : 1)), sizes: x.shape })
}

/** Puts step − 1 zeros after each element of an axis, and keeps at most `longest` elements. */
function dilate(x: Variable, axis: number, step: number, longest: Dim): Variable {
  const n = mulDim(x.shape[axis]!, step)
  const none = [...x.shape.map(() => 0), 0]
  const padded = padBy(expandDims(x, axis + 1), {
    before: none,
    after: none.with(axis + 1, step - 1),
    value: 0,
  })
  const flat = reshape(padded, x.shape.with(axis, n))
  const sizes = flat.shape.with(axis, minDim(n, longest))
  return window(flat, { starts: x.shape.map(() => 0), steps: x.shape.map(() => 1), sizes })
}

// ── pad ───────────────────────────────────────────────────────────────────────────────────────

export interface PadParams {
  readonly before: readonly Dim[]
  readonly after: readonly Dim[]
  readonly value: number
}

const padOp: Op<PadParams> = {
  name: 'pad',
  family: {
    kind: 'view',
    read: (index, { inputs: [x], params: { before, after, value }, size }) => {
      const where = index.flatMap((i, axis) => [
        ...(before[axis] === 0 ? [] : [s.ge(i, size(before[axis]!))]),
        ...(after[axis] === 0 ? [] : [s.lt(i, size(addDim(before[axis]!, x!.shape[axis]!)))]),
      ])
      return [
        { input: 0, index: index.map((i, axis) => s.sub(i, size(before[axis]!))), ...condition(where) },
        { input: null, index: [], fill: value },
      ]
    },
  },
  infer: ([x], { before, after }) => ({
    outputs: [{ dtype: x!.dtype, shape: x!.shape.map((n, i) => addDim(n, addDim(before[i]!, after[i]!))) }],
    requires: [...before, ...after].flatMap(n =>
      provablyAtLeast(n, 0)
        ? []
        : [{ left: n, relation: 'atLeast', right: 0, rule: 'padding is at least 0' } as const],
    ),
  }),
  grad: ({ inputs: [x], params: { before }, cotangents: [g] }) => [
    window(g!, { starts: before, steps: before.map(() => 1), sizes: x!.shape }),
  ],
  key: ({ value, ...widths }) => `${JSON.stringify(widths)}${Object.is(value, -0) ? '-0' : value}`,
  batch: ([x], _, { before, after, value }) =>
    padBy(x!, { before: [0, ...before], after: [0, ...after], value }),
}

const condition = (all: readonly Scalar[]) =>
  all.length === 0 ? {} : { where: all.reduce((a, b) => s.and(a, b)) }

/** x with `value` around it. */
export function padBy(x: Variable, params: PadParams): Variable {
  const nothing = [...params.before, ...params.after].every(n => n === 0)
  return nothing ? x : apply1(padOp, [x], params)
}

type Width = Size | readonly [before: Size, after: Size]

export interface PadOptions {
  /** What is put around x in mode 'constant'; default 0. */
  readonly value?: number
  /** Default 'constant'. The others repeat x: NumPy's names for its border, its mirror image, its other end. */
  readonly mode?: PadMode
}

/** x with something around it, zeros by default; `widths` is one width for all sides, or one width or [before, after] per axis. */
export const pad = entry(
  padOp,
  <D extends DType, R extends Rank>(
    x: Tensor<D, R>,
    widths: Size | readonly Width[],
    options: PadOptions = {},
  ): Tensor<D, R> => {
    checkTensor('pad', x)
    checkOptions('pad', options, ['value', 'mode'])
    const { value = 0, mode = 'constant' } = options
    const perAxis = Array.isArray(widths) ? (widths as readonly Width[]) : x.shape.map(() => widths as Size)
    if (perAxis.length !== x.ndim)
      throw wrongRank('pad', [x], `a width for each axis of {0}: ${perAxis.length} given`)
    const side = (i: 0 | 1) =>
      perAxis.map(w => asSize('pad', Array.isArray(w) ? (w as [Size, Size])[i] : (w as Size)))
    const [before, after] = [side(0), side(1)]
    const padded =
      mode === 'constant' ? padBy(x, { before, after, value }) : padWithItself(x, before, after, mode)
    return padded as Tensor<D, R>
  },
)

// ── concatenate ───────────────────────────────────────────────────────────────────────────────

export interface ConcatenateParams {
  readonly axis: number
}

/** Where each input begins along the axis, and where the last one ends. */
function offsets(sizes: readonly Dim[]): readonly Dim[] {
  const ends: Dim[] = [0]
  for (const n of sizes) ends.push(addDim(ends.at(-1)!, n))
  return ends
}

const concatenateOp: Op<ConcatenateParams> = {
  name: 'concatenate',
  family: {
    kind: 'view',
    read: (index, { inputs, params: { axis }, size }) => {
      const at = offsets(inputs.map(x => x.shape[axis]!)).map(size)
      const i = index[axis]!
      return inputs.map((_, k) => ({
        input: k,
        index: index.with(axis, s.sub(i, at[k]!)),
        ...condition([
          ...(k === 0 ? [] : [s.ge(i, at[k]!)]),
          ...(k === inputs.length - 1 ? [] : [s.lt(i, at[k + 1]!)]),
        ]),
      }))
    },
    assemble: ({ inputs, output, params: { axis } }) => {
      const at = offsets(inputs.map(x => x.shape[axis]!))
      return inputs.map((_, k) => output.shape.map((_, i) => (i === axis ? at[k]! : 0)))
    },
  },
  infer: (inputs, { axis }, variables) => {
    const requires: Requirement[] = []
    const shape = [...inputs[0]!.shape]
    for (const { shape: other } of inputs.slice(1)) {
      other.forEach((n, i) => {
        const rule = `sizes must be equal on axis ${i}`
        shape[i] =
          i === axis ? addDim(shape[i]!, n) : meetDims('concatenate', shape[i]!, n, rule, variables, requires)
      })
    }
    return { outputs: [{ dtype: inputs[0]!.dtype, shape }], requires }
  },
  grad: ({ inputs, params: { axis }, cotangents: [g] }) => {
    const at = offsets(inputs.map(x => x.shape[axis]!))
    return inputs.map((x, k) =>
      window(g!, {
        starts: x.shape.map((_, i) => (i === axis ? at[k]! : 0)),
        steps: x.shape.map(() => 1),
        sizes: x.shape,
      }),
    )
  },
  batch: (inputs, batched, { axis }, { size }) =>
    concatenate(
      inputs.map((x, k) => (batched[k] ? x : expand(expandDims(x, 0), [size, ...x.shape]))),
      axis + 1,
    ),
}

interface Concatenate {
  <const T extends readonly TensorLike[]>(tensors: T, axis?: number): Tensor<DTypeOfAll<T>, RankOfAll<T>>
  readonly op: Op<ConcatenateParams>
}

/** Tensors one after the other along an axis. */
export const concatenate = entry(concatenateOp, (tensors: readonly TensorLike[], axis = 0): Variable => {
  checkList('concatenate', 'what is concatenated', tensors)
  if (tensors.length === 0)
    throw badArgument('concatenate', 'nothing to concatenate', 'give at least one tensor')
  const [first, ...others] = promoted(tensors, 'concatenate') as [Variable, ...Variable[]]
  const along = axisOf('concatenate', axis, first)
  if (others.some(x => x.ndim !== first.ndim))
    throw wrongRank('concatenate', [first, ...others], 'all must have as many axes')
  return others.length === 0 ? first : apply1(concatenateOp, [first, ...others], { axis: along })
}) as unknown as Concatenate
