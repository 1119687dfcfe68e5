/** Models to one file and back: training goes on to the bit, and nothing is half read. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArignoteError, toNested, type Variable } from '@arignote/graph'
import {
  input,
  layers,
  loadModel,
  losses,
  type Metric,
  type Model,
  type ModelCompileOptions,
  metrics,
  model,
  modelFromBytes,
  modelFromHDF5,
  modelToBytes,
  optimizers,
  resetLayerNames,
  schedules,
  sequential,
  weightsFromBytes,
  weightsFromHDF5,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { encodeParameters } from 'arignote/save'
import { goldenPath } from '../src/golden.js'

beforeEach(resetLayerNames)
jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'nn-saving-'))
const path = (name: string) => join(folder, name)
const numbers = (m: Model) => m.getWeights().map(w => [...w.data])
const nested = (m: Model) => m.getWeights().map(w => toNested(w))

describe('training goes on to the bit', () => {
  const x = Array.from({ length: 24 }, (_, i) => Array.from({ length: 5 }, (_, t) => [Math.sin(i + t)]))
  const y = x.map(row => [row[4]![0]! > 0 ? 1 : 0])
  const made = () => {
    const m = sequential(
      [
        layers.lstm({
          units: 4,
          dropout: 0.3,
          recurrentDropout: 0.3,
          returnSequences: true,
          inputShape: [5, 1],
        }),
        layers.batchNormalization(),
        layers.bidirectional({ layer: layers.gru({ units: 3, recurrentDropout: 0.2 }) }),
        layers.dropout({ rate: 0.5 }),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer: 'l2' }),
      ],
      { seed: 3 },
    )
    m.compile({
      loss: 'binaryCrossentropy',
      optimizer: optimizers.adam({ learningRate: 0.01, decay: 0.001, clipnorm: 1 }),
      metrics: ['accuracy'],
    })
    return m
  }
  const fit = (m: Model, initialEpoch: number, epochs: number) =>
    m.fit(x, y, { batchSize: 7, epochs, initialEpoch, seed: 5, verbose: 0, validationSplit: 0.25 })

  test('a model that was compiled again draws as one that was loaded', async () => {
    const m = made()
    await fit(m, 0, 1)
    m.compile(m.compiledWith!)
    const loaded = modelFromBytes(modelToBytes(m))
    const sampleWeight = x.map((_, i) => i % 3)
    expect(loaded.trainOnBatch(x, y, { sampleWeight })).toEqual(m.trainOnBatch(x, y, { sampleWeight }))
    expect(numbers(loaded)).toEqual(numbers(m))
  })

  test('states of stateful layers, schedules and several outputs go with it', async () => {
    const a = input({ batchShape: [4, 5, 1] })
    const states = layers.lstm({ units: 3, stateful: true, seed: 1 }).apply(a)
    const m = model({
      inputs: a,
      outputs: [
        layers.dense({ units: 1, name: 'p', seed: 2 }).apply(states),
        layers.dense({ units: 2, name: 'q', seed: 3 }).apply(states),
      ],
    })
    const learningRate = schedules.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 2,
      decayRate: 0.5,
    })
    m.compile({
      loss: { p: 'mse', q: 'mae' },
      optimizer: optimizers.rmsprop({ learningRate }),
      lossWeights: { p: 1, q: 0.5 },
      metrics: { q: ['mae', 'cosineSimilarity'] },
    })
    const xs = x.slice(0, 4)
    const ys = [
      [[1], [0], [1], [0]],
      [
        [1, 2],
        [0, 1],
        [1, 1],
        [0, 0],
      ],
    ]
    m.trainOnBatch(xs, ys)
    const loaded = modelFromBytes(modelToBytes(m))
    expect(loaded.metricsNames).toEqual(m.metricsNames)
    for (let step = 0; step < 2; step++) expect(loaded.trainOnBatch(xs, ys)).toEqual(m.trainOnBatch(xs, ys))
    expect(nested(loaded)).toEqual(nested(m))
  })

  test('two epochs, a file, and two more are four epochs', async () => {
    const whole = made()
    await fit(whole, 0, 2)
    await whole.save(path('resumed'))
    const after = await fit(whole, 2, 4)

    resetLayerNames()
    const resumed = await loadModel(path('resumed'))
    const again = await fit(resumed, 2, 4)
    expect(again.history).toEqual(after.history)
    expect(numbers(resumed)).toEqual(numbers(whole))
  })
})

describe('files that are not whole', () => {
  const made = (units = 2) => {
    const m = sequential([layers.dense({ units, inputShape: [2] }), layers.batchNormalization()])
    m.compile({ loss: 'mse', optimizer: 'adam' })
    return m
  }

  test('cut off anywhere, or with one bit turned anywhere, a file is refused, and weights are as they were', () => {
    const bytes = modelToBytes(made())
    const m = made()
    const before = numbers(m)
    const refused = (broken: Uint8Array) => {
      expect(() => weightsFromBytes(m, broken)).toThrow(ArignoteError)
      expect(() => modelFromBytes(broken)).toThrow(ArignoteError)
      expect(numbers(m)).toEqual(before)
    }
    for (let length = 0; length < bytes.length; length += 1 + Math.floor(bytes.length / 97))
      refused(bytes.slice(0, length))
    for (let place = 0; place < bytes.length; place += 1 + Math.floor(bytes.length / 211)) {
      const broken = bytes.slice()
      broken[place]! ^= 1 << (place % 8)
      // Spaces behind the header may be others.
      if (!isSameHeader(bytes, broken)) refused(broken)
    }
  })

  /** Whether the JSON of the header, and what follows it, say the same. */
  function isSameHeader(a: Uint8Array, b: Uint8Array): boolean {
    const length = new DataView(a.buffer, a.byteOffset).getUint32(0, true)
    const parsed = (bytes: Uint8Array) => {
      try {
        return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))))
      } catch {
        return null
      }
    }
    const rest = (bytes: Uint8Array) => [...bytes.subarray(0, 8), ...bytes.subarray(8 + length)].join()
    return parsed(a) === parsed(b) && rest(a) === rest(b)
  }

  test('foreign files are refused by name', async () => {
    writeFileSync(path('text'), 'a text')
    await expect(loadModel(path('text'))).rejects.toThrow(/text: not a safetensors file/)
    await expect(loadModel(path('none'))).rejects.toThrow(/none cannot be read/)
    writeFileSync(path('arrays'), encodeParameters({ w: [1, 2] }))
    await expect(loadModel(path('arrays'))).rejects.toThrow(/arrays: the file has arrays, but no model/)
    writeFileSync(path('cut.h5'), readFileSync(goldenPath('model_keras2.h5')).subarray(0, 9000))
    await expect(loadModel(path('cut.h5'))).rejects.toThrow(/cut.h5 is damaged: .*E423/s)
    const h5 = readFileSync(goldenPath('weights_keras2.h5'))
    await expect(modelFromHDF5(h5)).rejects.toThrow(/the bytes: the file has weights, but no model/)
    const m = made()
    await expect(weightsFromHDF5(m, h5)).rejects.toThrow(/3 layers with weights for 2/)
  })

  test('a save that fails leaves the old file, and none beside it', async () => {
    const m = made()
    await m.save(path('kept'))
    const before = readFileSync(path('kept'))
    m.add(layers.activation({ activation: x => x.square() as never }))
    await expect(m.save(path('kept'))).rejects.toThrow(/cannot be stored/)
    await expect(made().save(join(path('kept'), 'below'))).rejects.toThrow(/cannot be written/)
    expect(readFileSync(path('kept')).equals(before)).toBe(true)
    expect(readdirSync(folder).filter(name => name.includes('tmp'))).toEqual([])
  })

  test('weights go in order into a model with other names, by name on request, and not into another model', async () => {
    const [a, b] = [made(), made()]
    await a.saveWeights(path('weights'))
    await b.loadWeights(path('weights'))
    expect(numbers(b)).toEqual(numbers(a))
    const wider = made(3)
    const before = numbers(wider)
    await expect(wider.loadWeights(path('weights'))).rejects.toThrow(
      /has the shape \(2, 3\), the array \(2, 2\).*nothing was set/s,
    )
    await expect(
      sequential([layers.dense({ units: 2, inputShape: [2] })]).loadWeights(path('weights')),
    ).rejects.toThrow(/6 arrays for 2 weights/)
    expect(numbers(wider)).toEqual(before)
    const head = layers.dense({ units: 2, name: a.layers[0]!.name, inputShape: [2] })
    const named = sequential([head, layers.dense({ units: 5 })])
    await named.loadWeights(path('weights'), { byName: true })
    expect(numbers(named).slice(0, 2)).toEqual(numbers(a).slice(0, 2))
  })

  test('a loss that is a function is handed in again', () => {
    const m = sequential([layers.dense({ units: 1, inputShape: [2] })])
    const loss = (t: Variable, y: Variable) => y.sub(t).square().square().sum(-1) as Variable
    m.compile({ loss, optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.5 }), metrics: ['mae'] })
    m.trainOnBatch([[1, 2]], [[1]])
    const bytes = modelToBytes(m)
    expect(() => modelFromBytes(bytes)).toThrow(/compiled with functions, which are not stored: loss/)
    expect(modelFromBytes(bytes, { compile: false }).compiledWith).toBeNull()
    const loaded = modelFromBytes(bytes, { compile: { loss } })
    expect(loaded.trainOnBatch([[1, 2]], [[1]])).toEqual(m.trainOnBatch([[1, 2]], [[1]]))
    expect(numbers(loaded)).toEqual(numbers(m))
    expect(modelFromBytes(modelToBytes(m, { includeOptimizer: false })).compiledWith).toBeNull()
  })
})

describe('what a model was compiled with', () => {
  const [x, y] = [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
  ]
  const made = (options: Omit<ModelCompileOptions, 'optimizer'> & Partial<ModelCompileOptions>) => {
    const m = sequential([layers.dense({ units: 3, activation: 'softmax', inputShape: [2], seed: 1 })])
    m.compile({ optimizer: 'sgd', ...options })
    return m
  }
  const isSame = (m: Model, targets: readonly (readonly number[])[]) => {
    const back = modelFromBytes(modelToBytes(m))
    const told = (each: Model) => [
      each.metricsNames,
      each.evaluate(x, targets),
      each.trainOnBatch(x, targets),
      numbers(each),
    ]
    expect(told(back)).toEqual(told(m))
    expect(back.optimizer.config).toEqual(m.optimizer.config)
  }
  const labels = (name: string) => (name.startsWith('sparse') ? [[0], [1]] : y)

  test.each(Object.keys(losses))('the loss %s, and as a metric', name => {
    isSame(made({ loss: name, metrics: [name] }), labels(name))
  })

  test('a loss with options', () => {
    const loss = { class_name: 'CategoricalCrossentropy', config: { label_smoothing: 0.1 } }
    isSame(made({ loss, maskNormalization: 'keras1To22' }), y)
  })

  test.each(Object.keys(metrics))('the metric %s', name => {
    const make = metrics[name as keyof typeof metrics] as (options?: object) => Metric
    const options = { meanIoU: [{ numClasses: 3 }], precision: [{ threshold: 0.3 }] }[name] ?? []
    const loss = name.startsWith('sparse') ? 'sparseCategoricalCrossentropy' : 'categoricalCrossentropy'
    isSame(made({ loss, metrics: [make(...options)] }), labels(name))
  })

  test.each(Object.keys(optimizers))('the optimiser %s, with its state', name => {
    const make = optimizers[name as keyof typeof optimizers] as (
      options: object,
    ) => ReturnType<typeof optimizers.adam>
    const m = made({
      loss: 'mse',
      optimizer: make({ learningRate: 0.125, clipnorm: 0.5, ...(name === 'adam' && { amsgrad: true }) }),
    })
    m.trainOnBatch(x, y)
    isSame(m, y)
  })
})
