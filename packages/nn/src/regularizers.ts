/**
 * Regularisers: a weight, or a layer's output → a scalar that joins the loss.
 */
import { abs, badArgument, describeGiven, square, type Variable } from '@arignote/graph'
import { isSerialized, type Serialized } from './json.js'

export interface Regularizer extends Serialized {
  readonly penalty: (w: Variable) => Variable
}

/** `regularizers.l2(0.01)`, or what Keras's JSON has. */
export type RegularizerLike = Regularizer | Serialized

/** l1 · Σ|w| + l2 · Σw². */
function l1l2(options: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  const { l1 = 0, l2 = 0 } = options
  return {
    class_name: 'L1L2',
    config: { l1, l2 },
    penalty: w => {
      const terms = [l1 === 0 ? null : abs(w).sum().mul(l1), l2 === 0 ? null : square(w).sum().mul(l2)]
      const [first, second] = terms.filter(term => term !== null)
      return first === undefined ? w.sum().mul(0) : second === undefined ? first : first.add(second)
    },
  }
}

export const regularizers = {
  l1l2: l1l2,
  l1: (l1 = 0.01) => l1l2({ l1 }),
  l2: (l2 = 0.01) => l1l2({ l2 }),
}

/** The regulariser that is meant. @throws ArgumentError for what is none */
export function regularizer(operation: string, like: RegularizerLike): Regularizer {
  if (typeof like === 'object' && like !== null && 'penalty' in like) return like
  if (isSerialized(like) && ['L1L2', 'L1', 'L2'].includes(like.class_name))
    return l1l2(like.config as { l1?: number; l2?: number })
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no regulariser`,
    'one of regularizers: regularizers.l2(0.01)',
  )
}
