/** That no golden number is left out. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { golden, goldenKeys, unread } from '../src/golden.js'

const source = readdirSync(__dirname)
  .filter(file => file.endsWith('.test.ts') && file !== 'golden.test.ts')
  .map(file => readFileSync(join(__dirname, file), 'utf8'))
  .join('\n')

test('for every key of every file a test says that it looked at every number', () => {
  const claims = [...source.matchAll(/unread\(\s*'(\w+)',\s*\[([^\]]*)\]/g)]
  const claimed = claims.flatMap(([, file, keys]) =>
    [...keys!.matchAll(/'(\w+)'/g)].map(([, key]) => `${file}.${key}`),
  )
  const all = Object.entries(goldenKeys()).flatMap(([file, keys]) => keys.map(key => `${file}.${key}`))
  expect(all.filter(key => !claimed.includes(key))).toEqual([])
})

test('what was not looked at is told', () => {
  const { softmax } = golden('activations')
  expect(unread('activations', ['softmax'])).toEqual(
    ['x', 'value', 'cotangent', 'grad'].map(k => `softmax.${k}`),
  )
  for (const row of softmax.x) row.forEach(Number)
  expect(unread('activations', ['softmax'], ['softmax.g', 'softmax.value'])).toEqual(['softmax.cotangent'])
  expect(() => unread('activations', ['soft'])).toThrow('activations.json has no soft')
})

test('every .h5 file is one that is read', () => {
  const files = readdirSync(join(__dirname, '../golden')).filter(file => file.endsWith('.h5'))
  expect([...golden('hdf5').files].sort()).toEqual(files.sort())
})
