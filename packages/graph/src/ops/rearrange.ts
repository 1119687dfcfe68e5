/**
 * Rearrangements of axes, and sizes that the user knows better than the graph does.
 */
import { type Dim, equalDim, subDim } from '../dim.js'
import { badArgument, repeatedAxis, wrongRank } from '../errors.js'
import { checkList, checkName, checkOptions, checkTensor } from '../given.js'
import type { Op, Requirement } from '../op.js'
import type { DTypeOf } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { sub } from './arithmetic.js'
import { entry, meetDims } from './entry.js'
import { broadcastTo } from './shape.js'
import { asSize, axisOf, type Size } from './size.js'
import { expandDims, transpose, window } from './view.js'

/** x with two of its axes exchanged. */
export function swapaxes<X extends Variable>(x: X, axis1: number, axis2: number): X {
  const [a, b] = [axisOf('swapaxes', axis1, x), axisOf('swapaxes', axis2, x)]
  const order = x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis))
  return transpose(x as Variable, order) as X
}

/** x with some axes moved to other positions, the others keeping their order. */
export function moveaxis<X extends Variable>(
  x: X,
  source: number | readonly number[],
  destination: number | readonly number[],
): X {
  const list = (axes: number | readonly number[]) => {
    const given = typeof axes === 'number' ? [axes] : axes
    checkList('moveaxis', 'a choice of axes', given)
    const found = given.map(axis => axisOf('moveaxis', axis, x))
    if (new Set(found).size !== found.length) throw repeatedAxis('moveaxis', found, x)
    return found
  }
  const [from, to] = [list(source), list(destination)]
  if (from.length !== to.length)
    throw badArgument(
      'moveaxis',
      `${from.length} axes to ${to.length} positions`,
      'each axis has its position',
      [x],
    )
  const rest = x.shape.map((_, axis) => axis).filter(axis => !from.includes(axis))
  const order = x.shape.map((_, axis) => (to.includes(axis) ? from[to.indexOf(axis)]! : rest.shift()!))
  return transpose(x as Variable, order) as X
}

interface Shaped {
  readonly shape: readonly Dim[]
  /** Who says so, and in which words. */
  readonly claim?: Claim
}

type Claim = Required<Pick<Requirement, 'calledAs' | 'rule'>>

const specifyShapeOp: Op<Shaped> = {
  name: 'specifyShape',
  family: {
    kind: 'view',
    read: index => [{ input: 0, index }],
    strided: strides => ({ offset: 0, strides }),
  },
  infer: ([x], { shape, claim }, variables) => {
    const requires: Requirement[] = []
    const sizes = shape.map((n, axis) => {
      const rule = claim?.rule ?? `axis ${axis} must have the specified size`
      return meetDims(claim?.calledAs ?? 'specifyShape', x!.shape[axis]!, n, rule, variables, requires)
    })
    return { outputs: [{ dtype: x!.dtype, shape: sizes }], requires: requires.map(r => ({ ...r, ...claim })) }
  },
  grad: ({ cotangents: [g] }) => [g!],
  batch: ([x], _, { shape, ...claim }, { size }) =>
    apply1(specifyShapeOp, [x!], { ...claim, shape: [size, ...shape] }),
}

/**
 * x, of which sizes are known that the graph does not tell: numbers, sizes of other tensors, or null for what is left as it
 * is. They are checked in every call.
 * @throws ShapeError where they are not those of x
 */
export const specifyShape = entry(
  specifyShapeOp,
  <X extends Variable>(x: X, shape: readonly (Size | null)[]): X => {
    checkTensor('specifyShape', x)
    checkList('specifyShape', 'a shape', shape)
    if (shape.length !== x.ndim)
      throw wrongRank('specifyShape', [x], `a size, or null, for each axis of {0}: ${shape.length} given`)
    const sizes = shape.map((n, axis) => (n === null ? x.shape[axis]! : asSize('specifyShape', n)))
    const known = sizes.every((n, axis) => equalDim(n, x.shape[axis]!))
    return (known ? x : apply1(specifyShapeOp, [x], { shape: sizes })) as X
  },
)

/** x, of which something else than `specifyShape` says how many rows it has. */
export const withRows = (x: Variable, rows: Dim, claim: Claim): Variable =>
  apply1(specifyShapeOp, [x], { shape: [rows, ...x.shape.slice(1)], claim })

/** The differences of neighbours along an axis (the last), taken `n` times; each time the axis is one shorter. */
export function diff<D extends Variable>(x: D, n = 1, axis = -1): D {
  const along = axisOf('diff', axis, x)
  if (!Number.isInteger(n) || n < 0)
    throw badArgument('diff', `${n} times`, 'the number of times is a whole number of at least 0', [x])
  let v: Variable = x
  for (let i = 0; i < n; i++) v = sub(after(v, along, 1), after(v, along, 0)) as Variable
  return v as D
}

/** All elements of an axis but the last, from `start` on. */
function after(x: Variable, axis: number, start: 0 | 1): Variable {
  const sizes = x.shape.with(axis, subDim(x.shape[axis]!, 1))
  return window(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    steps: x.shape.map(() => 1),
    sizes,
  })
}

/**
 * Vectors as coordinates of a grid: one tensor each, of the shape that the lengths of all make. `'xy'` (NumPy's default)
 * exchanges the first two axes.
 */
export function meshgrid<const V extends readonly Variable[]>(
  vectors: V,
  options: { readonly indexing?: 'xy' | 'ij' } = {},
): { -readonly [K in keyof V]: Tensor<DTypeOf<V[K]>, V['length']> } {
  const { indexing = 'xy' } = checkOptions('meshgrid', options, ['indexing'])
  checkName('meshgrid', 'indexing', indexing, ['xy', 'ij'])
  checkList('meshgrid', 'what makes a grid', vectors)
  for (const v of vectors) checkTensor('meshgrid', v, 'what makes a grid')
  const wrong = vectors.find(v => v.ndim !== 1)
  if (wrong !== undefined) throw wrongRank('meshgrid', [wrong], '{0} must be a vector')
  const place = (k: number) => (indexing === 'xy' && k < 2 && vectors.length > 1 ? 1 - k : k)
  const shape = vectors.map((_, axis) => vectors[place(axis)]!.shape[0]!)
  return vectors.map((v, k) => {
    const others = vectors.map((_, axis) => axis).filter(axis => axis !== place(k))
    return broadcastTo(expandDims(v as Variable, others), shape)
  }) as never
}
