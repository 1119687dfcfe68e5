/** Every kernel of every sample stores what the reference makes of the same values, and no NaN. */
import { join } from 'node:path'
import { compile } from '@arignote/compiler'
import { test } from '@jest/globals'
import { type Sample, sampleNames } from '../src/samples.js'

const folder = join(__dirname, '../samples')

test.each(sampleNames(folder))('%s', name => {
  for (const check of ['debug', 'nan'] as const) {
    const { sample } = require(join(folder, name, 'graph.ts')) as { sample(): Sample }
    const { inputs, outputs, updates = [], args } = sample()
    const f = compile(inputs, outputs, { updates, check, onPrint: () => {} })
    f(...(args as never[]))
    f(...(args as never[]))
  }
})
