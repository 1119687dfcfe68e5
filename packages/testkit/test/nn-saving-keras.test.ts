/** Keras's .h5 files: weights and whole models of every layout, against golden numbers. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArignoteError, toNested } from '@arignote/graph'
import {
  layers,
  loadModel,
  type Model,
  modelFromJSON,
  resetLayerNames,
  sequential,
  weightsFromHDF5,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import h5wasm from 'h5wasm'
import { type Golden, golden, goldenPath, goldenTolerance, unread, worstDifference } from '../src/golden.js'

beforeEach(resetLayerNames)
jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'nn-saving-'))
const path = (name: string) => join(folder, name)
const numbers = (m: Model) => m.getWeights().map(w => [...w.data])

describe('files of Keras', () => {
  const g = golden('hdf5')
  const network = (recurrentActivation: string) =>
    sequential([
      layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 3 }),
      layers.lstm({ units: 2, recurrentActivation }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ])
  const near = (actual: unknown, wanted: Golden) =>
    expect(worstDifference(actual, wanted)).toBeLessThan(goldenTolerance.float32)
  const wanted = [g.embeddings, g.kernel, g.recurrent_kernel, g.bias, g.dense_kernel, g.dense_bias]

  test.each(g.files as string[])('the weights of %s are the golden ones, and predict so', async file => {
    for (const activation of ['sigmoid', 'hard_sigmoid']) {
      const m = network(activation)
      await m.loadWeights(goldenPath(file))
      expect(m.getWeights().map(w => toNested(w))).toEqual(wanted)
      near(toNested(m.predict(g.x) as never), g.prediction_by_recurrent_activation[activation])
    }
  })

  test('a whole model predicts, and has its optimiser and its state', async () => {
    const m = await loadModel(goldenPath('model_keras2.h5'))
    near(toNested(m.predict(g.x) as never), g.prediction_by_recurrent_activation.sigmoid)
    expect(m.metricsNames).toEqual(['loss', 'accuracy'])
    const state = m.optimizer.slots.map(slot => toNested(slot.getValue()))
    expect(state).toEqual([g.optimizer.iterations, ...g.optimizer.m, ...g.optimizer.v])
    await m.fit(g.x, [[1], [0]], { verbose: 0 })
    expect(m.optimizer.iterations.getValue().data[0]).toBe(g.optimizer.iterations + 1)
  })

  test('what is written as .h5 is read again', async () => {
    const m = await loadModel(goldenPath('model_keras2.h5'))
    await m.save(path('again.h5'))
    const again = await loadModel(path('again.h5'))
    expect(again.toJSON()).toEqual(m.toJSON())
    expect(numbers(again)).toEqual(numbers(m))
    expect(again.optimizer.config).toEqual(m.optimizer.config)
    expect(again.optimizer.getWeights().map(w => [...w.data])).toEqual(
      m.optimizer.getWeights().map(w => [...w.data]),
    )
    await m.saveWeights(path('weights.h5'))
    const other = network('sigmoid')
    await other.loadWeights(path('weights.h5'))
    expect(numbers(other)).toEqual(numbers(m))
  })
})

interface Layout {
  /** Attributes of the whole file. */
  readonly attributes?: Readonly<Record<string, string>>
  /** Of a whole model: the group in which layers lie, and the optimiser's arrays. */
  readonly root?: string
  readonly optimizer?: readonly Golden[]
  /** How long a list of names may be before it goes on in another attribute. */
  readonly listsOf?: number
  /** As before Keras 1.1: layers and arrays by number. */
  readonly isNumbered?: boolean
  /** What arrays are called behind their layer's name: `_W_i`. */
  readonly names?: Readonly<Record<string, readonly string[]>>
}

/** A file as Keras wrote it: arrays of layers by name; of 1.x, unless an attribute says otherwise. */
async function kerasFile(
  name: string,
  content: Readonly<Record<string, Golden[]>>,
  { attributes = {}, root, optimizer, listsOf = 99, isNumbered = false, names: called = {} }: Layout = {},
): Promise<string> {
  const { FS } = await h5wasm.ready
  const file = new h5wasm.File(name, 'w')
  const at = root === undefined ? file : file.create_group(root)
  type Group = typeof at
  const list = (group: Group, attribute: string, names: readonly string[]) => {
    const parts = Array.from({ length: Math.ceil(names.length / listsOf) }, (_, i) =>
      names.slice(i * listsOf, (i + 1) * listsOf),
    )
    for (const [i, part] of parts.entries())
      group.create_attribute(parts.length === 1 ? attribute : `${attribute}${i}`, part, [part.length], 'S40')
  }
  const put = (group: Group, name: string, value: Golden) => {
    const shape: number[] = []
    for (let x = value; Array.isArray(x); x = x[0]) shape.push(x.length)
    group.create_dataset({ name, data: Float64Array.from([value].flat(9)), shape })
  }
  for (const [key, text] of Object.entries(attributes)) file.create_attribute(key, text)
  if (isNumbered) at.create_attribute('nb_layers', Object.keys(content).length)
  else list(at, 'layer_names', Object.keys(content))
  for (const [i, [layer, arrays]] of Object.entries(content).entries()) {
    const group = at.create_group(isNumbered ? `layer_${i}` : layer)
    const names = arrays.map((_, k) =>
      isNumbered ? `param_${k}` : `${layer}${called[layer]?.[k] ?? `_${k}`}`,
    )
    if (isNumbered) group.create_attribute('nb_params', arrays.length)
    else list(group, 'weight_names', names)
    for (const [k, value] of arrays.entries()) put(group, names[k]!, value)
  }
  if (optimizer !== undefined) {
    const group = file.create_group('optimizer_weights')
    const names = optimizer.map((_, k) => `slot_${k}`)
    list(group, 'weight_names', names)
    for (const [k, value] of optimizer.entries()) put(group, names[k]!, value)
  }
  file.close()
  writeFileSync(path(name), FS.readFile(name))
  return path(name)
}

const float64 = { dtype: 'float64' } as const
const nested = (m: Model) => m.getWeights().map(w => toNested(w))

describe('weights of other times', () => {
  const { legacy_weights: legacy, cudnn_lstm_to_lstm: cudnn } = golden('formats')

  test('gates that Keras 1.x stored one by one lie side by side', async () => {
    const byGate = (gates: string) => [...gates].flatMap(gate => ['W', 'U', 'b'].map(w => `${w}_${gate}`))
    expect([legacy.lstm.order, legacy.gru.order]).toEqual([byGate('icfo'), byGate('zrh')])
    const lstm = sequential([layers.lstm({ units: 2, inputShape: [null, 3], ...float64 })])
    await lstm.loadWeights(await kerasFile('lstm.h5', { a: legacy.lstm.arrays }))
    expect(nested(lstm)).toEqual(legacy.lstm.fused)
    const gru = sequential([layers.gru({ units: 2, inputShape: [null, 3], ...float64 })])
    await gru.loadWeights(await kerasFile('gru.h5', { a: legacy.gru.arrays }))
    expect(nested(gru)).toEqual(legacy.gru.fused)
  })

  test('both halves of a Bidirectional, and layers within others', async () => {
    const inner = sequential([
      layers.gru({ units: 2, inputShape: [null, 3], returnSequences: true, ...float64 }),
    ])
    const m = sequential([
      inner,
      layers.bidirectional({ layer: layers.lstm({ units: 2, ...float64 }), ...float64 }),
    ])
    const two = legacy.lstm.arrays.map((w: Golden) =>
      Array.isArray(w[0]) && w.length === 3 ? w.slice(0, 2) : w,
    )
    const fused = [legacy.lstm.fused[0].slice(0, 2), ...legacy.lstm.fused.slice(1)]
    await m.loadWeights(await kerasFile('both.h5', { a: legacy.gru.arrays, b: [...two, ...two] }))
    expect(nested(m)).toEqual([...legacy.gru.fused, ...fused, ...fused])
  })

  test('an LSTM of cuDNN', async () => {
    const config = {
      name: 'c',
      units: 2,
      return_sequences: false,
      batch_input_shape: [null, 4, 3],
      dtype: 'float64',
    }
    const m = modelFromJSON({ class_name: 'Sequential', config: [{ class_name: 'CuDNNLSTM', config }] })
    await m.loadWeights(await kerasFile('cudnn.h5', { c: cudnn.source }))
    expect(worstDifference(nested(m), cudnn.target)).toBeLessThan(1e-15)
  })

  test('a GRU of cuDNN has two biases, which resetAfter needs', async () => {
    const [kernel, recurrent] = cudnn.source.map((w: Golden) => w.map((row: Golden) => row.slice?.(0, 6)))
    const arrays = [kernel, recurrent, Array.from({ length: 12 }, (_, i) => i)]
    const file = await kerasFile('cudnn-gru.h5', { c: arrays })
    const options = { units: 2, inputShape: [null, 3], ...float64 }
    const m = sequential([layers.gru({ ...options, resetAfter: true })])
    await m.loadWeights(file)
    const [ours, , bias] = nested(m) as Golden[]
    expect(bias).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ])
    expect(ours.map((row: Golden) => row.slice(0, 2))).toEqual(
      cudnn.target[0].map((row: Golden) => row.slice(0, 2)),
    )
    await expect(sequential([layers.gru(options)]).loadWeights(file)).rejects.toThrow(/resetAfter: true/)
  })

  test('kernels of Conv1D that Theano turned round, with the axis that 1.x had', async () => {
    const m = sequential([layers.conv1D({ filters: 1, kernelSize: 3, inputShape: [null, 2], ...float64 })])
    const kernel = [
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ]
    const four = kernel.map(k => [k])
    await m.loadWeights(await kerasFile('conv1.h5', { c: [four, [0]] }))
    expect(nested(m)).toEqual([[...kernel].reverse(), [0]])
    await m.loadWeights(path('conv1.h5'), { backend: 'tensorflow' })
    expect(nested(m)).toEqual([kernel, [0]])
    const said = { keras_version: '2.2.4', backend: 'tensorflow' }
    await m.loadWeights(await kerasFile('conv2.h5', { c: [kernel, [1]] }, { attributes: said }))
    expect(nested(m)).toEqual([kernel, [1]])
  })

  test('kernels of Conv1D until Keras 1.1: filters first, steps behind inputs', async () => {
    const m = sequential([layers.conv1D({ filters: 3, kernelSize: 2, inputShape: [null, 4], ...float64 })])
    const at = (t: number, i: number, f: number) => 100 * t + 10 * i + f
    const size = (n: number) => Array.from({ length: n }, (_, k) => k)
    const old = size(3).map(f => size(4).map(i => size(2).map(t => [at(t, i, f)])))
    await m.loadWeights(await kerasFile('conv0.h5', { c: [old, [0, 0, 0]] }))
    const ours = size(2).map(t => size(4).map(i => size(3).map(f => at(1 - t, i, f))))
    expect(nested(m)).toEqual([ours, [0, 0, 0]])
  })

  test('by name, weights of other shapes are skipped on request, and named', async () => {
    const m = sequential([
      layers.dense({ units: 2, inputShape: [2], name: 'a' }),
      layers.dense({ units: 1, name: 'b' }),
    ])
    const before = numbers(m)
    const file = await kerasFile('skip.h5', { a: [[[1, 2, 3]], [8, 9]], b: [[[7], [8]], [9]], c: [[1]] })
    await expect(m.loadWeights(file, { byName: true })).rejects.toThrow(
      /a: kernel has the shape \(2, 2\), the array \(1, 3\)/,
    )
    await expect(m.loadWeights(file, { skipMismatch: true })).rejects.toThrow(/skipMismatch without byName/)
    expect(numbers(m)).toEqual(before)
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    await m.loadWeights(file, { byName: true, skipMismatch: true })
    expect(numbers(m)).toEqual([before[0], [8, 9], [7, 8], [9]])
    await m.loadWeights(await kerasFile('skip1.h5', { a: [[1]], b: [[[5], [6]], [4]] }), {
      byName: true,
      skipMismatch: true,
    })
    expect(numbers(m)).toEqual([before[0], [8, 9], [5, 6], [4]])
    const other = sequential([
      layers.dense({ units: 2, inputShape: [2], name: 'a' }),
      layers.dense({ units: 3, name: 'b' }),
    ])
    await m.saveWeights(path('skip.weights'))
    await expect(other.loadWeights(path('skip.weights'), { byName: true })).rejects.toThrow(/E425/)
    await other.loadWeights(path('skip.weights'), { byName: true, skipMismatch: true })
    expect(numbers(other)[1]).toEqual([8, 9])
    expect(warn.mock.calls.map(([text]) => String(text).replace(/.*shapes: /, ''))).toEqual([
      'a/kernel',
      'a',
      'b/kernel, b/bias',
    ])
    warn.mockRestore()
  })

  test('a file that is changed anywhere is an error of ours, or read, and never half of it', async () => {
    const whole = readFileSync(goldenPath('weights_keras2.h5'))
    const m = sequential([
      layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 3 }),
      layers.lstm({ units: 2 }),
      layers.dense({ units: 1 }),
    ])
    const [before, set] = [m.getWeights(), numbers(m)]
    const outcomes = new Set<string>()
    for (let at = 0; at < whole.length; at += 251)
      for (const flip of [0xff, 0x01]) {
        const bytes = Uint8Array.from(whole)
        bytes[at]! ^= flip
        try {
          await weightsFromHDF5(m, bytes)
          outcomes.add('read')
          m.setWeights(before)
        } catch (error) {
          outcomes.add(error instanceof ArignoteError ? 'refused' : String(error))
          expect(numbers(m)).toEqual(set)
        }
      }
    expect([...outcomes].sort()).toEqual(['read', 'refused'])
    for (let end = 0; end < whole.length; end += 997)
      await expect(weightsFromHDF5(m, whole.subarray(0, end))).rejects.toThrow(ArignoteError)
    expect(numbers(m)).toEqual(set)
  })

  test('what does not fit is refused, and nothing is set', async () => {
    const m = sequential([layers.dense({ units: 2, inputShape: [2] }), layers.dense({ units: 1 })])
    const before = numbers(m)
    const first = [
      [
        [1, 2],
        [3, 4],
      ],
      [5, 6],
    ]
    const refused = async (content: Readonly<Record<string, Golden[]>>, message: RegExp) => {
      await expect(m.loadWeights(await kerasFile('other.h5', content))).rejects.toThrow(message)
      expect(numbers(m)).toEqual(before)
    }
    await refused({ a: first }, /1 layers with weights for 2/)
    await refused({ a: first, b: [[[1]], [1]] }, /kernel has the shape \(2, 1\), the array \(1, 1\)/)
    await refused({ a: first, b: [[[1], [2]]] }, /1 arrays, where 2 were expected/)
    const [, second] = m.layers
    await m.loadWeights(await kerasFile('by-name.h5', { x: first, [second!.name]: [[[7], [8]], [9]] }), {
      byName: true,
    })
    expect(numbers(m)).toEqual([before[0], before[1], [7, 8], [9]])
  })
})

describe('a whole model of Keras 1.x', () => {
  const g = golden('hdf5')
  const columns = (w: Golden, gate: number) =>
    Array.isArray(w[0])
      ? w.map((row: Golden) => row.slice(2 * gate, 2 * gate + 2))
      : w.slice(2 * gate, 2 * gate + 2)
  const gates = [0, 2, 1, 3].flatMap(gate =>
    [g.kernel, g.recurrent_kernel, g.bias].map(w => columns(w, gate)),
  )
  const content = { embedding_1: [g.embeddings], lstm_1: gates, dense_1: [g.dense_kernel, g.dense_bias] }
  const config = [
    {
      class_name: 'Embedding',
      config: {
        name: 'embedding_1',
        input_dim: 5,
        output_dim: 3,
        input_length: 3,
        init: 'uniform',
        batch_input_shape: [null, 3],
        input_dtype: 'int32',
      },
    },
    {
      class_name: 'LSTM',
      config: { name: 'lstm_1', output_dim: 2, inner_activation: 'hard_sigmoid', consume_less: 'cpu' },
    },
    {
      class_name: 'Dense',
      config: { name: 'dense_1', output_dim: 1, activation: 'sigmoid', init: 'glorot_uniform' },
    },
  ]
  const training = {
    optimizer_config: { class_name: 'SGD', config: { lr: 0.25, momentum: 0, decay: 0, nesterov: false } },
    loss: 'binary_crossentropy',
    metrics: ['accuracy'],
    sample_weight_mode: null,
    loss_weights: null,
  }
  const attributes = {
    keras_version: '1.2.2',
    model_config: JSON.stringify({ class_name: 'Sequential', config }),
    training_config: JSON.stringify(training),
  }
  const root = 'model_weights'
  const near = (m: Model) =>
    expect(
      worstDifference(toNested(m.predict(g.x) as never), g.prediction_by_recurrent_activation.hard_sigmoid),
    ).toBeLessThan(goldenTolerance.float32)

  test('predicts as it did, and trains on', async () => {
    const m = await loadModel(await kerasFile('old.h5', content, { attributes, root }))
    near(m)
    expect(m.layers[1]!.getConfig()['recurrent_activation']).toBe('hard_sigmoid')
    expect(m.optimizer.config).toMatchObject({ learning_rate: 0.25 })
    const before = m.evaluate(g.x, [[1], [0]]) as number[]
    await m.fit(g.x, [[1], [0]], { epochs: 5, verbose: 0 })
    expect((m.evaluate(g.x, [[1], [0]]) as number[])[0]).toBeLessThan(before[0]!)
  })

  test('with a state that is not that of its optimiser begins with a fresh one, and says so', async () => {
    const adam = { ...training, optimizer_config: { class_name: 'Adam', config: { lr: 0.5 } } }
    const texts = { ...attributes, training_config: JSON.stringify(adam) }
    const inside = JSON.stringify({ class_name: 'Sequential', config, keras_version: '1.2.2' })
    const modern = { ...texts, keras_version: '2.3.1', model_config: inside }
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    for (const said of [texts, modern])
      for (const optimizer of [[3], [3, ...gates, ...gates], [3, ...Array(29).fill(1)]]) {
        const m = await loadModel(await kerasFile('adam.h5', content, { attributes: said, root, optimizer }))
        near(m)
        expect(m.optimizer.iterations.getValue().data[0]).toBe(0)
        expect(warn.mock.calls.pop()).toEqual([
          expect.stringMatching(
            /adam\.h5: what it has of Adam is no state for these weights; training begins/,
          ),
        ])
      }
    expect((await loadModel(path('adam.h5'), { compile: false })).compiledWith).toBeNull()
    await loadModel(path('adam.h5'), { compile: { optimizer: 'sgd' } })
    expect(warn.mock.calls).toEqual([])
    warn.mockRestore()
  })

  test('that says damaged things of how it was compiled is refused', async () => {
    const damaged = [
      'no JSON',
      '{}',
      ...[{ optimizer_config: { class_name: 'Adam', config: null } }, { loss: 3 }, { metrics: [3] }].map(
        changes => JSON.stringify({ ...training, ...changes }),
      ),
    ]
    for (const text of damaged) {
      const texts = { ...attributes, training_config: text }
      const file = await kerasFile('compiled.h5', content, { attributes: texts, root })
      await expect(loadModel(file)).rejects.toThrow(ArignoteError)
      near(await loadModel(file, { compile: false }))
    }
  })

  test('is compiled otherwise, or only then, on request', async () => {
    const file = await kerasFile('old.h5', content, { attributes, root })
    const m = await loadModel(file, { compile: { optimizer: 'adam', metrics: [] } })
    expect([m.optimizer.class_name, m.metricsNames]).toEqual(['Adam', ['loss']])
    const { training_config: _, ...bare } = attributes
    const other = await kerasFile('bare.h5', content, { attributes: bare, root })
    expect((await loadModel(other)).compiledWith).toBeNull()
    const compiled = await loadModel(other, { compile: { optimizer: 'sgd', loss: 'mse' } })
    expect(compiled.compiledWith).not.toBeNull()
  })

  test.each([
    ['names of layers split over attributes', { listsOf: 2 }],
    ['layers and arrays by number, as before Keras 1.1', { isNumbered: true }],
  ])('%s', async (_, layout) => {
    const m = await loadModel(await kerasFile('layout.h5', content, { attributes, root, ...layout }))
    near(m)
  })
})

test('every golden number of files and weights of other times was looked at', () => {
  expect(
    unread('hdf5', [
      'files',
      'embeddings',
      'kernel',
      'recurrent_kernel',
      'bias',
      'dense_kernel',
      'dense_bias',
      'x',
      'prediction_by_recurrent_activation',
      'optimizer',
    ]),
  ).toEqual([])
  expect(unread('formats', ['legacy_weights', 'cudnn_lstm_to_lstm'])).toEqual([])
})
