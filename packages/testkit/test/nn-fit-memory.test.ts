/** Training and predicting for long leaves memory as it was: nobody disposes of anything here. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type BatchData, callbacks, layers, metrics, sequential } from '@arignote/nn'
import { beforeAll, expect, jest, test } from '@jest/globals'

jest.setTimeout(120_000)

const x = Array.from({ length: 40 }, (_, i) => Array.from({ length: 5 }, (_, t) => [Math.sin(i + t)]))
const y = x.map(row => [row[4]![0]! > 0 ? 1 : 0])
const model = sequential(
  [
    layers.lstm({ units: 6, inputShape: [5, 1], dropout: 0.2, recurrentDropout: 0.2 }),
    layers.batchNormalization(),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ],
  { seed: 1 },
)
model.compile({ loss: 'binaryCrossentropy', optimizer: 'adam', metrics: ['accuracy', metrics.auc()] })

let collect: () => void
/** Memories of WebAssembly that were made or made larger. */
let grown = 0

beforeAll(() => {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
  const { grow } = WebAssembly.Memory.prototype
  jest.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (this: WebAssembly.Memory, n) {
    grown++
    return grow.call(this, n)
  })
})

/** Bytes in use once what nobody needs is gone. */
async function used(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const { heapUsed, arrayBuffers, external } = process.memoryUsage()
  return heapUsed + arrayBuffers + external
}

const batches = function* (count: number): Generator<BatchData> {
  for (let i = 0; i < count; i++) yield [x.slice(0, 10), y.slice(0, 10)]
}

const ways: Readonly<Record<string, (count: number) => unknown>> = {
  'batches of fit, with a validation and weights that are kept': count =>
    model.fit(x, y, {
      epochs: count / 3,
      batchSize: 10,
      validationSplit: 0.25,
      verbose: 0,
      callbacks: [callbacks.earlyStopping({ patience: count, restoreBestWeights: true })],
    }),
  'batches of an iterable': count => model.fit(() => batches(count), undefined, { verbose: 0 }),
  'runs of fit': async count => {
    for (let i = 0; i < count / 10; i++) await model.fit(x, y, { batchSize: 40, verbose: 0 })
  },
  'predictions, of one sample and of several batches': count => {
    for (let i = 0; i < count / 2; i++) {
      model.predictOnBatch(x.slice(0, 1))
      model.predict(x, { batchSize: 15 })
    }
  },
  'single steps, and evaluations': count => {
    for (let i = 0; i < count / 2; i++) {
      model.trainOnBatch(x, y)
      model.evaluate(x, y)
    }
  },
}

test.each(Object.entries(ways))('2100 %s', async (_, run) => {
  await run(300)
  const before = await used()
  grown = 0
  await run(2100)
  // Of 500 bytes for each there would be a megabyte.
  expect((await used()) - before).toBeLessThan(1_000_000)
  expect(grown).toBe(0)
})
