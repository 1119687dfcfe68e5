/** Models to and from files: Keras's JSON, our own format, training that goes on to the bit. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  layers,
  loadModel,
  type Model,
  modelFromJSON,
  optimizers,
  resetLayerNames,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { golden } from '../src/golden.js'

beforeEach(resetLayerNames)

const folder = mkdtempSync(join(tmpdir(), 'nn-saving-'))
const path = (name: string) => join(folder, name)
const numbers = (m: Model) => m.getWeights().map(w => [...w.data])

describe('JSON', () => {
  const { v1, v2 } = golden('formats').model_json

  test('a configuration of Keras 2.3 comes back as it was', () => {
    expect(modelFromJSON(v2).toJSON()).toEqual(v2)
    expect(modelFromJSON(JSON.stringify(v2)).toJSON()).toEqual(v2)
  })

  test('our models are stored as Keras 2.3 stores them', () => {
    const m = sequential([
      layers.embedding({ inputDim: 20000, outputDim: 128, inputLength: 100 }),
      layers.lstm({ units: 128, dropout: 0.2, recurrentDropout: 0.2 }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ])
    expect(m.toJSON()).toEqual(v2)
  })

  test('until Keras 2.2.2 a Sequential was a list', () => {
    const { layers: list } = v2.config
    const m = modelFromJSON({ ...v2, config: list, keras_version: '2.2.2' })
    expect((m.toJSON().config as { layers: unknown }).layers).toEqual(list)
  })

  test('a configuration of Keras 1.x is the same model, with gates of the hard sigmoid', () => {
    const wanted = structuredClone(v2)
    Object.assign(wanted.config.layers[1].config, { recurrent_activation: 'hard_sigmoid', implementation: 1 })
    for (const layer of wanted.config.layers)
      for (const [key, value] of Object.entries(layer.config))
        if (key === 'recurrent_initializer')
          expect(value).toEqual({ class_name: 'Orthogonal', config: { gain: 1, seed: null } })
    expect(modelFromJSON(v1).toJSON()).toEqual(wanted)
  })
})

jest.setTimeout(60_000)

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
