/**
 * Methods, continued: sorting, running sums and linear algebra.
 */
import type { DType } from '@arignote/loops'
import { installMethods } from './fluent.js'
import { cumprod, cumsum } from './ops/cumulative.js'
import { det } from './ops/determinant.js'
import { inv, solve } from './ops/linear-algebra.js'
import type { Solution } from './ops/matrices.js'
import type { Size } from './ops/size.js'
import { argsort, type SortOptions, sort, topK } from './ops/sorting.js'
import { cholesky, solveTriangular, type TriangularOptions } from './ops/triangular.js'
import type { RankLess, TensorLike, ToFloat, ToSum } from './static.js'
import type { Variable as Any, Rank, Tensor } from './variable.js'

declare module './variable.js' {
  interface Variable<out D extends DType = DType, out R extends Rank = Rank> {
    cumsum(axis?: number): Tensor<ToSum[D], R>
    cumprod(axis?: number): Tensor<ToSum[D], R>
    sort(axis?: number, options?: SortOptions): Tensor<D, R>
    argsort(axis?: number, options?: SortOptions): Tensor<'int32', R>
    topK(k: Size, axis?: number): { readonly values: Tensor<D, R>; readonly indices: Tensor<'int32', R> }

    det(): Tensor<ToFloat[D], RankLess[R][2]>
    inv(): Tensor<ToFloat[D], R>
    cholesky(): Tensor<ToFloat[D], R>
    solve<A extends Any, B extends TensorLike>(this: A, b: B): Solution<A, B>
    solveTriangular<A extends Any, B extends TensorLike>(
      this: A,
      b: B,
      options?: TriangularOptions,
    ): Solution<A, B>
  }
}

installMethods({ argsort, cumprod, cumsum, sort, topK })
installMethods({ cholesky, det, inv, solve, solveTriangular })
