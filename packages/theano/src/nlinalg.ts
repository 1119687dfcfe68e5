/** `T.nlinalg`. */
import { diag, dot, type Rank, sum, type Tensor, type TensorLike, type Variable } from '@arignote/graph'
import type { DType } from '@arignote/loops'

/** `T.nlinalg.matrix_dot(a, b, c, …)`. */
export const matrix_dot = (first: TensorLike, ...others: readonly TensorLike[]): Tensor<DType, Rank> =>
  others.reduce((a, b) => dot(a, b) as Tensor, first) as Tensor

/** `T.nlinalg.trace(x)`: the sum of the diagonal. */
export const trace = <D extends DType>(x: Tensor<D, 2>): Tensor<D, 0> => sum(diag(x as Variable), -1) as never

export { det, diag, diag as extract_diag, inv as matrix_inverse } from '@arignote/graph'
