/** What samples, classes, steps and outputs count in training, against Keras's numbers. */
import {
  input,
  layers,
  type Model,
  model as modelOf,
  optimizers,
  resetLayerNames,
  type SymbolicTensor,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const near = (actual: unknown, wanted: Golden) =>
  expect(worstDifference(actual, wanted)).toBeLessThan(goldenTolerance.float64)

describe('masks and weights have the say in the loss that Keras gives them', () => {
  const { reduction } = golden('losses')
  const outside = -9
  const masked = reduction.y_pred.map((row: number[][], b: number) =>
    row.map((step, t) => (reduction.mask[b][t] === 0 ? step.map(() => outside) : step)),
  )

  /** Its predictions are its input. */
  function echo(maskNormalization: 'keras23' | 'keras1To22', isMasked: boolean): Model {
    const common = { inputShape: [4, 2], dtype: 'float64' } as const
    const layer = isMasked
      ? layers.masking({ ...common, maskValue: outside })
      : layers.activation({ ...common, activation: 'linear' })
    const model = sequential([layer])
    model.compile({ loss: 'mse', optimizer: 'sgd', maskNormalization })
    return model
  }

  const cases = (['keras23', 'keras1_to_22'] as const).flatMap(rule =>
    Object.keys(reduction[rule]).map(name => [rule, name] as const),
  )

  test.each(cases)('%s: %s', (rule, name) => {
    const isMasked = name.startsWith('mask')
    const model = echo(rule === 'keras23' ? 'keras23' : 'keras1To22', isMasked)
    const weight = ['sample_weight', 'temporal_weight'].find(kind => name.endsWith(kind))
    const options = weight === undefined ? {} : { sampleWeight: reduction[weight] }
    const x = isMasked ? masked : reduction.y_pred
    near(model.evaluate(x, reduction.y_true, options), reduction[rule][name])
    near(model.trainOnBatch(x, reduction.y_true, options), reduction[rule][name])
  })

  test('without any', () => {
    near(echo('keras23', false).evaluate(reduction.y_pred, reduction.y_true), reduction.plain)
  })
})

describe('classWeight', () => {
  const { y, class_weight: classWeight, sample_weights: sampleWeight } = golden('callbacks').class_weight
  const column = y.map((label: number) => [label])

  /** Predicts 3, whatever it is given. */
  function constant(units = 1): Model {
    const kernel = [Array(units).fill(0)]
    const model = sequential([
      layers.dense({ units, inputShape: [1], dtype: 'float64', weights: [kernel, Array(units).fill(3)] }),
    ])
    model.compile({ loss: 'mse', optimizer: 'sgd', weightedMetrics: ['mae'], metrics: ['mae'] })
    return model
  }

  test('is the weight of each sample of the class', () => {
    const errors = y.map((label: number, i: number) => sampleWeight[i] * (3 - label) ** 2)
    const wanted = errors.reduce((a: number, b: number) => a + b) / y.length
    const byClass = constant().testOnBatch(column, column, { classWeight }) as number[]
    near(byClass[0], wanted)
    expect(constant().testOnBatch(column, column, { sampleWeight })).toEqual(byClass)
  })

  test('takes the place of the largest as the class of a target with columns', () => {
    const oneHot = y.map((label: number) => [0, 1, 2].map(k => (k === label ? 1 : 0)))
    const [model, other] = [constant(3), constant(3)]
    expect(model.trainOnBatch(column, oneHot, { classWeight })).toEqual(
      other.trainOnBatch(column, oneHot, { sampleWeight }),
    )
    expect(model.getWeights()).toEqual(other.getWeights())
  })

  test('multiplies the weights of samples; metrics count all alike, weighted metrics do not', () => {
    const own = [1, 2, 3, 4]
    const both = constant().testOnBatch(column, column, { classWeight, sampleWeight: own }) as number[]
    const product = own.map((w, i) => w * sampleWeight[i])
    expect(constant().testOnBatch(column, column, { sampleWeight: product })).toEqual(both)
    const sum = (list: number[]) => list.reduce((a, b) => a + b)
    const mean = (w: number[]) => sum(w.map((v, i) => v * (3 - y[i]))) / sum(w)
    near(both.slice(1), [mean([1, 1, 1, 1]), mean(product)])
  })

  test('trains in fit as weights of samples do', async () => {
    const [model, other] = [constant(), constant()]
    const options = { batchSize: 2, epochs: 2, verbose: 0, seed: 3 } as const
    await model.fit(column, column, { ...options, classWeight })
    await other.fit(column, column, { ...options, sampleWeight })
    expect(model.getWeights()).toEqual(other.getWeights())
  })

  test('has a weight for every class, or nothing is trained', async () => {
    const model = constant()
    const before = model.getWeights()
    await expect(model.fit(column, column, { verbose: 0, classWeight: { 0: 1, 1: 2 } })).rejects.toThrow(
      /no weight for class 2[\s\S]*it has 0, 1/,
    )
    expect(model.getWeights()).toEqual(before)
  })
})

describe('several outputs', () => {
  const x = [[0], [1], [2], [3]]
  const y = {
    price: [[1], [3], [5], [7]],
    kind: [
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ],
  }

  function shop(): Model {
    const from = input({ shape: [1], dtype: 'float64' })
    const price = layers.dense({ units: 1, name: 'price', seed: 1 }).apply(from) as SymbolicTensor
    const kind = layers
      .dense({ units: 2, name: 'kind', activation: 'softmax', seed: 2 })
      .apply(from) as SymbolicTensor
    const model = modelOf({ inputs: from, outputs: [price, kind] })
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0.01 }),
      loss: { price: 'mse', kind: 'categoricalCrossentropy' },
      lossWeights: { kind: 0.5 },
      metrics: { price: 'mae', kind: ['accuracy'] },
    })
    return model
  }

  const names = ['loss', 'price_loss', 'kind_loss', 'price_mae', 'kind_accuracy']

  test('are told by their names; the loss is the sum of theirs, as much as each counts', async () => {
    const model = shop()
    expect(model.metricsNames).toEqual(names)
    const [loss, price, kind] = model.evaluate(x, y) as number[]
    expect(loss).toBeCloseTo(price! + 0.5 * kind!, 6)
    const history = await model.fit(x, y, { verbose: 0, validationData: [x, [y.price, y.kind]] })
    expect(Object.keys(history.history)).toEqual([...names, ...names.map(name => `val_${name}`)])
  })

  test('have weights of samples each, by name', () => {
    const model = shop()
    const whole = model.evaluate(x, y) as number[]
    const weighted = model.evaluate(x, y, { sampleWeight: { price: [0, 0, 0, 0] } }) as number[]
    expect(weighted[1]).toBe(0)
    expect(weighted[2]).toBe(whole[2])
  })

  test('a name that is not there is an error', () => {
    expect(() => shop().evaluate(x, { ...y, prize: y.price } as never)).toThrow(/did you mean "price"/)
    expect(() => shop().compile({ optimizer: 'sgd', loss: { prize: 'mse' } })).toThrow(/did you mean "price"/)
  })
})

test('every golden number of weights of classes was looked at', () => {
  expect(unread('callbacks', ['class_weight'])).toEqual([])
})
