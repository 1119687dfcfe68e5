/**
 * Sizes: between dimensions (which shapes are made of) and int32 scalars (which users compute with).
 *
 * `dim(x, axis)` makes a scalar of a dimension; `dimOf…` makes a dimension of a scalar, for `slice`, `steps`, `arange`:
 * sums and products are read as such, anything else becomes a symbol bound by the scalar's value, one symbol per scalar.
 */
import {
  addDim,
  type Dim,
  DimExpr,
  DimSymbol,
  floorDivDim,
  maxDim,
  minDim,
  mulDim,
  subDim,
  symbolDim,
} from '../dim.js'
import { axisOutOfRange, badSize, repeatedAxis } from '../errors.js'
import { checkList, checkTensor, describeGiven } from '../given.js'
import type { Op } from '../op.js'
import { printType } from '../type.js'
import { apply1, type Tensor, Variable } from '../variable.js'
import * as arithmetic from './arithmetic.js'
import { constant } from './constant.js'
import { entry } from './entry.js'

/** A size as users write it: a number, an entry of `x.shape`, or a symbolic int32 scalar. */
export type Size = Dim | Variable

const dimValueOp: Op<{ readonly dim: DimExpr }> = {
  name: 'dimValue',
  family: { kind: 'source', at: (_, { params, size }) => size(params.dim) },
  infer: () => ({ outputs: [{ dtype: 'int32', shape: [] }] }),
  grad: () => [],
}

/** A dimension as an int32 scalar. */
export const dimValue = entry(dimValueOp, (dim: Dim): Tensor<'int32', 0> => {
  if (typeof dim === 'number') return constant(dim, 'int32')
  return apply1(dimValueOp, [], { dim }) as Tensor<'int32', 0>
})

/** The size of an axis as an int32 scalar. */
export function dim(x: Variable, axis: number): Tensor<'int32', 0> {
  checkTensor('dim', x)
  return dimValue(x.shape[axisOf('dim', axis, x)]!)
}

const known = new WeakMap<Variable, Dim>()
const deepest = 50

/** What a size is as a dimension; the same scalar is always the same dimension. */
export function asDim(operation: string, size: Size): Dim {
  if (typeof size === 'number') {
    if (!Number.isInteger(size)) throw badSize(operation, String(size))
    return size
  }
  if (size instanceof DimExpr) return size
  if (!(size instanceof Variable)) throw badSize(operation, describeGiven(size).what)
  if (size.dtype !== 'int32' || size.ndim !== 0) throw badSize(operation, printType(size.type), size)
  return dimOfScalar(size, 0)
}

/** The same for sizes that cannot be negative. */
export function asSize(operation: string, size: Size): Dim {
  const dim = asDim(operation, size)
  if (typeof dim === 'number' && dim < 0) throw badSize(operation, String(dim))
  return dim
}

/** A shape of sizes. */
export function sizesOf(operation: string, shape: readonly Size[]): readonly Dim[] {
  checkList(operation, 'a shape', shape)
  return shape.map(n => asSize(operation, n))
}

function dimOfScalar(v: Variable, depth: number): Dim {
  const before = known.get(v)
  if (before !== undefined) return before
  const shallow = depth < deepest || v.owner?.op.family.kind === 'constant'
  const dim = (shallow ? readScalar(v, depth + 1) : null) ?? symbolDim(DimSymbol.fresh(v))
  known.set(v, dim)
  return dim
}

/** The dimension that an expression of int32 scalars spells; null: it has to be computed. */
function readScalar({ owner }: Variable, depth: number): Dim | null {
  if (owner === null) return null
  if (owner.op.family.kind === 'constant') return (owner.params as { data: Int32Array }).data[0]!
  if (owner.op === (dimValueOp as unknown)) return (owner.params as { dim: Dim }).dim
  const args = () => {
    const [a, b] = owner.inputs.map(v => (v.dtype === 'int32' ? dimOfScalar(v, depth) : null))
    return a != null && b != null ? ([a, b] as const) : null
  }
  if (owner.op.name === 'named') return dimOfScalar(owner.inputs[0]!, depth)
  if (owner.op === arithmetic.neg.op) return mulDim(dimOfScalar(owner.inputs[0]!, depth), -1)
  const fn = (
    [
      [arithmetic.add, addDim],
      [arithmetic.sub, subDim],
      [arithmetic.mul, mulDim],
      [arithmetic.minimum, minDim],
      [arithmetic.maximum, maxDim],
      [arithmetic.floorDiv, floorDivDim],
    ] as const
  ).find(([builder]) => builder.op === owner.op)?.[1]
  const both = fn === undefined ? null : args()
  if (fn === undefined || both === null) return null
  // ⌊a / 0⌋ is 0 for tensors and nothing for dimensions.
  if (fn === floorDivDim && !(typeof both[1] === 'number' && both[1] !== 0)) return null
  return fn(...both)
}

/** Symbols bound by shapes are never negative; those bound by values may be. */
export function neverNegative(dim: Dim): boolean {
  if (typeof dim === 'number') return dim >= 0
  return dim.terms.every(
    ({ coefficient, atoms }) => coefficient >= 0 && atoms.every(atom => atomNeverNegative(atom)),
  )
}

function atomNeverNegative(atom: DimExpr['terms'][number]['atoms'][number]): boolean {
  if (atom instanceof DimSymbol) return atom.neverNegative
  const test = atom.fn === 'max' ? 'some' : 'every'
  return atom.args[test](neverNegative)
}

/** a ≥ b by the algebra alone. */
export function provablyAtLeast(a: Dim, b: Dim): boolean {
  if (neverNegative(subDim(a, b))) return true
  return (
    (onlyAtom(b, 'min')?.some(bound => provablyAtLeast(a, bound)) ?? false) ||
    (onlyAtom(b, 'max')?.every(bound => provablyAtLeast(a, bound)) ?? false) ||
    (onlyAtom(a, 'max')?.some(bound => provablyAtLeast(bound, b)) ?? false) ||
    (onlyAtom(a, 'min')?.every(bound => provablyAtLeast(bound, b)) ?? false)
  )
}

/** The arguments, where the dimension is one minimum (or maximum). */
function onlyAtom(dim: Dim, fn: 'min' | 'max'): readonly [Dim, Dim] | null {
  if (typeof dim === 'number' || dim.terms.length !== 1) return null
  const { coefficient, atoms } = dim.terms[0]!
  const atom = atoms[0]!
  return coefficient === 1 && atoms.length === 1 && !(atom instanceof DimSymbol) && atom.fn === fn
    ? atom.args
    : null
}

/** The axis counted from the front. */
export function axisOf(operation: string, axis: number, x: Variable, ndim: number = x?.ndim): number {
  checkTensor(operation, x)
  if (!Number.isInteger(axis) || axis < -ndim || axis >= ndim) throw axisOutOfRange(operation, axis, x)
  return axis < 0 ? axis + ndim : axis
}

/** Axes counted from the front, ascending; none given: all. */
export function axesOf(operation: string, axis: number | readonly number[] | null | undefined, x: Variable) {
  checkTensor(operation, x)
  if (axis === null || axis === undefined) return x.shape.map((_, i) => i)
  const given = typeof axis === 'number' ? [axis] : axis
  checkList(operation, 'a choice of axes', given)
  const axes = given.map(a => axisOf(operation, a, x))
  if (new Set(axes).size !== axes.length) throw repeatedAxis(operation, axes, x)
  return axes.sort((a, b) => a - b)
}
