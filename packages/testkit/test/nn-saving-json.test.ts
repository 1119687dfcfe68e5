/** Models to JSON and back, as Keras has it: 2.3 to the letter, older ones as far as they say the same. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArignoteError, toNested, type Variable } from '@arignote/graph'
import {
  constraints,
  initializers,
  input,
  type Layer,
  layers,
  loadModel,
  lstmCell,
  type Model,
  model,
  modelFromJSON,
  regularizers,
  resetLayerNames,
  rnnCell,
  type SymbolicTensor,
  sequential,
  stackCells,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Golden, golden, unread } from '../src/golden.js'

beforeEach(resetLayerNames)
jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'nn-saving-'))
const path = (name: string) => join(folder, name)

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
    const wanted = JSON.parse(JSON.stringify(v2))
    Object.assign(wanted.config.layers[1].config, { recurrent_activation: 'hard_sigmoid', implementation: 1 })
    for (const layer of wanted.config.layers)
      for (const [key, value] of Object.entries(layer.config))
        if (key === 'recurrent_initializer')
          expect(value).toEqual({ class_name: 'Orthogonal', config: { gain: 1, seed: null } })
    expect(modelFromJSON(v1).toJSON()).toEqual(wanted)
  })
})

describe('functional models', () => {
  /** Two inputs, a layer used twice, a model used twice, two outputs. */
  function made(): Model {
    const [a, b] = [input({ shape: [4, 3], name: 'a' }), input({ shape: [4, 3], name: 'b' })]
    const shared = layers.gru({ units: 2, seed: 1 })
    const inner = input({ shape: [2] })
    const part = model({ inputs: inner, outputs: layers.dense({ units: 2, seed: 2 }).apply(inner) })
    const one = (x: SymbolicTensor | readonly SymbolicTensor[]) => [x].flat()[0] as SymbolicTensor
    const joined = one(layers.concatenate().apply([part.apply(shared.apply(a)), part.apply(shared.apply(b))]))
    const lstm = layers.lstm({ units: 4, returnSequences: true, returnState: true, seed: 3 })
    const [sequence, state] = lstm.apply([a, joined, joined]) as [SymbolicTensor, SymbolicTensor]
    const steps = sequential([layers.dense({ units: 3, inputShape: [4], seed: 4 })])
    const each = layers.timeDistributed({ layer: steps.asLayer() }).apply(sequence)
    return model({
      inputs: [a, b],
      outputs: [each, one(layers.dot({ axes: 1 }).apply([state, joined]))],
      name: 'both',
    })
  }
  const rows = (seed: number) =>
    Array.from({ length: 2 }, (_, i) =>
      Array.from({ length: 4 }, (_, t) => [0, 1, 2].map(k => Math.sin(seed + i + 3 * t + k))),
    )
  const data = [rows(1), rows(2)]
  const predicted = (m: Model) => (m.predict(data) as never[]).map(v => toNested(v))

  test('their JSON is that of Keras: names, numbers of uses, numbers of outputs', () => {
    const { config } = made().toJSON() as Golden
    const entry = (name: string) => config.layers.find((layer: Golden) => layer.name === name)
    expect(config.input_layers).toEqual([
      ['a', 0, 0],
      ['b', 0, 0],
    ])
    expect(config.output_layers).toEqual([
      ['time_distributed_1', 0, 0],
      ['dot_1', 0, 0],
    ])
    expect(entry('a')).toEqual({
      name: 'a',
      class_name: 'InputLayer',
      config: { batch_input_shape: [null, 4, 3], dtype: 'float32', sparse: false, name: 'a' },
      inbound_nodes: [],
    })
    expect(entry('gru_1').inbound_nodes).toEqual([[['a', 0, 0, {}]], [['b', 0, 0, {}]]])
    expect(entry('model_1').inbound_nodes).toEqual([[['gru_1', 0, 0, {}]], [['gru_1', 1, 0, {}]]])
    // A nested model is its own use 0.
    expect(entry('concatenate_1').inbound_nodes).toEqual([
      [
        ['model_1', 1, 0, {}],
        ['model_1', 2, 0, {}],
      ],
    ])
    expect(entry('dot_1').inbound_nodes).toEqual([
      [
        ['lstm_1', 0, 1, {}],
        ['concatenate_1', 0, 0, {}],
      ],
    ])
  })

  test('come back from JSON in whatever order its layers are', () => {
    const m = made()
    const json = m.toJSON() as Golden
    const back = modelFromJSON(json)
    expect(back.toJSON()).toEqual(json)
    json.config.layers.reverse()
    const turned = modelFromJSON(json)
    for (const other of [back, turned]) {
      other.setWeights(m.getWeights())
      expect(predicted(other)).toEqual(predicted(m))
    }
  })

  test('go to files of ours and of Keras, and back', async () => {
    const m = made()
    for (const file of ['functional', 'functional.h5']) {
      await m.save(path(file))
      const back = await loadModel(path(file))
      expect(back.toJSON()).toEqual(m.toJSON())
      expect(predicted(back)).toEqual(predicted(m))
    }
  })

  test('list their layers as Keras does: the farthest from the outputs first', () => {
    const [a, b] = [input({ shape: [2], name: 'a' }), input({ shape: [2], name: 'b' })]
    const dense = (name: string) => layers.dense({ units: 2, name })
    const left = dense('l2').apply(dense('l1').apply(a))
    const right = dense('r1').apply(b)
    const m = model({
      inputs: [a, b],
      outputs: layers.add({ name: 'sum' }).apply([left, right]) as SymbolicTensor,
    })
    expect(m.layers.map(({ name }) => name)).toEqual(['a', 'l1', 'b', 'l2', 'r1', 'sum'])
  })

  test('a configuration that points nowhere says where', () => {
    const json = made().toJSON() as Golden
    json.config.layers.find((layer: Golden) => layer.name === 'dot_1').inbound_nodes[0][0] = [
      'lstm_1',
      7,
      0,
      {},
    ]
    expect(() => modelFromJSON(json)).toThrow(/"dot_1" needs \["lstm_1",7,0,\{\}\], which there is not/)
  })
})

describe('Keras 1.x', () => {
  const config = (name: string, more: object) => ({ name, trainable: true, ...more })

  test('regularisers, constraints, convolutions, normalisation and wrappers have other names', () => {
    const old = {
      class_name: 'Sequential',
      keras_version: '1.2.2',
      config: [
        {
          class_name: 'Convolution1D',
          config: config('c', {
            batch_input_shape: [null, 9, 3],
            nb_filter: 4,
            filter_length: 2,
            border_mode: 'same',
            subsample_length: 1,
            init: 'he_normal',
            activation: 'relu',
            bias: false,
            W_constraint: { name: 'MaxNorm', m: 3, axis: 0 },
            W_regularizer: { name: 'WeightRegularizer', l1: 0, l2: 0.5 },
          }),
        },
        {
          class_name: 'MaxPooling1D',
          config: config('m', { pool_length: 2, stride: 2, border_mode: 'valid' }),
        },
        {
          class_name: 'BatchNormalization',
          config: config('b', {
            mode: 0,
            axis: -1,
            epsilon: 0.01,
            momentum: 0.9,
            gamma_init: 'one',
            beta_init: 'zero',
          }),
        },
        {
          class_name: 'TimeDistributed',
          config: config('t', {
            layer: {
              class_name: 'Dense',
              config: config('d', { output_dim: 5, init: 'uniform', bias: true }),
            },
          }),
        },
        {
          class_name: 'Bidirectional',
          config: config('bi', {
            merge_mode: 'sum',
            layer: {
              class_name: 'GRU',
              config: config('g', {
                output_dim: 2,
                inner_activation: 'sigmoid',
                consume_less: 'gpu',
                dropout_W: 0.5,
                dropout_U: 0.25,
              }),
            },
          }),
        },
        { class_name: 'Dropout', config: config('dr', { p: 0.25 }) },
        { class_name: 'GaussianNoise', config: config('n', { sigma: 0.5 }) },
      ],
    }
    const m = modelFromJSON(old)
    const [c, pool, norm, timed, both, drop, noise] = m.layers.map(layer => layer.getConfig()) as Golden[]
    expect(c).toMatchObject({
      filters: 4,
      kernel_size: [2],
      padding: 'same',
      strides: [1],
      activation: 'relu',
      use_bias: false,
      kernel_initializer: {
        class_name: 'VarianceScaling',
        config: { scale: 2, mode: 'fan_in', distribution: 'untruncated_normal' },
      },
      kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } },
      kernel_constraint: { class_name: 'MaxNorm', config: { max_value: 3, axis: 0 } },
    })
    expect(pool).toMatchObject({ pool_size: [2], strides: [2], padding: 'valid' })
    expect(norm).toMatchObject({ epsilon: 0.01, momentum: 0.9, gamma_initializer: { class_name: 'Ones' } })
    expect(timed.layer.config).toMatchObject({
      name: 'd',
      units: 5,
      kernel_initializer: { class_name: 'RandomUniform' },
    })
    expect(both).toMatchObject({
      merge_mode: 'sum',
      layer: {
        config: {
          units: 2,
          recurrent_activation: 'sigmoid',
          implementation: 2,
          dropout: 0.5,
          recurrent_dropout: 0.25,
          reset_after: false,
        },
      },
    })
    expect([drop.rate, noise.stddev]).toEqual([0.25, 0.5])
  })

  const dense = (name: string, more: object = {}) => ({
    class_name: 'Dense',
    config: config(name, { output_dim: 2, init: 'uniform', bias: true, ...more }),
  })

  test('a Merge becomes the layer of its mode, in a Model and at the head of a Sequential', () => {
    const first = { batch_input_shape: [null, 3] }
    const branch = (name: string) => ({ class_name: 'Sequential', config: [dense(name, first)] })
    const merge = (mode: string) => ({
      class_name: 'Merge',
      config: { name: 'merged', mode, concat_axis: -1, layers: [branch('one'), branch('two')] },
    })
    const m = modelFromJSON({
      class_name: 'Sequential',
      keras_version: '1.1.0',
      config: [merge('concat'), dense('last')],
    })
    expect(m.layers.filter(layer => layer.weights.length > 0).map(({ name }) => name)).toEqual([
      'one',
      'two',
      'last',
    ])
    expect(m.layers.map(layer => layer.kind.className)).toContain('Concatenate')
    expect(m.inputs.map(x => x.shape)).toEqual([
      [null, 3],
      [null, 3],
    ])
    const refused = { class_name: 'Sequential', keras_version: '1.1.0', config: [merge('lambda')] }
    expect(() => modelFromJSON(refused)).toThrow(/a Merge of mode "lambda"/)
  })
})

describe('every kind of layer', () => {
  const every = { x: [null, 4, 3], flat: [null, 3] } as const
  /** Options other than the defaults, so that none of them can be forgotten unseen. */
  const given: {
    readonly [K in keyof typeof layers]?: readonly [
      options: object,
      inputs?: readonly (readonly (number | null)[])[],
    ]
  } = {
    simpleRNN: [
      {
        units: 2,
        activation: 'relu',
        goBackwards: true,
        gradClip: 3,
        kernelRegularizer: 'l1',
        recurrentConstraint: 'unitNorm',
      },
    ],
    lstm: [
      {
        units: 2,
        unitForgetBias: false,
        recurrentActivation: 'hardSigmoid',
        implementation: 1,
        returnSequences: true,
        biasInitializer: initializers.constant({ value: 2 }),
        dropout: 0.3,
      },
    ],
    gru: [
      {
        units: 2,
        resetAfter: true,
        returnState: true,
        unroll: true,
        useBias: false,
        recurrentInitializer: 'identity',
        activityRegularizer: regularizers.l1l2({ l1: 1, l2: 2 }),
      },
    ],
    bidirectional: [{ layer: layers.lstm({ units: 2, dropout: 0.5 }), mergeMode: 'ave' }],
    timeDistributed: [{ layer: layers.dense({ units: 2, activation: 'selu' }) }],
    embedding: [
      {
        inputDim: 7,
        outputDim: 2,
        maskZero: true,
        inputLength: 4,
        embeddingsConstraint: constraints.maxNorm({ maxValue: 3, axis: 1 }),
      },
      [[null, 4]],
    ],
    dense: [
      {
        units: 2,
        activation: 'tanh',
        trainable: false,
        dtype: 'float64',
        kernelInitializer: initializers.heNormal({ seed: 4 }),
        kernelConstraint: constraints.minMaxNorm({ rate: 0.5 }),
      },
    ],
    conv1D: [{ filters: 2, kernelSize: 2, strides: 1, padding: 'causal', dilationRate: 2 }],
    dropout: [{ rate: 0.3, noiseShape: [null, 1, 3] }],
    spatialDropout1D: [{ rate: 0.3 }],
    gaussianNoise: [{ stddev: 0.3 }],
    gaussianDropout: [{ rate: 0.3 }],
    alphaDropout: [{ rate: 0.3 }],
    activityRegularization: [{ l1: 0.1, l2: 0.2 }],
    activation: [{ activation: 'exponential' }],
    leakyReLU: [{ alpha: 0.1 }],
    pReLU: [{ sharedAxes: [1], alphaInitializer: 'ones' }],
    elu: [{ alpha: 2 }],
    thresholdedReLU: [{ theta: 2 }],
    softmax: [{ axis: 1 }],
    reLU: [{ maxValue: 6, negativeSlope: 0.1, threshold: 0.2 }],
    masking: [{ maskValue: -1 }],
    reshape: [{ targetShape: [2, -1] }],
    permute: [{ dims: [2, 1] }],
    repeatVector: [{ n: 3 }, [every.flat]],
    concatenate: [{ axis: 1 }, [every.x, every.x]],
    dot: [{ axes: [1, 1], normalize: true }, [every.flat, every.flat]],
    batchNormalization: [{ axis: 1, momentum: 0.5, center: false, movingVarianceInitializer: 'zeros' }],
    layerNormalization: [{ epsilon: 0.1, scale: false }],
    maxPooling1D: [{ poolSize: 3, strides: 1, padding: 'same' }],
    averagePooling1D: [{ poolSize: 3 }],
    add: [{}, [every.x, every.x]],
    subtract: [{}, [every.x, every.x]],
    multiply: [{}, [every.x, every.x]],
    average: [{}, [every.x, every.x]],
    maximum: [{}, [every.x, every.x]],
    minimum: [{}, [every.x, every.x]],
  }
  const names = (Object.keys(layers) as (keyof typeof layers)[]).filter(
    name => name !== 'rnn' && name !== 'lambda',
  )

  test.each(names)('%s is the same layer after JSON, with the same shapes', name => {
    const [options, inputs = [every.x]] = given[name] ?? [{}]
    const layer = (layers[name] as (options: object) => Layer)(options)
    const tensors = () =>
      inputs.map(batchShape =>
        input({ batchShape: [...batchShape], dtype: name === 'embedding' ? 'int32' : 'float32' }),
      )
    const xs = tensors()
    const m = model({ inputs: xs, outputs: layer.apply(xs) })
    const back = modelFromJSON(JSON.stringify(m.toJSON()))
    expect(back.toJSON()).toEqual(m.toJSON())
    expect(back.outputs.map(x => x.shape)).toEqual(m.outputs.map(x => x.shape))
    const again = back.layers.find(({ kind }) => kind === layer.kind)!
    const { name: _, ...config } = again.getConfig()
    for (const key of Object.keys(options))
      if (!['layer', 'trainable', 'dtype', 'gradClip'].includes(key))
        expect(Object.keys(config).some(other => other.replace(/_/g, '') === key.toLowerCase())).toBe(true)
    expect(back.weights.map(w => [w.name, w.trainable, w.variable.cell.shape])).toEqual(
      m.weights.map(w => [w.name, w.trainable, w.variable.cell.shape]),
    )
  })
})

describe('what has no name', () => {
  const squared = (x: Variable) => x.square() as Variable

  test('a function and a cell are refused, with what to do', () => {
    const m = sequential([layers.activation({ activation: squared, inputShape: [2] })])
    expect(() => m.toJSON()).toThrow(
      /an activation that is a function cannot be stored\n {2}give it by name; saveWeights/,
    )
    const own = { ...lstmCell({ inputSize: 2, units: 2, name: 'mine' }) }
    for (const cell of [own, stackCells([own, rnnCell({ inputSize: 2, units: 1 })])]) {
      const m = sequential([layers.rnn({ cell, inputShape: [null, 2] })])
      expect(() => m.toJSON()).toThrow(/the cell "mine", which is your own, cannot be stored/)
    }
  })

  test('a layer that is not ours is read by a function of yours, also within others', () => {
    const lambda = { class_name: 'Lambda', config: { name: 'square', power: 2 } }
    const config = [
      { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 5, 2] } },
      { class_name: 'TimeDistributed', config: { name: 't', layer: lambda } },
      lambda,
    ]
    const stored = { class_name: 'Sequential', config }
    const own = {
      Lambda: ({ name }: { name?: unknown }) =>
        layers.activation({ activation: squared, name: String(name) }),
    }
    const m = modelFromJSON(stored, { layers: own as never })
    expect(m.layers.map(({ name }) => name)).toEqual(['d', 't', 'square'])
    // And nowhere else.
    expect(() => modelFromJSON(stored)).toThrow(/the layer "Lambda" is none that can be read/)
  })

  test('numbers that Keras stored as arrays, and an InputLayer at the head of a list', () => {
    const m = modelFromJSON({
      class_name: 'Sequential',
      config: {
        name: 'm',
        layers: [
          {
            class_name: 'InputLayer',
            config: { batch_input_shape: [null, 3], dtype: 'float32', name: 'in' },
          },
          { class_name: 'LeakyReLU', config: { name: 'l', alpha: { type: 'ndarray', value: 0.125 } } },
        ],
      },
    })
    expect(m.inputs[0]!.shape).toEqual([null, 3])
    expect(m.layers[0]!.getConfig()).toMatchObject({ alpha: 0.125 })
  })

  test('a model that was told its input by build says so', () => {
    const m = sequential([layers.dense({ units: 2 })])
    m.build([null, 7])
    const json = m.toJSON() as Golden
    expect(json.config.build_input_shape).toEqual([null, 7])
    expect(modelFromJSON(json).getWeights()[0]!.shape).toEqual([7, 2])
  })
})

test('what Keras 1.x had and nothing here computes is refused, not taken for something else', () => {
  const read = (class_name: string, config: object) => () =>
    modelFromJSON({
      class_name: 'Sequential',
      keras_version: '1.2.2',
      config: [{ class_name, config: { name: 'a', batch_input_shape: [null, 4], ...config } }],
    })
  expect(read('BatchNormalization', { mode: 0 })).not.toThrow()
  for (const mode of [1, 2])
    expect(read('BatchNormalization', { mode })).toThrow(`a BatchNormalization of mode ${mode}`)
  expect(read('Embedding', { input_dim: 5, output_dim: 2, dropout: 0.5 })).toThrow(/drops whole words/)
  expect(read('MaxoutDense', { output_dim: 2 })).toThrow(/E420/)
})

describe('damaged configurations', () => {
  const made = () => {
    const x = input({ shape: [3, 2], name: 'x' })
    const both = layers.bidirectional({ layer: layers.gru({ units: 1 }) })
    const cell = stackCells([lstmCell({ inputSize: 2, units: 1 }), rnnCell({ inputSize: 1, units: 2 })])
    const [a, b] = [both.apply(x), layers.rnn({ cell }).apply(x)]
    return model({ inputs: x, outputs: layers.add().apply([a, b]) as SymbolicTensor }).toJSON()
  }
  const list = () => {
    const part = sequential([layers.dense({ units: 1, inputShape: [2] })])
    return sequential([layers.timeDistributed({ layer: part.asLayer(), inputShape: [3, 2] })]).toJSON()
  }
  const old = () => {
    const { v1 } = golden('formats').model_json
    return JSON.parse(JSON.stringify(v1).replaceAll('20000', '5').replaceAll('128', '2'))
  }

  /** Every place in it: what holds it, and under which key. */
  function* placesIn(node: Golden): Generator<readonly [Golden, string]> {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      yield [node, key]
      yield* placesIn(node[key])
    }
  }

  test.each([
    ['a Model', made],
    ['a Sequential', list],
    ['one of Keras 1', old],
  ])('%s with anything at any place is a model, or an error of ours', (_, make) => {
    const text = JSON.stringify(make())
    const count = [...placesIn(JSON.parse(text))].length
    const failures = new Set<string>()
    let refused = 0
    for (let i = 0; i < count; i++)
      for (const junk of [null, -1, 'x', [], [[1]], { class_name: 'Dense' }]) {
        const copy = JSON.parse(text)
        const [node, key] = [...placesIn(copy)][i]!
        node[key] = junk
        try {
          modelFromJSON(copy)
        } catch (error) {
          if (error instanceof ArignoteError) refused++
          else failures.add(`${key}: ${JSON.stringify(junk)}: ${String(error)}`)
        }
      }
    expect([...failures]).toEqual([])
    expect(refused).toBeGreaterThan(count)
  })
})

test('every golden number of configurations was looked at', () => {
  expect(unread('formats', ['model_json'])).toEqual([])
})
