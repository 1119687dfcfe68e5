/** Which loss is meant: names in any spelling, what Keras's JSON has, functions. */
import { badArgument, describeGiven, type Variable } from '@arignote/graph'
import { isSerialized, type JsonRecord, type Serialized } from '../json.js'
import { camelCase, entryNamed, snakeCase } from '../names.js'
import { losses } from './entries.js'
import type { LossFunction } from './given.js'

export interface Loss {
  /** The entry of `losses` (`binaryCrossentropy`); null for a function of the user's own. */
  readonly name: keyof typeof losses | null
  /** As Keras's JSON has it; null for a function. */
  readonly json: string | Serialized | null
  /** Targets and predictions → values per sample. */
  readonly apply: (yTrue: Variable, yPred: Variable) => Variable
}

/**
 * A name (`'binaryCrossentropy'`, `'binary_crossentropy'`, `'mse'`), what Keras's JSON has, or a function of targets and
 * predictions that gives a value per sample: `(t, y) => losses.binaryCrossentropy(t, y, { fromLogits: true })`.
 */
export type LossLike = string | Serialized | Loss | ((yTrue: Variable, yPred: Variable) => Variable)

/** Short names, and names of Keras's classes and other versions. */
const aliases = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  bce: 'binaryCrossentropy',
  kld: 'kullbackLeiblerDivergence',
  klDivergence: 'kullbackLeiblerDivergence',
  cosine: 'cosineProximity',
  cosineSimilarity: 'cosineProximity',
  huber: 'huberLoss',
} as const

/** What Keras's configurations of losses also say. */
const ignored = ['reduction', 'name', 'dtype', 'axis']

/** The loss that is meant. @throws ArgumentError for a name there is not */
export function loss(operation: string, like: LossLike): Loss {
  if (typeof like === 'function') return { name: null, json: null, apply: like }
  if (typeof like === 'string') return named(operation, like, {})
  if (typeof like === 'object' && like !== null && 'apply' in like) return like
  if (isSerialized(like)) return named(operation, like.class_name, like.config)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no loss`,
    "a name such as 'binaryCrossentropy', or a function of targets and predictions",
  )
}

function named(operation: string, given: string, config: JsonRecord): Loss {
  const { name, entry } = entryNamed<LossFunction<never>>(operation, 'loss', given, losses, aliases)
  const own = Object.entries(config)
    .filter(([key]) => !ignored.includes(key))
    .map(([key, value]) => [camelCase(key), value])
  const options = Object.fromEntries(own)
  const json = own.length === 0 ? snakeCase(name) : { class_name: classOf(name), config }
  return {
    name: name as keyof typeof losses,
    json,
    apply: (yTrue, yPred) => entry(yTrue, yPred, options as never),
  }
}

const classOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

/** Whether a loss takes indices of classes as targets. */
export const isSparse = ({ name }: Loss): boolean => name === 'sparseCategoricalCrossentropy'
