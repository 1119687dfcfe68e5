/** What is trained, and what stays as it is: frozen layers, outputs without a loss, a model compiled again. */
import {
  input,
  type Layer,
  layers,
  model as modelOf,
  optimizers,
  resetLayerNames,
  type SymbolicTensor,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const x = [
  [1, 2],
  [3, 4],
]
const y = [[1], [0]]
const how = { loss: 'mse', optimizer: 'sgd' } as const

/** Whether a step of training changes the weights of a layer. */
function changes(layer: Layer, step: () => unknown): boolean {
  const before = JSON.stringify(layer.getWeights())
  step()
  return JSON.stringify(layer.getWeights()) !== before
}

describe('trainable is what it was when the model was compiled', () => {
  test('a model and one that has it as a frozen layer take turns: adversaries', () => {
    const judge = layers.dense({ units: 1, inputShape: [2] })
    const discriminator = sequential([judge])
    discriminator.compile(how)
    judge.trainable = false
    const maker = layers.dense({ units: 2, inputShape: [2] })
    const both = sequential([maker, discriminator])
    both.compile(how)
    expect(changes(judge, () => discriminator.trainOnBatch(x, y))).toBe(true)
    expect(changes(judge, () => both.trainOnBatch(x, y))).toBe(false)
    expect(changes(maker, () => both.trainOnBatch(x, y))).toBe(true)
  })

  test('also where weights of samples ask for another function later', () => {
    const layer = layers.dense({ units: 1, inputShape: [2] })
    const model = sequential([layer])
    model.compile(how)
    layer.trainable = false
    expect(changes(layer, () => model.trainOnBatch(x, y, { sampleWeight: [1, 2] }))).toBe(true)
    model.compile(how)
    expect(changes(layer, () => model.trainOnBatch(x, y, { sampleWeight: [1, 2] }))).toBe(false)
  })

  test('a frozen batch normalisation keeps its averages, as from Keras 2.1.3 on, also in a model that is a layer', () => {
    for (const isNested of [false, true]) {
      const normal = layers.batchNormalization({ inputShape: [2] })
      normal.trainable = false
      const inner = isNested ? sequential([normal]) : normal
      const model = sequential([inner, layers.dense({ units: 1 })])
      model.compile(how)
      expect(changes(normal, () => model.trainOnBatch(x, y))).toBe(false)
      normal.trainable = true
      expect(changes(normal, () => model.trainOnBatch(x, y))).toBe(false)
      model.compile(how)
      expect(changes(normal, () => model.trainOnBatch(x, y))).toBe(true)
    }
  })

  test('a frozen stateful layer has its states all the same', () => {
    const lstm = layers.lstm({ units: 2, batchInputShape: [2, 1, 2], stateful: true })
    lstm.trainable = false
    const model = sequential([lstm, layers.dense({ units: 1 })])
    model.compile(how)
    const steps = x.map(row => [row])
    const first = model.predict(steps)
    expect(changes(lstm, () => model.trainOnBatch(steps, y))).toBe(false)
    model.resetStates()
    expect(model.predict(steps)).not.toEqual(first)
  })
})

test('an output without a loss keeps the weights that only it has', () => {
  const from = input({ shape: [2] })
  const shared = layers.dense({ units: 2 })
  const [trained, idle] = [layers.dense({ units: 1, name: 'a' }), layers.dense({ units: 1, name: 'b' })]
  const hidden = shared.apply(from) as SymbolicTensor
  const outputs = [trained.apply(hidden) as SymbolicTensor, idle.apply(hidden) as SymbolicTensor]
  const model = modelOf({ inputs: from, outputs })
  model.compile({ loss: { a: 'mse' }, optimizer: 'adam' })
  expect(model.metricsNames).toEqual(['loss', 'a_loss'])
  const step = () => model.trainOnBatch(x, y)
  expect([shared, trained, idle].map(layer => changes(layer, step))).toEqual([true, true, false])
})

test('compiled again with the same optimiser object, training goes on with its state; by a name, with a new one', () => {
  const layer = layers.dense({ units: 1, inputShape: [2], seed: 1 })
  const model = sequential([layer])
  const optimizer = optimizers.adam()
  model.compile({ loss: 'mse', optimizer })
  model.trainOnBatch(x, y)
  model.compile({ loss: 'mae', optimizer })
  model.trainOnBatch(x, y)
  expect(optimizer.iterations.getValue().data[0]).toBe(2)
  model.compile({ loss: 'mae', optimizer: 'adam' })
  expect(model.optimizer.iterations.getValue().data[0]).toBe(0)
})
