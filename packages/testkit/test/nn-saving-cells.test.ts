/** Layers around a cell in JSON and files: Keras's RNN with SimpleRNNCell, LSTMCell, GRUCell and StackedRNNCells. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ndarrayOf } from '@arignote/graph'
import {
  gruCell,
  type Layer,
  layers,
  loadModel,
  lstmCell,
  type Model,
  modelFromJSON,
  type RecurrentCell,
  resetLayerNames,
  rnnCell,
  sequential,
  stackCells,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { Golden } from '../src/golden.js'

beforeEach(resetLayerNames)
jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'cells-'))
const x = ndarrayOf(
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  [2, 4, 3],
)
const y = ndarrayOf(Float32Array.from([0.5, -0.5, 0.1, 0.9]), [2, 2])
const numbers = (m: Model) => [...(m.predict(x) as { data: Float32Array }).data]
const weights = (m: Model) => m.getWeights().map(w => [...w.data])

const parts = { inputSize: 3, units: 2, seed: 1 }
const stack = () =>
  stackCells([lstmCell({ inputSize: 3, units: 3, seed: 2 }), gruCell({ inputSize: 3, units: 2, seed: 3 })])
const cells: Record<string, () => RecurrentCell> = {
  SimpleRNNCell: () => rnnCell({ ...parts, activation: 'relu', useBias: false }),
  LSTMCell: () => lstmCell({ ...parts, recurrentActivation: 'hardSigmoid', implementation: 1 }),
  'LSTMCell with peepholes': () =>
    lstmCell({ ...parts, peepholes: true, layerNormalization: true, epsilon: 0.1 }),
  GRUCell: () => gruCell({ ...parts, resetAfter: true, kernelInitializer: 'heNormal' }),
  StackedRNNCells: stack,
  'stacks in stacks': () => stackCells([stack(), rnnCell({ inputSize: 2, units: 2, seed: 4 })]),
}

const modelOf = (cell: RecurrentCell) => {
  const m = sequential([layers.rnn({ cell, inputShape: [4, 3], seed: 5 })])
  m.compile({ loss: 'mse', optimizer: 'adam' })
  return m
}

describe.each(Object.keys(cells))('%s', name => {
  test('its JSON is read, and is then the same', () => {
    const m = modelOf(cells[name]!())
    const json = m.toJSON() as Golden
    expect(json.config.layers[0].config.cell.class_name).toBe(
      name.replace(/ .*/, '').replace('stacks', 'StackedRNNCells'),
    )
    const back = modelFromJSON(JSON.stringify(json))
    expect(back.toJSON()).toEqual(json)
    back.setWeights(m.getWeights())
    expect(numbers(back)).toEqual(numbers(m))
  })
  test('files of ours and of Keras hold it, and training goes on', async () => {
    for (const file of ['cell', 'cell.h5']) {
      const m = modelOf(cells[name]!())
      await m.fit(x, y, { epochs: 2, verbose: 0 })
      await m.save(join(folder, file))
      const back = await loadModel(join(folder, file))
      expect(weights(back)).toEqual(weights(m))
      expect(numbers(back)).toEqual(numbers(m))
      expect(await back.trainOnBatch(x, y)).toEqual(await m.trainOnBatch(x, y))
      expect(weights(back)).toEqual(weights(m))
    }
  })
})

const initializer = (class_name: string, config: object = {}) => ({ class_name, config })
const uniform = { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null }
/** As Keras 2.3 writes a cell. */
const gru = (name: string, units: number, changes: object = {}) => ({
  class_name: 'GRUCell',
  config: {
    name,
    trainable: true,
    dtype: 'float32',
    units,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    use_bias: true,
    kernel_initializer: initializer('VarianceScaling', uniform),
    recurrent_initializer: initializer('Orthogonal', { gain: 1, seed: null }),
    bias_initializer: initializer('Zeros'),
    kernel_regularizer: null,
    recurrent_regularizer: null,
    bias_regularizer: null,
    kernel_constraint: null,
    recurrent_constraint: null,
    bias_constraint: null,
    dropout: 0,
    recurrent_dropout: 0,
    implementation: 2,
    reset_after: false,
    ...changes,
  },
})
const stored = (cell: object) => ({
  class_name: 'Sequential',
  config: {
    name: 'sequential_1',
    layers: [
      {
        class_name: 'RNN',
        config: {
          name: 'rnn_1',
          trainable: true,
          batch_input_shape: [null, 4, 3],
          dtype: 'float32',
          return_sequences: false,
          return_state: false,
          go_backwards: false,
          stateful: false,
          unroll: false,
          cell,
        },
      },
    ],
  },
  keras_version: '2.3.1',
  backend: 'theano',
})

describe('what Keras says of a cell', () => {
  test('comes back as it was, of one cell and of several', () => {
    const cells = [gru('gru_cell_1', 3), gru('gru_cell_2', 2, { reset_after: true })]
    const config = { name: 'stacked_rnn_cells_1', trainable: true, dtype: 'float32', cells }
    for (const cell of [gru('gru_cell_1', 2), { class_name: 'StackedRNNCells', config }])
      expect(modelFromJSON(stored(cell)).toJSON()).toEqual(stored(cell))
  })
  test('an rnn of a cell computes what the layer of its kind does', () => {
    const layer = sequential([layers.gru({ units: 2, inputShape: [4, 3], seed: 1 })])
    const m = modelFromJSON(stored(gru('cell', 2)))
    m.setWeights(layer.getWeights())
    expect(numbers(m)).toEqual(numbers(layer))
  })
  test('its penalties, constraints and frozen weights are those of the weights', () => {
    const l2 = { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } }
    const changes = { kernel_regularizer: l2, kernel_initializer: initializer('Ones') }
    const m = modelFromJSON(stored(gru('cell', 2, changes)))
    const free = modelFromJSON(stored(gru('cell', 2, { kernel_initializer: initializer('Ones') })))
    free.setWeights(m.getWeights())
    for (const one of [m, free]) one.compile({ loss: 'mse', optimizer: 'sgd' })
    const [loss, without] = [m, free].map(one => one.evaluate(x, y) as number)
    // 0.5 · 18 ones.
    expect(loss! - without!).toBeCloseTo(9, 5)

    const lower = gru('lower', 3, { trainable: false, bias_constraint: { class_name: 'NonNeg', config: {} } })
    const upper = gru('upper', 2, { recurrent_constraint: { class_name: 'NonNeg', config: {} } })
    const both = modelFromJSON(stored({ class_name: 'StackedRNNCells', config: { cells: [lower, upper] } }))
    expect(both.weights.map(w => [w.name, w.trainable, w.constraint !== null])).toEqual([
      ['1.kernel', true, false],
      ['1.recurrent_kernel', true, true],
      ['1.bias', true, false],
      ['0.kernel', false, false],
      ['0.recurrent_kernel', false, false],
      ['0.bias', false, true],
    ])
  })
  test('it drops in training as the layer of its kind does, each cell of a stack by itself', async () => {
    const dropping = { dropout: 0.5, recurrent_dropout: 0.25, implementation: 1 }
    const options = { units: 2, dropout: 0.5, recurrentDropout: 0.25, implementation: 1 } as const
    const layer = sequential([layers.gru({ ...options, inputShape: [4, 3], seed: 7 })])
    const m = modelFromJSON(stored(gru('cell', 2, dropping)), { seed: 1 })
    m.setWeights(layer.getWeights())
    const list = [gru('a', 3, dropping), gru('b', 2)]
    const both = modelFromJSON(stored({ class_name: 'StackedRNNCells', config: { cells: list } }), {
      seed: 1,
    })
    for (const one of [m, both]) {
      one.compile({ loss: 'mse', optimizer: 'sgd' })
      // In training the loss is another one each time, otherwise the same.
      const first = one.evaluate(x, y)
      expect(one.evaluate(x, y)).toEqual(first)
      const weights = one.getWeights()
      const losses = new Set<unknown>()
      for (let i = 0; i < 5; i++) {
        losses.add(JSON.stringify(await one.trainOnBatch(x, y)))
        one.setWeights(weights)
      }
      expect(losses.size).toBeGreaterThan(2)
    }
  })
  test('a Bidirectional has a cell for each direction', async () => {
    const way = (seed: number, goBackwards: boolean) =>
      layers.rnn({ cell: lstmCell({ ...parts, seed }), goBackwards }) as unknown as Layer
    const [layer, backwardLayer] = [way(1, false), way(2, true)]
    const made = sequential([layers.bidirectional({ layer, backwardLayer, inputShape: [4, 3] })])
    const back = modelFromJSON(made.toJSON())
    expect(back.toJSON()).toEqual(made.toJSON())
    for (const file of ['both', 'both.h5']) {
      await made.save(join(folder, file))
      expect(numbers(await loadModel(join(folder, file)))).toEqual(numbers(made))
    }
    // As Keras has it, the backward cell is one like the forward one.
    const keras = stored(gru('cell', 2)) as Golden
    const [rnn] = keras.config.layers
    const { batch_input_shape, ...config } = rnn.config
    const around = { name: 'both', merge_mode: 'concat', layer: { ...rnn, config }, batch_input_shape }
    keras.config.layers = [{ class_name: 'Bidirectional', config: around }]
    const twice = modelFromJSON(keras)
    expect(new Set(twice.weights.map(w => w.variable)).size).toBe(6)
    expect(twice.outputs[0]!.shape).toEqual([null, 4])
  })
})

describe('what cannot be read', () => {
  test('a cell of an unknown class says how it can be, and then is', () => {
    const own = stored({ class_name: 'MinimalCell', config: { units: 2 } })
    expect(() => modelFromJSON(own)).toThrow(
      /the cell "MinimalCell" is none that can be read.*RNN: config.*E428/s,
    )
    expect(() => modelFromJSON(stored(gru('a', 2, {}))).toJSON()).not.toThrow()
    const misspelt = stored({ class_name: 'GruCell', config: { units: 2 } })
    expect(() => modelFromJSON(misspelt)).toThrow(/did you mean "GRUCell"/)
    const m = modelFromJSON(own, {
      layers: { RNN: () => layers.rnn({ cell: rnnCell(parts), inputShape: [4, 3] }) },
    })
    expect(m.outputs[0]!.shape).toEqual([null, 2])
  })
  test('a stack without cells, states in reverse, options that will not do', () => {
    const stackOf = (config: object) => () =>
      modelFromJSON(stored({ class_name: 'StackedRNNCells', config: { name: 's', ...config } }))
    expect(stackOf({})).toThrow(/without a list of cells/)
    expect(stackOf({ cells: [] })).toThrow(/without a list of cells/)
    expect(stackOf({ cells: [gru('a', 2)], reverse_state_order: true })).toThrow(/states in reverse/)
    expect(stackOf({ cells: [gru('a', 0)] })).toThrow(/units/)
    expect(() => modelFromJSON(stored(3 as never))).toThrow(/rnn: cell/)
    const constants = stored(gru('a', 2)) as Golden
    constants.config.layers[0].config.num_constants = 1
    expect(() => modelFromJSON(constants)).toThrow(/layer 0, RNN has constants/)
  })
})
