/**
 * A derivative of one's own (Theano: `OpFromGraph` with `lop_overrides`).
 */

import { checkedTensor, checkList } from '../given.js'
import { givenDoesNotFit, wrongNumberGiven } from '../grad-errors.js'
import type { Op } from '../op.js'
import { mayBeOne } from '../same-type.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { entry } from './entry.js'

/**
 * The cotangent of each input, given that of the value, the inputs and the value; null: none flows there. It is asked with
 * the variables of the graph that is differentiated, so it must not use others that depend on the inputs.
 */
export type CustomGradient = (
  cotangent: Variable,
  inputs: readonly Variable[],
  value: Variable,
) => readonly (Variable | null)[]

interface CustomGradientParams {
  readonly gradient: CustomGradient
}

const numbers = new WeakMap<CustomGradient, number>()
let count = 0

/** Functions have no text that tells them apart, so they are numbered. */
function numberOf(gradient: CustomGradient): number {
  const number = numbers.get(gradient) ?? count++
  numbers.set(gradient, number)
  return number
}

const customGradOp: Op<CustomGradientParams> = {
  name: 'customGrad',
  family: {
    kind: 'view',
    read: index => [{ input: 0, index }],
  },
  infer: ([value]) => ({ outputs: [value!] }),
  key: ({ gradient }) => String(numberOf(gradient)),
  grad: ({ inputs: [value, ...inputs], params: { gradient }, cotangents: [g] }) => {
    const flowing = gradient(g!, inputs, value!)
    checkList('customGrad', 'what the gradient returns', flowing)
    if (flowing.length !== inputs.length)
      throw wrongNumberGiven('customGrad', ['gradient', 'input'], flowing.length, inputs.length)
    flowing.forEach((own, i) => {
      const input = inputs[i]!
      if (own === null) return
      const given = checkedTensor('customGrad', own)
      if (!mayBeOne(given.type, input.type))
        throw givenDoesNotFit('customGrad', ['gradient', 'input'], input, given)
    })
    return [null, ...flowing]
  },
}

/**
 * The value as it is, with another derivative: on the way back `gradient` tells what flows to each of `inputs`, and what
 * the value was made of is not asked. In the compiled function it is not there.
 *
 * @example const sign1 = customGrad(sign(x), [x], g => [g]) // a straight-through estimator
 * @throws ArgumentError, DTypeError, ShapeError (when a gradient is taken) if not one gradient for each input, of its type
 */
export const customGrad = entry(
  customGradOp,
  <D extends Tensor['dtype'], R extends Rank>(
    value: Tensor<D, R>,
    inputs: readonly Variable[],
    gradient: CustomGradient,
  ): Tensor<D, R> => {
    checkList('customGrad', 'the inputs', inputs)
    const all = [value, ...inputs].map(v => checkedTensor('customGrad', v))
    return apply1(customGradOp, all, { gradient }) as Tensor<D, R>
  },
)
