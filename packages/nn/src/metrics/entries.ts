/** The metrics there are: those that are means of a value per sample, and those that count. Formulas of Keras 2.3. */
import {
  argmax,
  argsort,
  badArgument,
  cast,
  checkOptions,
  describeGiven,
  dot,
  eq,
  expandDims,
  eye,
  flatten,
  ge,
  gt,
  mean,
  mul,
  neg,
  neq,
  not,
  oneHot,
  onesLike,
  reshape,
  round,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Variable,
  where,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { losses } from '../losses/entries.js'
import { alike } from '../losses/given.js'
import { auc } from './auc.js'
import { averageMetric, type Metric, meanOf, safeRatio, weighted } from './metric.js'

const real = (y: Variable): Variable => (isFloat(y.dtype) ? y : cast(y, 'float32'))

/** Indices of classes, (…) or (…, 1). */
const indices = (t: Variable, y: Variable): Variable => cast(t.ndim === y.ndim ? squeeze(t, -1) : t, 'int32')

/** Whether fewer than k classes have a greater score than the one wanted: ties count as right, NaN does not. */
const amongTop = (wanted: Variable, y: Variable, k: number): Variable => {
  const above: Variable = not(ge(expandDims(wanted, -1), y))
  return cast(sum(cast(above, 'int32'), -1).lt(k), y.dtype)
}

/** The score of the class that each index names. */
const scoreOf = (ids: Variable, y: Variable): Variable =>
  sum(where(oneHot(ids, y.shape.at(-1)!, 'bool'), y, 0), -1)

export interface ThresholdOptions {
  /** What is above it is predicted to be positive; default 0.5. */
  readonly threshold?: number
  readonly name?: string
}

export interface RankOptions extends ThresholdOptions {
  /** Only the k greatest scores of a sample may be predicted; without a threshold all of them are. */
  readonly topK?: number
  /** Only this column counts. */
  readonly classId?: number
}

type Counts = readonly [right: 'true' | 'false', said: 'positive' | 'negative']

/** Whether a score is among the k greatest of its sample; of equal ones the first are. */
function isAmongTop(score: Variable, k: number): Variable {
  const places: Variable = argsort(argsort(score, -1, { descending: true }), -1)
  return places.lt(k)
}

/** Whether each entry is positive, and whether it is said to be. */
function judged(
  t: Variable,
  y: Variable,
  { threshold, topK, classId }: RankOptions,
): readonly [positive: Variable, predicted: Variable, dtype: 'float32'] {
  const [target, score] = alike('counts of positives', t, real(y))
  const isTop = topK === undefined ? null : isAmongTop(score, topK)
  const column = (v: Variable): Variable => (classId === undefined ? v : v.take([classId], -1))
  const above: Variable | null =
    isTop !== null && threshold === undefined ? null : gt(score, threshold ?? 0.5)
  const predicted = [above, isTop].filter(v => v !== null).reduce((a, b): Variable => a.and(b))
  return [column(neq(target, 0)), column(predicted), score.dtype as 'float32']
}

/** The weight of the entries that are (not) what was said of them. */
function countOf([right, said]: Counts, options: RankOptions) {
  return (t: Variable, y: Variable, weights: Variable | null): Variable => {
    const [positive, predicted, dtype] = judged(t, y, options)
    const isSaid: Variable = said === 'positive' ? predicted : not(predicted)
    const hit: Variable = isSaid.and((right === 'true') === (said === 'positive') ? positive : not(positive))
    return sum(weighted(cast(hit, dtype), weights))
  }
}

const truePositive: Counts = ['true', 'positive']
const falsePositive: Counts = ['false', 'positive']
const falseNegative: Counts = ['false', 'negative']
const trueNegative: Counts = ['true', 'negative']

/** A metric of counts of positives and negatives. */
const counting =
  <O extends ThresholdOptions = ThresholdOptions>(
    name: string,
    class_name: string,
    counts: readonly Counts[],
    result: (counts: readonly Variable[]) => Variable,
    ranks: readonly string[] = [],
  ) =>
  (options: O = {} as O): Metric => {
    checkOptions(name, options, ['threshold', 'name', ...ranks])
    const { threshold, topK, classId, name: own = name }: RankOptions = options
    checkCount(name, 'topK', topK, 1)
    checkCount(name, 'classId', classId, 0)
    const thresholds = threshold ?? (topK === undefined ? 0.5 : null)
    const rank = ranks.length === 0 ? {} : { top_k: topK ?? null, class_id: classId ?? null }
    return {
      name: own,
      json: { class_name, config: { name: own, thresholds, ...rank } },
      contributions: (t, y, weights) => counts.map(kind => countOf(kind, options)(t, y, weights)),
      result,
    }
  }

function checkCount(metric: string, option: string, given: number | undefined, least: number): void {
  if (given !== undefined && !(Number.isInteger(given) && given >= least))
    throw badArgument(metric, `${option} is ${describeGiven(given).what}`, `an integer from ${least} on`)
}

const first = ([count]: readonly Variable[]): Variable => count!
const share = ([hits, others]: readonly Variable[]): Variable => safeRatio(hits!, hits!.add(others!))

interface K {
  /** How many classes count as the top. */
  readonly k?: number
}

export const metrics = {
  /** Where the prediction rounds to the target, halves to the even number; averaged over the last axis. */
  binaryAccuracy: (options: { readonly threshold?: number } = {}): Metric => {
    const { threshold = 0.5 } = checkOptions('binaryAccuracy', options, ['threshold'])
    const rounded = (y: Variable): Variable =>
      threshold === 0.5 ? round(y) : cast(gt(y, threshold), y.dtype)
    return averageMetric('binary_accuracy', 'binary_accuracy', (target, prediction) => {
      const [t, y] = alike('binaryAccuracy', target, real(prediction))
      return mean(cast(eq(t, rounded(y)), y.dtype), -1)
    })
  },
  /** Where the greatest score is at the greatest target. */
  categoricalAccuracy: (): Metric =>
    averageMetric('categorical_accuracy', 'categorical_accuracy', (target, prediction) => {
      const [t, y] = alike('categoricalAccuracy', target, real(prediction))
      return cast(eq(argmax(t, -1), argmax(y, -1)), y.dtype)
    }),
  /** Where the greatest score is that of the class whose index is the target. */
  sparseCategoricalAccuracy: (): Metric =>
    averageMetric('sparse_categorical_accuracy', 'sparse_categorical_accuracy', (t, prediction) => {
      const y = real(prediction)
      return cast(eq(indices(t, y), argmax(y, -1)), y.dtype)
    }),
  /** Where the wanted class is among those of the k greatest scores. */
  topKCategoricalAccuracy: (options: K = {}): Metric => {
    const { k = 5 } = checkOptions('topKCategoricalAccuracy', options, ['k'])
    const json = { class_name: 'TopKCategoricalAccuracy', config: { k } }
    return averageMetric('top_k_categorical_accuracy', json, (target, prediction) => {
      const [t, y] = alike('topKCategoricalAccuracy', target, real(prediction))
      return amongTop(scoreOf(argmax(t, -1), y), y, k)
    })
  },
  /** The same for targets that are indices. */
  sparseTopKCategoricalAccuracy: (options: K = {}): Metric => {
    const { k = 5 } = checkOptions('sparseTopKCategoricalAccuracy', options, ['k'])
    const json = { class_name: 'SparseTopKCategoricalAccuracy', config: { k } }
    return averageMetric('sparse_top_k_categorical_accuracy', json, (t, prediction) => {
      const y = real(prediction)
      return amongTop(scoreOf(indices(t, y), y), y, k)
    })
  },
  /** Where predictions equal targets; averaged over the last axis. By name, 'accuracy' is the one that fits the loss. */
  exactAccuracy: (): Metric =>
    averageMetric('accuracy', { class_name: 'Accuracy', config: {} }, (target, prediction) => {
      const [t, y] = alike('exactAccuracy', target, real(prediction))
      return mean(cast(eq(t, y), y.dtype), -1)
    }),
  /** Σ t·y of vectors scaled to length 1: 1 is the same direction. */
  cosineSimilarity: (): Metric =>
    averageMetric('cosine_similarity', { class_name: 'CosineSimilarity', config: {} }, (t, y) =>
      neg(losses.cosineProximity(t, y)),
    ),
  /** √ of the mean of (y − t)² over all entries so far. */
  rootMeanSquaredError: (options: { readonly name?: string } = {}): Metric => {
    const { name = 'root_mean_squared_error' } = checkOptions('rootMeanSquaredError', options, ['name'])
    return {
      name,
      json: { class_name: 'RootMeanSquaredError', config: { name } },
      contributions: (target, prediction, weights) => {
        const [t, y] = alike('rootMeanSquaredError', target, real(prediction))
        return meanOf(square(sub(y, t)), weights)
      },
      result: ([total, count]) => sqrt(safeRatio(total!, count!)),
    }
  },
  truePositives: counting('true_positives', 'TruePositives', [truePositive], first),
  trueNegatives: counting('true_negatives', 'TrueNegatives', [trueNegative], first),
  falsePositives: counting('false_positives', 'FalsePositives', [falsePositive], first),
  falseNegatives: counting('false_negatives', 'FalseNegatives', [falseNegative], first),
  /** Of what was predicted positive, the share that is; 0 if nothing was. */
  precision: counting<RankOptions>('precision', 'Precision', [truePositive, falsePositive], share, [
    'topK',
    'classId',
  ]),
  /** Of what is positive, the share that was predicted so; 0 if nothing is. */
  recall: counting<RankOptions>('recall', 'Recall', [truePositive, falseNegative], share, [
    'topK',
    'classId',
  ]),
  auc,
  /** The overlap of predicted and true classes over their union, averaged over the classes seen; both are indices. */
  meanIoU: (options: { readonly numClasses: number; readonly name?: string }): Metric => {
    const { numClasses, name = 'mean_io_u' } = checkOptions('meanIoU', options, ['numClasses', 'name']) ?? {}
    if (!Number.isInteger(numClasses))
      throw badArgument('meanIoU', 'no numClasses', 'say how many classes there are: { numClasses: 3 }')
    const rows = (ids: Variable, { dtype }: Variable): Variable =>
      oneHot(flatten(cast(ids, 'int32')), numClasses, dtype)
    return {
      name,
      json: { class_name: 'MeanIoU', config: { name, num_classes: numClasses } },
      contributions: (target, prediction, weights) => {
        const [t, y] = alike('meanIoU', target, real(prediction))
        const counted: Variable = weighted(onesLike(t), weights)
        return [dot(mul(rows(t, y), expandDims(flatten(counted), -1)).transpose(), rows(y, y))]
      },
      result: ([counts]) => {
        // Whoever adds up batches may have it flat.
        const confusion: Variable = reshape(counts!, [numClasses, numClasses])
        const overlap: Variable = sum(mul(confusion, eye(numClasses, numClasses, 0, confusion.dtype)), 1)
        const union: Variable = sub(sum(confusion, 0).add(sum(confusion, 1)), overlap)
        return safeRatio(sum(safeRatio(overlap, union)), sum(cast(gt(union, 0), confusion.dtype)))
      },
    }
  },
}
