/**
 * Choosing, naming and stopping: the maps that compute nothing.
 */

import { type DType, s } from '@arignote/loops'
import { checkedTensor } from '../given.js'
import type { Op } from '../op.js'
import type { MaxRank, MeetOf, RankOf, TensorLike } from '../static.js'
import { apply1, type Rank, type Tensor } from '../variable.js'
import { asTensor, broadcast, promoted } from './builders.js'
import { cast } from './cast.js'
import { commonShape, entry } from './entry.js'

const whereOp: Op<null> = {
  name: 'where',
  family: { kind: 'map', body: ([condition, x, y]) => s.select(condition!, x!, y!) },
  infer: (types, _, variables) => {
    const { shape, requires } = commonShape('where', types, variables)
    return { outputs: [{ dtype: types[1]!.dtype, shape }], requires }
  },
  // A selection, never a product with 0: whatever is on the other side stays out.
  grad: ({ inputs: [condition], cotangents: [g] }) => [
    null,
    where(condition!, g!, 0),
    where(condition!, 0, g!),
  ],
}

/** x where the condition holds (is not 0), else y. */
export const where = entry(
  whereOp,
  <C extends TensorLike, X extends TensorLike, Y extends TensorLike>(
    condition: C,
    x: X,
    y: Y,
  ): Tensor<MeetOf<X, Y>, MaxRank[RankOf<C>][MaxRank[RankOf<X>][RankOf<Y>]]> => {
    const [a, b] = promoted([x, y], 'where')
    const parts = broadcast('where', [cast(asTensor(condition, 'where'), 'bool'), a!, b!], [condition, x, y])
    return apply1(whereOp, parts, null) as never
  },
)

const namedOp: Op<{ readonly name: string }> = {
  name: 'named',
  family: { kind: 'map', body: ([x]) => x! },
  infer: ([x], { name }) => ({ outputs: [x!], name }),
  grad: ({ cotangents: [g] }) => [g!],
}

/** x under a name, for errors and printed graphs. */
export const named = entry(
  namedOp,
  <D extends DType, R extends Rank>(x: Tensor<D, R>, name: string): Tensor<D, R> =>
    apply1(namedOp, [checkedTensor('named', x)], { name }) as Tensor<D, R>,
)

const stopGradientOp: Op<null> = {
  name: 'stopGradient',
  family: { kind: 'map', body: ([x]) => x! },
  infer: ([x]) => ({ outputs: [x!] }),
  grad: () => [null],
}

/** x, through which no gradient flows. */
export const stopGradient = entry(
  stopGradientOp,
  <D extends DType, R extends Rank>(x: Tensor<D, R>): Tensor<D, R> =>
    apply1(stopGradientOp, [checkedTensor('stopGradient', x)], null) as Tensor<D, R>,
)

/** Theano's name of `stopGradient`. */
export const disconnectedGrad = stopGradient
