/** Rewrites of scans that stop early: what leaves, what stays, and what memory they take. */
import { formsOf } from '@arignote/compiler'
import {
  constant,
  dot,
  grad,
  matrix,
  mul,
  ones,
  scan,
  shared,
  sin,
  sum,
  take,
  taps,
  until,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'
import { loopsOf } from '../src/samples.js'

const x = matrix('x', { shape: ['time', 3] })
const W = matrix('W', { shape: [3, 3] })
const rows = [
  [0.1, 0.2, 0.3],
  [0.3, 0.2, 0.1],
  [0.9, 0.8, 0.7],
  [0.5, 0.5, 0.5],
]
const weights = [
  [1, 0.5, 0],
  [0, 1, 0.5],
  [0.5, 0, 1],
]

describe('early exit and rewrites', () => {
  test('invariants leave the loop, and results with an early stop are the same', () => {
    const { h } = scan(
      ({ x, h }) => {
        const next = h.add(dot(x, sin(W.mul(2)).add(ones([3, 3]))))
        return until(sum(next).gt(sum(sin(W))), { h: next })
      },
      { sequences: { x }, state: { h: constant([0, 0, 0], 'float32') } },
    )
    agree([x, W], [h.all, h.last], [rows, weights])
    const { texts } = formsOf([x, W], h.last, [rows, weights])
    const sines = texts.optimized.split('\n').filter(line => line.includes(' = sin '))
    expect(sines.map(line => line.startsWith(' '))).toEqual([false, false])
  })

  test('work on rows stays, so that rows after the end are never looked at', () => {
    const ids = vector('ids', { dtype: 'int32', shape: ['n'] })
    const table = matrix('table', { shape: [4, 2] })
    const { s } = scan(
      ({ i, s }) => {
        const next = s.add(take(table, i, 0))
        return until(i.eq(3), { s: next, seen: sin(next) })
      },
      { sequences: { i: ids }, state: { s: constant([0, 0], 'float32') } },
    )
    const values = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]
    // 99 is no row of the table, and comes after the end.
    const result = agree([ids, table], [s.all, s.last, grad(sum(s.last), table)], [[0, 3, 99], values])
    expect(Array.from(result[1]!.data)).toEqual([8, 10])
  })

  test('sums over the steps count those that were made', () => {
    const { total, products } = scan(
      ({ x, total, products }) => {
        const next = total.add(x)
        return until(sum(next).gt(1), { total: next, products: products.add(mul(dot(x, W), 2)) })
      },
      {
        sequences: { x },
        state: { total: constant([0, 0, 0], 'float32'), products: constant([0, 0, 0], 'float32') },
      },
    )
    agree([x, W], [total.last, products.last], [rows, weights])
  })

  test('loops over the same rows do not merge where they stop by themselves', () => {
    const stopping = (limit: number) =>
      scan(({ x, s }) => until(sum(s.add(x)).gt(limit), { s: s.add(x) }), {
        sequences: { x },
        state: { s: constant([0, 0, 0], 'float32') },
      }).s
    const [a, b, c] = [stopping(0.7), stopping(2), stopping(2)]
    agree([x], [a.all, b.all, c.last], [rows])
    const { program } = formsOf([x], [a.last, b.last, c.last], [rows])
    expect(loopsOf(program.steps)).toHaveLength(2)
  })

  test('of the last value only a row is kept, with taps as many as they look back', () => {
    const many = { steps: 100_000 }
    const one = scan(({ h }) => until(sum(h).gt(50), { h: h.add(1) }), {
      state: { h: vector('h', { shape: [3] }) },
      ...many,
    }).h
    const start = vector('start', { shape: [3] })
    const first = scan(({ h }) => until(sum(h).gt(50), { h: h.add(1), y: h.mul(2) }), {
      state: { h: start },
      ...many,
    })
    const two = matrix('two', { shape: [2, 3] })
    const tapped = scan(({ h: [a, b] }) => until(sum(b).gt(50), { h: a.mul(0.5).add(b) }), {
      state: { h: taps(two, [-2, -1]) },
      ...many,
    }).h
    expect(one.last.ndim).toBe(1)
    const bytes = (outputs: Parameters<typeof formsOf>[1]) =>
      formsOf([start, two], outputs, [[1, 2, 3], rows.slice(0, 2)], { onUnusedInput: 'ignore' }).bytes
    expect(bytes([first.h.last])).toBeLessThan(1000)
    expect(bytes([first.y.last])).toBeLessThan(1000)
    expect(bytes([tapped.last])).toBeLessThan(1500)
    agree([start, two], [first.h.last, first.y.last, tapped.last], [[1, 2, 3], rows.slice(0, 2)])
  })

  test('the last value of an output is an error where there was no step', () => {
    const { y } = scan(({ x }) => until(sum(x).gt(1), { y: x.mul(2) }), { sequences: { x } })
    expect(() => agree([x], [y.last], [{ shape: [0, 3] } as never])).toThrow()
  })

  test('loops without states, states without outputs', () => {
    const hit = scan(({ x }) => until(sum(x).gt(1.2), { y: x.mul(2) }), { sequences: { x } }).y
    const result = agree([x], [hit.all, hit.last], [rows])
    expect(result[0]!.shape).toEqual([3, 3])
    const w = shared([1, 2], 'w')
    const grown = scan(({ h }) => until(sum(h).gt(20), { h: h.mul(2) }), { state: { h: w }, steps: 40 }).h
    const end = agree([], [grown.last], [], { updates: [[w, grown.last]], calls: 2 })
    expect(Array.from(end[0]!.data)).toEqual([32, 64])
  })
})
