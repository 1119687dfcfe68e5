/**
 * Reductions: a monoid over some axes. Sums and products of bool and uint8 are int32.
 */
import { type DType, isFloat, type Scalar, type ScalarType, s } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { emptyReduction } from '../errors.js'
import { checkOptions } from '../given.js'
import type { Monoid, Op } from '../op.js'
import type { DTypeOf, RankOf, ReducedRank, TensorLike, ToSum } from '../static.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { div, mul } from './arithmetic.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { eq, neq } from './comparison.js'
import { entry } from './entry.js'
import { where } from './select.js'
import { axesOf } from './size.js'
import { expand, expandDims } from './view.js'

/** One axis, several, or all of them. */
export type AxisArgument = number | readonly number[] | null
export interface ReduceOptions {
  /** Keep the reduced axes, with size 1. */
  readonly keepdims?: boolean
}
export interface ReduceParams {
  readonly axes: readonly number[]
  /** `max` of nothing is −∞, and `min` of nothing ∞, instead of an error. */
  readonly ofNothing?: true
}

/** `T` maps the operand's dtype to the result's; `O` are options of its own. */
export interface Reduction<T extends Record<DType, DType>, O extends object = object> {
  <X extends TensorLike, const A extends AxisArgument | undefined = undefined>(
    x: X,
    axis?: A,
    options?: O & { readonly keepdims?: false },
  ): Tensor<T[DTypeOf<X>], ReducedRank<RankOf<X>, A>>
  <X extends TensorLike>(
    x: X,
    axis: AxisArgument | undefined,
    options: O & { readonly keepdims: true },
  ): Tensor<T[DTypeOf<X>], RankOf<X>>
  <X extends TensorLike>(x: X, axis?: AxisArgument, options?: O & ReduceOptions): Tensor<T[DTypeOf<X>], Rank>
}

/** The dtype stays as it is. */
export type Same = { [D in DType]: D }
/** The dtype is always `D`. */
export type Always<D extends DType> = { [_ in DType]: D }
type SumTable = { [D in DType]: ToSum[D] }

interface ReductionEntry {
  readonly monoid: Monoid
  /** What the operand is converted to first. */
  operand(dtype: DType): DType
  /** The result's dtype, by default the operand's. */
  readonly result?: DType
  /** Of nothing it has no value. */
  readonly nonEmpty?: boolean
  /** The cotangent and the result come with the reduced axes in place, repeated. */
  grad?(g: Variable, x: Variable, out: Variable, axes: readonly number[]): Variable
}

function reduction<T extends Record<DType, DType>>(
  name: string,
  { monoid, operand, result, nonEmpty = false, grad }: ReductionEntry,
): Reduction<T> & { readonly op: Op<ReduceParams> } {
  const op: Op<ReduceParams> = {
    name,
    family: { kind: 'reduce', monoid: () => monoid, axes: p => p.axes },
    infer: ([x], { axes, ofNothing }, [v]) => {
      const needsOne = nonEmpty && !ofNothing
      const empty = axes.find(axis => x!.shape[axis] === 0)
      if (needsOne && empty !== undefined) throw emptyReduction(name, v!, empty)
      return {
        outputs: [{ dtype: result ?? x!.dtype, shape: x!.shape.filter((_, axis) => !axes.includes(axis)) }],
        requires: !needsOne
          ? []
          : axes.flatMap(axis =>
              typeof x!.shape[axis] === 'number'
                ? []
                : [
                    {
                      left: x!.shape[axis]!,
                      relation: 'atLeast',
                      right: 1,
                      rule: `${name} needs something to choose from`,
                    } as const,
                  ],
            ),
      }
    },
    grad: ({ inputs: [x], outputs: [out], params: { axes }, cotangents: [g] }) => {
      if (grad === undefined || !isFloat(x!.dtype)) return [null]
      return [grad(spread(g!, axes, x!.shape), x!, spread(out!, axes, x!.shape), axes)]
    },
    batch: ([x], _, params) => apply1(op, [x!], { ...params, axes: params.axes.map(a => a + 1) }),
  }
  return entry(op, (x: TensorLike, axis?: AxisArgument, options: ReduceOptions = {}): Variable => {
    checkOptions(name, options, reduceOptions)
    const { keepdims = false } = options
    const given = asTensor(x, name)
    const v: Variable = cast(given, operand(given.dtype))
    const axes = axesOf(name, axis, v)
    const reduced = axes.length === 0 && result === undefined ? v : apply1(op, [v], { axes })
    return keepdims ? expandDims(reduced, axes) : reduced
  }) as never
}

export const reduceOptions: readonly string[] = ['keepdims']

/** A reduced value under each element that it was made of. */
function spread(reduced: Variable, axes: readonly number[], shape: readonly Dim[]): Variable {
  return expand(expandDims(reduced, axes), shape)
}

/** A monoid with one register. */
function fold(identity: (type: ScalarType) => number, combine: (a: Scalar, b: Scalar) => Scalar): Monoid {
  return {
    identity: type => [s.const(type, identity(type))],
    lift: x => [x],
    combine: ([a], [b]) => [combine(a!, b!)],
    finish: ([a]) => a!,
  }
}

const toSum = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'int32')
const lowest = (type: ScalarType) => (type === 'int32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY)
const highest = (type: ScalarType) => (type === 'int32' ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY)

export const sum = reduction<SumTable>('sum', {
  monoid: fold(() => 0, s.add),
  operand: toSum,
  grad: g => g,
})

/** The product; its derivative is exact for zeros too. */
export const prod = reduction<SumTable>('prod', {
  monoid: fold(() => 1, s.mul),
  operand: toSum,
  grad: (g, x, _, axes) => {
    // Without the zeros the others' product is product / x. With one zero only that element counts, with more none.
    const safe = where(eq(x, 0), 1, x)
    const zeros = spread(sum(eq(x, 0), axes), axes, x.shape)
    const product = spread(prod(safe, axes), axes, x.shape)
    return mul(
      g,
      where(neq(x, 0), where(eq(zeros, 0), div(product, safe), 0), where(eq(zeros, 1), product, 0)),
    )
  },
})

const max_ = reduction<Same>('max', {
  monoid: fold(lowest, s.max),
  operand: dtype => dtype,
  nonEmpty: true,
  grad: (g, x, out) => where(eq(x, out), g, 0),
})

const min_ = reduction<Same>('min', {
  monoid: fold(highest, s.min),
  operand: dtype => dtype,
  nonEmpty: true,
  grad: (g, x, out) => where(eq(x, out), g, 0),
})

const toBool = (): DType => 'bool'

/** Whether some element is not 0. */
export const any = reduction<Always<'bool'>>('any', { monoid: fold(() => 0, s.or), operand: toBool })

/** Whether no element is 0. */
export const all = reduction<Always<'bool'>>('all', { monoid: fold(() => 1, s.and), operand: toBool })

/** Of bools, max is any and min is all. */
const orOfBools = (numbers: typeof max_, bools: typeof any): typeof max_ =>
  entry(numbers.op, (x: TensorLike, axis?: AxisArgument, options: ReduceOptions = {}) => {
    const v: Variable = asTensor(x)
    return v.dtype === 'bool' ? bools(v, axis, options) : numbers(v, axis, options)
  }) as never

/** The greatest; NaN passes. Every element that equals it gets the whole gradient, as in Theano. */
export const max = orOfBools(max_, any)

/** The smallest; NaN passes. Every element that equals it gets the whole gradient, as in Theano. */
export const min = orOfBools(min_, all)

/** The position of the first best element: registers are the value and its position; the first NaN wins. */
function bestPosition(worst: (type: ScalarType) => number, better: (a: Scalar, b: Scalar) => Scalar): Monoid {
  return {
    identity: type => [s.const(type, worst(type)), s.int(2 ** 31 - 1)],
    lift: (x, position) => [x, position],
    usesPosition: true,
    combine: ([a, i], [b, j]) => {
      const [aNaN, bNaN] = [s.ne(a!, a!), s.ne(b!, b!)]
      const alike = s.or(s.eq(a!, b!), s.and(aNaN, bNaN))
      const second = s.or(s.and(alike, s.lt(j!, i!)), s.and(s.not(aNaN), s.or(bNaN, better(b!, a!))))
      return [s.select(second, b!, a!), s.select(second, j!, i!)]
    },
    finish: ([, i]) => i!,
  }
}

const comparable = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype)

/** Where the greatest element is (the first of equals); over several axes, its C-order position among them. */
export const argmax = reduction<Always<'int32'>>('argmax', {
  monoid: bestPosition(lowest, s.gt),
  operand: comparable,
  result: 'int32',
  nonEmpty: true,
})

/** Where the smallest element is (the first of equals); over several axes, its C-order position among them. */
export const argmin = reduction<Always<'int32'>>('argmin', {
  monoid: bestPosition(highest, s.lt),
  operand: comparable,
  result: 'int32',
  nonEmpty: true,
})
