import { compile } from '@arignote/compiler'
import {
  add,
  array,
  dot,
  exp,
  grad,
  log,
  matrix,
  mul,
  neg,
  randn,
  scalar,
  shared,
  slice,
  square,
  sub,
  sum,
  take,
  tanh,
  toNested,
  transpose,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree, expectArray, modes } from '../src/index.js'

describe('every back end agrees', () => {
  const x = matrix('x')
  const y = matrix('y')

  test('on fused elementwise work, at sizes around the lanes of a vector', () => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 1000]) {
      agree(
        [x, y],
        [tanh(add(mul(x, y), 1)), sum(exp(neg(square(x))))],
        [randn([1, n], { seed: 1 }), randn([1, n], { seed: 2 })],
      )
    }
  })

  test('on products of any size', () => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 5, 7],
      [4, 8, 8],
      [17, 33, 9],
      [2, 0, 3],
      [0, 4, 2],
      [64, 64, 64],
    ] as const) {
      const args = [randn([m, k], { seed: 1 }), randn([k, n], { seed: 2 })]
      agree([x, y], [dot(x, y), tanh(add(dot(x, y), 1)), sum(dot(x, y), 0)], args)
    }
  })

  test('on views: transposed, cut, reversed, of results and of arguments', () => {
    const cut = slice(transpose(x), { start: 1, step: 2 }, { start: null, stop: null, step: -1 })
    agree([x], [transpose(x), cut, dot(cut, transpose(cut)), exp(cut)], [randn([5, 7], { seed: 3 })])
  })

  test('on gathered rows and their gradient, repeated rows added up', () => {
    const ids = vector('ids', 'int32')
    const cost = sum(square(take(x, ids)))
    agree([x, ids], [take(x, ids), grad(cost, x)], [randn([6, 3], { seed: 4 }), Int32Array.of(5, 0, 5, 2)])
  })

  test('on other dtypes', () => {
    for (const dtype of ['float64', 'int32', 'uint8'] as const) {
      const a = vector('a', dtype)
      const b = vector('b', dtype)
      agree(
        [a, b],
        [add(a, b), mul(a, b), sum(mul(a, b)), sub(a, b)],
        [
          [1, 2, 3, 200, 7],
          [4, 5, 6, 100, 0],
        ],
      )
    }
  })
})

describe.each(modes)('$name', ({ options }) => {
  test('outputs and updates stay right when they are inputs, shared variables, or views of them', () => {
    const x = matrix('x')
    const w = shared(
      [
        [1, 2],
        [3, 4],
      ],
      'w',
    )
    const f = compile([x], [x, w, transpose(w), transpose(x), x], {
      ...options,
      updates: [[w, transpose(w)]],
    })
    const given = array([
      [5, 6],
      [7, 8],
    ])
    expect(f(given).map(toNested)).toEqual([
      [
        [5, 6],
        [7, 8],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 3],
        [2, 4],
      ],
      [
        [5, 7],
        [6, 8],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ])
    expect(toNested(w.getValue())).toEqual([
      [1, 3],
      [2, 4],
    ])
    expect(toNested(given)).toEqual([
      [5, 6],
      [7, 8],
    ])
    f(given)
    expect(toNested(w.getValue())).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('updates rotate values among shared variables', () => {
    const [a, b, c] = [1, 2, 3].map(v => shared([v, v, v], `s${v}`))
    const rotate = compile([], [], {
      ...options,
      updates: [
        [a!, b!],
        [b!, add(c!, 0)],
        [c!, mul(a!, 10)],
      ],
    })
    rotate()
    expect([a, b, c].map(v => toNested(v!.getValue()))).toEqual([
      [2, 2, 2],
      [3, 3, 3],
      [10, 10, 10],
    ])
    rotate()
    expect([a, b, c].map(v => toNested(v!.getValue()))).toEqual([
      [3, 3, 3],
      [10, 10, 10],
      [20, 20, 20],
    ])
  })

  test('an index out of range names it, and changes nothing', () => {
    const table = shared(
      [
        [1, 2],
        [3, 4],
      ],
      'table',
    )
    const ids = vector('ids', 'int32')
    const f = compile([ids], sum(take(table, ids)), { ...options, updates: [[table, mul(table, 2)]] })
    expect(toNested(f([0, 1, 1]))).toBe(17)
    for (const wrong of [2, -1, 2 ** 31 - 1]) {
      expect(() => f([0, wrong])).toThrow(new RegExp(`index ${wrong} is out of range for an axis of size 2`))
    }
    expect(toNested(table.getValue())).toEqual([
      [2, 4],
      [6, 8],
    ])
    expect(toNested(f([1]))).toBe(14)
  })

  test('functions share states; setValue and getValue see them', () => {
    const count = shared(0, 'count')
    const up = compile([], count, { ...options, updates: [[count, add(count, 1)]] })
    const twice = compile([], [], { ...options, updates: [[count, mul(count, 2)]] })
    up()
    twice()
    expect(toNested(up())).toBe(2)
    expect(toNested(count.getValue())).toBe(3)
    count.setValue(10)
    twice()
    expect(toNested(count.getValue())).toBe(20)
  })

  test('sizes come and go; scratch of one function does not disturb another', () => {
    const x = matrix('x')
    const f = compile([x], sum(dot(x, transpose(x))), options)
    const g = compile([x], exp(log(add(square(x), 1))), options)
    for (const n of [3, 70, 1, 0, 3, 70]) {
      const twoRows = (value: number) => [value, value].map(v => Array.from({ length: n }, () => v))
      const ones = array(twoRows(1))
      expectArray(f(ones)).toBeCloseToArray(4 * n)
      expectArray(g(ones)).toBeCloseToArray(twoRows(2))
    }
  })

  test('a small regression learns', () => {
    const x = matrix('x', { shape: ['rows', 3] })
    const y = vector('y', { shape: ['rows'] })
    const w = shared([0, 0, 0], 'w')
    const rate = scalar('rate')
    const loss = sum(square(sub(dot(x, w), y)))
    const train = compile([x, y, rate], loss, {
      ...options,
      updates: [[w, sub(w, mul(grad(loss, w), rate))]],
    })
    const xs = randn([20, 3], { seed: 5 })
    const ys = compile([x], dot(x, array([1, -2, 0.5])))(xs)
    for (let i = 0; i < 100; i++) train(xs, ys, 0.01)
    expectArray(w.getValue()).toBeCloseToArray([1, -2, 0.5], { scaled: 1e-3 })
  })
})
