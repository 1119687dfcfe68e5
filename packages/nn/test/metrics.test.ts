import { compile } from '@arignote/compiler'
import { matrix, type Variable, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { accumulate, averageMetric, losses, type Metric, metrics } from '../src/index.js'
import { loss } from '../src/losses/loss.js'
import { metric } from '../src/metrics/resolve.js'

const output = (size: number, of: string | null) => ({
  shape: [null, size],
  loss: of === null ? null : loss('compile', of),
})

test('accuracy is the one that fits the output and the loss', () => {
  const chosen = (size: number, of: string | null) => {
    const { perEntry } = metric('compile', 'accuracy', output(size, of))
    const [t, y] = [
      matrix('t', { shape: ['batch', of?.startsWith('sparse') ? 1 : size] }),
      matrix('y', { shape: ['batch', size] }),
    ]
    const candidates = {
      binary: metrics.binaryAccuracy(),
      categorical: metrics.categoricalAccuracy(),
      sparse: metrics.sparseCategoricalAccuracy(),
    }
    const value = perEntry!(t, y)
    return Object.entries(candidates).flatMap(([name, candidate]) => {
      try {
        return candidate.perEntry!(t, y) === value ? [name] : []
      } catch {
        return []
      }
    })
  }
  expect(chosen(1, 'mse')).toContain('binary')
  expect(chosen(3, 'binary_crossentropy')).toEqual(['binary'])
  expect(chosen(3, 'categorical_crossentropy')).toEqual(['categorical'])
  expect(chosen(3, 'sparse_categorical_crossentropy')).toEqual(['sparse'])
})

test('a history calls a metric what the user called it', () => {
  const name = (like: Parameters<typeof metric>[1]) => metric('compile', like, output(1, 'mse')).name
  expect(['accuracy', 'acc', 'mae', 'MSE', 'binaryAccuracy', 'cosine_proximity', 'auc'].map(name)).toEqual([
    'accuracy',
    'acc',
    'mae',
    'MSE',
    'binaryAccuracy',
    'cosine_proximity',
    'auc',
  ])
  expect(name(metrics.precision({ name: 'exactness' }))).toBe('exactness')
  expect(
    name(function distance(t: Variable, y: Variable) {
      return losses.meanAbsoluteError(t, y)
    }),
  ).toBe('distance')
  expect(() => name('acuracy')).toThrow(/there is no metric "acuracy"\n {2}did you mean "accuracy"\?/)
  expect(() => name('categoricalAcuracy')).toThrow(/did you mean "categoricalAccuracy"\?/)
})

test('metrics are read from what Keras stores', () => {
  const stored = {
    class_name: 'Precision',
    config: { name: 'p', dtype: 'float32', thresholds: 0.25, top_k: null },
  }
  const read = metric('compile', stored, output(1, null))
  expect(read.json).toEqual(metrics.precision({ threshold: 0.25, name: 'p' }).json)
  for (const made of [
    metrics.auc({ curve: 'PR' }),
    metrics.rootMeanSquaredError(),
    metrics.topKCategoricalAccuracy({ k: 2 }),
    metrics.recall({ topK: 2, classId: 0 }),
    metrics.precision({ topK: 2, threshold: 0.1 }),
  ])
    expect(metric('compile', made.json as never, output(1, null)).json).toEqual(made.json)
})

test('precision and recall of the k greatest scores, and of one class', () => {
  const [t, y] = [matrix('t'), matrix('y')]
  const targets = [
    [1, 0, 1, 0],
    [0, 1, 0, 0],
  ]
  const scores = [
    [0.3, 0.2, 0.6, 0.1],
    [0.4, 0.3, 0.4, 0.4],
  ]
  const run = (options: object) => {
    const counts = (['truePositives', 'precision', 'recall'] as const).map(name => {
      if (name === 'truePositives') return metrics.recall(options).contributions(t, y, null)[0]!
      const it = metrics[name](options)
      return it.result(it.contributions(t, y, null))
    })
    return compile([t, y], counts)(targets, scores).map(v => v.data[0])
  }
  // Of equal scores the first are among the greatest.
  expect(run({ topK: 2 })).toEqual([2, 1 / 2, Math.fround(2 / 3)])
  expect(run({ topK: 1 })).toEqual([1, 1 / 2, Math.fround(1 / 3)])
  expect(run({ topK: 2, threshold: 0.35 })).toEqual([1, Math.fround(1 / 3), Math.fround(1 / 3)])
  expect(run({ classId: 2, threshold: 0.35 })).toEqual([1, 1 / 2, 1])
  expect(run({ topK: 2, classId: 0 })).toEqual([1, 1 / 2, 1])
  expect(() => metrics.recall({ topK: 0 })).toThrow(/recall: topK is the number 0/)
  expect(() => metrics.truePositives({ topK: 1 } as never)).toThrow(/no option "topK"/)
})

test('sums start again from zeros', () => {
  const [t, y] = [matrix('t', { shape: [null, 1] }), matrix('y', { shape: [null, 1] })]
  const { updates, result, reset } = accumulate(metrics.binaryAccuracy(), t, y)
  const [add, value] = [compile([t, y], [], { updates }), compile([], result)]
  add([[1]], [[0]])
  reset()
  add([[1]], [[1]])
  expect(value().data[0]).toBe(1)
})

test("a metric of one's own may be a mean, or sums of known shape", () => {
  const bias = averageMetric('bias', null, (t, y) => y.sub(t).mean(-1))
  const [t, y] = [matrix('t'), matrix('y')]
  const { updates, result } = accumulate(bias, t, y)
  compile([t, y], [], { updates })([[1], [2]], [[2], [5]])
  expect(compile([], result)().data[0]).toBe(2)
  const unknown: Metric = { ...bias, contributions: (_, prediction) => [prediction.sum(0)] }
  expect(() => accumulate(unknown, t, y)).toThrow(/sums of a metric must have a known shape/)
  expect(() => accumulate(metrics.binaryAccuracy(), vector('t'), y)).toThrow(/other shapes/)
})
