/** Optimisers' states in files of older Keras: gate by gate, sorted by name, without counts; training goes on to the bit. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NdArray, ndarrayOf, type Shared } from '@arignote/graph'
import {
  layers,
  loadModel,
  type Model,
  type OptimizerLike,
  optimizers,
  resetLayerNames,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import h5wasm from 'h5wasm'

beforeEach(resetLayerNames)
jest.setTimeout(120_000)

const folder = mkdtempSync(join(tmpdir(), 'nn-state-'))

/** How one of our weights was stored: as arrays with these names, each some of its columns. */
interface Part {
  readonly name: string
  readonly value: (weight: NdArray) => NdArray
}
type Parts = readonly (readonly Part[])[]

const whole = (weight: NdArray) => weight
const columns =
  (gate: number, gates: number) =>
  ({ data, shape }: NdArray): NdArray => {
    const width = shape.at(-1)! / gates
    const rows = data.length / shape.at(-1)!
    const picked = Float32Array.from({ length: rows * width }, (_, i) => {
      const row = Math.floor(i / width)
      return data[row * shape.at(-1)! + gate * width + (i % width)]!
    })
    return ndarrayOf(picked, [...shape.slice(0, -1), width]) as NdArray
  }
const reversed = ({ data, shape }: NdArray): NdArray => {
  const size = data.length / shape[0]!
  const turned = Float32Array.from(
    data,
    (_, i) => data[(shape[0]! - 1 - Math.floor(i / size)) * size + (i % size)]!,
  )
  return ndarrayOf(turned, shape) as NdArray
}

/** Kernel, recurrent kernel and bias as 1.x had them; `where` has each gate's place among ours, in the order of the file. */
const gates = (layer: string, where: Readonly<Record<string, number>>): Parts => {
  const count = Object.keys(where).length
  return Object.entries(where).map(([gate, k]) =>
    ['W', 'U', 'b'].map(kind => ({ name: `${layer}_${kind}_${gate}`, value: columns(k, count) })),
  )
}
const plain = (layer: string, ...names: string[]): Parts => [
  names.map(name => ({ name: `${layer}${name}`, value: whole })),
]

/** A layer of the file: its name, how many weights of the model are its, and how they were stored. */
type Stored = readonly [name: string, weights: number, parts: Parts]

interface File {
  readonly version: string
  readonly config: object
  readonly optimizer: object
  readonly layers: readonly Stored[]
  /** What the state was made of, in which order its parameters were. */
  readonly isSorted: boolean
  readonly heads: (iterations: number) => readonly number[]
}

/** Each of these parts belongs to the weight with its number within the layer. */
const partsOf = ([, weights, parts]: Stored) =>
  parts.flatMap(group =>
    group.map((part, kind) => ({ ...part, weight: weights === group.length ? kind : 0 })),
  )

async function write(name: string, m: Model, file: File): Promise<string> {
  const { FS } = await h5wasm.ready
  const h5 = new h5wasm.File(name, 'w')
  const training = { optimizer_config: file.optimizer, loss: 'mean_squared_error', metrics: [] }
  const texts = {
    keras_version: file.version,
    backend: 'theano',
    model_config: JSON.stringify(file.config),
    training_config: JSON.stringify(training),
  }
  for (const [key, text] of Object.entries(texts)) h5.create_attribute(key, text)
  const root = h5.create_group('model_weights')
  const names = (group: typeof root, list: readonly string[]) =>
    group.create_attribute('weight_names', [...list], [list.length], 'S60')
  root.create_attribute(
    'layer_names',
    file.layers.map(([layer]) => layer),
    [file.layers.length],
    'S60',
  )
  const put = (group: typeof root, at: string, { data, shape }: NdArray) =>
    group.create_dataset({ name: at, data: data as Float32Array, shape: [...shape] })
  let from = 0
  const params: { name: string; variable: Shared; value: Part['value'] }[] = []
  for (const stored of file.layers) {
    const [layer, count] = stored
    const own = m.weights.slice(from, from + count)
    from += count
    const parts = partsOf(stored)
    const group = root.create_group(layer)
    names(
      group,
      parts.map(part => part.name.replaceAll('/', '|')),
    )
    for (const { name: at, weight, value } of parts) {
      const { variable, trainable } = own[weight]!
      put(group, at.replaceAll('/', '|'), value(variable.getValue()))
      if (trainable) params.push({ name: at, variable, value })
    }
  }
  if (file.isSorted) params.sort((a, b) => (a.name < b.name ? -1 : 1))
  const { optimizer } = m
  const trained = m.weights.filter(w => w.trainable).map(w => w.variable)
  const slots = optimizer.slots.slice(-optimizer.accumulators * trained.length).map(slot => slot.getValue())
  const kinds = Array.from({ length: optimizer.accumulators }, (_, k) =>
    params.map(({ variable, value }) => value(slots[k * trained.length + trained.indexOf(variable)]!)),
  )
  const heads = file.heads(optimizer.iterations.getValue().data[0]!)
  const state = h5.create_group('optimizer_weights')
  const all = [...heads.map(head => ndarrayOf(Float32Array.of(head), []) as NdArray), ...kinds.flat()]
  names(
    state,
    all.map((_, i) => `param_${i}`),
  )
  for (const [i, value] of all.entries()) put(state, `param_${i}`, value)
  h5.close()
  writeFileSync(join(folder, name), FS.readFile(name))
  return join(folder, name)
}

const x = Array.from({ length: 6 }, (_, i) => [0, 1, 2, 3].map(t => (5 * i + 3 * t) % 7))
const y = Array.from({ length: 6 }, (_, i) => [Math.sin(i), Math.cos(i)])
const numbers = (m: Model) => m.getWeights().map(w => [...w.data])
const state = (m: Model) => m.optimizer.slots.map(slot => [...slot.getValue().data])

/** Trains, stores, loads, and trains both on: they are to stay the same. */
async function goesOn(name: string, m: Model, optimizer: OptimizerLike, file: File): Promise<void> {
  m.compile({ loss: 'mse', optimizer })
  for (let i = 0; i < 3; i++) await m.trainOnBatch(x, y)
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
  const back = await loadModel(await write(name, m, file))
  expect(warn.mock.calls).toEqual([])
  warn.mockRestore()
  expect(numbers(back)).toEqual(numbers(m))
  expect(state(back)).toEqual(state(m))
  for (let i = 0; i < 2; i++) expect(await back.trainOnBatch(x, y)).toEqual(await m.trainOnBatch(x, y))
  expect(numbers(back)).toEqual(numbers(m))
}

const old = (class_name: string, config: object) => ({ class_name, config })
const embedding = old('Embedding', {
  name: 'embedding_1',
  input_dim: 7,
  output_dim: 3,
  init: 'uniform',
  input_length: 4,
  batch_input_shape: [null, 4],
  input_dtype: 'int32',
})
const recurrent = { inner_activation: 'hard_sigmoid', consume_less: 'cpu', activation: 'tanh' }
const dense = old('Dense', { name: 'dense_1', output_dim: 2, init: 'glorot_uniform' })
const embed = () => layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4, seed: 1 })
const hard = 'hardSigmoid'
const iterations = (n: number) => [n]
const nothing = () => []
const ends = (name: string, parts: Parts): readonly Stored[] => [
  ['embedding_1', 1, plain('embedding_1', '_W')],
  [name, 3, parts],
  ['dense_1', 2, plain('dense_1', '_W', '_b')],
]

describe('Keras 1.x, gates one by one, parameters sorted by name', () => {
  const lstm = () =>
    sequential([
      embed(),
      layers.lstm({ units: 4, recurrentActivation: hard, seed: 2 }),
      layers.dense({ units: 2, seed: 3 }),
    ])
  const lstmFile = (optimizer: object, heads: File['heads']): File => ({
    version: '1.2.2',
    config: old('Sequential', [
      embedding,
      old('LSTM', { name: 'lstm_1', output_dim: 4, ...recurrent }),
      dense,
    ] as never),
    optimizer,
    layers: ends('lstm_1', gates('lstm_1', { i: 0, c: 2, f: 1, o: 3 })),
    isSorted: true,
    heads,
  })
  const cases: Readonly<Record<string, readonly [OptimizerLike, object, File['heads']]>> = {
    Adam: [optimizers.adam({ learningRate: 0.01 }), { lr: 0.01 }, iterations],
    Adamax: [optimizers.adamax({ learningRate: 0.01 }), { lr: 0.01 }, iterations],
    SGD: [optimizers.sgd({ momentum: 0.9 }), { lr: 0.01, momentum: 0.9, nesterov: false }, iterations],
    Adadelta: [optimizers.adadelta(), { lr: 1, rho: 0.95 }, nothing],
  }
  test.each(Object.keys(cases))('an LSTM trained by %s', async name => {
    const [optimizer, config, heads] = cases[name]!
    const file = lstmFile(old(name, config), heads)
    if (heads === iterations) return goesOn(`${name}.h5`, lstm(), optimizer, file)
    // The count of steps is not in such files, and not needed.
    const m = lstm()
    m.compile({ loss: 'mse', optimizer })
    for (let i = 0; i < 3; i++) await m.trainOnBatch(x, y)
    const back = await loadModel(await write(`${name}.h5`, m, file))
    expect(state(back).slice(1)).toEqual(state(m).slice(1))
    expect(await back.trainOnBatch(x, y)).toEqual(await m.trainOnBatch(x, y))
    expect(numbers(back)).toEqual(numbers(m))
  })
  test('a GRU, and a kernel that Theano turned round', async () => {
    const m = sequential([
      embed(),
      layers.conv1D({ filters: 3, kernelSize: 2, seed: 4 }),
      layers.gru({ units: 4, recurrentActivation: hard, seed: 2 }),
      layers.dense({ units: 2, seed: 3 }),
    ])
    const convolution = old('Convolution1D', {
      name: 'conv_1',
      nb_filter: 3,
      filter_length: 2,
      border_mode: 'valid',
    })
    const [first, ...rest] = ends('a_gru', gates('a_gru', { z: 0, r: 1, h: 2 }))
    const turned = {
      name: 'conv_1_W',
      value: (w: NdArray) => {
        const { data, shape } = reversed(w)
        return ndarrayOf(data, [shape[0]!, 1, shape[1]!, shape[2]!]) as NdArray
      },
    }
    await goesOn('gru.h5', m, optimizers.adam(), {
      version: '1.1.0',
      config: old('Sequential', [
        embedding,
        convolution,
        old('GRU', { name: 'a_gru', output_dim: 4, ...recurrent }),
        dense,
      ] as never),
      optimizer: old('Adam', {}),
      layers: [first!, ['conv_1', 2, [[turned, { name: 'conv_1_b', value: whole }]]], ...rest],
      isSorted: true,
      heads: iterations,
    })
  })
  test('Nadam, whose schedule was not stored until 2.3', async () => {
    const m = lstm()
    const optimizer = optimizers.nadam()
    m.compile({ loss: 'mse', optimizer })
    for (let i = 0; i < 3; i++) await m.trainOnBatch(x, y)
    const back = await loadModel(await write('nadam.h5', m, lstmFile(old('Nadam', {}), iterations)))
    const [count, schedule, ...rest] = state(back)
    const [ownCount, ownSchedule, ...ownRest] = state(m)
    expect([count, rest]).toEqual([ownCount, ownRest])
    expect(schedule![0]).toBeCloseTo(ownSchedule![0]!, 14)
  })
  test('where the file has no names of weights, nothing tells the order: a fresh state', async () => {
    const m = lstm()
    m.compile({ loss: 'mse', optimizer: 'adam' })
    await m.trainOnBatch(x, y)
    const file = lstmFile(old('Adam', {}), iterations)
    const unnamed = file.layers.map(([name, n, parts]): Stored => {
      let k = 0
      return [name, n, parts.map(group => group.map(part => ({ ...part, name: `param_${k++}` })))]
    })
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const back = await loadModel(await write('unnamed.h5', m, { ...file, layers: unnamed }))
    expect(numbers(back)).toEqual(numbers(m))
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
    expect(back.optimizer.iterations.getValue().data[0]).toBe(0)
  })
})

describe('Keras 2', () => {
  const m = () =>
    sequential([
      embed(),
      layers.bidirectional({ layer: layers.lstm({ units: 2, seed: 2 }) }),
      layers.batchNormalization(),
      layers.dense({ units: 2, seed: 3, trainable: false }),
      layers.dense({ units: 2, seed: 4 }),
    ])
  const names = ['kernel', 'recurrent_kernel', 'bias']
  const file = (version: string): File => {
    const config = { ...(m().toJSON() as { config: { layers: { config: { name: string } }[] } }).config }
    const [a, b, c, d, e] = config.layers.map(layer => layer.config.name) as [
      string,
      string,
      string,
      string,
      string,
    ]
    return {
      version,
      config: old('Sequential', config),
      optimizer: old('Adam', { lr: 0.001 }),
      layers: [
        [a, 1, plain(a, '/embeddings')],
        [
          b,
          6,
          plain('', ...['forward', 'backward'].flatMap(way => names.map(name => `${way}_lstm_1/${name}`))),
        ],
        [c, 4, plain(c, '/gamma', '/beta', '/moving_mean', '/moving_variance')],
        [d, 2, plain(d, '/kernel', '/bias')],
        [e, 2, plain(e, '/kernel', '/bias')],
      ],
      isSorted: version < '2.0.6',
      heads: iterations,
    }
  }
  test.each(['2.0.5', '2.0.6', '2.2.4'])('%s: what is not trained has no state', version =>
    goesOn(`v${version}.h5`, m(), 'adam', file(version)),
  )
  test('the order of 2.0.5 is another one than that of 2.0.6', () => {
    const bytes = ['2.0.5', '2.0.6'].map(version => readFileSync(join(folder, `v${version}.h5`)))
    expect(bytes[0]!.equals(bytes[1]!)).toBe(false)
  })
})
