/** What scans compute, compared with plain loops. */
import {
  constant,
  dim,
  dot,
  matrix,
  mul,
  scalar,
  scan,
  shared,
  sub,
  sum,
  tanh,
  tensor,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { close, ramp, run, ways } from './scan-cases.js'

describe.each(ways)('scan forward, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })

  test('a state without sequences counts powers of two for as many steps as asked', () => {
    const k = scalar('k', 'int32')
    const { p } = scan(({ p }) => ({ p: p.mul(2) }), { state: { p: constant(1, dtype) }, steps: k })
    expect(run(way, [k], [p.all, p.last], [5])).toEqual([[2, 4, 8, 16, 32], 32])
    expect(run(way, [k], [p.all, p.last], [0])).toEqual([[], 1])
  })

  test('a recurrence with captured weights is the loop written by hand', () => {
    const x = vector('x', type('time'))
    const h0 = scalar('h0', dtype)
    const w = shared(0.5, 'w', { dtype })
    const u = scalar('u', dtype)
    const { h } = scan(({ x, h }) => ({ h: tanh(x.mul(w).add(h.mul(u))) }), {
      sequences: { x },
      state: { h: h0 },
    })
    const xs = ramp(4)
    const loop = [0.3]
    for (const v of xs) loop.push(Math.tanh(v * 0.5 + loop.at(-1)! * 0.9))
    close(way, run(way, [x, h0, u], [h.all, h.last], [xs, 0.3, 0.9]), [loop.slice(1), loop.at(-1)!])
  })

  test('two sequences, two states that read each other, and an output', () => {
    const a = vector('a', type('time'))
    const b = vector('b', type('time'))
    const s0 = scalar('s0', dtype)
    const t0 = scalar('t0', dtype)
    const r = scan(({ a, b, s, t }) => ({ s: a.add(t), t: b.mul(s), y: s.sub(t) }), {
      sequences: { a, b },
      state: { s: s0, t: t0 },
    })
    const [as, bs] = [ramp(3), ramp(3, 0.7)]
    let [s, t] = [1, 2]
    const ss: number[] = []
    const ts: number[] = []
    const ys: number[] = []
    as.forEach((v, i) => {
      ys.push(s - t)
      ;[s, t] = [v + t, bs[i]! * s]
      ss.push(s)
      ts.push(t)
    })
    close(way, run(way, [a, b, s0, t0], [r.s.all, r.t.all, r.y.all, r.y.last], [as, bs, 1, 2]), [
      ss,
      ts,
      ys,
      ys.at(-1)!,
    ])
  })

  test('reverse visits from the end; all stays in sequence order, last is the one visited last', () => {
    const x = vector('x', type('time'))
    const { c, y } = scan(({ x, c }) => ({ c: x.add(c), y: c.mul(1) }), {
      sequences: { x },
      state: { c: constant(0, dtype) },
      reverse: true,
    })
    const outputs = [c.all, c.last, y.all, y.last]
    expect(run(way, [x], outputs, [[1, 2, 3, 4]])).toEqual([[10, 9, 7, 4], 10, [9, 7, 4, 0], 9])
  })

  test('a map has no state; its options may be empty', () => {
    const x = vector('x', type('time'))
    const { y } = scan(({ x }) => ({ y: x.mul(x) }), {
      sequences: { x },
      state: {},
      reverse: false,
      unroll: 1,
    })
    expect(run(way, [x], [y.all, y.last], [[1, 2, 3]])).toEqual([[1, 4, 9], 9])
  })

  test('a step may return what it captured, the same variable twice, its input, a constant', () => {
    const x = vector('x', type('time'))
    const w = scalar('w', dtype)
    const r = scan(
      ({ x, h }) => {
        const next = x.add(h)
        return { h: next, twice: next, input: x, before: h, captured: w, fixed: constant(7, dtype) }
      },
      { sequences: { x }, state: { h: constant(0, dtype) } },
    )
    const outputs = [r.h, r.twice, r.input, r.before, r.captured, r.fixed].map(v => v.all)
    expect(run(way, [x, w], outputs, [[1, 2, 3], 5])).toEqual([
      [1, 3, 6],
      [1, 3, 6],
      [1, 2, 3],
      [0, 1, 3],
      [5, 5, 5],
      [7, 7, 7],
    ])
  })

  test('only the first steps of a longer sequence are visited', () => {
    const x = vector('x', type('time'))
    const k = scalar('k', 'int32')
    const { c } = scan(({ x, c }) => ({ c: x.add(c) }), {
      sequences: { x },
      state: { c: constant(0, dtype) },
      steps: k,
    })
    expect(run(way, [x, k], [c.all], [[1, 2, 3, 4], 2])).toEqual([[1, 3]])
    expect(() => run(way, [x, k], [c.all], [[1, 2, 3, 4], 5])).toThrow(
      /sequence x must have at least as many rows/,
    )
  })

  test('of sequences of unlike length the shortest decides', () => {
    const a = vector('a', type('m'))
    const b = vector('b', type('n'))
    const { y } = scan(({ a, b }) => ({ y: a.mul(b) }), { sequences: { a, b } })
    expect(
      run(
        way,
        [a, b],
        [y.all, dim(y.all, 0)],
        [
          [1, 2, 3],
          [4, 5],
        ],
      ),
    ).toEqual([[4, 10], 2])
    expect(run(way, [a, b], [y.all], [[2], [4, 5]])).toEqual([[8]])
  })

  test('the output of one scan is a sequence of the next', () => {
    const x = vector('x', type('time'))
    const first = scan(({ x, c }) => ({ c: x.add(c) }), {
      sequences: { x },
      state: { c: constant(0, dtype) },
    })
    const second = scan(({ x, c }) => ({ c: x.add(c) }), {
      sequences: { x: first.c.all },
      state: { c: constant(0, dtype) },
    })
    expect(run(way, [x], [second.c.all], [[1, 2, 3]])).toEqual([[1, 4, 10]])
  })

  test('without rows to visit, states stay and stacks are empty', () => {
    const x = matrix('x', type('time', 2))
    const h0 = vector('h0', type(2))
    const { h, y } = scan(({ x, h }) => ({ h: x.add(h), y: x.mul(2) }), {
      sequences: { x },
      state: { h: h0 },
    })
    const out = run(way, [x, h0], [h.all, h.last, y.all, dim(h.all, 0)], [zerosArray([0, 2], dtype), [3, 4]])
    expect(out).toEqual([[], [3, 4], [], 0])
  })

  test('a number stands for a whole state that the step broadcasts', () => {
    const x = tensor('x', type('time', 2, 3))
    const { h, g } = scan(({ x, h, g }) => ({ h: x.add(h), g: g.add(x) }), {
      sequences: { x },
      state: { h: 1, g: constant(2, dtype) },
    })
    const xs = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]
    expect(run(way, [x], [h.last, g.last], [xs])).toEqual([
      [
        [2, 3, 4],
        [5, 6, 7],
      ],
      [
        [3, 4, 5],
        [6, 7, 8],
      ],
    ])
  })

  test('a scan in a scan reads the outer step', () => {
    const A = matrix('A', type('m', 'n'))
    const w = scalar('w', dtype)
    const { row } = scan(
      ({ a }) => ({
        row: scan(({ x, c }) => ({ c: c.add(x.mul(sum(a)).mul(w)) }), {
          sequences: { x: a },
          state: { c: constant(0, dtype) },
        }).c.last,
      }),
      { sequences: { a: A } },
    )
    expect(
      run(
        way,
        [A, w],
        [row.all],
        [
          [
            [1, 2],
            [3, 4],
          ],
          2,
        ],
      ),
    ).toEqual([[18, 98]])
  })

  test('unrolled by a number, or altogether, gives the same', () => {
    const x = matrix('x', type(7, 2))
    const W = matrix('W', type(2, 2))
    const h0 = vector('h0', type(2))
    const loop = (unroll: number | true, reverse: boolean) => {
      const r = scan(({ x, h }) => ({ h: tanh(dot(x.add(h), W)), y: sub(h, x) }), {
        sequences: { x },
        state: { h: h0 },
        unroll,
        reverse,
      })
      return [r.h.all, r.h.last, r.y.all, r.y.last]
    }
    const values = [
      [0, 1, 2, 3, 4, 5, 6].map(i => [i / 7, -i / 9]),
      [
        [0.3, -0.2],
        [0.8, 0.5],
      ],
      [0.1, 0.2],
    ]
    for (const reverse of [false, true]) {
      const expected = run(way, [x, W, h0], loop(1, reverse), values)
      for (const unroll of [2, 3, 7, true] as const) {
        close(way, run(way, [x, W, h0], loop(unroll, reverse), values), expected)
      }
    }
  })

  test('unrolling a loop of symbolic length leaves a loop for the rest', () => {
    const x = vector('x', type('time'))
    const { c, y } = scan(({ x, c }) => ({ c: x.add(c), y: mul(c, x) }), {
      sequences: { x },
      state: { c: constant(0, dtype) },
      unroll: 3,
    })
    expect(run(way, [x], [c.all, c.last, y.all], [[1, 2, 3, 4, 5]])).toEqual([
      [1, 3, 6, 10, 15],
      15,
      [0, 2, 9, 24, 50],
    ])
    expect(run(way, [x], [c.all, c.last], [[1, 2]])).toEqual([[1, 3], 3])
  })
})
