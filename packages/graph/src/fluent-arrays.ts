/**
 * Methods, continued: what rearranges tensors, reads and writes them by index, and small functions of numbers.
 */
import type { DType } from '@arignote/loops'
import { installMethods } from './fluent.js'
import { takeAlongAxis } from './ops/advanced-index.js'
import { diag } from './ops/diagonal.js'
import * as numeric from './ops/numeric.js'
import { diff, moveaxis, specifyShape, swapaxes } from './ops/rearrange.js'
import type { AxisArgument, ReduceOptions } from './ops/reduce.js'
import type { Size } from './ops/size.js'
import { incSubtensor, type SubtensorOptions, setSubtensor } from './ops/subtensor.js'
import { transpose } from './ops/view.js'
import type { DiagRank, MaxRank, MeetOf, RankOf, ReducedRank, TensorLike, ToFloat } from './static.js'
import { type Rank, type Tensor, Variable } from './variable.js'

type RealAlone<D extends DType, R extends Rank> = () => Tensor<ToFloat[D], R>
/** See `setSubtensor`: the rank is known where `of` says of what. */
interface Write<D extends DType> {
  <E extends DType, R extends Rank>(y: TensorLike, options: { readonly of: Variable<E, R> }): Tensor<E, R>
  (y: TensorLike, options?: SubtensorOptions): Tensor<D, Rank>
}

declare module './variable.js' {
  interface Variable<out D extends DType = DType, out R extends Rank = Rank> {
    readonly reciprocal: RealAlone<D, R>
    readonly exp2: RealAlone<D, R>
    readonly deg2rad: RealAlone<D, R>
    readonly rad2deg: RealAlone<D, R>
    logAddExp<X extends Variable, Y extends TensorLike>(
      this: X,
      y: Y,
    ): Tensor<ToFloat[MeetOf<X, Y>], MaxRank[RankOf<X>][RankOf<Y>]>
    isClose<X extends Variable, Y extends TensorLike>(
      this: X,
      y: Y,
      options?: numeric.ToleranceOptions,
    ): Tensor<'bool', MaxRank[RankOf<X>][RankOf<Y>]>
    allClose(y: TensorLike, options?: numeric.ToleranceOptions): Tensor<'bool', 0>
    ptp<const A extends AxisArgument | undefined = undefined>(
      axis?: A,
      options?: { readonly keepdims?: false },
    ): Tensor<D, ReducedRank<R, A>>
    ptp(axis: AxisArgument | undefined, options: { readonly keepdims: true }): Tensor<D, R>
    ptp(axis?: AxisArgument, options?: ReduceOptions): Tensor<D, Rank>

    swapaxes(axis1: number, axis2: number): Tensor<D, R>
    moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor<D, R>
    specifyShape(shape: readonly (Size | null)[]): Tensor<D, R>
    diff(n?: number, axis?: number): Tensor<D, R>
    diag(offset?: number): Tensor<D, DiagRank[R]>
    takeAlongAxis(ids: TensorLike, axis?: number): Tensor<D, R>
    /** The axes in reverse order: NumPy's and Theano's `x.T`. */
    readonly T: Tensor<D, R>
    readonly setSubtensor: Write<D>
    readonly incSubtensor: Write<D>
  }
}

installMethods({ ...numeric })
installMethods({ diag, diff, incSubtensor, moveaxis, setSubtensor, specifyShape, swapaxes, takeAlongAxis })
Object.defineProperty(Variable.prototype, 'T', {
  get(this: Variable) {
    return transpose(this)
  },
  configurable: true,
})
