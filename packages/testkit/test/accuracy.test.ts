/** The short form of `npm run accuracy`: every transcendental kernel keeps to its bound at some 10 000 points. */
import { describe, expect, test } from '@jest/globals'
import { functions, measure, ulps } from '../src/accuracy/measure.js'

describe.each(Object.keys(functions))('%s', name => {
  test.each(['wasm', 'wasm-scalar'] as const)('float32 on %s is within 2 ulp', backend => {
    const worst = measure(name, { dtype: 'float32', count: 10_000, backend })
    expect(worst).toEqual({ ...worst, ulps: Math.min(worst.ulps, 2) })
  })

  test('float64 is within 4 ulp', () => {
    const worst = measure(name, { dtype: 'float64', count: 10_000, exact: 10 })
    expect(worst).toEqual({ ...worst, ulps: Math.min(worst.ulps, 4) })
  })
})

test('an ulp is the distance of neighbours', () => {
  expect(ulps(1 + 2 ** -52, 1, 'float64')).toBe(1)
  expect(ulps(2 ** -149, 0, 'float32')).toBe(1)
  expect(ulps(Math.fround(0.1), 0.1, 'float32')).toBeLessThan(0.5)
  expect(ulps(Number.POSITIVE_INFINITY, 1e39, 'float32')).toBe(0)
  expect(ulps(Number.NaN, Number.NaN, 'float64')).toBe(0)
  expect(ulps(Number.NaN, 1, 'float64')).toBe(Number.POSITIVE_INFINITY)
})
