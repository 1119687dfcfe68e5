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

test('where h5wasm is not installed, a file of Keras says what to install', () => {
  const reads = `
    import * as nn from '@arignote/nn'
    nn.loadModel(process.argv[2]).catch(error => console.log(error.message))
  `
  const [message] = printed(reads, [goldenPath('model_keras2.h5')])
  expect(message).toMatch(/is an HDF5 file.*npm install h5wasm.*E427/s)
}, 60_000)
