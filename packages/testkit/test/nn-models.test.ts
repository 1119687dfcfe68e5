/** Whole models trained for two epochs, against Keras's numbers: every batch, every epoch, the weights in the end. */
import { toNested } from '@arignote/graph'
import { type Layer, layers, type Model, optimizers, sequential } from '@arignote/nn'
import { describe, expect, jest, test } from '@jest/globals'
import { type Golden, golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

jest.setTimeout(60_000)

const camel = (record: Golden) =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  )

const kinds = { LSTM: layers.lstm, GRU: layers.gru, SimpleRNN: layers.simpleRNN } as Readonly<
  Record<string, (options: object) => Layer>
>

type Dtype = 'float32' | 'float64'

function modelOf(c: Golden, dtype: Dtype): Model {
  const w = c.initial_weights
  expect([c.shuffle, c.layers.length]).toEqual([false, w.embeddings === undefined ? 2 : 3])
  expect(c.layers[0].includes('mask_zero')).toBe(c.mask_zero)
  const [, kind] = /^(\w+)\(/.exec(c.layers.at(-2))!
  const recurrent = kinds[kind!]!({
    ...camel(c.rnn_config),
    weights: [w.rnn_kernel, w.rnn_recurrent_kernel, w.rnn_bias],
    dtype,
    ...(w.embeddings === undefined && { inputShape: [c.x[0].length, c.x[0][0].length] }),
  })
  const dense = layers.dense({
    units: 1,
    activation: c.layers.at(-1).includes('sigmoid') ? 'sigmoid' : 'linear',
    weights: [w.dense_kernel, w.dense_bias],
    dtype,
  })
  const first =
    w.embeddings === undefined
      ? []
      : [
          layers.embedding({
            inputDim: w.embeddings.length,
            outputDim: w.embeddings[0].length,
            inputLength: c.x[0].length,
            maskZero: c.mask_zero,
            weights: [w.embeddings],
            dtype,
          }),
        ]
  const model = sequential([...first, recurrent, dense])
  const make = optimizers[c.optimizer.toLowerCase() as 'adam']
  model.compile({ loss: c.loss, optimizer: make(camel(c.optimizer_config)), metrics: [c.metric] })
  return model
}

const weightNames = [
  'embeddings',
  'rnn_kernel',
  'rnn_recurrent_kernel',
  'rnn_bias',
  'dense_kernel',
  'dense_bias',
]
const cases: [string, Golden][] = golden('models').models.map((c: Golden) => [c.name, c])

describe.each(['float64', 'float32'] as const)('in %s', dtype => {
  const near = (actual: unknown, wanted: Golden) =>
    expect(worstDifference(actual, wanted)).toBeLessThan(goldenTolerance[dtype])

  test.each(cases)('%s: fit', async (_, c) => {
    const model = modelOf(c, dtype)
    near(toNested(model.predict(c.x) as never), c.initial_predictions)
    const evaluated: number[][] = []
    const history = await model.fit(c.x, c.y, {
      batchSize: c.batch_size,
      epochs: c.epochs,
      shuffle: false,
      verbose: 0,
      callbacks: [
        {
          onEpochEnd: () =>
            void evaluated.push(model.evaluate(c.x, c.y, { batchSize: c.batch_size }) as number[]),
        },
      ],
    })
    near(
      history.history['loss'],
      c.epoch_logs.map((log: Golden) => log.loss),
    )
    near(
      history.history[c.metric],
      c.epoch_logs.map((log: Golden) => log.metric),
    )
    near(
      evaluated,
      c.epoch_logs.map((log: Golden) => [log.evaluate_loss, log.evaluate_metric]),
    )
    const final = weightNames
      .filter(name => c.final_weights[name] !== undefined)
      .map(name => c.final_weights[name])
    near(
      model.getWeights().map(v => toNested(v)),
      final,
    )
  })

  test.each(cases)('%s: batch by batch', (_, c) => {
    const model = modelOf(c, dtype)
    const perEpoch = c.batches.length / c.epochs
    for (const [k, { epoch, batch, size, loss, metric }] of c.batches.entries()) {
      expect([epoch, batch]).toEqual([Math.floor(k / perEpoch), k % perEpoch])
      const from = batch * c.batch_size
      const [x, y] = [c.x, c.y].map(all => all.slice(from, from + c.batch_size))
      expect(x.length).toBe(size)
      near(model.trainOnBatch(x, y), [loss, metric])
    }
  })

  test.each(cases)('%s: the gradients of the first batch, which a step of 1 down the slope shows', (_, c) => {
    const model = modelOf(c, dtype)
    model.compile({ loss: c.loss, optimizer: optimizers.sgd({ learningRate: 1 }) })
    const before = model.getWeights()
    model.trainOnBatch(c.x.slice(0, c.batch_size), c.y.slice(0, c.batch_size))
    const after = model.getWeights()
    for (const [i, name] of weightNames.filter(n => c.first_batch_gradients[n] !== undefined).entries()) {
      const wanted = [c.first_batch_gradients[name]].flat(9) as number[]
      near(
        [...before[i]!.data].map((v, k) => v - after[i]!.data[k]!),
        wanted,
      )
    }
  })
})

test('every golden number of models was looked at', () => {
  expect(unread('models', ['models'])).toEqual([])
})
