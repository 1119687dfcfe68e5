import { describe, expect, test } from '@jest/globals'
import { compile, ndarrayOf } from 'arignote'
import { apart, sampled } from './lib/difference.js'
import { integers, uniform } from './lib/random.js'
import { summary } from './lib/statistics.js'
import * as waves from './networks/waves.js'

describe('what is said of times', () => {
  test('the median, the least, and how wide the middle half lies', () => {
    expect(summary([5, 1, 3, 4, 2])).toEqual({ median: 3, min: 1, spread: 2 / 3, count: 5 })
    expect(summary([2, 4]).median).toBe(3)
  })
})

describe('comparing readings', () => {
  test('the worst step counts, relative to the greatest number in it', () => {
    expect(apart([[1, 100]], [[2, 100]])).toBeCloseTo(0.01)
    expect(apart([[1], [1], [1]], [[1], [1.5]])).toBeCloseTo(0.5)
  })
  test('NaN and a missing number are never the same', () => {
    expect(apart([[1]], [[Number.NaN]])).toBeNaN()
    expect(apart([[1, 2]], [[1]])).toBe(Infinity)
  })
  test('of much that was read, the same places are compared', () => {
    const reading = uniform(1, 5000)
    expect(sampled(reading)).toHaveLength(1000)
    expect(sampled(reading)).toEqual(sampled(reading.slice()))
  })
})

describe('input', () => {
  test('depends on the seed alone and keeps to its range', () => {
    expect(integers(3, 10, 5)).toEqual(integers(3, 10, 5))
    expect(integers(3, 10, 5)).not.toEqual(integers(4, 10, 5))
    for (const x of integers(1, 1000, 7)) expect(x).toBeLessThan(7)
    for (const x of uniform(1, 1000, 0.5)) expect(Math.abs(x)).toBeLessThanOrEqual(0.5)
  })
})

test('the network of W4 computes the same on every back end', () => {
  const few = 4
  const losses = (backend: 'wasm' | 'js' | 'reference') => {
    const { inputs, loss, updates } = waves.graph(waves.parameters())
    const train = compile(inputs, loss, { updates, backend })
    return [0, 1, 2].map(step => {
      const { waves: x, next } = waves.batch(step)
      const { time } = waves.sizes
      return train(ndarrayOf(x.subarray(0, few * time), [few, time, 1]), next.subarray(0, few)).data[0]!
    })
  }
  const expected = losses('reference')
  for (const backend of ['wasm', 'js'] as const)
    for (const [k, loss] of losses(backend).entries()) expect(loss).toBeCloseTo(expected[k]!, 5)
})
