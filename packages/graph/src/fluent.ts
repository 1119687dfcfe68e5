/**
 * Methods: every operation whose first argument is a tensor, as `x.add(y).sum()`.
 *
 * The interface below is for the type-checker and the editor; the functions are put onto `Variable` at the end. To give
 * an operation a method, add a line to both.
 */
import type { DType } from '@arignote/loops'
import * as activation from './ops/activation.js'
import * as arithmetic from './ops/arithmetic.js'
import { cast } from './ops/cast.js'
import * as comparison from './ops/comparison.js'
import * as compose from './ops/compose.js'
import { gradClip, gradScale } from './ops/cotangent.js'
import { type CustomGradient, customGrad } from './ops/custom-gradient.js'
import { scatterAdd, take } from './ops/gather.js'
import { at, type IndexSpec, type SliceRank } from './ops/indexing.js'
import * as product from './ops/product.js'
import * as reduce from './ops/reduce.js'
import { disconnectedGrad, named, stopGradient, where } from './ops/select.js'
import * as shape from './ops/shape.js'
import { dim, type Size } from './ops/size.js'
import { onesLike, type RankOfShape, zerosLike } from './ops/source.js'
import * as transcendental from './ops/transcendental.js'
import { expandDims, type PadOptions, pad, reshape, slice, squeeze, transpose } from './ops/view.js'
import type {
  BatchedDotRank,
  CountOfAxes,
  DotRank,
  DTypeOf,
  LessOne,
  MatmulRank,
  MaxRank,
  Meet,
  MeetOf,
  PlusOne,
  RankLess,
  RankOf,
  RankSum,
  ReducedRank,
  TakeRank,
  TensorLike,
  ToFloat,
  ToSum,
} from './static.js'
import { type Rank, type Tensor, Variable } from './variable.js'

type Axis = reduce.AxisArgument

/**
 * Methods with another operand take their receiver as `this: X`: its dtype and rank then never meet the other's in a
 * signature of `Variable<D, R>` itself, which so stays covariant.
 */
type WithOther = <X extends Variable, Y extends TensorLike>(
  this: X,
  y: Y,
) => Tensor<MeetOf<X, Y>, MaxRank[RankOf<X>][RankOf<Y>]>
type RealWithOther = <X extends Variable, Y extends TensorLike>(
  this: X,
  y: Y,
) => Tensor<ToFloat[MeetOf<X, Y>], MaxRank[RankOf<X>][RankOf<Y>]>
type Compare = <X extends Variable, Y extends TensorLike>(
  this: X,
  y: Y,
) => Tensor<'bool', MaxRank[RankOf<X>][RankOf<Y>]>
type Alone<D extends DType, R extends Rank> = () => Tensor<D, R>
/** `D` is the dtype of the result. */
interface Reduce<D extends DType, R extends Rank, O extends object = object> {
  <const A extends Axis | undefined = undefined>(
    axis?: A,
    options?: O & { readonly keepdims?: false },
  ): Tensor<D, ReducedRank<R, A>>
  (axis: Axis | undefined, options: O & { readonly keepdims: true }): Tensor<D, R>
  (axis?: Axis, options?: O & reduce.ReduceOptions): Tensor<D, Rank>
}
type Product<X, Y, R extends Rank> = Tensor<ToSum[MeetOf<X, Y>], R>

declare module './variable.js' {
  interface Variable<out D extends DType = DType, out R extends Rank = Rank> {
    readonly add: WithOther
    readonly sub: WithOther
    readonly mul: WithOther
    readonly div: RealWithOther
    readonly floorDiv: WithOther
    readonly mod: WithOther
    readonly pow: WithOther
    readonly atan2: RealWithOther
    readonly maximum: WithOther
    readonly minimum: WithOther
    readonly and: WithOther
    readonly or: WithOther
    readonly xor: WithOther
    readonly eq: Compare
    readonly neq: Compare
    readonly lt: Compare
    readonly le: Compare
    readonly gt: Compare
    readonly ge: Compare

    readonly neg: Alone<D, R>
    readonly abs: Alone<D, R>
    readonly sign: Alone<D, R>
    readonly square: Alone<D, R>
    readonly floor: Alone<D, R>
    readonly ceil: Alone<D, R>
    readonly round: Alone<D, R>
    readonly trunc: Alone<D, R>
    readonly not: Alone<D, R>
    readonly relu: Alone<D, R>
    readonly zerosLike: Alone<D, R>
    readonly onesLike: Alone<D, R>
    readonly stopGradient: Alone<D, R>
    readonly disconnectedGrad: Alone<D, R>
    readonly isNaN: Alone<'bool', R>
    readonly isInf: Alone<'bool', R>
    readonly exp: Alone<ToFloat[D], R>
    readonly expm1: Alone<ToFloat[D], R>
    readonly log: Alone<ToFloat[D], R>
    readonly log1p: Alone<ToFloat[D], R>
    readonly log2: Alone<ToFloat[D], R>
    readonly log10: Alone<ToFloat[D], R>
    readonly sqrt: Alone<ToFloat[D], R>
    readonly rsqrt: Alone<ToFloat[D], R>
    readonly sin: Alone<ToFloat[D], R>
    readonly cos: Alone<ToFloat[D], R>
    readonly tan: Alone<ToFloat[D], R>
    readonly asin: Alone<ToFloat[D], R>
    readonly acos: Alone<ToFloat[D], R>
    readonly atan: Alone<ToFloat[D], R>
    readonly sinh: Alone<ToFloat[D], R>
    readonly cosh: Alone<ToFloat[D], R>
    readonly tanh: Alone<ToFloat[D], R>
    readonly asinh: Alone<ToFloat[D], R>
    readonly acosh: Alone<ToFloat[D], R>
    readonly atanh: Alone<ToFloat[D], R>
    readonly erf: Alone<ToFloat[D], R>
    readonly erfc: Alone<ToFloat[D], R>
    readonly sigmoid: Alone<ToFloat[D], R>
    readonly hardSigmoid: Alone<ToFloat[D], R>
    readonly softplus: Alone<ToFloat[D], R>
    readonly softsign: Alone<ToFloat[D], R>
    readonly selu: Alone<ToFloat[D], R>
    readonly gelu: Alone<ToFloat[D], R>
    readonly silu: Alone<ToFloat[D], R>
    leakyRelu(alpha?: number): Tensor<ToFloat[D], R>
    elu(alpha?: number): Tensor<ToFloat[D], R>

    clip<X extends Variable, L extends TensorLike, H extends TensorLike>(
      this: X,
      low: L,
      high: H,
    ): Tensor<Meet<MeetOf<X, L>, H>, MaxRank[MaxRank[RankOf<X>][RankOf<L>]][RankOf<H>]>
    cast<E extends DType>(dtype: E): Tensor<E, R>
    named(name: string): Tensor<D, R>
    gradClip(low: TensorLike, high: TensorLike): Tensor<D, R>
    gradScale(factor: TensorLike): Tensor<D, R>
    customGrad(inputs: readonly Variable[], gradient: CustomGradient): Tensor<D, R>
    where<C extends Variable, X extends TensorLike, Y extends TensorLike>(
      this: C,
      x: X,
      y: Y,
    ): Tensor<MeetOf<X, Y>, MaxRank[RankOf<C>][MaxRank[RankOf<X>][RankOf<Y>]]>

    readonly sum: Reduce<ToSum[D], R>
    readonly prod: Reduce<ToSum[D], R>
    readonly max: Reduce<D, R>
    readonly min: Reduce<D, R>
    readonly any: Reduce<'bool', R>
    readonly all: Reduce<'bool', R>
    readonly argmax: Reduce<'int32', R>
    readonly argmin: Reduce<'int32', R>
    readonly mean: Reduce<ToFloat[D], R>
    readonly variance: Reduce<ToFloat[D], R, compose.SpreadOptions>
    readonly std: Reduce<ToFloat[D], R, compose.SpreadOptions>
    readonly logSumExp: Reduce<ToFloat[D], R>
    readonly norm: Reduce<ToFloat[D], R, compose.NormOptions>

    reshape<const S extends readonly Size[]>(shape: S): Tensor<D, RankOfShape<S>>
    flatten<N extends Rank = 1>(ndim?: N): Tensor<D, NoInfer<N>>
    transpose(axes?: readonly number[] | null): Tensor<D, R>
    dimshuffle<const P extends readonly (number | 'x')[]>(...pattern: P): Tensor<D, P['length']>
    expandDims<const A extends number | readonly number[]>(axes: A): Tensor<D, RankSum[R][CountOfAxes<A>]>
    squeeze<const A extends Axis | undefined = undefined>(axes?: A): Tensor<D, RankLess[R][CountOfAxes<A>]>
    broadcastTo<const S extends readonly Size[]>(shape: S): Tensor<D, RankOfShape<S>>
    split(sections: number | readonly Size[], axis?: number): Tensor<D, R>[]
    tile<const N extends Size | readonly Size[]>(reps: N): Tensor<D, shape.TiledRank<R, N>>
    repeat(times: Size, axis: number): Tensor<D, R>
    repeat(times: Size, axis?: null): Tensor<D, 1>
    pad(widths: Parameters<typeof pad>[1], options?: PadOptions): Tensor<D, R>
    flip(axis?: number | readonly number[] | null): Tensor<D, R>
    roll(shift: Size, axis?: number | null): Tensor<D, R>
    dim(axis: number): Tensor<'int32', 0>

    at(i: Size): Tensor<D, LessOne[R]>
    slice<const P extends readonly IndexSpec[]>(...specs: P): Tensor<D, SliceRank<R, P>>
    take<X extends Variable, I extends TensorLike>(
      this: X,
      ids: I,
      axis?: number,
    ): Tensor<DTypeOf<X>, TakeRank[RankOf<X>][RankOf<I>]>
    scatterAdd<I extends Variable, U extends TensorLike>(
      this: I,
      updates: U,
      axis: number,
      size: Size,
    ): Tensor<DTypeOf<U>, PlusOne[RankLess[RankOf<U>][RankOf<I>]]>
    oneHot<E extends DType = 'float32'>(classes: Size, dtype?: E): Tensor<NoInfer<E>, PlusOne[R]>
    triu(offset?: number): Tensor<D, R>
    tril(offset?: number): Tensor<D, R>

    dot<X extends Variable, Y extends TensorLike>(this: X, y: Y): Product<X, Y, DotRank[RankOf<X>][RankOf<Y>]>
    matmul<X extends Variable, Y extends TensorLike>(
      this: X,
      y: Y,
    ): Product<X, Y, MatmulRank[RankOf<X>][RankOf<Y>]>
    batchedDot<X extends Variable, Y extends TensorLike>(
      this: X,
      y: Y,
    ): Product<X, Y, BatchedDotRank[RankOf<X>][RankOf<Y>]>
    tensordot<X extends Variable, Y extends TensorLike, const A extends product.TensordotAxes = 2>(
      this: X,
      y: Y,
      axes?: A,
    ): Product<X, Y, product.TensordotRank<RankOf<X>, RankOf<Y>, A>>
    outer<X extends Variable, Y extends TensorLike>(this: X, y: Y): Product<X, Y, 2>

    softmax(axis?: number): Tensor<ToFloat[D], R>
    logSoftmax(axis?: number): Tensor<ToFloat[D], R>
    crossentropyCategorical(
      targets: TensorLike,
      options?: compose.CrossentropyOptions,
    ): Tensor<ToFloat[D], LessOne[R]>
    crossentropyCategoricalSparse(
      targets: TensorLike,
      options?: compose.CrossentropyOptions,
    ): Tensor<ToFloat[D], LessOne[R]>
    crossentropyBinary(targets: TensorLike, options?: compose.CrossentropyOptions): Tensor<ToFloat[D], R>
  }
}

/** Makes operations methods of every variable: `x.name(...rest)` is `operation(x, ...rest)`. */
export function installMethods(operations: Readonly<Record<string, unknown>>): void {
  for (const [name, operation] of Object.entries(operations)) {
    if (typeof operation !== 'function') continue
    Object.defineProperty(Variable.prototype, name, {
      value(this: Variable, ...rest: readonly unknown[]) {
        return operation(this, ...rest)
      },
      configurable: true,
      writable: true,
    })
  }
}

const { broadcastTo, dimshuffle, flatten, flip, repeat, roll, split, tile } = shape
const { einsum: _, ...products } = product

for (const operations of [
  { ...activation, ...arithmetic, ...comparison, ...transcendental, ...reduce, ...compose, ...products },
  {
    cast,
    customGrad,
    disconnectedGrad,
    gradClip,
    gradScale,
    named,
    stopGradient,
    where,
    onesLike,
    zerosLike,
  },
  {
    broadcastTo,
    dimshuffle,
    expandDims,
    flatten,
    flip,
    pad,
    repeat,
    reshape,
    roll,
    split,
    squeeze,
    tile,
    transpose,
  },
  { at, dim, scatterAdd, slice, take },
]) {
  installMethods(operations)
}
