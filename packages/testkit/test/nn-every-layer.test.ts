/** What must be true of every layer there is; a new row of `layers` is tested as soon as it has an example here. */
import { compile } from '@arignote/compiler'
import * as A from '@arignote/graph'
import {
  input,
  type Layer,
  layers,
  lstmCell,
  model,
  network,
  runNetwork,
  sequential,
  unmasked,
} from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { shapeOf } from './nn-through.js'

type Dtype = 'float32' | 'float64'

interface Example {
  readonly make: (dtype: Dtype) => Layer
  /** Shapes of the inputs, with the batch. */
  readonly inputs: readonly (readonly number[])[]
  readonly params: number
  readonly isOfIndices?: boolean
}

const sequence = [2, 4, 3]
const row = [2, 3]
const pair = [row, row]

const examples: Record<keyof typeof layers, Example> = {
  simpleRNN: {
    make: dtype => layers.simpleRNN({ units: 2, dtype, seed: 1 }),
    inputs: [sequence],
    params: 12,
  },
  lstm: { make: dtype => layers.lstm({ units: 2, dtype, seed: 1 }), inputs: [sequence], params: 48 },
  gru: {
    make: dtype => layers.gru({ units: 2, resetAfter: true, dtype, seed: 1 }),
    inputs: [sequence],
    params: 42,
  },
  rnn: {
    make: dtype =>
      layers.rnn({
        cell: lstmCell({ inputSize: 3, units: 2, dtype, seed: 1 }),
        returnSequences: true,
        dtype,
      }),
    inputs: [sequence],
    params: 48,
  },
  bidirectional: {
    make: dtype => layers.bidirectional({ layer: layers.gru({ units: 2, dtype, seed: 1 }), dtype }),
    inputs: [sequence],
    params: 72,
  },
  timeDistributed: {
    make: dtype => layers.timeDistributed({ layer: layers.dense({ units: 2, dtype, seed: 1 }), dtype }),
    inputs: [sequence],
    params: 8,
  },
  embedding: {
    make: dtype => layers.embedding({ inputDim: 5, outputDim: 2, dtype, seed: 1 }),
    inputs: [[2, 4]],
    params: 10,
    isOfIndices: true,
  },
  dense: {
    make: dtype => layers.dense({ units: 2, activation: 'tanh', dtype, seed: 1 }),
    inputs: [row],
    params: 8,
  },
  conv1D: {
    make: dtype => layers.conv1D({ filters: 2, kernelSize: 3, padding: 'causal', dtype, seed: 1 }),
    inputs: [sequence],
    params: 20,
  },
  dropout: { make: dtype => layers.dropout({ rate: 0.5, dtype }), inputs: [row], params: 0 },
  spatialDropout1D: {
    make: dtype => layers.spatialDropout1D({ rate: 0.5, dtype }),
    inputs: [sequence],
    params: 0,
  },
  gaussianNoise: { make: dtype => layers.gaussianNoise({ stddev: 0.5, dtype }), inputs: [row], params: 0 },
  gaussianDropout: { make: dtype => layers.gaussianDropout({ rate: 0.5, dtype }), inputs: [row], params: 0 },
  alphaDropout: { make: dtype => layers.alphaDropout({ rate: 0.5, dtype }), inputs: [row], params: 0 },
  activityRegularization: {
    make: dtype => layers.activityRegularization({ l2: 0.1, dtype }),
    inputs: [row],
    params: 0,
  },
  activation: { make: dtype => layers.activation({ activation: 'relu', dtype }), inputs: [row], params: 0 },
  leakyReLU: { make: dtype => layers.leakyReLU({ dtype }), inputs: [row], params: 0 },
  pReLU: { make: dtype => layers.pReLU({ dtype }), inputs: [row], params: 3 },
  elu: { make: dtype => layers.elu({ dtype }), inputs: [row], params: 0 },
  thresholdedReLU: { make: dtype => layers.thresholdedReLU({ theta: 0.1, dtype }), inputs: [row], params: 0 },
  softmax: { make: dtype => layers.softmax({ dtype }), inputs: [row], params: 0 },
  reLU: { make: dtype => layers.reLU({ maxValue: 1, negativeSlope: 0.1, dtype }), inputs: [row], params: 0 },
  lambda: {
    make: dtype => layers.lambda({ function: x => x.mul(2).sum(-1), dtype }),
    inputs: [row],
    params: 0,
  },
  masking: { make: dtype => layers.masking({ dtype }), inputs: [sequence], params: 0 },
  flatten: { make: dtype => layers.flatten({ dtype }), inputs: [sequence], params: 0 },
  reshape: { make: dtype => layers.reshape({ targetShape: [3, -1], dtype }), inputs: [sequence], params: 0 },
  permute: { make: dtype => layers.permute({ dims: [2, 1], dtype }), inputs: [sequence], params: 0 },
  repeatVector: { make: dtype => layers.repeatVector({ n: 4, dtype }), inputs: [row], params: 0 },
  add: { make: dtype => layers.add({ dtype }), inputs: pair, params: 0 },
  subtract: { make: dtype => layers.subtract({ dtype }), inputs: pair, params: 0 },
  multiply: { make: dtype => layers.multiply({ dtype }), inputs: pair, params: 0 },
  average: { make: dtype => layers.average({ dtype }), inputs: pair, params: 0 },
  maximum: { make: dtype => layers.maximum({ dtype }), inputs: pair, params: 0 },
  minimum: { make: dtype => layers.minimum({ dtype }), inputs: pair, params: 0 },
  concatenate: { make: dtype => layers.concatenate({ dtype }), inputs: pair, params: 0 },
  dot: { make: dtype => layers.dot({ axes: 1, dtype }), inputs: pair, params: 0 },
  batchNormalization: { make: dtype => layers.batchNormalization({ dtype }), inputs: [row], params: 12 },
  layerNormalization: { make: dtype => layers.layerNormalization({ dtype }), inputs: [row], params: 6 },
  globalMaxPooling1D: { make: dtype => layers.globalMaxPooling1D({ dtype }), inputs: [sequence], params: 0 },
  globalAveragePooling1D: {
    make: dtype => layers.globalAveragePooling1D({ dtype }),
    inputs: [sequence],
    params: 0,
  },
  maxPooling1D: { make: dtype => layers.maxPooling1D({ dtype }), inputs: [sequence], params: 0 },
  averagePooling1D: {
    make: dtype => layers.averagePooling1D({ padding: 'same', dtype }),
    inputs: [sequence],
    params: 0,
  },
}

/** Values for an example's inputs. */
function valuesOf({ inputs, isOfIndices = false }: Example, dtype: Dtype): A.NdArray[] {
  return inputs.map((shape, i) => {
    if (isOfIndices)
      return A.ndarrayOf(
        Int32Array.from({ length: shape[0]! * shape[1]! }, (_, k) => k % 5),
        shape,
      )
    return A.randn(shape, { seed: i + 1, dtype })
  }) as A.NdArray[]
}

describe.each(Object.entries(examples))('%s', (_, example) => {
  test.each(['float32', 'float64'] as const)(
    'in %s the output has the shape and the dtype that were told, the batch known or not',
    dtype => {
      for (const isKnown of [true, false]) {
        const layer = example.make(dtype)
        const given = example.inputs.map(([batch, ...rest]) =>
          input({
            batchShape: [isKnown ? batch! : null, ...rest],
            dtype: example.isOfIndices ? 'int32' : dtype,
          }),
        )
        const told = [layer.apply(given)].flat()
        expect(layer.countParams()).toBe(example.params)
        const vs = given.map(x => A.tensor('x', { dtype: x.dtype, shape: x.shape }))
        const context = { training: true, update: () => {}, penalize: () => {} }
        const flows = runNetwork(network(given, told), vs.map(unmasked), context)
        const f = compile(
          vs,
          flows.map(flow => flow.tensor),
        )
        const [out] = (f as (...xs: readonly A.NdArray[]) => readonly A.NdArray[])(
          ...valuesOf(example, dtype),
        )
        const expected = told[0]!.shape.map((n, i) => (i === 0 ? example.inputs[0]![0] : n))
        expect(shapeOf(A.toNested(out!))).toEqual(expected)
        expect([told[0]!.dtype, A.dtypeOfValue(out!)]).toEqual([dtype, dtype])
      }
    },
  )

  if (example.params > 0)
    test('steps of training lower the loss', () => {
      const given = example.inputs.map(shape =>
        input({ batchShape: [null, ...shape.slice(1)], dtype: example.isOfIndices ? 'int32' : 'float32' }),
      )
      const m = model({ inputs: given, outputs: example.make('float32').apply(given) })
      m.compile({ loss: 'mse', optimizer: 'adam' })
      const [x] = valuesOf(example, 'float32')
      const target = A.randn(
        m.outputs[0]!.shape.map((n, i) => (i === 0 ? example.inputs[0]![0]! : n!)),
        { seed: 9 },
      )
      const losses = Array.from({ length: 20 }, () => m.trainOnBatch(x!, target) as number)
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
    })
})

test('frozen layers stay as they are, moving averages move in training only', () => {
  const m = sequential([
    layers.dense({ units: 3, inputShape: [3], trainable: false, seed: 1 }),
    layers.batchNormalization(),
    layers.dense({ units: 1, seed: 2 }),
  ])
  m.compile({ loss: 'mse', optimizer: 'sgd' })
  const [x, y] = [A.randn([8, 3], { seed: 3 }), A.randn([8, 1], { seed: 4 })]
  const before = m.getWeights().map(v => A.toNested(v))
  m.evaluate(x, y)
  m.predict(x)
  expect(m.getWeights().map(v => A.toNested(v))).toEqual(before)
  m.trainOnBatch(x, y)
  const changed = m.getWeights().map((v, i) => JSON.stringify(A.toNested(v)) !== JSON.stringify(before[i]))
  expect(changed).toEqual([false, false, true, true, true, true, true, true])
})
