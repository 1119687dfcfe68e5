/** Callbacks, against Keras's numbers and texts. */
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toNested } from '@arignote/graph'
import {
  type Callback,
  callbacks,
  type FitOptions,
  type Logs,
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

const file = golden('callbacks')

function lineModel(learningRate = 0.1): Model {
  const model = sequential([layers.dense({ units: 1, inputShape: [1], weights: [[[0]], [0]] })])
  model.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate }), metrics: ['mae'] })
  return model
}

const x = [[0], [1], [2], [3]]
const y = [[1], [3], [5], [7]]

/** Puts values into the logs, an epoch each, before the other callbacks see them. */
const saying = (name: string, values: readonly number[]): Callback => ({
  onEpochEnd(epoch: number, logs: Logs) {
    logs[name] = values[epoch]!
  },
})

const camel = (record: Golden) =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  )

const quiet = { verbose: 0, validationData: [x, y] } satisfies FitOptions

describe('earlyStopping', () => {
  test.each(file.early_stopping.map((c: Golden) => [JSON.stringify(c.args), c]))('%s', async (_, c) => {
    const stopping = callbacks.earlyStopping(camel((c as Golden).args))
    await lineModel().fit(x, y, {
      ...quiet,
      epochs: file.monitor.length,
      callbacks: [saying('val_loss', file.monitor), stopping],
    })
    const { stopped_epoch, best_epoch, best } = c as Golden
    expect([stopping.stoppedEpoch, stopping.bestEpoch, stopping.best]).toEqual([
      stopped_epoch,
      best_epoch,
      best,
    ])
  })

  test.each([
    [1, 3],
    [100, 9],
  ])('the best weights are there in the end: patience %i, last epoch %i', async (patience, last) => {
    const model = lineModel()
    const weights: unknown[] = []
    const lines: string[] = []
    const history = await model.fit(x, y, {
      ...quiet,
      epochs: file.monitor.length,
      callbacks: [
        saying('val_loss', file.monitor),
        { onEpochEnd: () => void weights.push(model.getWeights().map(w => toNested(w))) },
        callbacks.earlyStopping({
          patience,
          restoreBestWeights: true,
          verbose: 1,
          print: line => lines.push(line),
        }),
      ],
    })
    expect(history.epoch.at(-1)).toBe(last)
    expect(model.getWeights().map(w => toNested(w))).toEqual(weights[patience === 1 ? 2 : 5])
    const restoring = 'Restoring model weights from the end of the best epoch'
    expect(lines).toEqual(patience === 1 ? [restoring, 'Epoch 00004: early stopping'] : [restoring])
    expect(history.stoppedBy).toBe(patience === 1 ? 'callback' : null)
  })

  test('epochs that are not validated do not count', async () => {
    const values = [1, 2, 3, 4].flatMap(v => [v, v])
    const model = lineModel()
    const watch: Callback = {
      onEpochEnd: (epoch, logs) => {
        if ('val_loss' in logs) logs['val_loss'] = values[epoch]!
      },
    }
    const stopping = callbacks.earlyStopping({ patience: 2 })
    await model.fit(x, y, { ...quiet, epochs: 8, validationFreq: 2, callbacks: [watch, stopping] })
    expect(stopping.stoppedEpoch).toBe(5)
  })

  test.each([
    [{ monitor: 'val_lss' }, {}, /there is no "val_lss" to monitor[\s\S]*did you mean "val_loss"/],
    [{}, { validationData: undefined }, /without validationData/],
    [{ monitor: 'accuracy' }, {}, /there are loss, mae, val_loss, val_mae/],
  ])('%j with %j says what there is', async (options, others, message) => {
    const { validationData, ...rest } = { ...quiet, ...others }
    const fitted = lineModel().fit(x, y, {
      ...rest,
      ...(validationData !== undefined && { validationData }),
      callbacks: [callbacks.earlyStopping(options)],
    })
    await expect(fitted).rejects.toThrow(message)
  })
})

describe('reduceLROnPlateau', () => {
  test.each(file.reduce_lr_on_plateau.map((c: Golden) => [JSON.stringify(c.args), c]))('%s', async (_, c) => {
    const { lr, ...args } = (c as Golden).args
    const model = lineModel(lr)
    const rates: number[] = []
    const history = await model.fit(x, y, {
      ...quiet,
      epochs: file.monitor.length,
      callbacks: [
        saying('val_loss', file.monitor),
        callbacks.reduceLROnPlateau(camel(args)),
        { onEpochEnd: () => void rates.push(model.optimizer.learningRate!.getValue().data[0]!) },
      ],
    })
    expect(rates).toEqual((c as Golden).lr_after_epoch)
    // The rate that the epoch was trained with.
    expect(history.history['lr']).toEqual([lr, ...rates.slice(0, -1)])
  })

  test('says what it does', async () => {
    const lines: string[] = []
    await lineModel(0.1).fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: [
        saying('val_loss', [1, 1, 1]),
        callbacks.reduceLROnPlateau({ patience: 1, verbose: 1, print: line => lines.push(line) }),
      ],
    })
    expect(lines).toEqual([
      '\nEpoch 00002: ReduceLROnPlateau reducing learning rate to 0.010000000000000002.',
      '\nEpoch 00003: ReduceLROnPlateau reducing learning rate to 0.0010000000000000002.',
    ])
  })
})

test('learningRateScheduler sets the rate before an epoch, from the one before', async () => {
  const lines: string[] = []
  const history = await lineModel(0.5).fit(x, y, {
    ...quiet,
    epochs: 3,
    callbacks: [
      callbacks.learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2 ** 13), {
        verbose: 1,
        print: line => lines.push(line),
      }),
    ],
  })
  expect(history.history['lr']).toEqual([0.5, 0.5 / 2 ** 13, 0.5 / 2 ** 26])
  expect(lines[1]).toBe('\nEpoch 00002: LearningRateScheduler setting learning rate to 6.103515625e-05.')
})

test('a rate that a schedule says cannot be set', async () => {
  const model = lineModel()
  model.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate: () => 0.1 as never }) })
  const fitted = model.fit(x, y, { verbose: 0, callbacks: [callbacks.learningRateScheduler(() => 1)] })
  await expect(fitted).rejects.toThrow(/the learning rate of SGD is a schedule/)
})

test('terminateOnNaN ends the run at the batch whose loss is no number', async () => {
  const lines: string[] = []
  const history = await lineModel(1e30).fit(x, y, {
    ...quiet,
    batchSize: 1,
    epochs: 3,
    shuffle: false,
    callbacks: [callbacks.terminateOnNaN({ print: line => lines.push(line) })],
  })
  expect(lines).toEqual(['Batch 1: Invalid loss, terminating training'])
  expect([history.epoch, Object.keys(history.history)]).toEqual([[0], ['loss', 'mae']])
})

describe('modelCheckpoint', () => {
  /** Notes what would be saved. */
  function savingModel() {
    const model = lineModel()
    const saved: string[] = []
    Object.assign(model, {
      save: async (path: string) => void saved.push(path),
      saveWeights: async (path: string) => void saved.push(`weights ${path}`),
    })
    return { model, saved }
  }
  const monitored = saying('val_loss', [0.41234, 0.39876, 0.5, 0.3])

  test('fills the path as Python does, every so many epochs', async () => {
    const { model, saved } = savingModel()
    const lines: string[] = []
    await model.fit(x, y, {
      ...quiet,
      epochs: 4,
      callbacks: [
        monitored,
        callbacks.modelCheckpoint({
          filepath: 'm-{epoch:02d}-{val_loss:.2f}-{epoch}-{val_loss:.1e}-{{x}}.h5',
          period: 2,
          saveWeightsOnly: true,
          verbose: 1,
          print: line => lines.push(line),
        }),
      ],
    })
    expect(saved).toEqual(['weights m-02-0.40-2-4.0e-01-{x}.h5', 'weights m-04-0.30-4-3.0e-01-{x}.h5'])
    expect(lines[0]).toBe('\nEpoch 00002: saving model to m-02-0.40-2-4.0e-01-{x}.h5')
  })

  test('saves the best only', async () => {
    const { model, saved } = savingModel()
    const lines: string[] = []
    await model.fit(x, y, {
      ...quiet,
      epochs: 4,
      callbacks: [
        monitored,
        callbacks.modelCheckpoint({
          filepath: '{epoch}',
          saveBestOnly: true,
          verbose: 1,
          print: line => lines.push(line),
        }),
      ],
    })
    expect(saved).toEqual(['1', '2', '4'])
    expect(lines).toEqual([
      '\nEpoch 00001: val_loss improved from inf to 0.41234, saving model to 1',
      '\nEpoch 00002: val_loss improved from 0.41234 to 0.39876, saving model to 2',
      '\nEpoch 00003: val_loss did not improve from 0.39876',
      '\nEpoch 00004: val_loss improved from 0.39876 to 0.30000, saving model to 4',
    ])
  })

  test('a name that is not there is an error with the nearest', async () => {
    const fitted = savingModel().model.fit(x, y, {
      ...quiet,
      callbacks: [callbacks.modelCheckpoint({ filepath: '{val_los:.2f}' })],
    })
    await expect(fitted).rejects.toThrow(/did you mean "val_loss"/)
  })
})

describe('csvLogger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arignote-csv-'))
  const run = (filename: string, options: object, values: number[]) =>
    lineModel(0).fit(x, y, {
      verbose: 0,
      epochs: values.length,
      callbacks: [saying('z', values), callbacks.csvLogger({ filename, ...options })],
    })

  test('writes a line for each epoch, names sorted', async () => {
    const filename = join(folder, 'a.csv')
    await run(filename, {}, [1, 1e-5])
    expect(readFileSync(filename, 'utf8')).toBe('epoch,loss,mae,z\n0,21.0,4.0,1.0\n1,21.0,4.0,1e-05\n')
    await run(filename, {}, [2])
    expect(readFileSync(filename, 'utf8')).toBe('epoch,loss,mae,z\n0,21.0,4.0,2.0\n')
  })

  test('empties the file itself, so that whoever reads along goes on', async () => {
    const filename = join(folder, 'along.csv')
    writeFileSync(filename, 'old')
    const file = openSync(filename, 'r')
    await run(filename, {}, [1])
    expect(readFileSync(file, 'utf8')).toBe('epoch,loss,mae,z\n0,21.0,4.0,1.0\n')
    closeSync(file)
  })

  test('goes on where a file ends', async () => {
    const filename = join(folder, 'b.csv')
    for (const value of [1, Number.NaN]) await run(filename, { append: true, separator: ';' }, [value])
    expect(readFileSync(filename, 'utf8')).toBe('epoch;loss;mae;z\n0;21.0;4.0;1.0\n0;21.0;4.0;nan\n')
  })

  const validated = { verbose: 0, epochs: 2, validationFreq: 2, validationData: [x, y] } as const
  const logger = (name: string, append = false) =>
    callbacks.csvLogger({ filename: join(folder, name), append })

  test('has the columns of a validation that comes later', async () => {
    await lineModel(0).fit(x, y, { ...validated, callbacks: [logger('c.csv')] })
    expect(readFileSync(join(folder, 'c.csv'), 'utf8')).toBe(
      'epoch,loss,mae,val_loss,val_mae\n0,21.0,4.0,NA,NA\n1,21.0,4.0,21.0,4.0\n',
    )
  })

  test('keeps the columns of the file that it goes on with: a name more is not written, one less is NA', async () => {
    await lineModel(0).fit(x, y, { ...validated, callbacks: [logger('d.csv')] })
    const again = { verbose: 0, callbacks: [saying('z', [1]), logger('d.csv', true)] } as const
    await lineModel(0).fit(x, y, again)
    expect(readFileSync(join(folder, 'd.csv'), 'utf8').split('\n').at(-2)).toBe('0,21.0,4.0,NA,NA')
  })

  test('does not go on with a file that has no place for what is told, nor with another file', async () => {
    await lineModel(0).fit(x, y, { verbose: 0, callbacks: [logger('e.csv')] })
    const before = readFileSync(join(folder, 'e.csv'), 'utf8')
    const fitted = lineModel(0).fit(x, y, { ...validated, callbacks: [logger('e.csv', true)] })
    await expect(fitted).rejects.toThrow(/e\.csv has no column for val_loss[\s\S]*epoch, loss, mae/)
    expect(readFileSync(join(folder, 'e.csv'), 'utf8')).toBe(before)
  })
})

test('lambda takes hooks by name, and knows their names', () => {
  const hooks = { onEpochEnd: () => {} }
  expect(callbacks.lambda(hooks)).toBe(hooks)
  expect(() => callbacks.lambda({ onEpochEnds: () => {} } as never)).toThrow(/did you mean "onEpochEnd"/)
})

test('every golden number of early stopping and rates was looked at', () => {
  expect(unread('callbacks', ['monitor', 'early_stopping', 'reduce_lr_on_plateau'])).toEqual([])
})
