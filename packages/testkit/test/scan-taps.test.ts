/** Steps that look back and ahead, compared with plain loops. */
import {
  constant,
  dim,
  dot,
  matrix,
  mul,
  randomStream,
  scalar,
  scan,
  sum,
  tanh,
  taps,
  tensor,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { close, ramp, random, run, ways } from './scan-cases.js'

/** Which positions of n a loop visits that sees these taps, in visiting order. */
function visited(n: number, list: readonly number[], reverse = false): number[] {
  const sees = (t: number) =>
    [0, ...list].every(k => {
      const at = reverse ? t - k : t + k
      return at >= 0 && at < n
    })
  const all = Array.from({ length: n }, (_, t) => t).filter(sees)
  return reverse ? all.reverse() : all
}

describe.each(ways)('taps, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })

  test.each([
    [[-2, 0]],
    [[-2, -1]],
    [[-3]],
    [[1, 2]],
    [[2]],
    [[0]],
    [[-2, 2]],
    [[1, -1, 0]],
    [[-4, 0]],
    [[0, 0, 1]],
  ])('of a sequence, %j: only rows that have all of them are visited', list => {
    const x = vector('x', type('time'))
    const xs = [3, 1, 4, 1, 5, 9, 2, 6]
    for (const reverse of [false, true]) {
      const { y, n } = scan(
        ({ x }) => ({
          y: x.map((v, i) => mul(v, 10 ** i)).reduce((a, b) => a.add(b)),
          n: constant(1, dtype),
        }),
        { sequences: { x: taps(x, list) }, reverse },
      )
      const order = visited(xs.length, list, reverse)
      const value = (t: number) =>
        list.reduce((total, k, i) => total + xs[reverse ? t - k : t + k]! * 10 ** i, 0)
      const expected = order.map(value)
      const inOrder = reverse ? expected.toReversed() : expected
      close(way, run(way, [x], [y.all, y.last, sum(n.all), dim(y.all, 0)], [xs]), [
        inOrder,
        expected.at(-1)!,
        inOrder.length,
        inOrder.length,
      ])
    }
  })

  test('of a state, and of a sequence: the loop written by hand', () => {
    const u = vector('u', type('time'))
    const first = vector('first', type(2))
    const w = scalar('w', dtype)
    const { h } = scan(
      ({ u: [before, now], h: [older, newer] }) => ({
        h: tanh(before.mul(w).add(now).add(older.mul(0.5)).sub(newer.mul(0.3))),
      }),
      { sequences: { u: taps(u, [-2, 0]) }, state: { h: taps(first, [-2, -1]) } },
    )
    const us = ramp(7)
    const loop = [0.3, -0.2]
    for (let t = 2; t < 7; t++)
      loop.push(Math.tanh(us[t - 2]! * 0.7 + us[t]! + loop.at(-2)! * 0.5 - loop.at(-1)! * 0.3))
    const expected = loop.slice(2)
    close(way, run(way, [u, first, w], [h.all, h.last, dim(h.all, 0)], [us, [0.3, -0.2], 0.7]), [
      expected,
      expected.at(-1)!,
      5,
    ])
  })

  test('the tuple has the order of the list, whatever that is, and one member for one tap', () => {
    const first = vector('first', type(3))
    const r = scan(
      ({ a: [two, three, one], b: [third] }) => ({
        a: one.mul(100).add(two.mul(10)).add(three),
        b: third.add(1),
      }),
      { state: { a: taps(first, [-2, -3, -1]), b: taps(first, [-3]) }, steps: 4 },
    )
    const a = [1, 2, 3]
    const b = [1, 2, 3]
    for (let t = 0; t < 4; t++) {
      a.push(a.at(-1)! * 100 + a.at(-2)! * 10 + a.at(-3)!)
      b.push(b.at(-3)! + 1)
    }
    close(way, run(way, [first], [r.a.all, r.b.all, r.b.last], [[1, 2, 3]]), [
      a.slice(3),
      b.slice(3),
      b.at(-1)!,
    ])
  })

  test('all of a state has the rows of the steps, not the initial ones; without steps it has none, last is the newest initial row', () => {
    const first = matrix('first', type(2, 3))
    const k = scalar('k', 'int32')
    const { f } = scan(({ f: [a, b] }) => ({ f: a.add(b) }), {
      state: { f: taps(first, [-2, -1]) },
      steps: k,
    })
    const start = [
      [1, 1, 0],
      [1, 2, 1],
    ]
    const outputs = [f.all, f.last, dim(f.all, 0)]
    expect(run(way, [first, k], outputs, [start, 3])).toEqual([
      [
        [2, 3, 1],
        [3, 5, 2],
        [5, 8, 3],
      ],
      [5, 8, 3],
      3,
    ])
    expect(run(way, [first, k], outputs, [start, 1])).toEqual([[[2, 3, 1]], [2, 3, 1], 1])
    expect(run(way, [first, k], outputs, [start, 0])).toEqual([[], [1, 2, 1], 0])
  })

  test('under reverse they count in visiting order', () => {
    const x = vector('x', type('time'))
    const first = vector('first', type(2))
    const { h, y } = scan(
      ({ x: [before, now], h: [older, newer] }) => ({
        h: older.mul(2).add(newer).add(now),
        y: before.sub(now),
      }),
      { sequences: { x: taps(x, [-1, 0]) }, state: { h: taps(first, [-2, -1]) }, reverse: true },
    )
    const xs = [1, 2, 4, 8, 16]
    const loop = [1, 2]
    const differences: number[] = []
    for (let t = 3; t >= 0; t--) {
      loop.push(loop.at(-2)! * 2 + loop.at(-1)! + xs[t]!)
      differences.push(xs[t + 1]! - xs[t]!)
    }
    const expected = loop.slice(2)
    expect(run(way, [x, first], [h.all, h.last, y.all], [xs, [1, 2]])).toEqual([
      expected.toReversed(),
      expected.at(-1)!,
      differences.toReversed(),
    ])
  })

  test('steps may be fewer than there are rows; too many, or too short a sequence, are refused', () => {
    const x = vector('x', type('time'))
    const k = scalar('k', 'int32')
    const { y } = scan(({ x: [a, b] }) => ({ y: a.mul(10).add(b) }), {
      sequences: { x: taps(x, [-1, 1]) },
      steps: k,
    })
    expect(run(way, [x, k], [y.all], [[1, 2, 3, 4, 5], 2])).toEqual([[13, 24]])
    expect(run(way, [x, k], [y.all], [[1, 2, 3, 4, 5], 3])).toEqual([[13, 24, 35]])
    expect(() => run(way, [x, k], [y.all], [[1, 2, 3, 4, 5], 4])).toThrow(
      /sequence .* must have at least as many rows/,
    )
    const all = scan(({ x: [a, b] }) => ({ y: a.add(b) }), { sequences: { x: taps(x, [-1, 1]) } }).y.all
    expect(run(way, [x], [all], [[1, 2]])).toEqual([[]])
    expect(() => run(way, [x], [all], [[1]])).toThrow(/a scan makes at least 0 steps/)
  })

  test('the shortest trimmed sequence decides', () => {
    const a = vector('a', type('m'))
    const b = vector('b', type('n'))
    const { y } = scan(({ a: [past, now], b }) => ({ y: past.add(now).mul(b) }), {
      sequences: { a: taps(a, [-2, 0]), b },
    })
    expect(
      run(
        way,
        [a, b],
        [y.all],
        [
          [1, 2, 3, 4, 5, 6],
          [1, 10],
        ],
      ),
    ).toEqual([[4, 60]])
    expect(
      run(
        way,
        [a, b],
        [y.all],
        [
          [1, 2, 3],
          [1, 10, 100],
        ],
      ),
    ).toEqual([[4]])
  })

  test('several rows of initial values whose number is not known are counted at the call', () => {
    const first = vector('first', type('n'))
    const { h } = scan(({ h: [a] }) => ({ h: a.add(1) }), { state: { h: taps(first, [-2]) }, steps: 3 })
    expect(run(way, [first], [h.all], [[1, 10]])).toEqual([[2, 11, 3]])
    expect(() => run(way, [first], [h.all], [[1, 2, 3]])).toThrow(
      /scan: sizes.*initial value of state "h" must have 2 rows for taps \[-2\]: 3 ≠ 2.*scan-taps\.test.*E225/s,
    )
  })

  test('unrolled by a number, or altogether, they see the same', () => {
    const x = matrix('x', type(8, 2))
    const W = matrix('W', type(2, 2))
    const first = matrix('first', type(3, 2))
    const loop = (unroll: number | true, reverse: boolean) => {
      const r = scan(
        ({ x: [past, next], h: [far, near] }) => ({
          h: tanh(dot(past.add(far), W).sub(next)),
          y: near.mul(past),
        }),
        {
          sequences: { x: taps(x, [-1, 1]) },
          state: { h: taps(first, [-3, -1]) },
          unroll,
          reverse,
        },
      )
      return [r.h.all, r.h.last, r.y.all, r.y.last]
    }
    const values = [random(1, 8, 2), random(2, 2, 2), random(3, 3, 2)]
    for (const reverse of [false, true]) {
      const expected = run(way, [x, W, first], loop(1, reverse), values)
      for (const unroll of [2, 3, 6, true] as const)
        close(way, run(way, [x, W, first], loop(unroll, reverse), values), expected)
    }
  })

  test('a scan in a scan looks back over rows of the outer step', () => {
    const A = matrix('A', type('m', 'n'))
    const { row } = scan(
      ({ a: [above, here] }) => ({
        row: scan(({ x: [left, right], c: [older] }) => ({ c: older.add(left.mul(right)).add(sum(above)) }), {
          sequences: { x: taps(here, [-1, 0]) },
          state: { c: taps(above.slice({ stop: 2 }), [-2]) },
        }).c.last,
      }),
      { sequences: { a: taps(A, [-1, 0]) } },
    )
    const As = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 1, 2, 3],
    ]
    const expected = [1, 2].map(i => {
      const [above, here] = [As[i - 1]!, As[i]!]
      const total = above.reduce((a, b) => a + b)
      const c = [above[0]!, above[1]!]
      for (let t = 1; t < 4; t++) c.push(c.at(-2)! + here[t - 1]! * here[t]! + total)
      return c.at(-1)!
    })
    close(way, run(way, [A], [row.all], [As]), [expected])
  })

  test('random draws are new at each step', () => {
    const stream = randomStream(7)
    const x = vector('x', type('time'))
    const { y } = scan(({ x: [a] }) => ({ y: stream.uniform([], { dtype }).add(a.mul(0)) }), {
      sequences: { x: taps(x, [-1]) },
    })
    const [drawn] = run(way, [x], [y.all], [[1, 2, 3, 4]]) as [number[]]
    expect(new Set(drawn).size).toBe(3)
  })

  test('integers and truth values have taps too', () => {
    const ids = vector('ids', { dtype: 'int32', shape: ['time'] })
    const table = tensor('table', type(4, 2))
    const { e, same } = scan(
      ({ ids: [before, now], same: [was] }) => ({
        e: table.take(before).sub(table.take(now)),
        same: was.and(before.eq(now)),
      }),
      {
        sequences: { ids: taps(ids, [-1, 0]) },
        state: { same: taps(constant([true, true], 'bool'), [-2]) },
      },
    )
    const rows = [
      [0, 1],
      [1, 3],
      [2, 5],
      [3, 7],
    ]
    expect(run(way, [ids, table], [e.all, same.all], [[0, 2, 2, 3], rows])).toEqual([
      [
        [-2, -4],
        [0, 0],
        [-1, -2],
      ],
      [0, 1, 0],
    ])
  })
})
