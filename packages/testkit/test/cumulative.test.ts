/** Running sums and products, against sums and products of prefixes. */
import { verifyGrad } from '@arignote/compiler'
import { cumsum, matrix, scan, tensor, transpose, vector, zerosArray } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { checkPush, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

describe('cumsum', () => {
  test('is the sum of the elements up to and with each', () => {
    const x = vector('x', 'float64')
    expect([...agree([x], cumsum(x), [[1, 2, 4, 8]]).data]).toEqual([1, 3, 7, 15])
  })

  test.each([0, 1, 2, -1, -2, -3])('goes along axis %d of a tensor whose sizes are symbols', axis => {
    const x = tensor('x', { dtype: 'float64', shape: ['a', 'b', 'c'] })
    agree([x], cumsum(x, axis), [random(1, 3, 4, 5)])
    agree([x], cumsum(transpose(x), axis).add(1), [random(1, 3, 4, 5)])
  })

  test('of nothing is nothing', () => {
    const x = matrix('x', { shape: ['a', 'b'] })
    expect(agree([x], cumsum(x), [zerosArray([0, 3])]).shape).toEqual([0, 3])
    expect(agree([x], cumsum(x), [zerosArray([3, 0])]).shape).toEqual([3, 0])
  })

  test('in a scan, of a value of the step', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 'n', 3] })
    const h0 = matrix('h0', { dtype: 'float64', shape: ['n', 3] })
    const { h } = scan(({ x, h }) => ({ h: cumsum(h.mul(0.5).add(x), 0) }), {
      sequences: { x: xs },
      state: { h: h0 },
    })
    agree([xs, h0], [h.all, h.last], [random(1, 5, 4, 3), random(2, 4, 3)])
  })

  test('its gradient is a running sum from the end', () => {
    verifyGrad(x => cumsum(x.square(), 0), [random(1, 4, 3)])
    const x = real('x', 3, 4)
    checkPush([x], cumsum(x, 0), [random(1, 3, 4)], [random(2, 3, 4)])
  })
})
