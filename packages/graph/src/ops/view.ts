/**
 * Views, the primitives: each element of the result is an element of an input, or a constant. `shape.ts` and
 * `indexing.ts` make the operations that users write of them.
 */
import { type DType, s } from '@arignote/loops'
import { type Dim, differentDim, divideExactly, equalDim, floorDivDim, productDim } from '../dim.js'
import { badArgument, cannotReshape, notSizeOne, repeatedAxis, wrongRank } from '../errors.js'
import { checkList, checkTensor } from '../given.js'
import type { Op, Requirement } from '../op.js'
import type { CountOfAxes, RankLess, RankSum } from '../static.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { entry, meetDims } from './entry.js'
import { sum } from './reduce.js'
import { asSize, axesOf, axisOf, type Size } from './size.js'
import type { RankOfShape } from './source.js'
import {
  stridedExpand,
  stridedExpandDims,
  stridedReshape,
  stridedSqueeze,
  stridedTranspose,
} from './strided.js'
import { readReshaped } from './view-index.js'

interface Shaped {
  readonly shape: readonly Dim[]
}
interface Axes {
  readonly axes: readonly number[]
}

const identityOrder = (axes: readonly number[]) => axes.every((axis, i) => axis === i)
const shifted = (axes: readonly number[]) => [0, ...axes.map(a => a + 1)]

// ── reshape ───────────────────────────────────────────────────────────────────────────────────

const reshapeOp: Op<Shaped> = {
  name: 'reshape',
  family: {
    kind: 'view',
    read: (index, { inputs, output, size }) => [
      { input: 0, index: readReshaped(index, output.shape, inputs[0]!.shape, size) },
    ],
    strided: stridedReshape,
    divides: true,
  },
  infer: ([x], { shape }, [v]) => {
    const [have, want] = [productDim(x!.shape), productDim(shape)]
    const requires: Requirement[] = []
    if (differentDim(have, want)) throw cannotReshape(v!, shape, have, want)
    if (!equalDim(have, want)) {
      requires.push({
        left: have,
        relation: 'equal',
        right: want,
        rule: 'reshape keeps the number of elements',
      })
    }
    return { outputs: [{ dtype: x!.dtype, shape }], requires }
  },
  grad: ({ inputs: [x], cotangents: [g] }) => [reshape(g!, x!.shape)],
  batch: ([x], _, { shape }, { size }) => reshape(x!, [size, ...shape]),
}

/** The same elements, in C order, as another shape; one size may be -1. */
export const reshape = entry(
  reshapeOp,
  <D extends DType, const S extends readonly Size[]>(x: Tensor<D>, shape: S): Tensor<D, RankOfShape<S>> => {
    checkTensor('reshape', x)
    checkList('reshape', 'a shape', shape)
    if (shape.filter(n => n === -1).length > 1)
      throw badArgument('reshape', 'two sizes are -1', 'only one size can be left open', [x])
    const known = shape.map(n => (n === -1 ? null : asSize('reshape', n)))
    const rest = productDim(known.filter(n => n !== null))
    const sizes = known.map(n => n ?? openSize(x, rest))
    return (sameShape(x, sizes) ? x : apply1(reshapeOp, [x], { shape: sizes })) as Tensor<D, RankOfShape<S>>
  },
)

function openSize(x: Variable, rest: Dim): Dim {
  const all = productDim(x.shape)
  if (rest === 0) throw badArgument('reshape', '-1 beside a size of 0', 'give every size', [x])
  return divideExactly(all, rest) ?? floorDivDim(all, rest)
}

const sameShape = (x: Variable, shape: readonly Dim[]) =>
  x.ndim === shape.length && x.shape.every((n, i) => equalDim(n, shape[i]!))

// ── transpose ─────────────────────────────────────────────────────────────────────────────────

const transposeOp: Op<Axes> = {
  name: 'transpose',
  family: {
    kind: 'view',
    read: (index, { params: { axes } }) => [{ input: 0, index: axes.map((_, i) => index[axes.indexOf(i)]!) }],
    strided: stridedTranspose,
  },
  infer: ([x], { axes }) => ({ outputs: [{ dtype: x!.dtype, shape: axes.map(a => x!.shape[a]!) }] }),
  grad: ({ params: { axes }, cotangents: [g] }) => [
    transpose(
      g!,
      axes.map((_, i) => axes.indexOf(i)),
    ),
  ],
  batch: ([x], _, { axes }) => transpose(x!, shifted(axes)),
}

/** Axis i of the result is axis axes[i] of x; without axes they are reversed. */
export const transpose = entry(
  transposeOp,
  <D extends DType, R extends Rank>(x: Tensor<D, R>, axes?: readonly number[] | null): Tensor<D, R> => {
    checkTensor('transpose', x)
    if (axes != null) checkList('transpose', 'an order of axes', axes)
    const order = axes?.map(a => axisOf('transpose', a, x)) ?? x.shape.map((_, i) => x.ndim - 1 - i)
    if (new Set(order).size !== order.length) throw repeatedAxis('transpose', order, x)
    if (order.length !== x.ndim)
      throw wrongRank('transpose', [x], `every axis of {0} must be named: [${order.join(', ')}]`)
    return (identityOrder(order) ? x : apply1(transposeOp, [x], { axes: order })) as Tensor<D, R>
  },
)

// ── expand, expandDims, squeeze ───────────────────────────────────────────────────────────────

const expandOp: Op<Shaped> = {
  name: 'expand',
  family: {
    kind: 'view',
    read: (index, { inputs: [x] }) => [
      { input: 0, index: index.map((i, axis) => (x!.shape[axis] === 1 ? s.int(0) : i)) },
    ],
    strided: stridedExpand,
  },
  infer: ([x], { shape }, variables) => {
    const requires: Requirement[] = []
    const sizes = shape.map((n, axis) => {
      const have = x!.shape[axis]!
      return have === 1
        ? n
        : meetDims('broadcastTo', n, have, `axis ${axis} must have this size, or 1`, variables, requires)
    })
    return { outputs: [{ dtype: x!.dtype, shape: sizes }], requires }
  },
  grad: ({ inputs: [x], outputs: [out], cotangents: [g] }) => {
    const repeated = x!.shape.flatMap((n, axis) => (n === 1 && out!.shape[axis] !== 1 ? [axis] : []))
    return [sum(g!, repeated, { keepdims: true })]
  },
  batch: ([x], _, { shape }, { size }) => expand(x!, [size, ...shape]),
}

/** Axes of size 1 are repeated to the sizes given; the other axes must have them already. */
export const expand = entry(expandOp, (x: Variable, shape: readonly Dim[]): Variable => {
  if (shape.length !== x.ndim) throw wrongRank('expand', [x], `a size for each axis: ${shape.length} sizes`)
  return sameShape(x, shape) ? x : apply1(expandOp, [x], { shape })
})

const expandDimsOp: Op<Axes> = {
  name: 'expandDims',
  family: {
    kind: 'view',
    read: (index, { params: { axes } }) => [
      { input: 0, index: index.filter((_, axis) => !axes.includes(axis)) },
    ],
    strided: stridedExpandDims,
  },
  infer: ([x], { axes }) => {
    const rest = [...x!.shape]
    const shape = Array.from({ length: rest.length + axes.length }, (_, i) =>
      axes.includes(i) ? 1 : rest.shift()!,
    )
    return { outputs: [{ dtype: x!.dtype, shape }] }
  },
  grad: ({ params: { axes }, cotangents: [g] }) => [squeeze(g!, axes)],
  batch: ([x], _, { axes }) =>
    expandDims(
      x!,
      axes.map(a => a + 1),
    ),
}

interface ExpandDims {
  <D extends DType, R extends Rank, const A extends number | readonly number[]>(
    x: Tensor<D, R>,
    axes: A,
  ): Tensor<D, RankSum[R][CountOfAxes<A>]>
  readonly op: Op<Axes>
}

/** New axes of size 1, which the result has at these positions. */
export const expandDims = entry(expandDimsOp, (x: Variable, axis: number | readonly number[]): Variable => {
  checkTensor('expandDims', x)
  const given = typeof axis === 'number' ? [axis] : axis
  checkList('expandDims', 'a choice of axes', given)
  const axes = given.map(a => axisOf('expandDims', a, x, x.ndim + given.length)).sort((a, b) => a - b)
  if (new Set(axes).size !== axes.length) throw repeatedAxis('expandDims', axes, x)
  return axes.length === 0 ? x : apply1(expandDimsOp, [x], { axes })
}) as ExpandDims

const squeezeOp: Op<Axes> = {
  name: 'squeeze',
  family: {
    kind: 'view',
    read: (index, { inputs: [x], params: { axes } }) => {
      const rest = [...index]
      return [
        { input: 0, index: x!.shape.map((_, axis) => (axes.includes(axis) ? s.int(0) : rest.shift()!)) },
      ]
    },
    strided: stridedSqueeze,
  },
  infer: ([x], { axes }, [v]) => {
    const requires: Requirement[] = []
    for (const axis of axes) {
      if (differentDim(x!.shape[axis]!, 1)) throw notSizeOne('squeeze', v!, axis)
      meetDims(
        'squeeze',
        x!.shape[axis]!,
        1,
        `axis ${axis}, which is dropped, must have size 1`,
        [v!],
        requires,
      )
    }
    return {
      outputs: [{ dtype: x!.dtype, shape: x!.shape.filter((_, axis) => !axes.includes(axis)) }],
      requires,
    }
  },
  grad: ({ inputs: [x], params: { axes }, cotangents: [g] }) => [expand(expandDims(g!, axes), x!.shape)],
  batch: ([x], _, { axes }) =>
    squeeze(
      x!,
      axes.map(a => a + 1),
    ),
}

interface Squeeze {
  <
    D extends DType,
    R extends Rank,
    const A extends number | readonly number[] | null | undefined = undefined,
  >(
    x: Tensor<D, R>,
    axes?: A,
  ): Tensor<D, RankLess[R][CountOfAxes<A>]>
  readonly op: Op<Axes>
}

/** Drops axes of size 1; without axes, every axis that is known to have it. */
export const squeeze = entry(squeezeOp, (x: Variable, axis?: number | readonly number[] | null): Variable => {
  checkTensor('squeeze', x)
  const axes = axis == null ? x.shape.flatMap((n, i) => (n === 1 ? [i] : [])) : axesOf('squeeze', axis, x)
  return axes.length === 0 ? x : apply1(squeezeOp, [x], { axes })
}) as Squeeze

export * from './window.js'
