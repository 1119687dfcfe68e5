/** The numbers of `fit`, `evaluate` and their like against loops over samples: float64, to the last digits. */
import { array, type NdArray, toNested } from '@arignote/graph'
import {
  type FitOptions,
  input,
  layers,
  type Model,
  metrics,
  model as modelOf,
  optimizers,
  regularizers,
  resetLayerNames,
  type SymbolicTensor,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { worstDifference } from '../src/golden.js'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const near = (actual: unknown, wanted: unknown) =>
  expect(worstDifference(actual, wanted as never)).toBeLessThan(1e-12)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0)
const flat = (model: Model) => model.getWeights().flatMap(w => [...w.data])
const still = { verbose: 0, shuffle: false } satisfies FitOptions

describe('a line of two features, by gradient descent', () => {
  const x = upTo(10).map(i => [Math.sin(i), Math.cos(2 * i)] as const)
  const y = x.map(([a, b]) => 2 * a - b + 0.3)
  const rate = 0.05
  const penalty = 0.1
  const weights = upTo(10).map(i => (i % 3) * 0.7)

  function line(): Model {
    const model = sequential([
      layers.dense({
        units: 1,
        inputShape: [2],
        dtype: 'float64',
        kernelRegularizer: regularizers.l2(penalty),
        weights: [[[0.5], [-0.25]], [0.1]],
      }),
    ])
    model.compile({
      loss: 'mse',
      optimizer: optimizers.sgd({ learningRate: rate }),
      metrics: ['mae'],
      weightedMetrics: ['mae'],
    })
    return model
  }

  /** Trains by hand. */
  class Line {
    w: [number, number] = [0.5, -0.25]
    bias = 0.1

    error = (i: number) => this.w[0] * x[i]![0] + this.w[1] * x[i]![1] + this.bias - y[i]!

    /** What is told of some samples: the loss with the penalty, and the errors of all alike and weighted. */
    told(samples: readonly number[], of: (i: number) => number) {
      const squares = sum(samples.map(i => of(i) * this.error(i) ** 2)) / samples.length
      const counts = samples.map(of)
      const errors = samples.map(i => Math.abs(this.error(i)))
      return {
        loss: squares + penalty * sum(this.w.map(v => v * v)),
        errors: sum(errors),
        weighted: sum(errors.map((e, k) => e * counts[k]!)),
        weight: sum(counts),
      }
    }

    step(samples: readonly number[], of: (i: number) => number): void {
      const slope = (feature: 0 | 1 | null) =>
        sum(samples.map(i => 2 * of(i) * this.error(i) * (feature === null ? 1 : x[i]![feature]))) /
        samples.length
      const [g0, g1, gb] = [slope(0), slope(1), slope(null)]
      this.w = [
        this.w[0] - rate * (g0 + 2 * penalty * this.w[0]),
        this.w[1] - rate * (g1 + 2 * penalty * this.w[1]),
      ]
      this.bias -= rate * gb
    }

    /** An epoch in batches of 4: averages over samples, of what was told before each step. */
    epoch(samples: readonly number[], of: (i: number) => number): number[] {
      const all = { loss: 0, errors: 0, weighted: 0, weight: 0 }
      for (let from = 0; from < samples.length; from += 4) {
        const batch = samples.slice(from, from + 4)
        const told = this.told(batch, of)
        all.loss += told.loss * batch.length
        all.errors += told.errors
        all.weighted += told.weighted
        all.weight += told.weight
        this.step(batch, of)
      }
      return [all.loss / samples.length, all.errors / samples.length, all.weighted / all.weight]
    }
  }

  test.each<[string, (i: number) => number, FitOptions]>([
    ['all samples alike', () => 1, {}],
    ['samples with weights', i => weights[i]!, { sampleWeight: weights }],
  ])(
    '%s: averages with a smaller last batch, weights, and a validation of what is held out',
    async (_, of, options) => {
      const model = line()
      const { history } = await model.fit(x, y, {
        ...still,
        ...options,
        batchSize: 4,
        epochs: 3,
        validationSplit: 0.25,
      })
      const byHand = new Line()
      for (const epoch of upTo(3)) {
        near(
          ['loss', 'mae', 'mae_1'].map(name => history[name]![epoch]),
          byHand.epoch(upTo(7), of),
        )
        const { loss, errors, weighted, weight } = byHand.told([7, 8, 9], of)
        const wanted = [loss, errors / 3, weighted / weight]
        near(
          ['val_loss', 'val_mae', 'val_mae_1'].map(name => history[name]![epoch]),
          wanted,
        )
      }
      near(flat(model), [...byHand.w, byHand.bias])
      const { loss, errors } = byHand.told(upTo(10), () => 1)
      for (const batchSize of [1, 3, 10, 99])
        near(model.evaluate(x, y, { batchSize }), [loss, errors / 10, errors / 10])
    },
  )

  test('predictions are the same for any size of batches', () => {
    const byHand = new Line()
    for (const batchSize of [1, 3, 7, 10, 11])
      near(
        [...(line().predict(x, { batchSize }) as NdArray).data],
        x.map((_, i) => byHand.error(i) + y[i]!),
      )
  })
})

test('a step, a test and a prediction of one batch tell what is before the step', () => {
  const model = sequential([
    layers.dense({ units: 1, inputShape: [1], dtype: 'float64', weights: [[[2]], [0]] }),
  ])
  model.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate: 0.1 }), metrics: ['mae'] })
  const [x, y] = [
    [[1], [3]],
    [1, 1],
  ]
  near(model.testOnBatch(x, y), [13, 3])
  near(model.trainOnBatch(x, y), [13, 3])
  // d/dw of the mean of (2 − 1)² and (6 − 1)²: 1 · 1 · 2 / 2 + 5 · 3 · 2 / 2, and of the bias 1 + 5.
  near(flat(model), [2 - 1.6, -0.6])
  near([...(model.predictOnBatch(x) as NdArray).data], [-0.2, 0.6])
})

describe('classes', () => {
  const x = upTo(7).map(i => [i / 3])
  const labels = upTo(7).map(i => i % 3)
  const classWeight = { 0: 0.5, 1: 2, 2: 3.5 }
  const targets: Readonly<Record<string, readonly [loss: string, y: unknown]>> = {
    'one-hot': ['categoricalCrossentropy', labels.map(k => upTo(3).map(i => (i === k ? 1 : 0)))],
    'a list of indices': ['sparseCategoricalCrossentropy', labels],
    'a column of indices': ['sparse_categorical_crossentropy', labels.map(k => [k])],
    'an Int32Array': ['sparseCategoricalCrossentropy', Int32Array.from(labels)],
    'floats that are whole': ['sparseCategoricalCrossentropy', Float32Array.from(labels)],
  }

  test.each(Object.entries(targets))('%s, with weights of classes', (_, [loss, y]) => {
    const model = sequential([
      layers.dense({ units: 3, activation: 'softmax', inputShape: [1], dtype: 'float64', seed: 3 }),
    ])
    model.compile({ loss, optimizer: 'sgd', metrics: ['accuracy', 'acc'], weightedMetrics: ['ce'] })
    expect(model.metricsNames).toEqual(['loss', 'accuracy', 'acc', 'ce'])
    const p = toNested(model.predict(x) as NdArray) as number[][]
    const weight = labels.map(k => Object.values(classWeight)[k]!)
    const losses = labels.map((k, i) => -Math.log(p[i]![k]!))
    const right = sum(labels.map((k, i) => (p[i]!.indexOf(Math.max(...p[i]!)) === k ? 1 : 0))) / 7
    const total = sum(losses.map((l, i) => l * weight[i]!))
    near(model.testOnBatch(x, y as never, { classWeight }), [total / 7, right, right, total / sum(weight)])
  })
})

test('masked steps and weights of steps: the loss divides by all steps, metrics by those that count', async () => {
  const lengths = [3, 1, 2, 0, 3]
  const at = (b: number, t: number, k: number) => Math.sin(1 + b * 6 + t * 2 + k) + 2
  const steps = lengths.flatMap((n, b) => upTo(n).map(t => [b, t] as const))
  const x = lengths.map((n, b) => upTo(3).map(t => (t < n ? [at(b, t, 0), at(b, t, 1)] : [0, 0])))
  const y = lengths.map((_, b) => upTo(3).map(t => [Math.cos(b + t), Math.cos(b - t)]))
  const stepWeights = lengths.map((_, b) => upTo(3).map(t => (b + t) % 3))
  const sampleWeights = lengths.map((_, b) => b / 2)
  const model = sequential([
    layers.masking({ inputShape: [3, 2], dtype: 'float64' }),
    layers.activation({ activation: 'linear', dtype: 'float64' }),
  ])
  model.compile({ loss: 'mse', optimizer: 'sgd', metrics: ['mse', 'mae'], weightedMetrics: ['mae'] })
  const errors = (b: number, t: number) => upTo(2).map(k => x[b]![t]![k]! - y[b]![t]![k]!)
  const square = (b: number, t: number) => sum(errors(b, t).map(e => e * e)) / 2
  const size = (b: number, t: number) => sum(errors(b, t).map(Math.abs)) / 2
  const over = (f: (b: number, t: number) => number) => sum(steps.map(([b, t]) => f(b, t)))
  const wanted = (w: (b: number, t: number) => number) => [
    over((b, t) => w(b, t) * square(b, t)) / 15,
    over(square) / steps.length,
    over(size) / steps.length,
    over((b, t) => w(b, t) * size(b, t)) / over(w),
  ]
  near(
    model.evaluate(x, y, { batchSize: 2 }),
    wanted(() => 1),
  )
  const bySample = { batchSize: 2, sampleWeight: sampleWeights }
  near(
    model.evaluate(x, y, bySample),
    wanted(b => sampleWeights[b]!),
  )
  const byStep = { batchSize: 2, sampleWeight: stepWeights }
  const rows = [
    stepWeights,
    stepWeights.map(row => Float64Array.from(row)),
    stepWeights.map(row => array(row)),
  ]
  for (const sampleWeight of rows)
    near(
      model.evaluate(x, y, { batchSize: 2, sampleWeight }),
      wanted((b, t) => stepWeights[b]![t]!),
    )
  const validationData = [x, y, stepWeights] as const
  const { history } = await model.fit(x, y, { ...still, ...byStep, validationData })
  const told = wanted((b, t) => stepWeights[b]![t]!)
  near(
    Object.values(history).map(list => list[0]),
    [...told, ...told],
  )
})

test('several outputs: the sum of losses, as much as each counts, and of penalties; metrics of each by name', async () => {
  const n = 5
  const x = upTo(n).map(i => [i / 3])
  const [prices, kinds] = [upTo(n).map(i => Math.sin(i)), upTo(n).map(i => i % 2)]
  const sampleWeight = { price: upTo(n), kind: upTo(n).map(i => 1 + (i % 2)) }
  const from = input({ shape: [1], dtype: 'float64' })
  const price = layers.dense({
    units: 1,
    name: 'price',
    dtype: 'float64',
    weights: [[[0.5]], [0.1]],
    kernelRegularizer: regularizers.l2(0.3),
  })
  const kind = layers.dense({
    units: 1,
    name: 'kind',
    dtype: 'float64',
    activation: 'sigmoid',
    weights: [[[-0.2]], [0.4]],
  })
  const outputs = [price.apply(from) as SymbolicTensor, kind.apply(from) as SymbolicTensor]
  const model = modelOf({ inputs: from, outputs })
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.1 }),
    loss: ['mse', 'binary_crossentropy'],
    lossWeights: [2, 0.5],
    metrics: { price: ['mae', 'mse'], kind: 'acc' },
  })
  expect(model.metricsNames).toEqual([
    'loss',
    'price_loss',
    'kind_loss',
    'price_mae',
    'price_mse',
    'kind_acc',
  ])
  let [w, b, v, c] = [0.5, 0.1, -0.2, 0.4]
  const told = upTo(6).map(() => 0)
  for (const batch of [[0, 1], [2, 3], [4]]) {
    const mean = (f: (i: number) => number) => sum(batch.map(f)) / batch.length
    const error = (i: number) => w * x[i]![0]! + b - prices[i]!
    const p = (i: number) => 1 / (1 + Math.exp(-(v * x[i]![0]! + c)))
    const priceLoss = mean(i => sampleWeight.price[i]! * error(i) ** 2)
    const kindLoss = mean(i => -sampleWeight.kind[i]! * Math.log(kinds[i] === 1 ? p(i) : 1 - p(i)))
    const values = [
      2 * priceLoss + 0.5 * kindLoss + 0.3 * w * w,
      priceLoss,
      kindLoss,
      mean(i => Math.abs(error(i))),
      mean(i => error(i) ** 2),
      mean(i => (Math.round(p(i)) === kinds[i] ? 1 : 0)),
    ]
    values.forEach((value, k) => {
      told[k]! += (value * batch.length) / n
    })
    const dPrice = (i: number) => 4 * sampleWeight.price[i]! * error(i)
    const dKind = (i: number) => 0.5 * sampleWeight.kind[i]! * (p(i) - kinds[i]!)
    const steps = [
      mean(i => dPrice(i) * x[i]![0]!) + 0.6 * w,
      mean(dPrice),
      mean(i => dKind(i) * x[i]![0]!),
      mean(dKind),
    ] as const
    w -= 0.1 * steps[0]
    b -= 0.1 * steps[1]
    v -= 0.1 * steps[2]
    c -= 0.1 * steps[3]
  }
  const y = { kind: kinds, price: prices }
  const { history } = await model.fit(x, y, { ...still, batchSize: 2, sampleWeight })
  near(
    model.metricsNames.map(name => history[name]![0]),
    told,
  )
  near(flat(model), [w, b, v, c])
})

test('metrics of counts are those of all samples together, not averages over batches', async () => {
  const n = 50
  const x = upTo(n).map(i => [(Math.sin(i * 12.9898) + 1) / 2])
  const y = upTo(n).map(i => (x[i]![0]! + Math.cos(i * 78.233) / 4 > 0.5 ? 1 : 0))
  const model = sequential([layers.activation({ activation: 'linear', inputShape: [1], dtype: 'float64' })])
  model.compile({
    loss: 'mse',
    optimizer: 'sgd',
    metrics: [metrics.precision(), metrics.recall(), metrics.rootMeanSquaredError()],
  })
  const said = (i: number) => (x[i]![0]! > 0.5 ? 1 : 0)
  const hits = sum(upTo(n).map(i => said(i) * y[i]!))
  const mse = sum(upTo(n).map(i => (x[i]![0]! - y[i]!) ** 2)) / n
  const wanted = [mse, hits / sum(upTo(n).map(said)), hits / sum(y), Math.sqrt(mse)]
  near(model.evaluate(x, y, { batchSize: 7 }), wanted)
  const { history } = await model.fit(x, y, { ...still, batchSize: 7, epochs: 2 })
  near(
    Object.values(history).map(list => list[1]),
    wanted,
  )
})
