/** Which metric is meant: names in any spelling, those that depend on the loss, what Keras's JSON has, functions. */
import { badArgument, describeGiven, type Variable } from '@arignote/graph'
import { isSerialized, type JsonRecord, type Serialized } from '../json.js'
import type { Shape } from '../layers/kind.js'
import { losses } from '../losses/entries.js'
import { isSparse, type Loss, loss } from '../losses/loss.js'
import { camelCase, entryNamed } from '../names.js'
import { metrics } from './entries.js'
import { averageMetric, type Metric } from './metric.js'

/**
 * A name (`'accuracy'`, `'mae'`, `'top_k_categorical_accuracy'`), one of `metrics`, what Keras's JSON has, or a function of
 * targets and predictions that gives a value per sample.
 */
export type MetricLike = string | Metric | Serialized | ((yTrue: Variable, yPred: Variable) => Variable)

/** What a metric belongs to. */
export interface Output {
  readonly shape: Shape
  /** Null for an output without one. */
  readonly loss: Loss | null
}

/**
 * The metric that is meant. 'accuracy' is binary where the output has one column or the loss is binary cross-entropy,
 * sparse where the loss is, and otherwise categorical; 'crossentropy' likewise. By name a metric is called exactly that
 * in the history.
 * @throws ArgumentError for a name there is not
 */
export function metric(operation: string, like: MetricLike, output: Output): Metric {
  if (typeof like === 'function') return averageMetric(like.name || 'metric', null, like)
  if (typeof like === 'string') return { ...named(operation, like, {}, output), name: like, json: like }
  if (typeof like === 'object' && like !== null && 'contributions' in like) return like
  // The class compares; the name 'accuracy' is whichever fits the loss.
  if (isSerialized(like) && like.class_name === 'Accuracy') return metrics.exactAccuracy()
  if (isSerialized(like)) return named(operation, like.class_name, like.config, output)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no metric`,
    "a name such as 'accuracy', one of metrics, or a function of targets and predictions",
  )
}

const aliases = {
  topK: 'topKCategoricalAccuracy',
  cosine: 'cosineSimilarity',
  cosineProximity: 'cosineSimilarity',
  rmse: 'rootMeanSquaredError',
} as const

const plain = (name: string) => name.replace(/_/g, '').toLowerCase()

function named(operation: string, name: string, config: JsonRecord, output: Output): Metric {
  const short = plain(name)
  if (short === 'accuracy' || short === 'acc') return accuracyFor(output)
  if (short === 'crossentropy' || short === 'ce') return lossMetric(operation, crossentropyFor(output))
  const ofLosses = Object.keys(losses).map(key => [key, () => lossMetric(operation, key)] as const)
  const others = ['mse', 'mae', 'mape', 'msle', 'bce', 'kld', 'huber'].map(
    key => [key, () => lossMetric(operation, key)] as const,
  )
  const named = ['accuracy', 'acc', 'crossentropy', 'ce'].map(key => [key, null] as const)
  const table = { ...Object.fromEntries([...named, ...ofLosses, ...others]), ...metrics }
  const { entry } = entryNamed<unknown>(operation, 'metric', name, table, aliases)
  return (entry as (options: JsonRecord) => Metric)(ours(config))
}

const lossMetric = (operation: string, name: string): Metric =>
  averageMetric(name, name, loss(operation, name).apply)

/** Keras's options as ours. */
function ours(config: JsonRecord): JsonRecord {
  const pairs = Object.entries(config)
    .filter(([key, value]) => key !== 'dtype' && value !== null)
    .map(([key, value]) => (key === 'thresholds' ? ['threshold', only(value)] : [camelCase(key), value]))
  return Object.fromEntries(pairs)
}

/** Keras takes a list of thresholds too: ours have one. */
const only = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value)

/** Whether something is one metric, and no list or record of them. */
export function isMetricLike(given: unknown): given is MetricLike {
  if (typeof given === 'string' || typeof given === 'function') return true
  return typeof given === 'object' && given !== null && ('contributions' in given || isSerialized(given))
}

type Kind = 'binary' | 'sparse' | 'categorical'

function kindOf({ shape, loss }: Output): Kind {
  if (shape.at(-1) === 1 || loss?.name === 'binaryCrossentropy') return 'binary'
  return loss !== null && isSparse(loss) ? 'sparse' : 'categorical'
}

function accuracyFor(output: Output): Metric {
  const kinds = {
    binary: metrics.binaryAccuracy,
    sparse: metrics.sparseCategoricalAccuracy,
    categorical: metrics.categoricalAccuracy,
  }
  return kinds[kindOf(output)]()
}

const crossentropyFor = (output: Output) =>
  ({
    binary: 'binaryCrossentropy',
    sparse: 'sparseCategoricalCrossentropy',
    categorical: 'categoricalCrossentropy',
  })[kindOf(output)]
