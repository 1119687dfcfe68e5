/** `T.extra_ops`. */
import { oneHot, type PlusOne, type RankOf, type Size, type Tensor, type TensorLike } from '@arignote/graph'
import { type DTypeArgument, type DTypeName, dtypeOf, type Named } from './dtype.js'

/** `T.extra_ops.to_one_hot(y, nb_class, dtype)`. */
export function to_one_hot<I extends TensorLike, N extends DTypeName = 'floatX'>(
  y: I,
  nb_class: Size,
  dtype?: DTypeArgument<N>,
): Tensor<Named<NoInfer<N>>, PlusOne[RankOf<I>]> {
  return oneHot(y, nb_class, dtypeOf(dtype, 'T.extra_ops.to_one_hot')) as never
}

export { diff, squeeze } from '@arignote/graph'
export { repeat } from './joining.js'
export { cumprod, cumsum } from './reductions.js'
