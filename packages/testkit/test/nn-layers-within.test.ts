/** Layers within layers, and layers that are used twice: whose seeds, weights, states and errors are whose. */
import { argmax, matrix, type NdArray, oneHot, toNested } from '@arignote/graph'
import {
  input,
  layers,
  lstmCell,
  type Model,
  model,
  modelFromJSON,
  optimizers,
  regularizers,
  resetLayerNames,
  type SymbolicTensor,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, test } from '@jest/globals'

beforeEach(resetLayerNames)

const weights = (m: Model) => m.getWeights().map(w => toNested(w))
const one = (x: unknown) => x as SymbolicTensor

describe('the seed of a model decides what is within its layers too', () => {
  const models: Readonly<Record<string, () => Model>> = {
    bidirectional: () =>
      sequential([layers.bidirectional({ layer: layers.lstm({ units: 2 }), inputShape: [3, 2] })], {
        seed: 1,
      }),
    timeDistributed: () =>
      sequential(
        [
          layers.timeDistributed({
            layer: layers.bidirectional({ layer: layers.gru({ units: 2 }) }),
            inputShape: [2, 3, 2],
          }),
        ],
        { seed: 1 },
      ),
    'a model that is a layer': () =>
      sequential([layers.dense({ units: 2, inputShape: [2] }), sequential([layers.dense({ units: 2 })])], {
        seed: 1,
      }),
  }
  test.each(Object.keys(models))('%s', name => {
    expect(weights(models[name]!())).toEqual(weights(models[name]!()))
  })

  test('the halves of a bidirectional layer begin with weights of their own', () => {
    const two = layers.bidirectional({ layer: layers.simpleRNN({ units: 2, seed: 3 }), inputShape: [3, 2] })
    const [forward, , , backward] = weights(sequential([two]))
    expect(forward).not.toEqual(backward)
    const alone = sequential([layers.simpleRNN({ units: 2, seed: 3, inputShape: [3, 2] })])
    expect(weights(alone)[0]).toEqual(forward)
  })
})

describe('a layer within another that is not trainable stays as it is', () => {
  const x = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ]
  const changed = (m: Model) => {
    m.compile({ loss: 'mse', optimizer: 'sgd' })
    const before = weights(m)
    m.trainOnBatch(x, [[1]])
    return weights(m).map((w, i) => JSON.stringify(w) !== JSON.stringify(before[i]))
  }
  test('on every step, in both directions', () => {
    const steps = layers.dense({ units: 2 })
    const m = sequential([
      layers.timeDistributed({ layer: steps, inputShape: [3, 2] }),
      layers.bidirectional({ layer: layers.simpleRNN({ units: 1, trainable: false }) }),
      layers.dense({ units: 1 }),
    ])
    expect(changed(m)).toEqual([true, true, ...Array(6).fill(false), true, true])
    steps.trainable = false
    expect(changed(m)).toEqual([...Array(8).fill(false), true, true])
  })
})

describe('a layer that is used twice', () => {
  test('moves its averages twice', () => {
    const [a, b] = [input({ shape: [1] }), input({ shape: [1] })]
    const bn = layers.batchNormalization({ momentum: 0.5, center: false, scale: false })
    const m = model({ inputs: [a, b], outputs: layers.add().apply([bn.apply(a), bn.apply(b)]) })
    m.compile({ loss: 'mse', optimizer: 'sgd' })
    const column = (...values: number[]) => values.map(v => [v])
    m.trainOnBatch([column(1, 3), column(6, 8)], column(0, 0))
    // 0 → (0 + 2) / 2 → (1 + 7) / 2
    expect(weights(m)[0]).toEqual([4])
  })

  test('goes on from the states that its first use left', () => {
    const cell = { units: 2, stateful: true, seed: 1 }
    const [a, b] = [input({ batchShape: [1, 2, 1] }), input({ batchShape: [1, 3, 1] })]
    const rnn = layers.lstm(cell)
    const twice = model({ inputs: [a, b], outputs: [rnn.apply(a), rnn.apply(b)] })
    const once = sequential([layers.lstm({ ...cell, batchInputShape: [1, 5, 1] })])
    const [x, y] = [
      [[1], [2]],
      [[3], [4], [5]],
    ]
    for (let call = 0; call < 2; call++) {
      const [, last] = twice.predict([[x], [y]])
      expect(toNested(last!)).toEqual(toNested(once.predict([[...x, ...y]])))
    }
  })

  test.each([
    ['dense_1', () => layers.dense({ units: 2 }), [3], [4]],
    ['lstm_1', () => layers.lstm({ units: 2 }), [2, 3], [2, 4]],
    ['conv1d_1', () => layers.conv1D({ filters: 2, kernelSize: 1 }), [2, 3], [2, 4]],
    ['p_re_lu_1', () => layers.pReLU(), [2, 3], [4, 3]],
    ['layer_normalization_1', () => layers.layerNormalization(), [3], [4]],
    [
      'time_distributed_1',
      () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) }),
      [2, 3],
      [2, 4],
    ],
    ['bidirectional_1', () => layers.bidirectional({ layer: layers.gru({ units: 2 }) }), [2, 3], [2, 4]],
  ] as const)('takes no input that its weights do not fit: %s', (name, make, first, second) => {
    const layer = make()
    layer.apply(input({ shape: first }))
    layer.apply(input({ shape: first }))
    expect(() => layer.apply(input({ shape: second }))).toThrow(
      `${name}: the layer has weights for (None, ${first.join(', ')}), and cannot take (None, ${second.join(', ')})`,
    )
  })

  test('takes any number of steps', () => {
    const layer = layers.gru({ units: 2 })
    for (const time of [1, 5, null]) layer.apply(input({ shape: [time, 3] }))
    expect(layer.countParams()).toBe(36)
  })
})

describe('lambda', () => {
  test('sees the dtype of its input, and has that of its result', () => {
    const ids = input({ shape: [3], dtype: 'int32' })
    const coded = one(layers.lambda({ function: x => oneHot(x, 4, 'float32') }).apply(ids))
    const back = one(layers.lambda({ function: x => argmax(x, -1) }).apply(coded))
    expect([coded.dtype, coded.shape, back.dtype, back.shape]).toEqual([
      'float32',
      [null, 3, 4],
      'int32',
      [null, 3],
    ])
    const found = model({ inputs: ids, outputs: back }).predict([[3, 0, 2]])
    expect([found.dtype, toNested(found)]).toEqual(['int32', [[3, 0, 2]]])
  })
})

describe('what does not go together is told where it is put together, by the name of the layer', () => {
  const cell = () => lstmCell({ inputSize: 2, units: 2, seed: 1 })
  const cases: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    'a list with a layer of several outputs': [
      () => sequential([layers.lstm({ units: 2, returnState: true, inputShape: [3, 2] })], { name: 'm' }),
      /^m: lstm_1 has 3 outputs: in a list of layers each has one\n {2}leave returnState out/,
    ],
    'one cell in both directions': [
      () => layers.bidirectional({ layer: layers.rnn({ cell: cell() }) }).apply(input({ shape: [3, 2] })),
      /forward_rnn_1 and backward_rnn_1 have the weights of one cell\n.*backwardLayer/,
    ],
    'a backward layer that reads forward': [
      () =>
        layers
          .bidirectional({ layer: layers.gru({ units: 2 }), backwardLayer: layers.gru({ units: 2 }) })
          .apply(input({ shape: [3, 2] })),
      /gru_1 and gru_2 read in the same direction\n.*goBackwards: true/,
    ],
    'a backward layer with other outputs': [
      () =>
        layers
          .bidirectional({
            layer: layers.gru({ units: 2, returnSequences: true }),
            backwardLayer: layers.gru({ units: 2, goBackwards: true }),
          })
          .apply(input({ shape: [3, 2] })),
      /returnSequences is true for gru_1, false for gru_2/,
    ],
    'directions that cannot be added': [
      () =>
        layers
          .bidirectional({
            layer: layers.gru({ units: 2 }),
            backwardLayer: layers.gru({ units: 3, goBackwards: true }),
            mergeMode: 'sum',
          })
          .apply(input({ shape: [3, 2] })),
      /outputs of 2 and 3 have no sum/,
    ],
    'no recurrent layer in both directions': [
      () => layers.bidirectional({ layer: layers.dense({ units: 2 }) }).apply(input({ shape: [3, 2] })),
      /dense_1 does not go from step to step/,
    ],
    'a cell of another size': [
      () => layers.rnn({ cell: cell() }).apply(input({ shape: [3, 4] })),
      /cannot take \(None, 3, 4\)\n {2}its cell takes \(batch, time, 2\)\n {2}in the layer rnn_1\n/,
    ],
    'an embedding of another length': [
      () => layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 5 }).apply(input({ shape: [7] })),
      /inputLength is 5, the input has 7 steps\n {2}in the layer embedding_1\n/,
    ],
    'steps to write out whose number is not known': [
      () => layers.lstm({ units: 2, unroll: true }).apply(input({ shape: [null, 2] })),
      /cannot take \(None, None, 2\)\n {2}unroll needs a known number of steps/,
    ],
    'a mask for a layer that would lose it': [
      () =>
        sequential([
          layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 3, maskZero: true }),
          layers.flatten(),
        ]).predict([[1, 2, 0]]),
      /cannot take a mask\n.*\n {2}in the layer flatten_1\n/,
    ],
    'a layer within another': [
      () => layers.timeDistributed({ layer: layers.lstm({ units: 2 }) }).apply(input({ shape: [3, 2] })),
      /in the layer lstm_1\n {2}in the layer time_distributed_1\n/,
    ],
  }
  test.each(Object.keys(cases))('%s', name => {
    const [cause, message] = cases[name]!
    expect(cause).toThrow(message)
  })
})

test('a bidirectional layer with a backward layer of its own has the outputs of both', () => {
  const two = layers.bidirectional({
    layer: layers.gru({ units: 2, returnState: true, seed: 1 }),
    backwardLayer: layers.lstm({ units: 3, returnState: true, goBackwards: true, seed: 2 }),
  })
  const x = input({ shape: [4, 2] })
  const outputs = two.apply([x]) as readonly SymbolicTensor[]
  expect(outputs.map(y => y.shape)).toEqual([
    [null, 5],
    [null, 2],
    [null, 3],
    [null, 3],
  ])
  const steps = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ],
  ]
  const [both, ...states] = model({ inputs: x, outputs }).predict(steps) as ReturnType<Model['getWeights']>
  const rows = [states[0]!, states[1]!].map(state => (toNested(state) as number[][])[0]!)
  expect(toNested(both!)).toEqual([rows.flat()])
})

test('an index beyond the vocabulary is told with the layer, and the samples of its batch', () => {
  const m = sequential([layers.embedding({ inputDim: 3, outputDim: 2, inputLength: 1 })])
  const ids = Array.from({ length: 40 }, (_, i) => [i === 37 ? 3 : 0])
  expect(() => m.predict(ids)).toThrow(
    /index 3 is out of range[\s\S]*embedding_1\/embeddings[\s\S]*found at \[5, 0\][\s\S]*in the batch of the samples 32 to 39$/,
  )
  m.compile({ loss: 'mse', optimizer: 'sgd' })
  const y = ids.map(() => [[0, 0]])
  expect(() => m.evaluate(ids, y)).toThrow(/in the batch of the samples 32 to 39$/)
  expect(() => m.predict(ids, { batchSize: 40 })).toThrow(/found at \[37, 0\]/)
})

describe('what is no layer, tensor or option is told as such', () => {
  const x = () => input({ shape: [2] })
  const line = () => sequential([layers.dense({ units: 1, inputShape: [2] })])
  const cases: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    'a variable in place of a symbolic tensor': [
      () => layers.dense({ units: 1 }).apply(matrix('v') as never),
      /dense_1: it cannot be applied to a symbolic variable\n {2}input\(\{ shape \}\) makes/,
    ],
    'a model without outputs': [() => model({ inputs: x() } as never), /model: no outputs/],
    'a model of nothing': [() => model({ inputs: [], outputs: [] }), /model: no inputs/],
    'a model of layers': [
      () => model({ inputs: x(), outputs: layers.dense({ units: 1 }) as never }),
      /model: among outputs is an object of the class Layer/,
    ],
    'a layer in place of a list': [
      () => sequential(layers.dense({ units: 1 }) as never),
      /sequential: an object of the class Layer is not layers/,
    ],
    'an input with a wrong option': [() => input({ shapes: [2] } as never), /did you mean "shape"\?/],
    'an input without any': [() => (input as unknown as () => void)(), /input: no shape/],
    'compiling with nothing': [() => (line().compile as unknown as () => void)(), /compile: no optimizer/],
    'compiling without a loss': [
      () => line().compile({ optimizer: 'sgd' } as never),
      /compile: no output has a loss/,
    ],
    'a penalty that is no number': [() => regularizers.l2({ l2: '1' } as never), /l2: the string "1"/],
  }
  test.each(Object.keys(cases))('%s', name => {
    const [cause, message] = cases[name]!
    expect(cause).toThrow(message)
  })

  test('regularisers and metrics may be spelled as in TensorFlow.js', () => {
    expect(regularizers.l2({ l2: 0.5 }).config).toEqual(regularizers.l2(0.5).config)
    const m = line()
    m.compile({ loss: 'mse', optimizer: 'sgd', metrics: 'mae' })
    expect(m.metricsNames).toEqual(['loss', 'mae'])
  })

  test('a class beyond the last is told with its sample, before anything is trained', async () => {
    const m = sequential([layers.dense({ units: 3, activation: 'softmax', inputShape: [1] })])
    m.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'sgd' })
    const before = weights(m)
    const fitted = m.fit([[1], [2]], [[0], [3]], { verbose: 0 })
    await expect(fitted).rejects.toThrow(/fit: y of dense_1: sample 1 has the class 3, of 3 classes/)
    expect(() => m.evaluate([[1]], [[-1]])).toThrow(/sample 0 has the class -1/)
    expect(weights(m)).toEqual(before)
  })
})

describe('learnInitialState', () => {
  const x = [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]
  const learning = { units: 3, learnInitialState: true, seed: 1, inputShape: [null, 2] } as const

  test('the states are weights behind the others, zeros at first, the same for every sample', () => {
    const m = sequential([layers.lstm(learning)])
    expect(m.weights.map(w => w.name)).toEqual([
      'kernel',
      'recurrent_kernel',
      'bias',
      'initial_state_0',
      'initial_state_1',
    ])
    const plain = sequential([layers.lstm({ units: 3, seed: 1, inputShape: [null, 2] })])
    expect(toNested(m.predict(x))).toEqual(toNested(plain.predict(x)))
    const [h, c] = [
      [0.1, 0.2, 0.3],
      [0.4, 0.5, 0.6],
    ]
    m.setWeights([...plain.getWeights(), h!, c!])
    const states = [2, 3, 3].map((n, i) => input({ shape: i === 0 ? [null, n] : [n] }))
    const given = model({ inputs: states, outputs: plain.layers[0]!.apply(states) as SymbolicTensor })
    const wanted = given.predict([x, [h, h], [c, c]] as never)
    expect(toNested(m.predict(x))).toEqual(toNested(wanted))
  })

  test('they are learned, in both directions too, and stored with the model', () => {
    const two = layers.bidirectional({ layer: layers.gru(learning), inputShape: [null, 2] })
    const m = sequential([two, layers.dense({ units: 1 })], { seed: 1 })
    m.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate: 0.1 }) })
    m.trainOnBatch(x, [[1], [-1]])
    const [, , , forward, , , , backward] = weights(m) as number[][]
    expect([forward, backward].every(state => state!.every(v => v !== 0))).toBe(true)
    expect(forward).not.toEqual(backward)
    const again = modelFromJSON(m.toJSON())
    again.setWeights(m.getWeights())
    expect(toNested(again.predict(x) as NdArray)).toEqual(toNested(m.predict(x)))
    const plain = sequential([layers.gru({ units: 3, inputShape: [null, 2] })])
    expect(JSON.stringify(plain.toJSON())).not.toContain('learn_initial_state')
  })

  test('does not go with states that are kept or given', () => {
    const stateful = { ...learning, stateful: true, batchInputShape: [1, 2, 2] }
    expect(() => sequential([layers.gru(stateful)])).toThrow(/does not go with stateful/)
    const [a, h] = [input({ shape: [2, 2] }), input({ shape: [3] })]
    expect(() => layers.gru(learning).apply([a, h])).toThrow(/does not go with initial states as inputs/)
  })
})
