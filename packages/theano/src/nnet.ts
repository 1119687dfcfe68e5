/**
 * `T.nnet`: activations and losses under Theano's names, with its formulas. Nothing is clipped: that log(softmax(x)) and
 * its like do not overflow is seen to by the rewriting, as in Theano.
 */
import {
  add,
  arange,
  badArgument,
  type DTypeOf,
  expandDims,
  type LessOne,
  leakyRelu,
  log,
  logSoftmax as logSoftmaxAlong,
  mul,
  neg,
  type RankOf,
  relu as reluPlain,
  sigmoid,
  softmax as softmaxAlong,
  sub,
  sum,
  type Tensor,
  type TensorLike,
  type ToFloat,
  type Variable,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'

type Real<X> = Tensor<ToFloat[DTypeOf<X>], RankOf<X>>
/** As in Theano a vector counts as a row: the result is a matrix. */
type RowsOf<X> = Tensor<ToFloat[DTypeOf<X>], RankOf<X> extends 1 ? 2 : RankOf<X>>

const rows = (x: Variable): Variable => (x.ndim === 1 ? (expandDims(x, 0) as Variable) : x)

/** `T.nnet.softmax(x)`: of each row of a matrix; a vector is one row, and the result is a matrix. */
const softmax = <X extends Variable>(x: X): RowsOf<X> => softmaxAlong(rows(x)) as never

/** `T.nnet.logsoftmax(x)`: its logarithm. */
const logsoftmax = <X extends Variable>(x: X): RowsOf<X> => logSoftmaxAlong(rows(x)) as never

/** `T.nnet.relu(x, alpha)`: with a slope alpha below 0. */
const relu = <X extends TensorLike>(x: X, alpha = 0): Tensor<DTypeOf<X> | ToFloat[DTypeOf<X>], RankOf<X>> =>
  alpha === 0 ? (reluPlain(x) as never) : (leakyRelu(x, alpha) as never)

/**
 * `T.nnet.categorical_crossentropy(coding_dist, true_dist)`, one value per row: −Σ true·log(coding), or −log coding[i, true[i]]
 * for a vector of classes.
 */
function categorical_crossentropy<X extends Variable>(
  coding_dist: X,
  true_dist: Variable,
): Tensor<ToFloat[DTypeOf<X>], LessOne[RankOf<X>]> {
  const logs: Variable = log(coding_dist)
  if (true_dist.ndim === coding_dist.ndim) return neg(sum(mul(true_dist, logs), -1) as Variable) as never
  if (true_dist.ndim !== 1 || coding_dist.ndim !== 2 || isFloat(true_dist.dtype))
    throw badArgument(
      'T.nnet.categorical_crossentropy',
      'the true distribution does not go with the other',
      'it has the same axes, or is a vector of classes (integers) beside a matrix',
      [coding_dist, true_dist],
    )
  return neg(logs.slice(arange(true_dist.shape[0]!), true_dist) as Variable) as never
}

/** `T.nnet.binary_crossentropy(output, target)`: −t·log o − (1 − t)·log(1 − o), element by element. */
const binary_crossentropy = <X extends TensorLike>(output: X, target: TensorLike): Real<X> =>
  neg(add(mul(target, log(output)), mul(sub(1, target), log(sub(1, output))))) as never

/** `T.nnet.sigmoid_binary_crossentropy(output, target)`: the same of the sigmoid of the output. */
const sigmoid_binary_crossentropy = <X extends TensorLike>(output: X, target: TensorLike): Real<X> =>
  binary_crossentropy(sigmoid(output), target) as never

export {
  elu,
  hardSigmoid as hard_sigmoid,
  selu,
  sigmoid,
  // The sigmoid itself: an approximation would save nothing.
  sigmoid as ultra_fast_sigmoid,
  softplus,
  softsign,
} from '@arignote/graph'
export {
  binary_crossentropy,
  categorical_crossentropy,
  logsoftmax,
  relu,
  sigmoid_binary_crossentropy,
  softmax,
}
