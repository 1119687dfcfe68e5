/** Gradients of scans, compared with central differences and with gradients of the loop written out. */
import { compile } from '@arignote/compiler'
import {
  constant,
  dot,
  grad,
  matrix,
  mean,
  mul,
  reshape,
  scalar,
  scan,
  shared,
  sigmoid,
  square,
  stopGradient,
  sum,
  take,
  tanh,
  tensor,
  type Variable,
  vector,
  where,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

describe.each(ways)('scan gradient, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })

  const x = tensor('x', type('time', 2, 3))
  const h0 = matrix('h0', type(2, 4))
  const W = matrix('W', type(3, 4))
  const U = matrix('U', type(4, 4))
  const b = vector('b', type(4))
  const weights = tensor('weights', type('time', 2, 4))
  const values = (time: number) => [
    random(1, time, 2, 3),
    random(2, 2, 4),
    random(3, 3, 4),
    random(4, 4, 4),
    random(5, 4),
    random(6, time, 2, 4),
  ]
  const inputs = [x, h0, W, U, b, weights]
  const wrt = [x, h0, W, U, b]
  const rnn = (reverse: boolean, unroll: number | true = 1, sequence: Variable = x) =>
    scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U)).add(b)) }), {
      sequences: { x: sequence },
      state: { h: h0 },
      reverse,
      unroll,
    }).h

  test.each([false, true])(
    'of a recurrent net by sequence, initial state and weights; reverse: %s',
    reverse => {
      const h = rnn(reverse)
      checkGradient(way, sum(mul(h.all, weights)), wrt, inputs, values(4))
      checkGradient(way, sum(square(h.last)), wrt, inputs, values(4))
    },
  )

  test.each([false, true])('of a cost on the last state and on all states at once; reverse: %s', reverse => {
    const h = rnn(reverse)
    checkGradient(way, sum(mul(h.all, weights)).add(sum(square(h.last))), wrt, inputs, values(3))
  })

  test('is the gradient of the loop written out', () => {
    const fixed = tensor('fixed', type(4, 2, 3))
    const list = [fixed, h0, W, U, b]
    const gradients = (unroll: number | true) => grad(sum(square(rnn(false, unroll, fixed).all)), list)
    const given = values(4).slice(0, 5)
    close(way, run(way, list, gradients(1), given), run(way, list, gradients(true), given))
    close(way, run(way, list, gradients(1), given), run(way, list, gradients(3), given))
  })

  test('is zero, and of the right shape, when there are no steps', () => {
    const k = scalar('k', 'int32')
    const h = scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))) }), {
      sequences: { x },
      state: { h: h0 },
      steps: k,
    }).h
    const gradients = grad(sum(square(h.last)), [x, h0, W, U])
    const [dx, dh0, dW, dU] = run(way, [k, x, h0, W, U], gradients, [0, ...values(2).slice(0, 4)])
    const nothing = (v: unknown): unknown => (Array.isArray(v) ? v.map(nothing) : 0)
    expect([dx, dW, dU]).toEqual([0, 2, 3].map(i => nothing(values(2)[i])))
    close(
      way,
      dh0!,
      (values(2)[1] as unknown as number[][]).map(list => list.map(v => 2 * v)),
    )
  })

  test('is padded with zeros for rows of a sequence that no step visits', () => {
    const s = vector('s', type('time'))
    const c = scan(({ s, c }) => ({ c: s.mul(s).add(c) }), {
      sequences: { s },
      state: { c: constant(0, dtype) },
      steps: 2,
    }).c
    expect(run(way, [s], [grad(c.last, s)], [[1, 2, 3, 4]])).toEqual([[2, 4, 0, 0]])
  })

  test('of two states that read each other, with a cost on one of them and an output', () => {
    const u = tensor('u', type('time', 2))
    const v = tensor('v', type('time', 2))
    const [s0, t0] = [vector('s0', type(2)), vector('t0', type(2))]
    const r = scan(
      ({ u, v, s, t }) => ({ s: tanh(u.mul(t).add(s)), t: sigmoid(v.add(s)).mul(t), y: s.mul(t).mul(u) }),
      { sequences: { u, v }, state: { s: s0, t: t0 } },
    )
    const list = [u, v, s0, t0]
    const given = [random(1, 5, 2), random(2, 5, 2), random(3, 2), random(4, 2)]
    checkGradient(way, sum(square(r.t.all)), list, list, given)
    checkGradient(way, sum(square(r.s.last)).add(sum(r.y.all)), list, list, given)
    checkGradient(way, sum(r.y.last), list, list, given)
  })

  test('through rows that an integer sequence picks from a table', () => {
    const table = matrix('table', type(5, 3))
    const ids = vector('ids', { dtype: 'int32', shape: ['time'] })
    const h = scan(({ i, h, n }) => ({ h: tanh(take(table, i).add(h)), n: n.add(i) }), {
      sequences: { i: ids },
      state: { h: vectorOf(0.1, 0.2, 0.3), n: constant(0, 'int32') },
    }).h
    checkGradient(way, sum(square(h.all)), [table], [table, ids], [random(1, 5, 3), [1, 3, 3, 0]])
  })

  test('passes a state that is copied, and one that the step ignores', () => {
    const [s0, t0] = [vector('s0', type(2)), vector('t0', type(2))]
    const u = matrix('u', type('time', 2))
    const r = scan(({ u, s, t }) => ({ s, t: u.mul(s), old: t }), {
      sequences: { u },
      state: { s: s0, t: t0 },
    })
    const list = [u, s0, t0]
    const given = [random(1, 3, 2), random(2, 2), random(3, 2)]
    checkGradient(way, sum(square(r.s.all)).add(sum(square(r.s.last))), [s0], list, given)
    checkGradient(way, sum(square(r.t.last)), [u, s0], list, given)
    checkGradient(way, sum(square(r.old.all)), list, list, given)
    expect(() => grad(sum(r.s.last), t0)).toThrow(/does not depend/)
    expect(() => grad(sum(r.t.last), t0, { disconnectedInputs: 'ignore' })).not.toThrow()
  })

  test('of a captured value that the step hands out is the number of steps', () => {
    const w = vector('w', type(2))
    const k = scalar('k', 'int32')
    const { y } = scan(() => ({ y: w }), { steps: k })
    expect(run(way, [w, k], [y.all, grad(sum(y.all), w)], [[1, 2], 3])).toEqual([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [3, 3],
    ])
  })

  test('of a shared variable that the step captured', () => {
    const w = shared([0.5, -0.3], 'w', { dtype })
    const s = matrix('s', type('time', 2))
    const h = scan(({ s, h }) => ({ h: tanh(s.mul(w).add(h)) }), {
      sequences: { s },
      state: { h: vectorOf(0, 0) },
    }).h
    const [found] = run(way, [s], [grad(sum(h.last), w)], [[[1, 2]]]) as number[][]
    close(way, found!, [1 / Math.cosh(0.5) ** 2, 2 / Math.cosh(-0.6) ** 2])
  })

  test('trains a weight; the initial state has an axis of size 1', () => {
    const w = shared(
      [
        [0.1, 0.2],
        [-0.3, 0.4],
      ],
      'w',
      { dtype },
    )
    const s = matrix('s', type('time', 2))
    const h = scan(({ s, h }) => ({ h: dot(reshape(s, [1, 2]), w).add(h.mul(0)) }), {
      sequences: { s },
      state: { h: zeros([1, 2], dtype) },
    }).h
    const cost = mean(square(h.all))
    const step = compile([s], cost, { ...way.options, updates: [[w, w.sub(grad(cost, w).mul(0.1))]] })
    const rows = random(1, 6, 2)
    const first = step(rows).data[0]!
    for (let i = 0; i < 20; i++) step(rows)
    expect(step(rows).data[0]).toBeLessThan(first / 2)
  })

  test('inside the step is an ordinary graph', () => {
    const v = vector('v', type('time'))
    const { g } = scan(({ v }) => ({ g: grad(v.mul(v).mul(v), v) }), { sequences: { v } })
    expect(run(way, [v], [g.all], [[1, 2, 3]])).toEqual([[3, 12, 27]])
    expect(run(way, [v], [grad(sum(g.all), v)], [[1, 2, 3]])).toEqual([[6, 12, 18]])
  })

  test('does not flow where the step stops it, and is no NaN behind a mask', () => {
    const v = vector('v', type('time'))
    const c = scan(({ v, c }) => ({ c: v.mul(stopGradient(c)).add(v) }), {
      sequences: { v },
      state: { c: constant(1, dtype) },
    }).c
    expect(run(way, [v], [grad(c.last, v)], [[2, 3]])).toEqual([[0, 5]])
    const m = scan(({ v, c }) => ({ c: where(v.gt(0), v.sqrt().add(c), c) }), {
      sequences: { v },
      state: { c: constant(0, dtype) },
    }).c
    expect(run(way, [v], [grad(m.last, v)], [[4, -1]])).toEqual([[0.25, 0]])
  })

  test('of a scan in a scan', () => {
    const A = tensor('A', type('m', 'n', 2))
    const w = matrix('w', type(2, 2))
    const c0 = vector('c0', type(2))
    const outer = scan(
      ({ a, s }) => {
        const inner = scan(({ x, c }) => ({ c: tanh(dot(c, w).add(x).add(s)) }), {
          sequences: { x: a },
          state: { c: s },
        }).c
        return { s: inner.last, y: sum(square(inner.all)) }
      },
      { sequences: { a: A }, state: { s: c0 } },
    )
    const list = [A, w, c0]
    checkGradient(way, sum(outer.y.all).add(sum(outer.s.last)), list, list, [
      random(1, 3, 2, 2),
      random(2, 2, 2),
      random(3, 2),
    ])
  })

  test('of a gated cell, and of an output that a later scan visits', () => {
    const Wz = matrix('Wz', type(3, 4))
    const Uz = matrix('Uz', type(4, 4))
    const h = scan(
      ({ x, h }) => {
        const z = sigmoid(dot(x, Wz).add(dot(h, Uz)))
        const proposed = tanh(
          dot(x, W)
            .add(dot(h.mul(z), U))
            .add(b),
        )
        return { h: z.mul(h).add(z.neg().add(1).mul(proposed)) }
      },
      { sequences: { x }, state: { h: h0 } },
    ).h
    const list = [x, h0, W, U, b, Wz, Uz]
    const given = [...values(3).slice(0, 5), random(8, 3, 4), random(9, 4, 4)]
    checkGradient(
      way,
      sum(square(rnn(true, 1, dot(h.all, constantMatrix()) as Variable).all)),
      list,
      list,
      given,
    )
  })

  test('ignores what the cost does not reach', () => {
    const [p, q] = [vector('p', type('time')), vector('q', type('time'))]
    const r = scan(({ p, q, s, t }) => ({ s: s.add(p), t: t.mul(q) }), {
      sequences: { p, q },
      state: { s: constant(0, dtype), t: constant(1, dtype) },
    })
    expect(
      run(
        way,
        [p, q],
        [grad(r.t.last, q)],
        [
          [1, 2],
          [3, 5],
        ],
      ),
    ).toEqual([[5, 3]])
    expect(
      run(
        way,
        [p, q],
        [grad(r.s.last, p), grad(r.s.last, q, { disconnectedInputs: 'ignore' })],
        [
          [1, 2],
          [3, 5],
        ],
      ),
    ).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect(() => grad(r.s.last, q)).toThrow(/q/)
  })

  function vectorOf(...list: number[]) {
    return constant(list, dtype)
  }

  function constantMatrix() {
    return constant(random(7, 4, 3), dtype)
  }
})
