import { compile } from '@arignote/compiler'
import { matrix, toNested } from '@arignote/graph'
import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  input,
  layers,
  type Model,
  model,
  resetLayerNames,
  runNetwork,
  sequential,
  unmasked,
} from '../src/index.js'

beforeEach(resetLayerNames)

/** What a model of one input makes of some rows. */
function outputOf(m: Model, rows: number[][]) {
  const x = matrix('x')
  const [out] = runNetwork(m.network, [unmasked(x)], {
    training: false,
    update: () => {},
    penalize: () => {},
  })
  return toNested(compile([x], out!.tensor)(rows))
}

const double = () =>
  layers.dense({
    units: 2,
    useBias: false,
    weights: [
      [
        [2, 0],
        [0, 2],
      ],
    ],
  })

test('a sequential model applies each layer to the output of the one before, however it was put together', () => {
  const listed = sequential([
    layers.dense({
      units: 2,
      inputShape: [2],
      useBias: false,
      weights: [
        [
          [1, 1],
          [0, 1],
        ],
      ],
    }),
    double(),
  ])
  const added = sequential()
    .add(double())
    .add(layers.activation({ activation: 'relu' }))
  added.build([null, 2])
  expect(outputOf(listed, [[1, 2]])).toEqual([[2, 6]])
  expect(outputOf(added, [[1, -2]])).toEqual([[2, 0]])
  added.pop()
  expect(outputOf(added, [[1, -2]])).toEqual([[2, -4]])
})

test('a functional model shares a layer between inputs', () => {
  const [a, b] = [input({ shape: [2] }), input({ shape: [2] })]
  const layer = double()
  const m = model({ inputs: [a, b], outputs: layers.add().apply([layer.apply(a), layer.apply(b)]) as never })
  expect(m.countParams()).toBe(4)
  const [x, y] = [matrix('x'), matrix('y')]
  const [out] = runNetwork(m.network, [unmasked(x), unmasked(y)], {
    training: false,
    update: () => {},
    penalize: () => {},
  })
  expect(toNested(compile([x, y], out!.tensor)([[1, 2]], [[10, 20]]))).toEqual([[22, 44]])
})

test('a model is a layer of another, with the same weights', () => {
  const inner = sequential([
    layers.dense({
      units: 2,
      inputShape: [2],
      useBias: false,
      weights: [
        [
          [1, 1],
          [0, 1],
        ],
      ],
    }),
  ])
  const x = input({ shape: [2] })
  const outer = model({ inputs: x, outputs: inner.apply(inner.apply(x)) })
  expect(outputOf(outer, [[1, 0]])).toEqual([[1, 2]])
  inner.setWeights([
    [
      [0, 1],
      [1, 0],
    ],
  ])
  expect(outputOf(outer, [[1, 0]])).toEqual([[1, 0]])
  expect(outer.getWeights()).toHaveLength(1)
})

test('one seed decides all weights', () => {
  const kernels = [5, 5, 6].map(seed => {
    const m = sequential([layers.dense({ units: 3, inputShape: [2] }), layers.dense({ units: 2 })], { seed })
    return m.getWeights().map(w => toNested(w))
  })
  expect(kernels[0]).toEqual(kernels[1])
  expect(kernels[0]![0]).not.toEqual(kernels[2]![0])
})

test('a layer that is frozen keeps its place among the weights', () => {
  const m = sequential([
    layers.dense({ units: 2, inputShape: [2], trainable: false }),
    layers.batchNormalization(),
  ])
  expect(m.weights.map(w => [w.variable.name, w.trainable])).toEqual([
    ['dense_1/kernel', false],
    ['dense_1/bias', false],
    ['batch_normalization_1/gamma', true],
    ['batch_normalization_1/beta', true],
    ['batch_normalization_1/moving_mean', false],
    ['batch_normalization_1/moving_variance', false],
  ])
})

describe('summary', () => {
  const linesOf = (m: Model) => {
    const lines: string[] = []
    m.summary({ print: line => lines.push(line) })
    return lines.join('\n')
  }

  test('of layers in turn', () => {
    const m = sequential([
      layers.embedding({ inputDim: 20000, outputDim: 128, inputLength: 100 }),
      layers.globalAveragePooling1D(),
      layers.dense({ units: 1, trainable: false }),
    ])
    expect(linesOf(m)).toMatchInlineSnapshot(`
"Model: "sequential_1"
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
embedding_1 (Embedding)      (None, 100, 128)          2560000   
_________________________________________________________________
global_average_pooling1d_1 ( (None, 128)               0         
_________________________________________________________________
dense_1 (Dense)              (None, 1)                 129       
=================================================================
Total params: 2,560,129
Trainable params: 2,560,000
Non-trainable params: 129
_________________________________________________________________"
`)
  })

  test('of layers that branch', () => {
    const x = input({ shape: [4] })
    const layer = layers.dense({ units: 4 })
    const m = model({
      inputs: x,
      outputs: layers.add().apply([layer.apply(x), layer.apply(layer.apply(x))]) as never,
    })
    expect(linesOf(m)).toMatchInlineSnapshot(`
"Model: "model_1"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to                     
==================================================================================================
input_1 (InputLayer)            (None, 4)            0                                            
__________________________________________________________________________________________________
dense_1 (Dense)                 multiple             20          input_1[0][0]                    
                                                                 input_1[0][0]                    
                                                                 dense_1[1][0]                    
__________________________________________________________________________________________________
add_1 (Add)                     (None, 4)            0           dense_1[0][0]                    
                                                                 dense_1[2][0]                    
==================================================================================================
Total params: 20
Trainable params: 20
Non-trainable params: 0
__________________________________________________________________________________________________"
`)
  })
})

describe('predictClasses', () => {
  const rows = [
    [1, -1],
    [-1, 1],
    [0, 0],
  ]
  const last = (units: number, kernel: number[][], activation: string) =>
    sequential([layers.dense({ units, activation, useBias: false, inputShape: [2], weights: [kernel] })])

  test('of one column: whether it is above a half', () => {
    const classes = last(1, [[3], [0]], 'sigmoid').predictClasses(rows)
    expect([classes.dtype, toNested(classes)]).toEqual(['int32', [[1], [0], [0]]])
  })
  test('of several: the place of the greatest, the first of equal ones', () => {
    const kernel = [
      [0, 1, -1],
      [0, -1, 1],
    ]
    expect(toNested(last(3, kernel, 'softmax').predictClasses(rows))).toEqual([1, 2, 0])
  })
  test('of more columns than a call can have arguments, and of a NaN as argmax has it', () => {
    const columns = 200_000
    const wide = sequential([layers.activation({ activation: 'linear', inputShape: [columns] })])
    const row = new Float32Array(columns)
    row[150_000] = 1
    const broken = Float32Array.from(row)
    broken[7] = Number.NaN
    const fill = (data: Float32Array) =>
      sequential([layers.lambda({ function: x => x.add(Array.from(data)), inputShape: [columns] })])
    expect(toNested(wide.predictClasses([row]))).toEqual([150_000])
    expect(toNested(fill(broken).predictClasses([row]))).toEqual([7])
  })
  test('of steps: one for each step', () => {
    const steps = sequential([layers.activation({ activation: 'softmax', inputShape: [2, 2] })])
    expect(toNested(steps.predictClasses([rows.slice(0, 2)]))).toEqual([[0, 1]])
  })
  test('not of several outputs', () => {
    const x = input({ shape: [2] })
    const outputs = [1, 2].map(units => layers.dense({ units }).apply(x))
    expect(() => model({ inputs: x, outputs }).predictClasses(rows)).toThrow(
      /predictClasses: the model has 2 outputs/,
    )
  })
})
