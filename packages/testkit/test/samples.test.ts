/** Every sample prints as expected, says the same in every mode, and prints alike whatever was compiled before. */
import { join } from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'
import type * as Samples from '../src/samples.js'

const folder = join(__dirname, '../samples')
const isUpdating = process.env.UPDATE_SAMPLES === '1'
const load = (name: string) =>
  (require(join(folder, name, 'graph.ts')) as { sample(): Samples.Sample }).sample()
const samples = () => require('../src/samples.js') as typeof Samples
const names = samples().sampleNames(folder)

function expectTexts(name: string, sample: Samples.Sample, forms = samples().formsOfSample(sample)) {
  for (const { expected, actual } of samples().expectedTexts(folder, name, forms))
    expect(actual).toBe(expected)
}

describe.each(names)('%s', name => {
  test('prints as expected', () => {
    const sample = load(name)
    const forms = samples().formsOfSample(sample)
    if (isUpdating) samples().writeExpected(folder, name, forms)
    expectTexts(name, sample, forms)
    expect({ kernels: samples().callsIn(forms.program.steps).length }).toEqual({ kernels: sample.kernels })
    sample.check?.(forms)
  })

  test('has the same values in every mode', () => {
    const { agree } = require('../src/agree.js') as typeof import('../src/agree.js')
    const { inputs, outputs, updates = [], args } = load(name)
    agree(inputs, outputs, args, { updates, calls: 2, onPrint: () => {} })
  })
})

describe('the texts do not depend on what was compiled before', () => {
  test('in reverse order, and twice, in a process that knows nothing of them', () => {
    jest.isolateModules(() => {
      for (const name of [...names, ...names].reverse()) expectTexts(name, load(name))
    })
  })

  test.each(names)('%s alone', name => {
    jest.isolateModules(() => expectTexts(name, load(name)))
  })
})
