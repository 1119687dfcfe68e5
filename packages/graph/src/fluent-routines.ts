/**
 * Methods, continued: sorting, running sums and linear algebra.
 */
import type { DType } from '@arignote/loops'
import { installMethods } from './fluent.js'
import { cumprod, cumsum } from './ops/cumulative.js'
import type { Size } from './ops/size.js'
import { argsort, type SortOptions, sort, topK } from './ops/sorting.js'
import type { ToSum } from './static.js'
import type { Rank, Tensor } from './variable.js'

declare module './variable.js' {
  interface Variable<out D extends DType = DType, out R extends Rank = Rank> {
    cumsum(axis?: number): Tensor<ToSum[D], R>
    cumprod(axis?: number): Tensor<ToSum[D], R>
    sort(axis?: number, options?: SortOptions): Tensor<D, R>
    argsort(axis?: number, options?: SortOptions): Tensor<'int32', R>
    topK(k: Size, axis?: number): { readonly values: Tensor<D, R>; readonly indices: Tensor<'int32', R> }
  }
}

installMethods({ argsort, cumprod, cumsum, sort, topK })
