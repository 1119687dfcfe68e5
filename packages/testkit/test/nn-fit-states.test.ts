/** What training leaves behind: states of stateful layers, and what was there before a batch that is an error. */
import {
  type BatchData,
  type FitOptions,
  layers,
  type Model,
  optimizers,
  resetLayerNames,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const quiet = { verbose: 0, shuffle: false } satisfies FitOptions

describe('stateful models', () => {
  const x = [0, 1, 2, 3].map(i => [0, 1, 2].map(t => [Math.sin(i + t)]))
  const y = [0.3, -0.2, 0.5, 0.1].map(v => [v])
  const batches: readonly BatchData[] = [0, 2].map(from => [x.slice(from, from + 2), y.slice(from, from + 2)])

  function stateful(): Model {
    const model = sequential(
      [layers.lstm({ units: 3, batchInputShape: [2, 3, 1], stateful: true }), layers.dense({ units: 1 })],
      { seed: 1 },
    )
    model.compile({ loss: 'mse', optimizer: 'adam' })
    return model
  }

  /** After two epochs, with something done before each. */
  function trained(before: (model: Model) => void, after: (model: Model) => void = () => {}): Model {
    const model = stateful()
    for (let epoch = 0; epoch < 2; epoch++) {
      before(model)
      for (const [x, y] of batches) model.trainOnBatch(x, y)
      after(model)
    }
    return model
  }

  async function fitted(options: FitOptions = {}): Promise<Model> {
    const model = stateful()
    await model.fit(x, y, { ...quiet, epochs: 2, ...options })
    return model
  }

  const [goesOn, anew] = [() => {}, (model: Model) => model.resetStates()]

  test('states go on from batch to batch and over epochs, until they are reset', async () => {
    const model = await fitted()
    expect(model.getWeights()).toEqual(trained(goesOn).getWeights())
    expect(model.getWeights()).not.toEqual(trained(anew).getWeights())
    const first = model.predict(x.slice(0, 2))
    expect(model.predict(x.slice(0, 2))).not.toEqual(first)
    model.resetStates()
    const fresh = model.predict(x.slice(0, 2))
    model.resetStates()
    expect(model.predict(x.slice(0, 2))).toEqual(fresh)
  })

  test("resetStates: 'epoch' begins each epoch with zeros", async () => {
    expect((await fitted({ resetStates: 'epoch' })).getWeights()).toEqual(trained(anew).getWeights())
  })

  test("a validation goes on with the states, as in Keras; with validationStates: 'own' it leaves them alone", async () => {
    const validationData = [x, y] as const
    const validated = (model: Model) => model.evaluate(x, y)
    const shared = await fitted({ validationData })
    expect(shared.getWeights()).toEqual(trained(goesOn, validated).getWeights())
    const own = await fitted({ validationData, validationStates: 'own' })
    expect(own.getWeights()).toEqual(trained(goesOn).getWeights())
    expect(own.getWeights()).not.toEqual(shared.getWeights())
  })

  test('batches of another size are errors', async () => {
    await expect(fitted({ batchSize: 4 })).rejects.toThrow(/made for batches of 2, not of 4/)
    await expect(stateful().fit(x.slice(1), y.slice(1), quiet)).rejects.toThrow(
      /3 samples are no multiple of the batch of 2/,
    )
    expect(() => stateful().predictOnBatch(x)).toThrow(/made for batches of 2, not of 4/)
  })
})

describe('a batch that is an error leaves weights, optimiser and history as the batch before left them', () => {
  const x = [[0.1], [0.2], [0.3], [0.4]]
  const y = [[1], [2], [3], [4]]
  const good: BatchData = [x.slice(0, 2), y.slice(0, 2)]

  function line(): Model {
    const model = sequential([layers.dense({ units: 1, inputShape: [1] })], { seed: 1 })
    model.compile({ loss: 'mse', optimizer: optimizers.adam({ learningRate: 0.1 }) })
    return model
  }

  function expectAfter(model: Model, twin: Model, [x, y]: BatchData): void {
    expect(model.getWeights()).toEqual(twin.getWeights())
    // The optimiser's state shows in the next step.
    expect(model.trainOnBatch(x, y)).toEqual(twin.trainOnBatch(x, y))
    expect(model.getWeights()).toEqual(twin.getWeights())
  }

  test('a NaN in arrays, before the first batch', async () => {
    resetLayerNames()
    const model = line()
    const broken = [[0.1], [0.2], [Number.NaN], [0.4]]
    await expect(model.fit(broken, y, { ...quiet, batchSize: 1 })).rejects.toThrow(
      /fit: x of \S+[\s\S]*sample 2 has a NaN/,
    )
    await expect(model.fit(x, broken, quiet)).rejects.toThrow(/fit: y of dense_1[\s\S]*sample 2 has a NaN/)
    expectAfter(model, line(), good)
  })

  test('a NaN in the batch of an iterable', async () => {
    const model = line()
    const bad: BatchData = [[[0.5], [Number.NaN]], y.slice(0, 2)]
    let epoch = 0
    const source = () => (epoch++ === 0 ? [good] : [good, bad])
    await expect(model.fit(source, undefined, { ...quiet, epochs: 3 })).rejects.toThrow(
      /sample 1 has a NaN[\s\S]*in batch 2 of epoch 2; weights are as the batch before left them/,
    )
    expect(model.history!.epoch).toEqual([0])
    expect(model.history!.history['loss']!.length).toBe(1)
    const twin = line()
    for (const [x, y] of [good, good]) twin.trainOnBatch(x, y)
    expectAfter(model, twin, good)
  })

  test.each(['reference', 'js', 'wasm'] as const)('an index beyond the vocabulary (%s)', async backend => {
    const words = [1, 3, 5, 1].map(i => [i, 2])
    const reader = () => {
      const model = sequential(
        [
          layers.embedding({ inputDim: 5, outputDim: 2, inputLength: 2, name: 'words' }),
          layers.flatten(),
          layers.dense({ units: 1 }),
        ],
        { seed: 1 },
      )
      model.compile({ loss: 'mse', optimizer: 'adam', backend })
      return model
    }
    const model = reader()
    await expect(model.fit(words, y, { ...quiet, batchSize: 2 })).rejects.toThrow(
      /words[\s\S]*in batch 2 of epoch 1/,
    )
    expect(model.history!.epoch).toEqual([])
    const twin = reader()
    const first: BatchData = [words.slice(0, 2), y.slice(0, 2)]
    twin.trainOnBatch(first[0], first[1])
    expectAfter(model, twin, first)
  })

  test('an error of a callback', async () => {
    const model = line()
    const callbacks = [
      {
        onBatchEnd(batch: number) {
          if (batch === 1) throw new Error('no more')
        },
      },
    ]
    await expect(model.fit(x, y, { ...quiet, batchSize: 2, callbacks })).rejects.toThrow('no more')
    const twin = line()
    twin.trainOnBatch(good[0], good[1])
    twin.trainOnBatch(x.slice(2), y.slice(2))
    expectAfter(model, twin, good)
  })
})

describe('dropout changes training, and prediction not', () => {
  const x = [0, 1, 2, 3].map(i => [0, 1, 2].map(t => [1 + i, 2 - t]))
  const y = [[1], [2], [3], [4]]
  const kinds = { simpleRNN: layers.simpleRNN, lstm: layers.lstm, gru: layers.gru }
  const cases = Object.keys(kinds).flatMap(kind =>
    [{ dropout: 0.5 }, { recurrentDropout: 0.5 }].map(
      options => [kind as keyof typeof kinds, options] as const,
    ),
  )

  test.each(cases)('%s %j', (kind, options) => {
    const make = (given: object) => {
      const model = sequential(
        [kinds[kind]({ units: 6, inputShape: [3, 2], ...given }), layers.dense({ units: 1 })],
        { seed: 1 },
      )
      model.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate: 0 }) })
      return model
    }
    const [model, plain] = [make(options), make({})]
    expect(model.predict(x)).toEqual(plain.predict(x))
    const exact = plain.trainOnBatch(x, y)
    const losses = [0, 1, 2].map(() => model.trainOnBatch(x, y))
    expect(new Set([exact, ...losses]).size).toBe(4)
    expect(model.testOnBatch(x, y)).toBe(plain.testOnBatch(x, y))
    expect(model.predict(x)).toEqual(plain.predict(x))
  })
})
