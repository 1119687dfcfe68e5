/** Products under Theano's names. */
import { type TensordotAxes, type TensorLike, tensordot as tensordotOf } from '@arignote/graph'
import { argumentOf, type Keyword } from './keywords.js'

/** `T.tensordot(a, b, axes)`. */
export const tensordot = <X extends TensorLike, Y extends TensorLike, const A extends TensordotAxes = 2>(
  a: X,
  b: Y,
  axes?: Keyword<'axes', A>,
): ReturnType<typeof tensordotOf<X, Y, A>> =>
  tensordotOf(a, b, argumentOf<'axes', A>('T.tensordot', 'axes', axes) as A)

export { batchedDot as batched_dot, dot, matmul, outer } from '@arignote/graph'
