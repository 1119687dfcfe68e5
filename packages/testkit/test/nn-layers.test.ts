/** Keras's layers against golden numbers: what comes out, and every gradient. */
import { compile } from '@arignote/compiler'
import * as A from '@arignote/graph'
import { grad, mul, toNested } from '@arignote/graph'
import { input, layers, network, runNetwork, sequential } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'
import { shapeOf, through } from './nn-through.js'

const named = (cases: Golden): [string, Golden][] => cases.map((c: Golden) => [c.name, c])

describe.each(['float64', 'float32'] as const)('in %s', dtype => {
  const near = (actual: unknown, wanted: Golden) =>
    expect(worstDifference(actual, wanted)).toBeLessThan(goldenTolerance[dtype])
  const cases = golden('layers')

  test('an embedding picks rows; its gradient adds up where an index occurs twice', () => {
    for (const c of cases.embedding) {
      const layer = layers.embedding({
        inputDim: 0 + c.embeddings.length,
        outputDim: c.embeddings[0].length,
        maskZero: true,
        weights: [c.embeddings],
        dtype,
      })
      const x = input({ batchShape: shapeOf(c.indices), dtype: 'int32' })
      const net = network([x], [layer.apply(x)])
      const ids = A.matrix('ids', 'int32')
      const [out] = runNetwork(net, [{ tensor: ids, mask: null }], {
        training: false,
        update: () => {},
        penalize: () => {},
      })
      const loss = mul(out!.tensor, A.constant(c.cotangent, dtype)).sum()
      const f = compile([ids], [out!.tensor, out!.mask!, grad(loss, layer.weights[0]!.variable)])
      const [rows, mask, gradient] = f(c.indices).map(v => toNested(v))
      near(rows, c.expected)
      expect((mask as unknown as boolean[][]).map(row => row.map(Number))).toEqual(
        c.mask.map((row: unknown[]) => row.map(Number)),
      )
      near(gradient, c.grad_embeddings)
    }
  })

  test.each(named(cases.dense))('dense: %s', (_, c: Golden) => {
    const layer = layers.dense({
      units: c.kernel[0].length,
      activation: c.activation ?? 'linear',
      useBias: c.bias !== undefined,
      weights: [c.kernel, c.bias].filter(w => w !== undefined),
      dtype,
    })
    const {
      outputs: [out],
      loss,
      gradients: [x, kernel, bias],
    } = through(layer, [c.x], { cotangents: [c.cotangent] })
    near(out, c.expected)
    near(loss, c.loss)
    near(x, c.grads.x)
    near(kernel, c.grads.kernel)
    if (c.bias !== undefined) near(bias, c.grads.bias)
  })

  test('masking zeroes the steps it masks', () => {
    for (const c of cases.masking) {
      const {
        outputs: [out],
        mask,
      } = through(layers.masking({ maskValue: c.mask_value, dtype }), [c.x])
      near(out, c.expected)
      expect((mask as unknown[][]).map(row => row.map(Number))).toEqual(
        c.mask.map((row: unknown[]) => row.map(Number)),
      )
    }
  })

  test('shapes change, numbers do not', () => {
    const s = cases.shape_layers
    near(through(layers.flatten({ dtype }), [s.x]).outputs[0], s.flatten)
    near(through(layers.reshape({ targetShape: [6, 2], dtype }), [s.x]).outputs[0], s.reshape_6_2)
    near(through(layers.reshape({ targetShape: [2, -1], dtype }), [s.x]).outputs[0], s.reshape_2_minus1)
    near(through(layers.permute({ dims: [2, 1], dtype }), [s.x]).outputs[0], s.permute_2_1)
    near(through(layers.repeatVector({ n: 5, dtype }), [s.vector]).outputs[0], s.repeat_vector_5)
  })

  test('merging layers', () => {
    const { a, b, c, d, ...wanted } = cases.merge
    for (const name of [
      'add',
      'subtract',
      'multiply',
      'average',
      'maximum',
      'minimum',
      'concatenate',
    ] as const)
      near(through(layers[name]({ dtype }), [a, b]).outputs[0], wanted[name])
    near(through(layers.dot({ axes: -1, dtype }), [a, b]).outputs[0], wanted.dot)
    near(through(layers.dot({ axes: 1, normalize: true, dtype }), [a, b]).outputs[0], wanted.dot_normalized)
    near(through(layers.dot({ axes: 2, dtype }), [c, d]).outputs[0], wanted.dot_c_d_axes_2)
  })

  test('dropout: what stays is scaled up in training, and all stays otherwise', () => {
    for (const c of cases.dropout) {
      expect(new Set(c.scaled_mask.flat())).toEqual(new Set([0, 1 / (1 - c.rate)]))
      const layer = layers.dropout({ rate: c.rate, seed: 1, dtype })
      near(through(layer, [c.x]).outputs[0], c.inference)
      const [x, mask] = [c.x, c.scaled_mask].map((v: Golden) => A.constant(v, dtype))
      near(toNested(compile([], mul(x!, mask!))()), c.training)
      const drawn = through(layer, [c.x], { training: true }).outputs[0] as number[][]
      const scale = (v: number, i: number, j: number) => (c.x[i][j] === 0 ? 0 : v / c.x[i][j])
      for (const [i, row] of drawn.entries())
        for (const [j, v] of row.entries())
          expect([0, 1 / (1 - c.rate)].some(m => Math.abs(scale(v, i, j) - m) < 1e-6)).toBe(true)
    }
  })

  test.each(named(cases.batch_normalization))('batch normalisation: %s', (_, c: Golden) => {
    const layer = layers.batchNormalization({
      axis: c.axis,
      epsilon: c.epsilon,
      momentum: c.momentum,
      weights: [c.gamma, c.beta, c.moving_mean, c.moving_variance],
      dtype,
    })
    near(through(layer, [c.x]).outputs[0], c.inference_output)
    const {
      outputs: [out],
      loss,
      gradients: [x, gamma, beta],
      updated: [newMean, newVariance],
    } = through(layer, [c.x], {
      training: true,
      cotangents: [c.cotangent],
    })
    near(out, c.training_output)
    near(loss, c.loss)
    near(x, c.grads.x)
    near(gamma, c.grads.gamma)
    near(beta, c.grads.beta)
    near(newMean, c.new_moving_mean)
    near(newVariance, c.new_moving_variance)
    // Without momentum the averages are those of the batch.
    const forgetful = layers.batchNormalization({ axis: c.axis, epsilon: c.epsilon, momentum: 0, dtype })
    const [mean, variance] = through(forgetful, [c.x], { training: true }).updated
    near(mean, c.batch_mean)
    const n = [c.x].flat(9).length / c.gamma.length
    const unbiased = (v: number) => (v * n) / (n - (1 + c.epsilon))
    near(variance, c.batch_variance.map(unbiased))
    const biased = c.moving_variance.map(
      (v: number, i: number) => v * c.momentum + c.batch_variance[i] * (1 - c.momentum),
    )
    near(biased, c.new_moving_variance_biased)
  })

  test('layer normalisation', () => {
    for (const c of cases.layer_normalization) {
      const layer = layers.layerNormalization({ epsilon: c.epsilon, weights: [c.gamma, c.beta], dtype })
      const {
        outputs: [out],
        loss,
        gradients: [x, gamma, beta],
      } = through(layer, [c.x], { cotangents: [c.cotangent] })
      near(out, c.expected)
      near(loss, c.loss)
      near(x, c.grads.x)
      near(gamma, c.grads.gamma)
      near(beta, c.grads.beta)
    }
  })

  test('pooling over all steps, masked or not', () => {
    for (const c of cases.global_pooling_1d) {
      near(through(layers.globalAveragePooling1D({ dtype }), [c.x]).outputs[0], c.average)
      near(through(layers.globalMaxPooling1D({ dtype }), [c.x]).outputs[0], c.max)
      near(
        through(layers.globalAveragePooling1D({ dtype }), [c.x], { mask: c.mask }).outputs[0],
        c.average_masked,
      )
    }
  })
})

test('dropout drops in training only, and scales up what stays', () => {
  const layer = layers.dropout({ rate: 0.25, seed: 3 })
  const x = [Array.from({ length: 4000 }, () => 1)]
  expect(through(layer, [x]).outputs[0]).toEqual(x)
  const [row] = through(layer, [x], { training: true }).outputs[0] as number[][]
  const zeros = row!.filter(v => v === 0).length
  expect(row!.every(v => v === 0 || Math.abs(v - 4 / 3) < 1e-6)).toBe(true)
  expect(zeros).toBeGreaterThan(900)
  expect(zeros).toBeLessThan(1100)
})

test('dropout with a shape of noise drops whole columns', () => {
  const layer = layers.dropout({ rate: 0.5, noiseShape: [1, null], seed: 3 })
  const rows = through(
    layer,
    [
      [
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1],
      ],
    ],
    { training: true },
  ).outputs[0] as number[][]
  expect(rows[0]).toEqual(rows[1])
  expect(new Set(rows[0])).toEqual(new Set([0, 2]))
})

test('alpha dropout keeps mean 0 and variance 1, and drops to the lowest value of selu', () => {
  const x = [Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 1 : -1))]
  const layer = layers.alphaDropout({ rate: 0.3, seed: 2, dtype: 'float64' })
  expect(through(layer, [x]).outputs[0]).toEqual(x)
  const [row] = through(layer, [x], { training: true }).outputs[0] as number[][]
  const mean = row!.reduce((a, b) => a + b, 0) / row!.length
  const variance = row!.reduce((a, b) => a + (b - mean) ** 2, 0) / row!.length
  expect(Math.abs(mean)).toBeLessThan(0.03)
  expect(Math.abs(variance - 1)).toBeLessThan(0.03)
  // a · (x, or −1.7581) + b, of which the paper gives a and b.
  const lowest = -1.7580993408473766
  const a = (0.7 * (1 + 0.3 * lowest ** 2)) ** -0.5
  const values = [1, -1, lowest].map(v => a * v - a * lowest * 0.3)
  for (const v of row!) expect(Math.min(...values.map(w => Math.abs(w - v)))).toBeLessThan(1e-9)
})

test('activity regularisation adds l1 · Σ|x| + l2 · Σx² of the batch to the loss, in both kinds of calls', () => {
  const m = sequential([
    layers.activityRegularization({ l1: 0.1, l2: 0.01, inputShape: [2], dtype: 'float64' }),
  ])
  m.compile({ loss: 'mse', optimizer: 'sgd' })
  const x = [
    [1, -2],
    [3, 0],
  ]
  expect(m.evaluate(x, x)).toBeCloseTo(0.1 * 6 + 0.01 * 14, 12)
  expect(m.trainOnBatch(x, x)).toBeCloseTo(0.74, 12)
})

describe('windows over time', () => {
  const x = [[[1], [3], [2], [5], [4]]]

  test('pooling looks at windows of its own size, whole ones or as many as steps / stride', () => {
    expect(through(layers.maxPooling1D(), [x]).outputs[0]).toEqual([[[3], [5]]])
    expect(through(layers.maxPooling1D({ padding: 'same' }), [x]).outputs[0]).toEqual([[[3], [5], [4]]])
    expect(through(layers.averagePooling1D({ padding: 'same' }), [x]).outputs[0]).toEqual([[[2], [3.5], [4]]])
    expect(through(layers.averagePooling1D({ poolSize: 3, strides: 1 }), [x]).outputs[0]).toEqual([
      [[2], [10 / 3], [11 / 3]].map(([v]) => [Math.fround(v!)]),
    ])
  })

  test('a convolution correlates; a causal one looks back only', () => {
    const kernel = [[[1]], [[10]]]
    const conv = (padding: 'valid' | 'same' | 'causal', more = {}) =>
      (
        through(layers.conv1D({ filters: 1, kernelSize: 2, padding, weights: [kernel, [0.5]], ...more }), [x])
          .outputs[0] as number[][][]
      )[0]!.map(([v]) => v)
    expect(conv('valid')).toEqual([31.5, 23.5, 52.5, 45.5])
    expect(conv('causal')).toEqual([10.5, 31.5, 23.5, 52.5, 45.5])
    expect(conv('same')).toEqual([31.5, 23.5, 52.5, 45.5, 4.5])
    expect(conv('causal', { dilationRate: 2 })).toEqual([10.5, 30.5, 21.5, 53.5, 42.5])
    expect(conv('valid', { strides: 2 })).toEqual([31.5, 52.5])
  })
})

test('every number of the golden layers was looked at', () => {
  const names = [
    'embedding[0].name',
    'masking[0].name',
    'dropout[0].name',
    'layer_normalization[0].name',
    'global_pooling_1d[0].name',
  ]
  // Theano's variance holds epsilon already: ours does not, as docs/layers.md says.
  const theano = [0, 1, 2].map(i => `batch_normalization[${i}].new_moving_variance_theano`)
  expect(
    unread(
      'layers',
      [
        'embedding',
        'dense',
        'masking',
        'shape_layers',
        'merge',
        'dropout',
        'batch_normalization',
        'layer_normalization',
        'global_pooling_1d',
      ],
      [...names, ...theano],
    ),
  ).toEqual([])
})
