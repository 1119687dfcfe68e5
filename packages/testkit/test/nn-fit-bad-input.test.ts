/** Bad data, options and callbacks: what each is told, and that nothing is lost by it. */
import { array, type NdArray, toNested, zerosArray } from '@arignote/graph'
import {
  type BatchSource,
  type Callback,
  type FitOptions,
  input,
  layers,
  type Model,
  type ModelCompileOptions,
  metrics,
  model as modelOf,
  optimizers,
  resetLayerNames,
  type SymbolicTensor,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const x = [0, 1, 2, 3].map(i => [i / 4, 1 - i / 4])
const y = x.map(([a, b]) => [a! - 2 * b!])
const quiet = { verbose: 0, shuffle: false } satisfies FitOptions

function line(options: Partial<ModelCompileOptions> = {}): Model<NdArray> {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })], { seed: 1 })
  model.compile({ loss: 'mse', optimizer: optimizers.adam({ learningRate: 0.1 }), ...options })
  return model
}

function words(): Model {
  const model = sequential([
    layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 2, name: 'words' }),
    layers.flatten(),
    layers.dense({ units: 1 }),
  ])
  model.compile({ loss: 'mse', optimizer: 'adam' })
  return model
}

function classes(loss = 'sparseCategoricalCrossentropy'): Model {
  const model = sequential([layers.dense({ units: 3, inputShape: [2], activation: 'softmax', name: 'kind' })])
  model.compile({ loss, optimizer: 'adam' })
  return model
}

/** One input, a price and a kind. */
function shop(options: ModelCompileOptions): Model {
  const from = input({ shape: [1] })
  const price = layers.dense({ units: 1, name: 'price', seed: 1 }).apply(from) as SymbolicTensor
  const kind = layers.dense({ units: 1, name: 'kind', seed: 2 }).apply(from) as SymbolicTensor
  const model = modelOf({ inputs: from, outputs: [price, kind] })
  model.compile(options)
  return model
}

describe('an index beyond the vocabulary is told with its layer and batch', () => {
  const ids = [
    [1, 2],
    [3, 4],
    [0, 9],
  ]
  const labels = [1, 0, 1]
  const by2 = { batchSize: 2 }
  const embeddings = /index 9 is out of range for an axis of size 5[\s\S]*"words\/embeddings"[\s\S]*/
  const told = (place: string) => new RegExp(`${embeddings.source}in ${place}`)

  test('in fit, and in its validation', async () => {
    await expect(words().fit(ids, labels, { ...quiet, ...by2 })).rejects.toThrow(told('batch 2 of epoch 1'))
    const good = ids.slice(0, 2)
    const validated = words().fit(good, [1, 0], { ...quiet, ...by2, validationData: [ids, labels] })
    await expect(validated).rejects.toThrow(told('batch 2 of the validation after epoch 1'))
    const source = () => [[ids.slice(2), [1]]] as const
    const fromSource = words().fit(good, [1, 0], { ...quiet, validationData: source })
    await expect(fromSource).rejects.toThrow(told('batch 1 of the validation after epoch 1'))
  })

  test('in evaluate and predict', () => {
    expect(() => words().evaluate(ids, labels, by2)).toThrow(told('the batch of the samples 2 to 2'))
    expect(() => words().predict(ids, by2)).toThrow(told('the batch of the samples 2 to 2'))
  })
})

describe('a class that there is not is told before anything is trained', () => {
  test.each([3, -1])('%d', async label => {
    const model = classes()
    const before = model.getWeights()
    const fitted = model.fit(x, [0, 1, label, 2], quiet)
    await expect(fitted).rejects.toThrow(
      new RegExp(`fit: y of kind: sample 2 has the class ${label}, of 3 classes`),
    )
    expect(model.getWeights()).toEqual(before)
  })
})

describe('no samples', () => {
  const [noX, noY] = [zerosArray([0, 2]), zerosArray([0, 1])]

  test('are an error wherever an average would be of nothing', async () => {
    expect(() => line().evaluate(noX, noY)).toThrow(/evaluate: there are no samples/)
    expect(() => line().trainOnBatch([], [])).toThrow(/trainOnBatch: there are no samples/)
    expect(() => line().testOnBatch([], [])).toThrow(/testOnBatch: there are no samples/)
    await expect(line().fit([], [], quiet)).rejects.toThrow(/nothing to train: no samples/)
    const validated = line().fit(x, y, { ...quiet, validationData: [noX, noY] })
    await expect(validated).rejects.toThrow(/fit: validationData: there are no samples/)
  })

  test('are predicted: none', () => {
    expect(line().predict([]).shape).toEqual([0, 1])
  })
})

test('samples may be arrays each, typed ones or not, also where there is one', async () => {
  const model = line()
  const [row] = x
  for (const n of [1, 2, 4]) {
    const rows = x.slice(0, n)
    expect(model.predict(rows.map(values => array(values)))).toEqual(model.predict(rows))
    expect(model.predict(rows.map(values => Float32Array.from(values)))).toEqual(model.predict(rows))
  }
  await model.fit(
    x.map(values => array(values)),
    y.map(values => array(values)),
    quiet,
  )
  expect(model.predict([Float32Array.from(row!)])).toEqual(model.predict([row!]))
  expect(model.predict([Float32Array.from(x.flat().slice(0, 2))]).shape).toEqual([1, 1])
  const column = sequential([layers.dense({ units: 1, inputShape: [1] })])
  expect(column.predict([Float32Array.of(1, 2, 3)]).shape).toEqual([3, 1])
})

describe('an infinite number', () => {
  const broken = (value: number) => [0, 1, 2, 3].map(i => [i === 2 ? value : i, 1])
  test('is refused where weights would become NaN, of it or of what becomes it in float32', async () => {
    const model = line()
    const before = model.getWeights()
    await expect(model.fit(broken(Number.NEGATIVE_INFINITY), y, quiet)).rejects.toThrow(
      /fit: x of input_1: sample 2 has an infinite number, -Infinity/,
    )
    await expect(model.fit(broken(1e39), y, quiet)).rejects.toThrow(/sample 2 has an infinite number/)
    const infinite = [1, Number.POSITIVE_INFINITY, 1, 1]
    expect(() => model.trainOnBatch(x, infinite)).toThrow(/y of dense_1: sample 1 has an infinite number/)
    expect(() => model.trainOnBatch(x, y, { sampleWeight: infinite })).toThrow(
      /sampleWeight of dense_1: sample 1/,
    )
    expect(model.getWeights()).toEqual(before)
  })
  test('may be predicted from', () => {
    const model = sequential([layers.activation({ activation: 'sigmoid', inputShape: [1] })])
    expect(toNested(model.predict([[Number.NEGATIVE_INFINITY]]))).toEqual([[0]])
  })
})

test('weights that the user gave are as they were, also where classes count', () => {
  const sampleWeight = Float32Array.of(1, 2, 3, 4)
  const kept = array([...sampleWeight])
  const labels = [0, 1, 2, 0]
  const classWeight = { 0: 5, 1: 6, 2: 7 }
  const model = classes()
  const losses = [sampleWeight, kept].map(w => model.testOnBatch(x, labels, { sampleWeight: w, classWeight }))
  expect(losses[0]).toBe(losses[1])
  expect([[...sampleWeight], [...kept.data]]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ])
})

test('for several inputs there is a list of as many arrays, or a record by name', () => {
  const inputs = ['a', 'b'].map(name => input({ shape: [1], name })) as SymbolicTensor[]
  const sum = layers.add().apply(inputs) as SymbolicTensor
  const model = modelOf({ inputs, outputs: sum })
  expect(model.predict([[[1]], [[2]]])).toEqual(model.predict({ b: [[2]], a: [[1]] }))
  expect(() => model.predict([[[1]], [[2]], [[3]]])).toThrow(/x is a list of 3, not of 2[\s\S]*a, b/)
  expect(() => model.predict(array([[1], [2]]))).toThrow(/x is an array, not of 2/)
  expect(() => model.predict({ a: [[1]], c: [[2]] })).toThrow(/no x called "c"/)
  expect(() => model.predict({ a: [[1]] })).toThrow(/no x for b/)
  expect(() => model.predict([[[1]], [[2], [3]]])).toThrow(/1 samples, but 2 in x of b/)
})

describe('classWeight', () => {
  const labels = [0, 1, 2, 0]
  test.each<[unknown, RegExp]>([
    [null, /classWeight: null will not do/],
    [new Map([[0, 1]]), /classWeight: an object of the class Map will not do/],
    [{ 0: 1, 1: Number.NaN, 2: 1 }, /classWeight: class 1 cannot count NaN/],
    [{ 0: 1, 1: 1, 2: '3' }, /classWeight: class 2 cannot count 3/],
    [{ kinds: { 0: 1, 1: 1, 2: 1 } }, /did you mean "kind"/],
  ])('%p is refused, and nothing is trained', async (classWeight, message) => {
    const model = classes()
    const before = model.getWeights()
    const fitted = model.fit(x, labels, { ...quiet, classWeight: classWeight as never })
    await expect(fitted).rejects.toThrow(message)
    expect(model.getWeights()).toEqual(before)
  })
})

describe('options', () => {
  test.each<[object, RegExp]>([
    [{ shuffle: 'batches' }, /did you mean "batch"/],
    [{ shuffle: 1 }, /no shuffle 1[\s\S]*there are true, false, batch/],
    [{ signal: {} }, /signal: an object is no signal/],
    [{ signal: new AbortController() }, /signal: an object of the class AbortController is no signal/],
  ])('%p', async (options, message) => {
    await expect(line().fit(x, y, { ...quiet, ...options })).rejects.toThrow(message)
  })

  test('a loss must be said, metrics are a list or one', () => {
    expect(() => line({ loss: undefined as never })).toThrow(/compile: no output has a loss/)
    expect(() => shop({ loss: {}, optimizer: 'sgd' })).toThrow(/compile: no output has a loss/)
    expect(() => line({ metrics: 3 as never })).toThrow(/metrics: the number 3 is no list/)
    expect(() => line({ metrics: ['acuracy'] })).toThrow(/did you mean "accuracy"/)
  })

  test('metrics of an output without a loss are refused, since its targets are not asked for', () => {
    const metrics = { kind: 'mae' }
    expect(() => shop({ loss: { price: 'mse' }, optimizer: 'sgd', metrics })).toThrow(
      /metrics for kind, which has no loss/,
    )
  })
})

describe('hooks', () => {
  class Own {
    onEpochend() {}
  }
  test.each<[object, RegExp]>([
    [{ onEpochend() {} }, /no hook "onEpochend"[\s\S]*did you mean "onEpochEnd"/],
    [{ on_epoch_end() {} }, /did you mean "onEpochEnd"/],
    [{ onTrainBatchEnd() {} }, /no hook "onTrainBatchEnd"/],
    [new Own(), /did you mean "onEpochEnd"/],
  ])('that there are not, %p, are not passed over', async (callback, message) => {
    await expect(line().fit(x, y, { ...quiet, callbacks: [callback as Callback] })).rejects.toThrow(message)
  })
})

describe('sources of batches', () => {
  test('may be promised by a function', async () => {
    const model = line()
    await model.fit(async () => [[x, y]], undefined, quiet)
    const twin = line()
    twin.trainOnBatch(x, y)
    expect(model.getWeights()).toEqual(twin.getWeights())
  })

  test('that cannot be gone through are told', async () => {
    const fitted = line().fit((() => 3) as unknown as BatchSource, undefined, quiet)
    await expect(fitted).rejects.toThrow(/the function gave the number 3, which is no iterable/)
  })

  test('what a source throws is what fit throws; what was trained before stays', async () => {
    const model = line()
    const fitted = model.fit(
      function* () {
        yield [x, y] as const
        throw new Error('the disk is gone')
      },
      undefined,
      quiet,
    )
    await expect(fitted).rejects.toThrow('the disk is gone')
    const twin = line()
    twin.trainOnBatch(x, y)
    expect(model.getWeights()).toEqual(twin.getWeights())
  })
})

describe('an error at the end of an epoch', () => {
  test('leaves the epoch in the history', async () => {
    const model = line({ metrics: [metrics.rootMeanSquaredError()] })
    const breaks = {
      onEpochEnd: (epoch: number) => Promise[epoch === 1 ? 'reject' : 'resolve'](Error('full')),
    }
    const fitted = model.fit(x, y, { ...quiet, epochs: 5, callbacks: [breaks as Callback] })
    await expect(fitted).rejects.toThrow('full')
    expect(model.history!.epoch).toEqual([0, 1])
    expect(Object.values(model.history!.history).map(list => list.length)).toEqual([2, 2])
    // And the model can be trained on.
    await model.fit(x, y, quiet)
  })
})
