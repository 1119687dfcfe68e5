import { type BackendName, compile } from '@arignote/compiler'
import { constant, matrix, toNested, type Variable, vector } from '@arignote/graph'
import { accumulate, type Metric, metrics } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

type FloatType = 'float32' | 'float64'

const file = golden('metrics')
const modes: readonly (readonly [BackendName, FloatType])[] = [
  ['wasm', 'float64'],
  ['wasm', 'float32'],
  ['js', 'float64'],
  ['reference', 'float64'],
]

/** The value after each batch, of targets, predictions and weights that come in batches of these sizes. */
function running(
  metric: Metric,
  { y_true, y_pred, weights }: { y_true: number[][]; y_pred: number[][]; weights?: number[] },
  sizes: readonly number[],
  [backend, dtype]: readonly [BackendName, FloatType] = ['wasm', 'float64'],
): number[] {
  const [t, y, w] = [matrix('t', dtype), matrix('y', dtype), vector('w', dtype)]
  const { updates, result } = accumulate(metric, t, y, weights === undefined ? null : w)
  const add = compile(weights === undefined ? [t, y] : [t, y, w], [], { updates, backend }) as unknown as (
    ...args: unknown[]
  ) => void
  const value = compile([], result, { backend })
  let from = 0
  return sizes.map(size => {
    const [first, last] = [from, from + size]
    from = last
    const part = [y_true, y_pred, ...(weights === undefined ? [] : [weights])].map(all =>
      all.slice(first, last),
    )
    add(...part)
    return value().data[0]!
  })
}

function closeTo(actual: unknown, expected: unknown, dtype: FloatType = 'float64'): void {
  expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
}

describe.each(modes)('%s, %s', (backend, dtype) => {
  const mode = [backend, dtype] as const
  const perSample = (
    { perEntry }: Metric,
    { y_true, y_pred }: { y_true: number[][]; y_pred: number[][] },
  ) => {
    const [t, y] = [matrix('t', dtype), matrix('y', dtype)]
    return toNested(compile([t, y], perEntry!(t, y), { backend })(y_true, y_pred))
  }

  test('accuracies per sample, and their mean', () => {
    closeTo(perSample(metrics.binaryAccuracy(), file.binary_accuracy), file.binary_accuracy.per_sample, dtype)
    closeTo(
      running(metrics.binaryAccuracy(), file.binary_accuracy, [6], mode),
      [file.binary_accuracy.mean],
      dtype,
    )
    for (const [metric, it] of [
      [metrics.categoricalAccuracy(), file.categorical_accuracy],
      [metrics.sparseCategoricalAccuracy(), file.sparse_categorical_accuracy],
    ] as const)
      closeTo(perSample(metric, it), it.per_sample, dtype)
  })

  test('a class is right if it is among the k best', () => {
    for (const [k, wanted] of Object.entries(file.top_k.per_sample_by_k)) {
      closeTo(perSample(metrics.topKCategoricalAccuracy({ k: Number(k) }), file.top_k), wanted, dtype)
      const sparse = { y_true: file.sparse_categorical_accuracy.y_true, y_pred: file.top_k.y_pred }
      closeTo(perSample(metrics.sparseTopKCategoricalAccuracy({ k: Number(k) }), sparse), wanted, dtype)
    }
  })

  test('weights count, and the mean runs over batches', () => {
    const { weights, value } = file.binary_accuracy_weighted
    closeTo(
      running(metrics.binaryAccuracy(), { ...file.binary_accuracy, weights }, [6], mode),
      [value],
      dtype,
    )
    const { batches, after_each } = file.running_mean
    closeTo(running(metrics.binaryAccuracy(), file.binary_accuracy, batches, mode), after_each, dtype)
  })

  test('counts of positives, precision and recall', () => {
    const it = file.precision_recall
    const wanted = {
      truePositives: it.true_positives,
      falsePositives: it.false_positives,
      falseNegatives: it.false_negatives,
      trueNegatives: 6 - it.true_positives - it.false_positives - it.false_negatives,
      precision: it.precision,
      recall: it.recall,
    }
    for (const [name, value] of Object.entries(wanted)) {
      const metric = metrics[name as keyof typeof wanted]({ threshold: it.threshold })
      closeTo(running(metric, it, [2, 3, 1], mode).at(-1), value, dtype)
    }
  })

  test('the area under the curve is the share of pairs in the right order', () => {
    const column = (values: number[]) => values.map(x => [x])
    const it = { y_true: column(file.auc_exact.y_true), y_pred: column(file.auc_exact.y_pred) }
    closeTo(running(metrics.auc(), it, [3, 5], mode).at(-1), file.auc_exact.roc_auc, dtype)
  })
})

test('the root of the mean of squares is taken at the end, not per batch', () => {
  const it = { y_true: [[0], [0], [0]], y_pred: [[1], [1], [4]] }
  closeTo(running(metrics.rootMeanSquaredError(), it, [2, 1]), [1, Math.sqrt(6)])
})

test('precision over recall of a perfect order is 1, of none at all what chance gives', () => {
  const perfect = { y_true: [[1], [1], [0], [0]], y_pred: [[0.9], [0.8], [0.2], [0.1]] }
  closeTo(running(metrics.auc({ curve: 'PR' }), perfect, [4]), [1])
  const none = { y_true: [[1], [0], [0], [0]], y_pred: [[0.5], [0.5], [0.5], [0.5]] }
  closeTo(running(metrics.auc({ curve: 'PR' }), none, [4]), [0.25])
  closeTo(running(metrics.auc(), none, [4]), [0.5])
})

test('the overlap of classes over their union', () => {
  const it = { y_true: [[0], [0], [1], [1]], y_pred: [[0], [1], [0], [1]] }
  closeTo(running(metrics.meanIoU({ numClasses: 2 }), it, [2, 2]), [1 / 4, 1 / 3])
  closeTo(running(metrics.meanIoU({ numClasses: 2 }), { ...it, weights: [0.3, 0.3, 0.3, 0.1] }, [4]), [
    (0.3 / 0.9 + 0.1 / 0.7) / 2,
  ])
})

test('scores that are no numbers are never right', () => {
  const it = { y_true: [[0, 1, 0]], y_pred: [[Number.NaN, Number.NaN, Number.NaN]] }
  expect(running(metrics.topKCategoricalAccuracy({ k: 2 }), it, [1])).toEqual([0])
})

test('a mask is a weight, also of steps', () => {
  const [t, y, mask] = [matrix('t'), matrix('y'), matrix('mask', 'bool')]
  const hits = metrics.binaryAccuracy().contributions(t.expandDims(-1), y.expandDims(-1), mask)
  const f = compile([t, y, mask], hits)
  expect(f([[1, 1, 0]], [[0.9, 0.2, 0.9]], [[true, true, false]]).map(toNested)).toEqual([1, 2])
})

test('before the first batch, and of weights that are all zero, a mean is 0', () => {
  const { result } = accumulate(metrics.binaryAccuracy(), constant([[1]]), constant([[1]]))
  expect(compile([], result as Variable)().data[0]).toBe(0)
})

test('every golden number of metrics was looked at', () => {
  expect(
    unread('metrics', [
      'binary_accuracy',
      'binary_accuracy_weighted',
      'running_mean',
      'categorical_accuracy',
      'sparse_categorical_accuracy',
      'top_k',
      'precision_recall',
      'auc_exact',
    ]),
  ).toEqual([])
})
