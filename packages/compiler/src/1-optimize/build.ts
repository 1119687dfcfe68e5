/**
 * Making nodes without a builder's checks, and never making one that would change nothing.
 */
import {
  apply1,
  type Contraction,
  cast,
  chain,
  concatenate,
  constant,
  contract,
  type Dim,
  dimValue,
  equalDim,
  equalShape,
  expand,
  expandDims,
  mul,
  provablyAtLeast,
  reshape,
  type SliceParams,
  slice,
  squeeze,
  sum,
  transpose,
  type Variable,
} from '@arignote/graph'
import { allocate, type DType, isFloat } from '@arignote/loops'

const isRange = (axes: readonly number[]) => axes.every((axis, i) => axis === i)

/** Views; each gives its input back where it would be the identity. */
export const view = {
  reshape: (x: Variable, shape: readonly Dim[]) =>
    equalShape(x.shape, shape) ? x : apply1(reshape.op, [x], { shape }),
  transpose: (x: Variable, axes: readonly number[]) =>
    isRange(axes) ? x : apply1(transpose.op, [x], { axes }),
  expand: (x: Variable, shape: readonly Dim[]) =>
    equalShape(x.shape, shape) ? x : apply1(expand.op, [x], { shape }),
  expandDims: (x: Variable, axes: readonly number[]) =>
    axes.length === 0 ? x : apply1(expandDims.op, [x], { axes }),
  squeeze: (x: Variable, axes: readonly number[]) =>
    axes.length === 0 ? x : apply1(squeeze.op, [x], { axes }),
  slice: (x: Variable, { starts, steps, sizes }: SliceParams) =>
    starts.every(start => start === 0) && steps.every(step => step === 1) && equalShape(x.shape, sizes)
      ? x
      : apply1(slice.op, [x], { starts, steps, sizes }),
  /** `size` rows of axis 0 from `start` on. */
  rows: (x: Variable, start: Dim, size: Dim): Variable =>
    view.slice(x, {
      starts: x.shape.map((_, axis) => (axis === 0 ? start : 0)),
      steps: x.shape.map(() => 1),
      sizes: [size, ...x.shape.slice(1)],
    }),
  concatenate: (pieces: readonly Variable[], axis: number) =>
    pieces.length === 1 ? pieces[0]! : apply1(concatenate.op, pieces, { axis }),
} as const

export function castTo(x: Variable, dtype: DType): Variable {
  return x.dtype === dtype ? x : apply1(cast.op, [x], { dtype })
}

/** Every row is `x`. */
export function repeat(x: Variable, length: Dim): Variable {
  return view.expand(view.expandDims(x, [0]), [length, ...x.shape])
}

/** A scalar constant. */
export function number(value: number, dtype: DType): Variable {
  return apply1(constant.op, [], { data: allocate(dtype, 1).fill(value), shape: [], dtype })
}

/** A number of a dtype in a shape. */
export function filled(value: number, dtype: DType, shape: readonly Dim[]): Variable {
  return spread(number(value, dtype), shape)
}

/** A scalar in a shape. */
export function spread(scalar: Variable, shape: readonly Dim[]): Variable {
  return view.expand(
    view.expandDims(
      scalar,
      shape.map((_, axis) => axis),
    ),
    shape,
  )
}

/** The sum over some axes. */
export function sumOver(x: Variable, axes: readonly number[]): Variable {
  return axes.length === 0 ? x : apply1(sum.op, [x], { axes: [...axes].sort((a, b) => a - b) })
}

/**
 * The sum of so many x; the size may be a symbol. Of none it is 0, also where x is infinite or NaN, as what was to be
 * summed in vain may be.
 */
export function times(x: Variable, size: Dim): Variable {
  if (equalDim(size, 0)) return filled(0, x.dtype, x.shape)
  if (equalDim(size, 1)) return x
  if (typeof size === 'number') return mul(x, spread(number(size, x.dtype), x.shape))
  const factor = spread(castTo(dimValue(size), x.dtype), x.shape)
  return isFloat(x.dtype) && !provablyAtLeast(size, 1) ? chain(factor, x) : mul(x, factor)
}

/** The contraction; labels are renumbered by first use, so that equal ones are one node. */
export function contraction(left: Variable, right: Variable, spec: Contraction): Variable {
  const number = new Map<number, number>()
  const renumber = (labels: readonly number[]) =>
    labels.map(label => {
      if (!number.has(label)) number.set(label, number.size)
      return number.get(label)!
    })
  return apply1(contract.op, [left, right], {
    left: renumber(spec.left),
    right: renumber(spec.right),
    out: renumber(spec.out),
  })
}
