/**
 * Activations: named functions of one tensor, elementwise but for softmax (over the last axis).
 */
import {
  badArgument,
  describeGiven,
  elu,
  exp,
  hardSigmoid,
  relu,
  selu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  tanh,
  type Variable,
} from '@arignote/graph'
import { entryNamed, snakeCase } from './names.js'

export interface Activation {
  /** As Keras's JSON has it: `hard_sigmoid`; null for a function of the user's own, which cannot be stored. */
  readonly name: string | null
  readonly apply: (x: Variable) => Variable
}

/** A name (`'hardSigmoid'`, `'hard_sigmoid'`), or any function of a tensor. */
export type ActivationLike = string | ((x: Variable) => Variable) | Activation

export const activations = {
  linear: (x: Variable) => x,
  relu: (x: Variable) => relu(x),
  elu: (x: Variable) => elu(x),
  selu: (x: Variable) => selu(x),
  softplus: (x: Variable) => softplus(x),
  softsign: (x: Variable) => softsign(x),
  tanh: (x: Variable) => tanh(x),
  sigmoid: (x: Variable) => sigmoid(x),
  hardSigmoid: (x: Variable) => hardSigmoid(x),
  exponential: (x: Variable) => exp(x),
  softmax: (x: Variable) => softmax(x),
} satisfies Record<string, (x: Variable) => Variable>

/** The activation that is meant. @throws ArgumentError for a name there is not */
export function activation(operation: string, like: ActivationLike | null): Activation {
  if (like === null) return { name: 'linear', apply: activations.linear }
  if (typeof like === 'function') return { name: null, apply: like }
  if (typeof like === 'string') {
    const { name, entry } = entryNamed(operation, 'activation', like, activations)
    return { name: snakeCase(name), apply: entry }
  }
  if (typeof like === 'object' && 'apply' in like) return like
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no activation`,
    "a name such as 'tanh', or a function of a tensor",
  )
}
