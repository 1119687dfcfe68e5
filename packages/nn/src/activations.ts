/**
 * Activations: functions of one tensor, elementwise but for softmax. Those with parameters take them as options.
 */
import {
  badArgument,
  checkOptions,
  describeGiven,
  elu,
  exp,
  ge,
  gt,
  hardSigmoid,
  minimum,
  mul,
  relu,
  selu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  sub,
  tanh,
  type Variable,
  where,
} from '@arignote/graph'
import { entryNamed, snakeCase } from './names.js'

export interface Activation {
  /** As Keras's JSON has it: `hard_sigmoid`; null for a function of the user's own, which cannot be stored. */
  readonly name: string | null
  readonly apply: (x: Variable) => Variable
}

/** A name (`'hardSigmoid'`, `'hard_sigmoid'`), or any function of a tensor. */
export type ActivationLike = string | ((x: Variable) => Variable) | Activation

export interface ReluOptions {
  /** The slope below the threshold; default 0. */
  readonly alpha?: number
  /** Nothing is greater; default null, no limit. */
  readonly maxValue?: number | null
  /** Below it x is alpha · (x − threshold); default 0. */
  readonly threshold?: number
}

function generalRelu(x: Variable, options: ReluOptions): Variable {
  checkOptions('relu', options, ['alpha', 'maxValue', 'threshold'])
  const { alpha = 0, maxValue = null, threshold = 0 } = options
  const below: Variable | number = alpha === 0 ? 0 : mul(sub(x, threshold), alpha)
  // At 0 the slope is the one below, as that of max(x, 0) is.
  const above = threshold === 0 ? gt(x, 0) : ge(x, threshold)
  return where(above, maxValue === null ? x : minimum(x, maxValue), below)
}

export const activations = {
  /** x. */
  linear: (x: Variable) => x,
  /** max(x, 0), with derivative 0 at 0; or with options, x from `threshold` to `maxValue`, with a slope below. */
  relu: (x: Variable, options?: ReluOptions): Variable =>
    options === undefined ? relu(x) : generalRelu(x, options),
  /** x, and alpha · (eˣ − 1) below 0 (Clevert, Unterthiner and Hochreiter 2016). */
  elu: (x: Variable, options: { readonly alpha?: number } = {}): Variable => {
    const { alpha = 1 } = checkOptions('elu', options, ['alpha'])
    return elu(x, alpha)
  },
  /** 1.0507 · elu(x, 1.67326): keeps mean 0 and variance 1 (Klambauer et al. 2017). */
  selu: (x: Variable): Variable => selu(x),
  /** log(1 + eˣ). */
  softplus: (x: Variable): Variable => softplus(x),
  /** x / (1 + |x|). */
  softsign: (x: Variable): Variable => softsign(x),
  tanh: (x: Variable): Variable => tanh(x),
  /** 1 / (1 + e⁻ˣ). */
  sigmoid: (x: Variable): Variable => sigmoid(x),
  /** 0.2x + 0.5, between 0 and 1. */
  hardSigmoid: (x: Variable): Variable => hardSigmoid(x),
  /** eˣ. */
  exponential: (x: Variable): Variable => exp(x),
  /** eˣ / Σ eˣ along an axis, the last by default. */
  softmax: (x: Variable, options: { readonly axis?: number } = {}): Variable => {
    const { axis = -1 } = checkOptions('softmax', options, ['axis'])
    return softmax(x, axis)
  },
}

const table: Readonly<Record<string, (x: Variable) => Variable>> = activations

/** The activation that is meant; null is none. @throws ArgumentError for a name there is not */
export function activation(operation: string, like: ActivationLike | null): Activation {
  if (like === null) return { name: 'linear', apply: activations.linear }
  if (typeof like === 'function') {
    const name = Object.keys(table).find(key => table[key] === like)
    return { name: name === undefined ? null : snakeCase(name), apply: x => like(x) }
  }
  if (typeof like === 'string') {
    const { name, entry } = entryNamed(operation, 'activation', like, table)
    return { name: snakeCase(name), apply: x => entry(x) }
  }
  if (typeof like === 'object' && 'apply' in like) return like
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no activation`,
    "a name such as 'tanh', or a function of a tensor",
  )
}
