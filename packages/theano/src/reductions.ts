/**
 * Reductions under Theano's names and keywords: `T.sum(x, { axis: 1, keepdims: true })`, or `T.sum(x, 1)`.
 */
import {
  type Always,
  type AxisArgument,
  all,
  any,
  argmax,
  argmin,
  cast,
  checkOptions,
  cumprod as cumprodAlong,
  cumsum as cumsumAlong,
  type DTypeOf,
  flatten,
  max,
  mean,
  min,
  norm as normAlong,
  prod,
  ptp,
  type Rank,
  type RankOf,
  type ReducedRank,
  type ReduceOptions,
  type Reduction,
  type Same,
  std,
  sum,
  type Tensor,
  type TensorLike,
  type ToFloat,
  type ToSum,
  type Variable,
  variance,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { type DTypeName, dtypeOf } from './dtype.js'
import { argumentOf, type Keyword } from './keywords.js'

export type SumTable = { [D in DType]: ToSum[D] }
export type FloatTable = { [D in DType]: ToFloat[D] }

export interface Keywords {
  readonly axis?: AxisArgument | undefined
  readonly keepdims?: boolean
}

export interface TypedKeywords extends Keywords {
  /** What the elements are cast to before they are added up or multiplied. */
  readonly dtype?: DTypeName
  /** The same. */
  readonly acc_dtype?: DTypeName
}

/** Ours, and the axis among the keywords. */
export interface Keyworded<T extends Record<DType, DType>, O extends object = object> {
  <X extends TensorLike, const A extends AxisArgument | undefined = undefined>(
    x: X,
    options: O & { readonly axis?: A; readonly keepdims?: false },
  ): Tensor<T[DTypeOf<X>], ReducedRank<RankOf<X>, A>>
  <X extends TensorLike>(
    x: X,
    options: O & { readonly axis?: AxisArgument; readonly keepdims: true },
  ): Tensor<T[DTypeOf<X>], RankOf<X>>
  <X extends TensorLike>(x: X, options: O & Keywords): Tensor<T[DTypeOf<X>], Rank>
}

export type Reduce<T extends Record<DType, DType>, O extends object = object> = Keyworded<T, O> &
  Reduction<T, O>
export type TypedReduce<T extends Record<DType, DType>> = Reduce<T> &
  (<X extends TensorLike>(x: X, options: TypedKeywords) => Tensor<DType, Rank>) &
  (<X extends TensorLike>(
    x: X,
    axis: AxisArgument | undefined,
    options: TypedKeywords,
  ) => Tensor<DType, Rank>)

type Plain = (x: TensorLike, axis?: AxisArgument, options?: ReduceOptions) => Variable

interface Split {
  readonly axis: AxisArgument | undefined
  readonly rest: object
  readonly dtype: DTypeName | undefined
}

/** The axis, wherever it stands; the keywords that we have; the dtype. */
function split(name: string, at: unknown, options: object | undefined, own: readonly string[]): Split {
  const isKeywords = typeof at === 'object' && at !== null && !Array.isArray(at)
  const given = (isKeywords ? at : (options ?? {})) as TypedKeywords
  checkOptions(`T.${name}`, given, ['axis', 'keepdims', ...own])
  const { axis, dtype, acc_dtype, ...rest } = given
  return { axis: isKeywords ? axis : (at as AxisArgument | undefined), rest, dtype: dtype ?? acc_dtype }
}

function keyworded(name: string, reduce: unknown, own: readonly string[] = []): never {
  return ((x: TensorLike, at?: unknown, options?: object) => {
    const { axis, rest, dtype } = split(name, at, options, own)
    const v = dtype === undefined ? x : cast(x as Variable, dtypeOf(dtype, `T.${name}`))
    return (reduce as Plain)(v, axis, rest)
  }) as never
}

const typed = ['dtype', 'acc_dtype']

/** `T.max_and_argmax(x, axis)`: both. */
function max_and_argmax<X extends TensorLike, const A extends AxisArgument | undefined = undefined>(
  x: X,
  axis?: A,
): [Tensor<DTypeOf<X>, ReducedRank<RankOf<X>, A>>, Tensor<'int32', ReducedRank<RankOf<X>, A>>] {
  return [max(x, axis), argmax(x, axis)]
}

/** `x.norm(L, axis)`: (Σ|x|ᴸ)^(1/L). */
function norm<X extends TensorLike, const A extends AxisArgument | undefined = undefined>(
  x: X,
  L = 2,
  axis?: A,
): Tensor<ToFloat[DTypeOf<X>], ReducedRank<RankOf<X>, A>> {
  return normAlong(x, axis, { ord: L }) as never
}

export interface Cumulative {
  (x: Variable, axis?: null): Tensor<DType, 1>
  <X extends Variable>(x: X, axis: Keyword<'axis', number>): Tensor<ToSum[DTypeOf<X>], RankOf<X>>
}

/** Without an axis of x taken flat. */
const along = (name: string, f: (x: Variable, axis?: number) => Variable) =>
  ((x: Variable, at?: Keyword<'axis', number> | null) => {
    const axis = argumentOf(name, 'axis', at)
    return axis === undefined ? f(flatten(x), 0) : f(x, axis)
  }) as Cumulative

export const cumsum = along('T.cumsum', cumsumAlong as never)
export const cumprod = along('T.cumprod', cumprodAlong as never)

const allOf = keyworded('all', all) as Reduce<Always<'bool'>>
const anyOf = keyworded('any', any) as Reduce<Always<'bool'>>
const argmaxOf = keyworded('argmax', argmax) as Reduce<Always<'int32'>>
const argminOf = keyworded('argmin', argmin) as Reduce<Always<'int32'>>
const maxOf = keyworded('max', max) as Reduce<Same>
const meanOf = keyworded('mean', mean, typed) as TypedReduce<FloatTable>
const minOf = keyworded('min', min) as Reduce<Same>
const prodOf = keyworded('prod', prod, typed) as TypedReduce<SumTable>
const ptpOf = keyworded('ptp', ptp) as Reduce<Same>
const stdOf = keyworded('std', std, ['ddof']) as Reduce<FloatTable, { readonly ddof?: number }>
const sumOf = keyworded('sum', sum, typed) as TypedReduce<SumTable>
const varOf = keyworded('var', variance, ['ddof']) as Reduce<FloatTable, { readonly ddof?: number }>

export {
  allOf as all,
  anyOf as any,
  argmaxOf as argmax,
  argminOf as argmin,
  max_and_argmax,
  maxOf as max,
  meanOf as mean,
  minOf as min,
  norm,
  prodOf as prod,
  ptpOf as ptp,
  stdOf as std,
  sumOf as sum,
  varOf as var,
}
