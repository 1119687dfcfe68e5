/** Gradients of scans that stop early: over the steps that were made, and zero beyond. */
import {
  constant,
  dot,
  grad,
  ifElse,
  matrix,
  mul,
  scalar,
  scan,
  sin,
  square,
  sum,
  tanh,
  tensor,
  until,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

describe.each(ways)('gradient of early exit, $name', way => {
  const { dtype } = way
  const x = tensor('x', { dtype, shape: ['time', 2, 3] })
  const h0 = matrix('h0', { dtype, shape: [2, 4] })
  const W = matrix('W', { dtype, shape: [3, 4] })
  const U = matrix('U', { dtype, shape: [4, 4] })
  const inputs = [x, h0, W, U]
  const values = (time: number) => [random(1, time, 2, 3), random(2, 2, 4), random(3, 3, 4), random(4, 4, 4)]
  const count = scalar('count', dtype)

  /** Stops when as many steps are counted as it is told, by a state. */
  const rnn = (reverse: boolean) =>
    scan(
      ({ x: row, h, n }) => {
        const next = tanh(dot(row, W).add(dot(h, U)))
        return until(n.add(1).ge(count), { h: next, n: n.add(1), y: sin(next).mul(row.sum()) })
      },
      { sequences: { x }, state: { h: h0, n: constant(0, dtype) }, reverse },
    )

  test.each([false, true])(
    'by sequence, initial state and weights, of all rows and of the last; reverse: %s',
    reverse => {
      const { h, y } = rnn(reverse)
      const ends = sum(sin(y.last)).add(sum(square(h.last)))
      const cost = ends.add(sum(square(h.all))).add(sum(y.all))
      for (const steps of [1, 3, 9])
        checkGradient(way, cost, inputs, [...inputs, count], [...values(4), steps])
    },
  )

  test.each([false, true])('is that of a scan of as many steps; reverse: %s', reverse => {
    const { h } = rnn(reverse)
    const plain = scan(({ x: row, h: before }) => ({ h: tanh(dot(row, W).add(dot(before, U))) }), {
      sequences: { x },
      state: { h: h0 },
      reverse,
    })
    const [whole, found] = [values(5), grad(sum(square(h.all)), inputs)]
    const [gx, ...others] = run(way, [...inputs, count], found, [...whole, 2])
    const rows = (reverse ? [3, 4] : [0, 1]).map(t => (whole as unknown as never[][])[0]![t])
    const expected = run(way, inputs, grad(sum(square(plain.h.all)), inputs), [rows, ...whole.slice(1)])
    close(way, others, expected.slice(1))
    const zero = [0, 0].map(() => [0, 0, 0])
    const filled = [...(expected[0] as never[])]
    close(way, gx!, (reverse ? [zero, zero, zero, ...filled] : [...filled, zero, zero, zero]) as never)
  })

  test('is zero, and of the right shape, where no step is made', () => {
    const { h } = rnn(false)
    const none = zerosArray([0, 2, 3], dtype)
    const given = [none, ...values(0).slice(1), 3]
    const [gx, gh] = run(way, [...inputs, count], grad(sum(square(h.last)), inputs), given)
    expect(gx).toEqual([])
    close(
      way,
      gh!,
      (given[1] as unknown as number[][]).map(row => row.map(v => 2 * v)),
    )
  })

  const a = scalar('a', dtype)
  /** x ← a·x² while it is above a bound. */
  const shrinking = (start: Variable, bound = 0.1) =>
    scan(({ x: now }) => until(now.lt(bound), { x: mul(a, square(now)) }), { state: { x: start }, steps: 20 })
      .x

  test('of the second and third order', () => {
    const start = scalar('start', dtype)
    const all = [a, start]
    const cost = shrinking(start).last
    const first = grad(cost, a)
    const second = grad(grad(sum(shrinking(start).all), start), a)
    checkGradient(way, first, all, all, [0.9, 0.8])
    checkGradient(way, second, all, all, [0.9, 0.8])
  })

  test('inside another scan, of the last state, which stops elsewhere in each step', () => {
    const starts = vector('starts', { dtype, shape: ['n'] })
    const outer = scan(({ s, total }) => ({ total: total.mul(0.5).add(sin(shrinking(s).last)) }), {
      sequences: { s: starts },
      state: { total: constant(0, dtype) },
    })
    const all = [starts, a]
    const given = [[0.9, 0.3, 0.05, 0.7], 0.95]
    checkGradient(way, outer.total.last, all, all, given)
    checkGradient(way, sum(square(outer.total.all)), all, all, given)
    checkGradient(way, grad(outer.total.last, a), all, all, given)
  })

  test.each([false, true])('inside another scan, by sequences of the inner one; reverse: %s', reverse => {
    const table = matrix('table', { dtype, shape: ['rows', 5] })
    const w = vector('w', { dtype, shape: [5] })
    const outer = scan(
      ({ row }) => {
        const inner = scan(
          ({ v, k, s }) => {
            const next = s.add(sin(v.mul(k)))
            return until(next.gt(1), { s: next, y: square(next) })
          },
          { sequences: { v: row, k: w }, state: { s: constant(0, dtype) }, reverse },
        )
        return { out: inner.s.last.mul(inner.y.last) }
      },
      { sequences: { row: table } },
    )
    const all = [table, w]
    const given = [
      [
        [0.9, 0.8, 0.7, 0.2, 0.1],
        [0.1, 0.1, 0.1, 0.1, 0.1],
        [2, 0.1, 0.3, 0.6, 0.9],
      ],
      [0.9, 0.7, 1.1, 0.8, 1],
    ]
    checkGradient(way, sum(square(outer.out.all)), all, all, given)
    checkGradient(way, sum(grad(sum(square(outer.out.all)), w)), all, all, given)
  })

  test('in one side of a branch', () => {
    const start = scalar('start', dtype)
    const deep = scalar('deep', 'bool')
    const y = ifElse(deep, sum(square(shrinking(start).all)), start.mul(3))
    for (const side of [true, false]) checkGradient(way, y, [a, start], [a, start, deep], [0.9, 0.8, side])
  })
})
