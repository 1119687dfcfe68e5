/** Running sums and products, against sums and products of prefixes. */
import { verifyGrad } from '@arignote/compiler'
import {
  array,
  cumprod,
  cumsum,
  grad,
  hvp,
  jacobian,
  matrix,
  scan,
  tensor,
  toNested,
  transpose,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, measuredJacobian, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

const both: readonly (readonly [string, (x: Variable, axis?: number) => Variable])[] = [
  ['cumsum', cumsum],
  ['cumprod', cumprod],
]

describe.each(both)('%s', (name, cumulative) => {
  const together = (a: number, b: number) => (name === 'cumsum' ? a + b : a * b)
  const prefixes = (xs: readonly number[]) => xs.map((_, i) => xs.slice(0, i + 1).reduce(together))

  test('is what the elements up to and with each give together', () => {
    const x = vector('x', 'float64')
    for (const xs of [[2, 3, -4, 0.5], [7], [], [1, 0, 5], [-0, 3]])
      expect([...agree([x], cumulative(x), [xs]).data]).toEqual(prefixes(xs))
  })

  test.each([0, 1, 2, -1, -2, -3])('goes along axis %d of a tensor whose sizes are symbols', axis => {
    const x = tensor('x', { dtype: 'float64', shape: ['a', 'b', 'c'] })
    const values = random(1, 3, 4, 5) as number[][][]
    const got = agree([x], [cumulative(x, axis), cumulative(transpose(x), axis).add(1)], [values])
    const lane = [0, 1, 2].with(axis, -1)
    const at = (v: typeof values, k: number) => {
      const [i, j, l] = lane.map(n => (n < 0 ? k : n % 3)) as [number, number, number]
      return v[i]![j]![l]!
    }
    const n = [3, 4, 5].at(axis)!
    const all = Array.from({ length: n }, (_, k) => at(values, k))
    const result = Array.from({ length: n }, (_, k) => at(toNested(got[0]!) as typeof values, k))
    expectArray(array(result, 'float64')).toBeCloseToArray(array(prefixes(all), 'float64'), { scaled: 1e-12 })
  })

  test('of nothing is nothing', () => {
    const x = matrix('x', { shape: ['a', 'b'] })
    const f = [cumulative(x), grad(cumulative(x).sum(), x)] as const
    expect(agree([x], f, [zerosArray([0, 3])]).map(y => y.shape)).toEqual([
      [0, 3],
      [0, 3],
    ])
    expect(agree([x], f, [zerosArray([3, 0])]).map(y => y.shape)).toEqual([
      [3, 0],
      [3, 0],
    ])
  })

  test('of integers is an int32, and wraps', () => {
    const x = vector('x', 'int32')
    const y = vector('y', 'uint8')
    const z = vector('z', 'bool')
    const results = [cumulative(x), cumulative(y), cumulative(z)]
    expect(results.map(v => v.dtype)).toEqual(['int32', 'int32', 'int32'])
    const [a, b] = agree([x, y, z], results, [
      [2 ** 31 - 1, 2, -(2 ** 31)],
      [255, 255, 255, 255, 255],
      [true, true],
    ])
    expect([...a!.data]).toEqual(name === 'cumsum' ? [2 ** 31 - 1, -(2 ** 31) + 1, 1] : [2 ** 31 - 1, -2, 0])
    expect([...b!.data]).toEqual(
      name === 'cumsum'
        ? [255, 510, 765, 1020, 1275]
        : [255, 65025, 16581375, -66716671, Math.imul(-66716671, 255)],
    )
  })

  test('passes on what is not finite, and what is very small', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = vector('x', dtype)
      for (const xs of [
        [1, Number.NaN, 2],
        [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
        [1e-45, 1e-45, 5e-324],
        [-0, -0],
      ])
        agree([x], cumulative(x), [Float64Array.from(xs)])
    }
  })

  test('of a hundred thousand float32 elements is exact to float32', () => {
    const x = vector('x')
    const n = 100_003
    const values = Float32Array.from({ length: n }, (_, i) =>
      name === 'cumsum' ? 0.1 + (i % 7) : 1 + (((i * 7) % 5) - 2) * 1e-4,
    )
    agree([x], cumulative(x), [values], { tolerance: { float32: 1e-7 } })
  })

  test('in a scan, of a value of the step', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 'n', 3] })
    const h0 = matrix('h0', { dtype: 'float64', shape: ['n', 3] })
    const { h } = scan(({ x, h }) => ({ h: cumulative(h.mul(0.5).add(x), 0) }), {
      sequences: { x: xs },
      state: { h: h0 },
    })
    agree([xs, h0], [h.all, h.last, grad(h.last.sum(), h0)], [random(1, 5, 4, 3), random(2, 4, 3)])
  })

  test('in a scan, of the sequence alone, leaves the loop', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 'n'] })
    const { y } = scan(({ x }) => ({ y: cumulative(x) }), { sequences: { x: xs } })
    agree([xs], y.all, [random(1, 5, 4)])
  })

  test('its gradient is that of differences, at zeros too', () => {
    for (const axis of [0, 1]) verifyGrad(x => cumulative(x, axis), [random(1, 4, 3)])
    verifyGrad(x => cumulative(x), [[2, 0, 3, 4, 0, 5]])
    verifyGrad(x => cumulative(x), [[0]])
  })

  test('its gradient has a gradient', () => {
    const x = real('x', 5)
    verifyGrad(x => grad(cumulative(x).square().sum(), x), [[1.5, 0, -2, 0.5, 3]])
    const v = real('v', 5)
    const values = [
      [1.5, 0, -2, 0.5, 3],
      [1, 2, 3, 4, 5],
    ]
    agree([x, v], hvp(cumulative(x.square()).square().sum(), x, v), values)
  })

  test('forward mode and the Jacobian', () => {
    const x = real('x', 3, 4)
    checkPush([x], cumulative(x, 0), [random(1, 3, 4)], [random(2, 3, 4)])
    const y = real('y', 4)
    const J = agree([y], jacobian(cumulative(y.square()), y), [[1, 2, 0, 3]])
    expectArray(J).toBeCloseToArray(measuredJacobian([y], cumulative(y.square()), y, [[1, 2, 0, 3]]), {
      scaled: 1e-6,
    })
  })
})
