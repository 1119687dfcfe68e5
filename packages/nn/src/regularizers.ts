/**
 * Regularisers: a weight, or a layer's output → a scalar that joins the loss. It is added as it is, whatever the size of the
 * batch; of a layer's output the sum goes over the batch too.
 */
import {
  abs,
  add,
  badArgument,
  checkOptions,
  describeGiven,
  mul,
  square,
  sum,
  type Variable,
  zeros,
} from '@arignote/graph'
import { isRecord, isSerialized, type JsonRecord, type Serialized } from './json.js'
import { entryNamed } from './names.js'

export interface Regularizer extends Serialized {
  readonly penalty: (w: Variable) => Variable
}

/** A name (`'l2'`), one of `regularizers`, or what Keras's JSON has. */
export type RegularizerLike = string | Regularizer | Serialized

export interface Penalties {
  readonly l1?: number
  readonly l2?: number
}

function weighted({ l1 = 0, l2 = 0 }: Penalties): Regularizer {
  const terms = (w: Variable): Variable[] => [
    ...(l1 === 0 ? [] : [mul(sum(abs(w)), l1) as Variable]),
    ...(l2 === 0 ? [] : [mul(sum(square(w)), l2) as Variable]),
  ]
  return {
    class_name: 'L1L2',
    config: { l1, l2 },
    penalty: w => terms(w).reduce((a, b) => add(a, b), zeros([], w.dtype) as Variable),
  }
}

export const regularizers = {
  /** l1 · Σ|w| + l2 · Σw². */
  l1l2: (options: Penalties = {}): Regularizer => {
    const { l1 = 0.01, l2 = 0.01 } = checkOptions('l1l2', options, ['l1', 'l2'])
    return weighted({ l1, l2 })
  },
  /** l1 · Σ|w|. */
  l1: (given: number | { readonly l1?: number } = {}): Regularizer => weighted({ l1: factor('l1', given) }),
  /** l2 · Σw². */
  l2: (given: number | { readonly l2?: number } = {}): Regularizer => weighted({ l2: factor('l2', given) }),
}

/** A number, or TensorFlow.js's record of it. */
function factor(name: 'l1' | 'l2', given: number | Penalties): number {
  const value = typeof given === 'number' ? given : (checkOptions(name, given, [name])[name] ?? 0.01)
  if (typeof value !== 'number')
    throw badArgument(name, `${describeGiven(value).what} will not do`, `a number: ${name}(0.01)`)
  return value
}

/** Names of Keras's classes, 1.x among them: they have their factors in the configuration, 0 where it is silent. */
const classes = {
  l1l2: null,
  l1: null,
  l2: null,
  weightRegularizer: null,
  l1L2Regularizer: null,
  activityRegularizer: null,
}

/** The regulariser that is meant. @throws ArgumentError for what is none */
export function regularizer(operation: string, like: RegularizerLike): Regularizer {
  if (typeof like === 'object' && like !== null && 'penalty' in like) return like
  if (typeof like === 'string')
    return entryNamed<() => Regularizer>(operation, 'regulariser', like, regularizers).entry()
  if (isSerialized(like)) return stored(operation, like.class_name, like.config)
  // Keras 1.x: { name: 'WeightRegularizer', l1: 0, l2: 0.01 }.
  if (isRecord(like) && typeof like['name'] === 'string') return stored(operation, like['name'], like)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no regulariser`,
    'one of regularizers: regularizers.l2(0.01)',
  )
}

function stored(operation: string, name: string, config: JsonRecord): Regularizer {
  entryNamed(operation, 'regulariser', name, classes)
  return weighted(config as Penalties)
}
