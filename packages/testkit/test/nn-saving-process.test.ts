/** A training that one process began, and another one goes on with; and a process that has no h5wasm. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'
import { goldenPath } from '../src/golden.js'

const folder = mkdtempSync(join(tmpdir(), 'nn-saving-process-'))

const program = `
import * as nn from '@arignote/nn'

const x = Array.from({ length: 24 }, (_, i) => Array.from({ length: 5 }, (_, t) => [Math.sin(i + t)]))
const y = x.map(row => [row[4][0] > 0 ? 1 : 0])
const fit = (model, initialEpoch, epochs) =>
  model.fit(x, y, { batchSize: 7, epochs, initialEpoch, seed: 5, verbose: 0, validationSplit: 0.25 })

async function begun() {
  // Names depend on what else was made.
  nn.layers.dense({ units: 1 })
  const model = nn.sequential([
    nn.layers.lstm({ units: 4, dropout: 0.3, recurrentDropout: 0.3, inputShape: [5, 1], returnSequences: true }),
    nn.layers.batchNormalization(),
    nn.layers.gru({ units: 3, recurrentDropout: 0.2 }),
    nn.layers.dropout({ rate: 0.5 }),
    nn.layers.dense({ units: 1, activation: 'sigmoid' }),
  ])
  model.compile({ loss: 'binaryCrossentropy', optimizer: nn.optimizers.nadam(), metrics: ['accuracy'] })
  await fit(model, 0, 2)
  await model.save('half')
  return model
}

const model = process.argv[2] === 'begin' ? await begun() : await nn.loadModel('half')
const { history } = await fit(model, 2, 4)
console.log(JSON.stringify({ history, weights: model.getWeights().map(w => [...w.data]) }))
`

/** One program for many ways to train; each is a model, and how it is fitted. */
const manyWays = `
import * as nn from '@arignote/nn'
const { callbacks, layers, optimizers, schedules, sequential } = nn

const x = Array.from({ length: 24 }, (_, i) => Array.from({ length: 5 }, (_, t) => [Math.sin(i + t), Math.cos(i * t)]))
const ids = x.map((row, i) => row.map((_, t) => (i * 7 + t * 3) % 11))
const y = x.map(row => [row[4][0] > 0 ? 1 : 0])

const first = { inputShape: [5, 2] }
const ways = {}
const way = (name, made, options = {}) => {
  ways[name] = { made, options }
}
const optimizer = (name, made) => way(name, () => [layers.gru({ units: 3, ...first })], { optimizer: made })
optimizer('momentum and decay', () => optimizers.sgd({ momentum: 0.9, nesterov: true, decay: 0.01, clipnorm: 0.5 }))
optimizer('rmsprop', () => optimizers.rmsprop({ decay: 0.1 }))
optimizer('adagrad', () => optimizers.adagrad())
optimizer('adadelta', () => optimizers.adadelta())
optimizer('amsgrad', () => optimizers.adam({ amsgrad: true, clipvalue: 0.3 }))
optimizer('adamax', () => optimizers.adamax())
optimizer('exponential decay', () => optimizers.adam({
  learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.9 }),
}))
optimizer('constant by pieces', () => optimizers.sgd({
  learningRate: schedules.piecewiseConstantDecay({ boundaries: [3, 7], values: [0.1, 0.2, 0.05] }),
}))
way('masks of dropout by gate, in both directions', () => [
  layers.bidirectional({ layer: layers.lstm({ units: 3, dropout: 0.3, recurrentDropout: 0.4, implementation: 1 }), ...first }),
])
way('noise', () => [
  layers.gaussianNoise({ stddev: 0.3, ...first }),
  layers.timeDistributed({ layer: layers.dropout({ rate: 0.4 }) }),
  layers.simpleRNN({ units: 3 }),
])
way('a model within, and words with masks', () => [
  sequential([layers.embedding({ inputDim: 11, outputDim: 3, maskZero: true, inputLength: 5 }), layers.gru({ units: 3, dropout: 0.3 })]),
  layers.dropout({ rate: 0.2, seed: 4 }),
], { x: ids })
way('batches that move as a whole', () => [layers.gru({ units: 3, ...first })], { fit: { shuffle: 'batch' } })
way('states', () => [layers.lstm({ units: 3, batchInputShape: [2, 5, 2], stateful: true, dropout: 0.2 })], {
  fit: { shuffle: false, batchSize: 2, validationSplit: 0 },
})
way('a rate that a callback sets', () => [layers.gru({ units: 3, ...first })], {
  callbacks: () => [callbacks.learningRateScheduler((_, rate) => rate * 0.7)],
})
way('a frozen layer, and averages of batches', () => {
  const frozen = layers.gru({ units: 3, returnSequences: true, ...first })
  frozen.trainable = false
  return [frozen, layers.batchNormalization(), layers.flatten()]
})
way('float64', () => [layers.gru({ units: 3, dtype: 'float64', dropout: 0.2, ...first })])

const begins = process.argv[2] === 'begin'
// Names depend on what else was made.
if (begins) layers.dense({ units: 1 })
const told = {}
for (const [name, { made, options }] of Object.entries(ways)) {
  const fit = (model, initialEpoch, epochs) =>
    model.fit(options.x ?? x, y, {
      batchSize: 7, epochs, initialEpoch, seed: 5, verbose: 0, validationSplit: 0.25, callbacks: options.callbacks?.() ?? [], ...options.fit,
    })
  let model
  if (begins) {
    model = sequential([...made(), layers.dense({ units: 1, activation: 'sigmoid' })])
    model.compile({ loss: 'binaryCrossentropy', optimizer: options.optimizer?.() ?? 'adam', metrics: ['accuracy'] })
    // The file is written in the middle of a run, by a callback.
    const saved = callbacks.modelCheckpoint({ filepath: name + ' {epoch}' })
    await model.fit(options.x ?? x, y, {
      batchSize: 7, epochs: 4, seed: 5, verbose: 0, validationSplit: 0.25, ...options.fit,
      callbacks: [...(options.callbacks?.() ?? []), saved],
    })
  } else {
    model = await nn.loadModel(name + ' 2')
    await fit(model, 2, 4)
  }
  const numbers = list => list.map(w => [...w.data])
  told[name] = { weights: numbers(model.getWeights()), optimizer: numbers(model.optimizer.getWeights()) }
}
console.log(JSON.stringify(told))
`

/** What programs print, run one after the other in a folder where nothing is installed. */
function printed(program: string, args: readonly string[]): readonly string[] {
  buildSync({
    stdin: { contents: program, resolveDir: __dirname },
    outfile: join(folder, 'program.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['source'],
    external: ['h5wasm'],
    logLevel: 'error',
  })
  return args.map(what => {
    const { stdout, stderr } = spawnSync(process.execPath, ['program.mjs', what], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    return stdout
  })
}

test('goes on to the bit', () => {
  const [whole, resumed] = printed(program, ['begin', 'go on']).map(text => JSON.parse(text))
  expect(whole.weights.length).toBe(12)
  expect(resumed).toEqual(whole)
}, 60_000)

test('so it does with every optimiser, schedule, mask and state, from a file that was written in the middle', () => {
  const [whole, resumed] = printed(manyWays, ['begin', 'go on']).map(text => JSON.parse(text))
  expect(Object.keys(whole)).toHaveLength(16)
  expect(resumed).toEqual(whole)
}, 120_000)

test('where h5wasm is not installed, a file of Keras says what to install', () => {
  const reads = `
    import * as nn from '@arignote/nn'
    nn.loadModel(process.argv[2]).catch(error => console.log(error.message))
  `
  const [message] = printed(reads, [goldenPath('model_keras2.h5')])
  expect(message).toMatch(/is an HDF5 file.*npm install h5wasm.*E427/s)
}, 60_000)
