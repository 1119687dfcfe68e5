/**
 * Conversion between element types.
 */
import { type DType, isFloat, s } from '@arignote/loops'
import { checkDType } from '../given.js'
import type { Op } from '../op.js'
import type { RankOf, TensorLike } from '../static.js'
import { apply1, type Tensor, Variable } from '../variable.js'
import { constant } from './constant.js'
import { entry } from './entry.js'

export interface CastParams {
  readonly dtype: DType
}

const castOp: Op<CastParams> = {
  name: 'cast',
  family: { kind: 'map', body: ([x], { dtype }) => s.cast(x!, dtype) },
  infer: ([x], { dtype }) => ({ outputs: [{ dtype, shape: x!.shape }] }),
  grad: ({ inputs: [x], cotangents: [g] }) => [isFloat(x!.dtype) ? cast(g!, x!.dtype) : null],
}

/** The same numbers as another dtype; float → integer truncates and saturates, NaN gives 0, bool is "not 0". */
export const cast = entry(
  castOp,
  <X extends TensorLike, D extends DType>(x: X, dtype: D): Tensor<D, RankOf<X>> => {
    checkDType('cast', dtype)
    const v: Variable = x instanceof Variable ? x : constant(x)
    return (v.dtype === dtype ? v : apply1(castOp, [v], { dtype })) as Tensor<D, RankOf<X>>
  },
)
