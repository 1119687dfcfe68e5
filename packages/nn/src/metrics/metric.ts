/**
 * Metrics: what a batch adds, and what the sums over all batches mean.
 *
 * Every metric is a statistic of sums: accuracy of (how many are right, how many there are), precision of (true positives,
 * false positives), the area under a curve of such counts for 200 thresholds. So a metric is two functions: one from a
 * batch to what it adds to the sums, the other from sums to the value. Whoever trains keeps the sums – `accumulate` does,
 * in shared variables – and begins again from zeros at each epoch.
 */
import {
  add,
  cast,
  checkTensor,
  div,
  gt,
  mul,
  onesLike,
  type Shared,
  shared,
  sum,
  type Variable,
  where,
  zerosArray,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { unknownSums } from '../errors.js'
import type { Serialized } from '../json.js'
import { spread } from '../losses/reduce.js'
import type { Updates } from '../optimizers/updates.js'

export interface Metric {
  /** What a history calls it. */
  readonly name: string
  /** As Keras's JSON has it; null for a function of the user's own. */
  readonly json: string | Serialized | null
  /**
   * What a batch adds to the sums: scalars, or arrays of known shape, of floats. Weights are of the first axes, (batch) or
   * (batch, time), a mask among them; null: everything counts alike.
   */
  readonly contributions: (yTrue: Variable, yPred: Variable, weights: Variable | null) => readonly Variable[]
  /** The value, a scalar, of the sums so far. */
  readonly result: (sums: readonly Variable[]) => Variable
  /** For means of one value per sample or step: those values. */
  readonly perEntry?: (yTrue: Variable, yPred: Variable) => Variable
}

/** x / y, and 0 where y is 0. */
export const safeRatio = (x: Variable, y: Variable): Variable =>
  where(gt(y, 0), div(x, where(gt(y, 0), y, 1)), 0)

/** Values times weights, or as they are. */
export const weighted = (values: Variable, weights: Variable | null): Variable =>
  weights === null ? values : mul(values, spread(values, weights))

/** What is summed of a weighted mean: Σ weight · value, Σ weight. */
export function meanOf(values: Variable, weights: Variable | null): readonly Variable[] {
  const floats: Variable = isFloat(values.dtype) ? values : cast(values, 'float32')
  return [sum(weighted(floats, weights)), sum(weighted(onesLike(floats), weights))]
}

/** The weighted mean of a value per sample or step. */
export function averageMetric(
  name: string,
  json: Metric['json'],
  perEntry: (yTrue: Variable, yPred: Variable) => Variable,
): Metric {
  return {
    name,
    json,
    perEntry,
    contributions: (yTrue, yPred, weights) => meanOf(perEntry(yTrue, yPred), weights),
    result: ([total, count]) => safeRatio(total!, count!),
  }
}

export interface Accumulated {
  /** The sums so far, float64. */
  readonly sums: readonly Shared[]
  /** Adds a batch: for the `updates` of `compile`. */
  readonly updates: Updates
  /** The value of the sums so far, without the batch that is being added. */
  readonly result: Variable
  /** Begins again. */
  readonly reset: () => void
}

/**
 * The metric over many batches, in shared variables of its own.
 *
 * @throws ShapeError for a metric whose sums have sizes that are not known
 */
export function accumulate(
  metric: Metric,
  yTrue: Variable,
  yPred: Variable,
  weights: Variable | null = null,
): Accumulated {
  checkTensor(metric.name, yTrue, 'the target')
  checkTensor(metric.name, yPred, 'the prediction')
  const pairs = metric.contributions(yTrue, yPred, weights).map((part, i) => {
    const shape = part.shape.map(size => {
      if (typeof size !== 'number') throw unknownSums(metric.name, part)
      return size
    })
    const total: Shared = shared(zerosArray(shape, 'float64'), `${metric.name}/${i}`)
    return [total, add(total, part) as Variable] as const
  })
  const sums = pairs.map(([total]) => total)
  return {
    sums,
    updates: pairs,
    result: metric.result(sums),
    reset: () => {
      for (const total of sums) total.setValue(zerosArray(total.cell.shape, 'float64'))
    },
  }
}
