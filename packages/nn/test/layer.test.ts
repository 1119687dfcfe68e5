import { compile } from '@arignote/compiler'
import { matrix, toNested } from '@arignote/graph'
import { beforeEach, expect, test } from '@jest/globals'
import { input, layers, network, resetLayerNames, runNetwork, unmasked } from '../src/index.js'

beforeEach(resetLayerNames)

const context = { training: false, update: () => {}, penalize: () => {} }

test('a layer used twice has the same weights in both places', () => {
  const layer = layers.dense({
    units: 2,
    weights: [
      [
        [1, 2],
        [3, 4],
      ],
      [10, 20],
    ],
  })
  const x = input({ shape: [2] })
  const net = network([x], [layer.apply(layer.apply(x))])
  const v = matrix('x')
  const [out] = runNetwork(net, [unmasked(v)], context)
  expect(toNested(compile([v], out!.tensor)([[1, 1]]))).toEqual([[14 + 26 * 3 + 10, 14 * 2 + 26 * 4 + 20]])
  expect(layer.countParams()).toBe(6)
  expect(layer.name).toBe('dense_1')
})

test('a layer that is given its options wrongly says which one, and the nearest name', () => {
  expect(() => layers.dense({ unit: 2 } as never)).toThrow(/did you mean "units"\?/)
  expect(() => layers.dense({} as never)).toThrow(/no units/)
  expect(() => layers.dense({ units: 2.5 })).toThrow(/dense: units: the number 2.5 will not do/)
  expect(() => layers.dense({ units: 2, activation: 'tan' })).toThrow(/did you mean "tanh"\?/)
})

test('weights are set together or not at all', () => {
  const layer = layers.dense({
    units: 2,
    inputShape: [3],
    weights: [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [0, 0],
    ],
  })
  layer.apply(input({ shape: [3] }))
  expect(() =>
    layer.setWeights([
      [
        [9, 9],
        [9, 9],
        [9, 9],
      ],
      [1],
    ]),
  ).toThrow(/bias has the shape \(2\)/)
  expect(toNested(layer.getWeights()[0]!)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
})

test('the same seed gives the same weights', () => {
  const kernels = [1, 1, 2].map(seed => {
    const layer = layers.dense({ units: 4, seed })
    layer.apply(input({ shape: [3] }))
    return toNested(layer.getWeights()[0]!)
  })
  expect(kernels[0]).toEqual(kernels[1])
  expect(kernels[0]).not.toEqual(kernels[2])
})

test('a configuration has the names of Keras', () => {
  const layer = layers.dense({ units: 4, useBias: false, inputShape: [3] })
  expect(layer.getConfig()).toMatchObject({
    name: 'dense_1',
    batch_input_shape: [null, 3],
    units: 4,
    use_bias: false,
    activation: 'linear',
    kernel_initializer: {
      class_name: 'VarianceScaling',
      config: { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null },
    },
    kernel_regularizer: null,
  })
})

test('an output that needs an input which is not listed is an error', () => {
  const [a, b] = [input({ shape: [3] }), input({ shape: [3] })]
  const layer = layers.dense({ units: 1 })
  layer.apply(a)
  expect(() => network([b], [layer.apply(a)])).toThrow(/need the input input_1/)
})
