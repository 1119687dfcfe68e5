/** The progress bar, as Keras 2.3 draws it. */
import { callbacks, type FitOptions, layers, type Run, resetLayerNames, sequential } from '@arignote/nn'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Golden, golden, unread } from '../src/golden.js'

jest.setTimeout(60_000)
beforeEach(resetLayerNames)

/** A bar over a run that is not one: what it writes, by a clock that we turn. */
function bar(target: number, options: object = {}) {
  let time = 0
  let text = ''
  let loss = 0.4567
  const drawn = callbacks.progressBar({
    write: part => {
      text += part
    },
    isTerminal: true,
    now: () => time,
    ...options,
  })
  const run = {
    samples: target,
    steps: null,
    isPartial: false,
    validationSamples: null,
    epochs: 5,
    metrics: ['loss', 'accuracy', 'val_loss'],
    averages: () => ({ loss, accuracy: 0.789 }),
  } as unknown as Run
  drawn.onEpochBegin(0, {}, run)
  return {
    at(milliseconds: number, size: number, next = loss) {
      time = milliseconds
      loss = next
      drawn.onBatchEnd(0, { size }, run)
    },
    end(milliseconds: number) {
      time = milliseconds
      drawn.onEpochEnd(0, { loss, accuracy: 0.789, val_loss: 0.0005, lr: 1 }, run)
    },
    get text() {
      const whole = text
      text = ''
      return whole
    },
  }
}

test.each<Golden>(golden('callbacks').progress_bars)('$current of $target', (c: Golden) => {
  const { current, target, bar: wanted } = c
  const drawn = bar(target)
  if (current > 0) drawn.at(1000, current)
  if (current === 0 || current === target) drawn.end(1000)
  expect(drawn.text.split('\r')[1]!.startsWith(`${wanted} - `)).toBe(true)
})

test('draws over itself in a terminal, and fills what was longer with spaces', () => {
  const drawn = bar(100)
  expect(drawn.text).toBe('Epoch 1/5\n')
  drawn.at(1000, 32, 1e-5)
  expect(drawn.text).toBe(
    '\r 32/100 [========>.....................] - ETA: 2s - loss: 1.0000e-05 - accuracy: 0.7890',
  )
  drawn.at(1049, 10)
  expect(drawn.text).toBe('')
  drawn.at(1050, 10, 0.5)
  expect(drawn.text).toBe(
    '\r 52/100 [==============>...............] - ETA: 0s - loss: 0.5000 - accuracy: 0.7890    ',
  )
  drawn.at(2000, 48)
  expect(drawn.text).toBe('')
  drawn.end(60_400)
  expect(drawn.text).toBe(
    '\r100/100 [==============================] - 60s 604ms/step - loss: 0.5000 - accuracy: 0.7890 - val_loss: 5.0000e-04\n',
  )
})

test('ends its line where an error ends the run', async () => {
  const written: string[] = []
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })])
  model.compile({ loss: 'mse', optimizer: 'sgd' })
  const drawn = (isTerminal: boolean) =>
    callbacks.progressBar({ write: text => void written.push(text), isTerminal, interval: 0 })
  const breaks = {
    onBatchEnd() {
      throw new Error('mine')
    },
  }
  const run = (isTerminal: boolean) =>
    model.fit([[1], [2]], [[1], [2]], { batchSize: 1, callbacks: [drawn(isTerminal), breaks] })
  await expect(run(true)).rejects.toThrow('mine')
  expect(written.at(-1)).toBe('\n')
  written.length = 0
  await expect(run(false)).rejects.toThrow('mine')
  expect(written.at(-1)).toMatch(/\d\n$/)
})

test('draws line by line elsewhere', () => {
  const drawn = bar(4, { isTerminal: false })
  drawn.at(4999, 1)
  drawn.at(6000, 1)
  drawn.end(8000)
  expect(drawn.text).toBe(
    [
      'Epoch 1/5\n',
      '2/4 [==============>...............] - ETA: 6s - loss: 0.4567 - accuracy: 0.7890\n',
      '2/4 [==============>...............] - ETA: 8s - loss: 0.4567 - accuracy: 0.7890 - val_loss: 5.0000e-04\n',
    ].join(''),
  )
})

test.each([
  [61_000, 1, ' - ETA: 1:01 - '],
  [60_000, 1, ' - ETA: 60s - '],
  [3_661_000, 1, ' - ETA: 1:01:01 - '],
])('tells the time left: %i ms for half', (time, size, wanted) => {
  const drawn = bar(2)
  drawn.at(time, size)
  expect(drawn.text).toContain(wanted)
})

test.each([
  [2500, ' - 2s 1s/step - '],
  [5, ' - 0s 2ms/step - '],
  [0.5, ' - 0s 250us/step - '],
])('tells the time of a sample: %d ms for two', (time, wanted) => {
  const drawn = bar(2)
  drawn.at(time, 2)
  drawn.end(time)
  expect(drawn.text).toContain(wanted)
})

test('verbose 2 is a line for each epoch', () => {
  const drawn = bar(100, { verbose: 2 })
  drawn.at(1000, 32)
  drawn.end(60_000)
  expect(drawn.text).toBe('Epoch 1/5\n - 60s - loss: 0.4567 - accuracy: 0.7890 - val_loss: 5.0000e-04\n')
})

describe('in fit', () => {
  const [x, y] = [Array(10).fill([1]), Array(10).fill([1])]
  const model = () => {
    const made = sequential([layers.dense({ units: 1, inputShape: [1], weights: [[[1]], [1]] })])
    made.compile({ loss: 'mse', optimizer: 'sgd' })
    return made
  }
  const textOf = async (options: FitOptions, data: 'arrays' | 'batches' = 'arrays') => {
    let text = ''
    const progressBar = callbacks.progressBar({
      write: part => {
        text += part
      },
      isTerminal: true,
      now: () => 0,
    })
    const given = { ...options, shuffle: false, callbacks: [progressBar] } as const
    const batches = () => [
      [x, y],
      [x, y],
    ]
    if (data === 'arrays') await model().fit(x, y, given)
    else await model().fit(batches as never, undefined, given)
    return text.replace(/ - loss.*/g, '')
  }

  test('tells how many samples are trained and validated', async () => {
    const text = await textOf({ validationSplit: 0.2, batchSize: 4 })
    expect(text).toBe(
      [
        'Train on 8 samples, validate on 2 samples\nEpoch 1/1\n',
        '\r4/8 [==============>...............] - ETA: 0s',
        '\r8/8 [==============================] - 0s 0us/step\n',
      ].join(''),
    )
  })

  test('counts steps where samples are not known, and does not know how many until the first epoch has ended', async () => {
    const text = await textOf({ epochs: 2 }, 'batches')
    expect(text.split('\n')).toEqual([
      'Epoch 1/2',
      '\r      1/Unknown - 0s 0us/step\r2/2 [==============================] - 0s 0us/step',
      'Epoch 2/2',
      '\r1/2 [==============>...............] - ETA: 0s\r2/2 [==============================] - 0s 0us/step',
      '',
    ])
  })

  test('counts steps of an epoch of some of the samples', async () => {
    expect(await textOf({ stepsPerEpoch: 1, batchSize: 4 })).toContain('\r1/1 [====')
  })
})

test('every golden number of progress bars was looked at', () => {
  expect(unread('callbacks', ['progress_bars'])).toEqual([])
})
