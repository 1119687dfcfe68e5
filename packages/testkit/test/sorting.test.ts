/** Sorting, against JavaScript's sort and, for the order of nasty values, against lists written by hand. */
import { verifyGrad } from '@arignote/compiler'
import {
  argsort,
  cast,
  constant,
  grad,
  jacobian,
  matrix,
  type NdArray,
  rand,
  scalar,
  scan,
  sort,
  sum,
  takeAlongAxis,
  tensor,
  toNested,
  topK,
  transpose,
  type Value,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, measuredJacobian, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number
const list = (x: NdArray) => [...x.data]
const dtypes = ['float32', 'float64', 'int32', 'uint8'] as const

/** Whole numbers from 0 to 99, many of them more than once. */
const repeated = (n: number, seed = 1) =>
  Array.from(rand([n], { seed }).data, x => Math.floor(x * Math.min(100, n)))

describe('sort and argsort', () => {
  test.each(dtypes)('of %s, for lengths around powers of two', dtype => {
    const x = vector('x', dtype)
    for (const n of [0, 1, 2, 3, 4, 5, 7, 9, 64, 100]) {
      const values = repeated(n)
      const [sorted, order] = agree([x], [sort(x), argsort(x)], [values])
      expect(list(sorted!)).toEqual(values.toSorted((a, b) => a - b))
      expect(list(order!)).toEqual(values.map((_, i) => i).sort((i, j) => values[i]! - values[j]! || i - j))
    }
  })

  test('the greatest first: equals keep their order', () => {
    const x = vector('x', 'int32')
    const results = [sort(x, -1, { descending: true }), argsort(x, -1, { descending: true })]
    const [sorted, order] = agree([x], results, [[3, 1, 3, 2, 1]])
    expect(list(sorted!)).toEqual([3, 3, 2, 1, 1])
    expect(list(order!)).toEqual([0, 2, 3, 1, 4])
  })

  test.each(['float32', 'float64'] as const)(
    'of %s: NaN is last, zeros are equal, small numbers are numbers',
    dtype => {
      const x = vector('x', dtype)
      const tiny = dtype === 'float32' ? 1e-45 : 5e-324
      const values = Float64Array.of(nan, 1, inf, -0, tiny, 0, -inf, nan, -tiny, -1)
      const down = { descending: true }
      const [up, upOrder, fallen, fallenOrder] = agree(
        [x],
        [sort(x), argsort(x), sort(x, 0, down), argsort(x, 0, down)],
        [values],
      ).map(list)
      const t = dtype === 'float32' ? Math.fround(tiny) : tiny
      expect(up).toEqual([-inf, -1, -t, -0, 0, t, 1, inf, nan, nan])
      expect(upOrder).toEqual([6, 9, 8, 3, 5, 4, 1, 2, 0, 7])
      expect(fallen).toEqual([nan, nan, inf, 1, t, -0, 0, -t, -1, -inf])
      expect(fallenOrder).toEqual([0, 7, 2, 1, 4, 3, 5, 8, 9, 6])
    },
  )

  test('an option that there is not is told the nearest', () => {
    expect(() => sort(vector('x'), 0, { decending: true } as never)).toThrow(/descending/)
  })

  test('of the extremes of integers, of bytes and of bools', () => {
    const [x, y, z] = [vector('x', 'int32'), vector('y', 'uint8'), vector('z', 'bool')]
    const [a, b, c, d] = agree(
      [x, y, z],
      [sort(x), sort(y, 0, { descending: true }), sort(z), argsort(z)],
      [
        [2 ** 31 - 1, 0, -(2 ** 31), -1],
        [0, 255, 128, 127],
        [true, false, true, false],
      ],
    )
    expect(list(a!)).toEqual([-(2 ** 31), -1, 0, 2 ** 31 - 1])
    expect(list(b!)).toEqual([255, 128, 127, 0])
    expect(list(c!)).toEqual([0, 0, 1, 1])
    expect(list(d!)).toEqual([1, 3, 0, 2])
    expect([sort(z).dtype, sort(y).dtype, argsort(z).dtype]).toEqual(['bool', 'uint8', 'int32'])
  })

  test.each([0, 1, 2, -1, -2, -3])('goes along axis %d of a tensor whose sizes are symbols', axis => {
    const x = tensor('x', { dtype: 'float64', shape: ['a', 'b', 'c'] })
    const order = argsort(x, axis)
    const results = [sort(x, axis), takeAlongAxis(x, order, axis), sort(transpose(x), axis).add(1), order]
    const [sorted, taken] = agree([x], results, [random(1, 3, 4, 5)])
    expect(toNested(taken!)).toEqual(toNested(sorted!))
    const along = [0, 1, 2].at(axis)!
    const strides = [20, 5, 1]
    sorted!.data.forEach((value, i) => {
      const isFirst = Math.floor(i / strides[along]!) % [3, 4, 5][along]! === 0
      if (!isFirst) expect(value).toBeGreaterThanOrEqual(sorted!.data[i - strides[along]!]!)
    })
  })

  test('of nothing is nothing', () => {
    const x = matrix('x', { shape: ['a', 'b'] })
    const results = [sort(x), argsort(x), topK(x, 0).values, topK(x, 0).indices]
    const shapes = (value: Value) => agree([x], results, [value]).map(y => y.shape)
    expect(shapes(zerosArray([0, 3]))).toEqual([
      [0, 3],
      [0, 3],
      [0, 0],
      [0, 0],
    ])
    expect(shapes(zerosArray([3, 0]))).toEqual([
      [3, 0],
      [3, 0],
      [3, 0],
      [3, 0],
    ])
  })

  test('of a hundred thousand elements', () => {
    const x = vector('x')
    const values = rand([100_003], { seed: 3 })
    const [sorted, order] = agree([x], [sort(x), argsort(x)], [values])
    const wanted = Float32Array.from(values.data).sort()
    expectArray(sorted!).toBeCloseToArray({ ...values, data: wanted } as never, { scaled: 0 })
    expect(list(order!).every((at, i) => values.data[at] === wanted[i])).toBe(true)
  })

  test('in a scan, of a value of the step and of the sequence alone', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 'n'] })
    const h0 = vector('h0', { dtype: 'float64', shape: ['n'] })
    const { h, y } = scan(
      ({ x, h }) => ({ h: sort(h.mul(-0.5).add(x)), y: cast(argsort(x), 'float64').mul(x) }),
      {
        sequences: { x: xs },
        state: { h: h0 },
      },
    )
    agree(
      [xs, h0],
      [h.all, y.all, ...grad(h.all.sum().add(y.all.sum()), [xs, h0])],
      [random(1, 6, 5), random(2, 5)],
    )
  })

  test('its gradient goes back where the elements came from', () => {
    const x = vector('x', 'float64')
    const w = constant([1, 2, 3, 4], 'float64')
    expect(list(agree([x], grad(sum(sort(x).mul(w)), x), [[5, -1, 5, 0]]))).toEqual([3, 1, 4, 2])
    for (const axis of [0, 1]) verifyGrad(x => sort(x, axis), [random(1, 4, 3)])
    verifyGrad(x => sort(x, 0, { descending: true }).square(), [random(1, 4, 3)])
    const y = real('y', 4)
    verifyGrad(y => grad(sum(sort(y).mul(y).square()), y as Variable as typeof y), [[3, 1, 2, 0.5]])
    agree([y], jacobian(grad(sum(sort(y).mul(y).square()), y), y), [[3, 1, 2, 0.5]])
  })

  test('forward mode and the Jacobian', () => {
    const x = real('x', 3, 4)
    checkPush([x], sort(x, 0), [random(1, 3, 4)], [random(2, 3, 4)])
    const y = real('y', 4)
    const J = agree([y], jacobian(sort(y.square()), y), [[1, -2, 0.5, 3]])
    const measured = measuredJacobian([y], sort(y.square()), y, [[1, -2, 0.5, 3]])
    expectArray(J).toBeCloseToArray(measured, { scaled: 1e-6 })
  })
})

describe('topK', () => {
  test.each(dtypes)('of %s: the greatest first, of equals the first first', dtype => {
    const x = vector('x', dtype)
    const k = scalar('k', 'int32')
    const { values, indices } = topK(x, k)
    for (const n of [1, 5, 8, 33])
      for (const count of [0, 1, 3, n].filter(m => m <= n)) {
        const all = repeated(n, 2)
        const [v, at] = agree([x, k], [values, indices], [all, count])
        const order = all.map((_, i) => i).sort((i, j) => all[j]! - all[i]! || i - j)
        expect(list(at!)).toEqual(order.slice(0, count))
        expect(list(v!)).toEqual(order.slice(0, count).map(i => all[i]!))
      }
  })

  test('NaN counts as the greatest, as in sort', () => {
    const x = vector('x')
    const { values, indices } = topK(x, 3)
    const [v, at] = agree([x], [values, indices], [Float32Array.of(1, nan, inf, -inf, nan)])
    expect(list(v!)).toEqual([nan, nan, inf])
    expect(list(at!)).toEqual([1, 4, 2])
  })

  test('along any axis, of many', () => {
    const x = matrix('x', { dtype: 'float64', shape: ['a', 'b'] })
    const { values, indices } = topK(x, 2, 0)
    const [v] = agree([x], [values, indices, grad(values.square().sum(), x)], [random(1, 300, 4)])
    expect(v!.shape).toEqual([2, 4])
    verifyGrad(x => topK(x, 2, 1).values.square(), [random(1, 3, 5)])
    const y = real('y', 3, 4)
    checkPush([y], topK(y, 2, 0).values, [random(1, 3, 4)], [random(2, 3, 4)])
  })

  test('more than there are is an error, at once or at the call', () => {
    const x = vector('x', { shape: [3] })
    expect(() => topK(x, 4)).toThrow(/topK: 4 of 3 elements[\s\S]*E040/)
    const y = vector('y', { shape: ['n'] })
    const result = topK(y, 4).values
    expect(() => agree([y], result, [[1, 2, 3]])).toThrow(/k is at most the size of the axis/)
  })
})
