/**
 * Identities that act on the way back only: on what flows through them when a gradient is taken.
 */
import { isFloat } from '@arignote/loops'
import { badArgument, wrongRank } from '../errors.js'
import { checkTensor } from '../given.js'
import type { Op } from '../op.js'
import type { TensorLike } from '../static.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { clip } from './activation.js'
import { mul } from './arithmetic.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'

import { entry } from './entry.js'
import { expand, expandDims } from './view.js'

/** x, whatever else it is given. The other inputs are for its derivative. */
const identity = (name: string, back: (g: Variable, others: readonly Variable[]) => Variable): Op<null> => ({
  name,
  family: { kind: 'map', body: ([x]) => x! },
  infer: ([x]) => ({ outputs: [x!] }),
  grad: ({ inputs: [, ...others], cotangents: [g] }) => [back(g!, others), ...others.map(() => null)],
})

const gradClipOp = identity('gradClip', (g, [low, high]) => clip(g, low!, high!) as Variable)
const gradScaleOp = identity('gradScale', (g, [factor]) => mul(g, factor!) as Variable)

/** x, with every element of its cotangent clipped to [low, high]. In the compiled function it is not there. */
export const gradClip = entry(
  gradClipOp,
  <X extends Variable>(x: X, low: TensorLike, high: TensorLike): Same<X> => {
    if (typeof low === 'number' && typeof high === 'number' && !(low <= high))
      throw badArgument('gradClip', `from ${low} to ${high}`, 'the first must not be greater', [x])
    return through(gradClipOp, x, [low, high]) as Same<X>
  },
)

/** x, with its cotangent multiplied by a number; −1 makes descent of one part ascent of what is below it. */
export const gradScale = entry(
  gradScaleOp,
  <X extends Variable>(x: X, factor: TensorLike): Same<X> => through(gradScaleOp, x, [factor]) as Same<X>,
)

type Same<X> = X extends Variable<infer D, infer R extends Rank> ? Tensor<D, R> : never

function through(op: Op<null>, x: Variable, scalars: readonly TensorLike[]): Variable {
  checkTensor(op.name, x)
  const others = scalars.map(value => asTensor(value, op.name))
  const large = others.find(v => v.ndim !== 0)
  if (large !== undefined) throw wrongRank(op.name, [x, large], '{1} must be a number or a scalar')
  if (!isFloat(x.dtype)) return x
  const axes = x.shape.map((_, axis) => axis)
  const filled = others.map(v => expand(expandDims(cast(v, x.dtype), axes), x.shape))
  return apply1(op, [x, ...filled], null)
}

/** Whether this is such an identity. */
export const actsBackwardOnly = ({ owner }: Variable): boolean =>
  owner !== null && (owner.op === gradClipOp || owner.op === gradScaleOp)
