/** `fit`: epochs, batches and their order, iterables, stopping, states, and what an error leaves behind. */
import {
  type BatchData,
  type BatchSource,
  type FitOptions,
  layers,
  type Model,
  optimizers,
  resetLayerNames,
  sequential,
} from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Golden, golden, unread } from '../src/golden.js'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

const count = (n: number) => Array.from({ length: n }, (_, i) => i)
const x = count(10).map(i => [i / 10, 1 - i / 7])
const y = x.map(([a, b]) => [a! - 2 * b!])
const batches: readonly BatchData[] = [0, 4, 8].map(from => [
  x.slice(from, from + 4),
  y.slice(from, from + 4),
])

function line(dropout = 0): Model {
  const model = sequential(
    [
      layers.dense({ units: 3, inputShape: [2] }),
      layers.dropout({ rate: dropout }),
      layers.dense({ units: 1 }),
    ],
    { seed: 1 },
  )
  model.compile({ loss: 'mse', optimizer: optimizers.adam({ learningRate: 0.1 }) })
  return model
}

/** The model after these steps, one by one. */
function stepped(model: Model, steps: readonly BatchData[]): Model {
  for (const [x, y] of steps) model.trainOnBatch(x, y)
  return model
}

/** Weights and optimiser are alike: another step gives the same, too. */
function expectAlike(a: Model, b: Model, [x, y]: BatchData = batches[0]!): void {
  expect(a.getWeights()).toEqual(b.getWeights())
  expect(a.trainOnBatch(x, y)).toEqual(b.trainOnBatch(x, y))
  expect(a.getWeights()).toEqual(b.getWeights())
}

const still = { batchSize: 4, verbose: 0, shuffle: false } satisfies FitOptions

describe('batches', () => {
  const file = golden('callbacks')

  test.each(file.batches.map((c: Golden) => [JSON.stringify(c), c]))('%s', async (_, c) => {
    const { samples, batch_size: batchSize, batches: wanted } = c as Golden
    const [xs, ys] = [x.slice(0, samples), y.slice(0, samples)]
    const model = line()
    await model.fit(xs, ys, { ...still, batchSize })
    const steps = wanted.map(([from, to]: number[]) => [xs.slice(from, to), ys.slice(from, to)])
    expectAlike(model, stepped(line(), steps))
  })

  test.each(file.validation_split.map((c: Golden) => [JSON.stringify(c), c]))(
    'the last samples are validated: %s',
    async (_, c) => {
      const { samples, validation_split: validationSplit, train, validation } = c as Golden
      const xs = count(samples).map(i => [i / samples, 1])
      const ys = count(samples).map(i => [i / samples])
      const model = line()
      const seen = {}
      const fitted = model.fit(xs, ys, {
        verbose: 0,
        validationSplit,
        batchSize: samples,
        callbacks: [
          {
            onEpochEnd(_, __, run) {
              Object.assign(seen, { train: run.samples, validation: run.validationSamples })
            },
          },
        ],
      })
      if (train === 0) {
        await expect(fitted).rejects.toThrow(/leaves none of 3 samples/)
        return
      }
      const { history } = await fitted
      expect(seen).toEqual({ train, validation })
      const [last, wanted] = [xs.slice(train), ys.slice(train)]
      expect(history['val_loss']).toEqual([model.evaluate(last, wanted, { batchSize: samples })])
    },
  )

  test('stepsPerEpoch, validationSteps: so many batches; validationFreq: after every so many epochs', async () => {
    const model = line()
    const history = await model.fit(x, y, {
      ...still,
      epochs: 5,
      stepsPerEpoch: 2,
      validationFreq: 2,
      validationData: [x, y],
      validationSteps: 1,
    })
    expect([history.epoch.length, history.history['val_loss']!.length]).toEqual([5, 2])
    const twin = line()
    const validated = count(5).map(() => {
      stepped(twin, batches.slice(0, 2))
      return twin.evaluate(x.slice(0, 4), y.slice(0, 4))
    })
    expect(history.history['val_loss']).toEqual([validated[1], validated[3]])
    expectAlike(model, twin)
  })
})

describe('the order of samples', () => {
  /** The loss of each batch, mean |2^sample|, says which samples it had. */
  async function samplesOfBatches(options: FitOptions): Promise<number[][][]> {
    const model = sequential([layers.dense({ units: 1, inputShape: [1], weights: [[[0]], [0]] })])
    model.compile({ loss: 'mae', optimizer: optimizers.sgd({ learningRate: 0 }) })
    const epochs: number[][][] = []
    await model.fit(
      count(10).map(() => [1]),
      count(10).map(i => [2 ** i]),
      {
        verbose: 0,
        batchSize: 4,
        epochs: 3,
        callbacks: [
          {
            onEpochBegin: () => void epochs.push([]),
            onBatchEnd(_, { loss, size }) {
              const sum = Math.round(loss! * size!)
              epochs.at(-1)!.push(count(10).filter(i => sum & (1 << i)))
            },
          },
        ],
        ...options,
      },
    )
    return epochs
  }

  test('is as they lie without shuffle', async () => {
    const wanted = [count(4), [4, 5, 6, 7], [8, 9]]
    expect(await samplesOfBatches({ shuffle: false })).toEqual([wanted, wanted, wanted])
  })

  test('is another in each epoch, with every sample once; a seed makes it the same again', async () => {
    const epochs = await samplesOfBatches({ seed: 1, batchSize: 1 })
    for (const epoch of epochs) expect(epoch.flat().sort((a, b) => a - b)).toEqual(count(10))
    expect(new Set(epochs.map(String)).size).toBe(3)
    expect(await samplesOfBatches({ seed: 1, batchSize: 1 })).toEqual(epochs)
    expect(await samplesOfBatches({ seed: 2, batchSize: 1 })).not.toEqual(epochs)
  })

  test("'batch' moves whole batches; the smaller one stays the last", async () => {
    const orders = new Set<string>()
    for (const seed of count(4)) {
      for (const epoch of await samplesOfBatches({ shuffle: 'batch', seed })) {
        expect(epoch[2]).toEqual([8, 9])
        orders.add(String(epoch.slice(0, 2)))
      }
    }
    expect([...orders].sort()).toEqual(['0,1,2,3,4,5,6,7', '4,5,6,7,0,1,2,3'])
  })

  test('goes on at initialEpoch: two epochs and two more are four, to the bit', async () => {
    const [model, twin] = [line(0.5), line(0.5)]
    const options = { batchSize: 4, verbose: 0, seed: 7 } as const
    const whole = await twin.fit(x, y, { ...options, epochs: 4 })
    const first = await model.fit(x, y, { ...options, epochs: 2 })
    const rest = await model.fit(x, y, { ...options, epochs: 4, initialEpoch: 2 })
    expect(rest.epoch).toEqual([2, 3])
    expect([...first.history['loss']!, ...rest.history['loss']!]).toEqual(whole.history['loss'])
    expectAlike(model, twin)
  })
})

describe('iterables of batches', () => {
  const sources: Readonly<Record<string, () => BatchSource>> = {
    'an iterable': () => new Set(batches),
    'a function': () => () => batches,
    'a generator function': () =>
      function* () {
        yield* batches
      },
    'an async generator function': () =>
      async function* () {
        for (const batch of batches) yield await Promise.resolve(batch)
      },
  }

  test.each(Object.entries(sources))('%s begins anew in each epoch', async (_, make) => {
    const model = line()
    const history = await model.fit(make(), undefined, {
      verbose: 0,
      epochs: 2,
      validationData: make(),
    })
    const twin = line()
    const wanted = await twin.fit(x, y, { ...still, epochs: 2, validationData: [x, y] })
    expect(history.history).toEqual(wanted.history)
    expectAlike(model, twin)
  })

  test('a running generator goes on where the epoch before left it', async () => {
    function* endless() {
      for (let i = 0; ; i++) yield batches[i % 3]!
    }
    const model = line()
    await model.fit(endless(), undefined, { verbose: 0, epochs: 2, stepsPerEpoch: 2 })
    expectAlike(model, stepped(line(), [...batches, batches[0]!]))
  })

  test('one that has come to its end is an error', async () => {
    const fitted = line().fit(batches.values(), undefined, { verbose: 0, epochs: 2 })
    await expect(fitted).rejects.toThrow(/gave no batch[\s\S]*hand in the generator function/)
  })

  test('give weights of samples too', async () => {
    const sampleWeight = count(4).map(i => i / 2)
    const model = line()
    await model.fit(() => [[x.slice(0, 4), y.slice(0, 4), sampleWeight]], undefined, { verbose: 0 })
    const twin = line()
    twin.trainOnBatch(x.slice(0, 4), y.slice(0, 4), { sampleWeight })
    expectAlike(model, twin)
  })

  test('are closed when the epoch needs no more of them', async () => {
    let closed = 0
    function* source() {
      try {
        yield* batches
      } finally {
        closed++
      }
    }
    await line().fit(source, undefined, { verbose: 0, epochs: 2, stepsPerEpoch: 1 })
    expect(closed).toBe(2)
  })
})

describe('stopping', () => {
  test('a signal stops between two batches, and nothing is validated', async () => {
    const stop = new AbortController()
    const model = line()
    const history = await model.fit(x, y, {
      ...still,
      epochs: 9,
      validationData: [x, y],
      signal: stop.signal,
      callbacks: [{ onBatchEnd: batch => void (batch === 1 && stop.abort()) }],
    })
    expect(history.stoppedBy).toBe('signal')
    expect(history.epoch).toEqual([0])
    expect(Object.keys(history.history)).toEqual(['loss'])
    expectAlike(model, stepped(line(), batches.slice(0, 2)))
  })

  test('a signal that was given before trains nothing', async () => {
    const model = line()
    const history = await model.fit(x, y, { ...still, signal: AbortSignal.abort() })
    expect(history.epoch).toEqual([])
    expectAlike(model, line())
  })

  test('a signal comes through while a source is waited for, and closes it', async () => {
    const stop = new AbortController()
    let closed = false
    async function* stuck() {
      try {
        yield batches[0]!
        await new Promise(resolve => setTimeout(resolve, 500))
        yield batches[1]!
      } finally {
        closed = true
      }
    }
    const model = line()
    setTimeout(() => stop.abort(), 50)
    const begun = performance.now()
    const history = await model.fit(stuck, undefined, { verbose: 0, signal: stop.signal })
    expect(performance.now() - begun).toBeLessThan(450)
    expect([history.stoppedBy, history.epoch]).toEqual(['signal', [0]])
    expectAlike(model, stepped(line(), batches.slice(0, 1)))
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(closed).toBe(true)
  })

  test('model.stopTraining stops after the batch, as in Keras, and the next run begins anew', async () => {
    const model = line()
    const stops = {
      onBatchEnd: (batch: number) => {
        if (batch === 1) model.stopTraining = true
      },
    }
    const history = await model.fit(x, y, { ...still, epochs: 9, callbacks: [stops] })
    expect([history.stoppedBy, history.epoch]).toEqual(['callback', [0]])
    expectAlike(model, stepped(line(), batches.slice(0, 2)))
    model.stopTraining = true
    expect(model.stopTraining).toBe(false)
    const next = await model.fit(x, y, { ...still, epochs: 2 })
    expect(next.epoch).toEqual([0, 1])
  })

  test('a second run while one goes on is an error, which leaves the first alone', async () => {
    const model = line()
    const first = model.fit(x, y, { ...still, epochs: 3 })
    await expect(model.fit(x, y, still)).rejects.toThrow(/is being trained already[\s\S]*one run at a time/)
    expect((await first).epoch).toEqual([0, 1, 2])
    const nested = { onEpochEnd: async () => void (await model.fit(x, y, still)) }
    await expect(model.fit(x, y, { ...still, callbacks: [nested] })).rejects.toThrow(/being trained already/)
    // A run that an error ended is none that goes on.
    expect((await model.fit(x, y, still)).epoch).toEqual([0])
    const twin = line()
    await twin.fit(x, y, { ...still, epochs: 5 })
    expectAlike(model, twin)
  })

  test('what a callback does to the model is done: weights that it sets, steps that it takes, evaluations', async () => {
    const model = line()
    const weights = model.getWeights()
    const told: unknown[] = []
    const history = await model.fit(x, y, {
      ...still,
      epochs: 3,
      callbacks: [
        {
          onEpochEnd(_, logs, run) {
            told.push(run.model.evaluate(x, y), run.model.predict(x))
            run.model.setWeights(weights)
            logs['own'] = 7
          },
        },
      ],
    })
    expect(history.history['own']).toEqual([7, 7, 7])
    expect(model.getWeights()).toEqual(weights)
    expect(new Set(told).size).toBe(6)
  })

  test('timers tick while a model is trained', async () => {
    let ticks = 0
    const timer = setInterval(() => void ticks++, 20)
    const deadline = performance.now() + 10_000
    await line().fit(x, y, {
      ...still,
      epochs: 1e9,
      callbacks: [
        { onBatchEnd: (_, __, run) => void ((ticks >= 3 || performance.now() > deadline) && run.stop()) },
      ],
    })
    clearInterval(timer)
    expect(ticks).toBeGreaterThanOrEqual(3)
  })
})

test('every golden number of batches and splits was looked at', () => {
  expect(unread('callbacks', ['validation_split', 'batches'])).toEqual([])
})
