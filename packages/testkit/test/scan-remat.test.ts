/** What is computed again changes no value and no gradient, but the memory that a gradient takes. */
import {
  arange,
  constant,
  dot,
  grad,
  hvp,
  matrix,
  mul,
  type Remat,
  Rop,
  randn,
  scalar,
  scan,
  square,
  sum,
  tanh,
  taps,
  tensor,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { close, random, run, ways } from './scan-cases.js'

const policies: readonly Remat[] = ['none', 'step', { every: 1 }, { every: 3 }, { every: 100 }]

describe.each(ways)('remat, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })
  const x = tensor('x', type('time', 2, 3))
  const h0 = matrix('h0', type(2, 4))
  const W = matrix('W', type(3, 4))
  const U = matrix('U', type(4, 4))
  const weights = tensor('weights', type('time', 2, 4))
  const inputs = [x, h0, W, U, weights]
  const wrt = [x, h0, W, U]
  const values = (time: number) => [
    random(1, time, 2, 3),
    random(2, 2, 4),
    random(3, 3, 4),
    random(4, 4, 4),
    random(5, time, 2, 4),
  ]

  const net = (remat: Remat, more: object = {}) =>
    scan(
      ({ x, h, n }) => {
        const next = tanh(dot(x, W).add(dot(h, U)))
        return { h: next, n: n.add(1), y: mul(next, next).mul(n) }
      },
      { sequences: { x }, state: { h: h0, n: constant(1, 'int32') }, remat, ...more },
    )

  test.each(policies.flatMap(remat => [false, true].map(reverse => [remat, reverse] as const)))(
    'values and gradients are those of the plain loop: %j, in reverse: %s',
    (remat, reverse) => {
      const outputs = (remat: Remat) => {
        const { h, n, y } = net(remat, { reverse })
        const cost = sum(mul(h.all, weights))
          .add(sum(square(h.last)))
          .add(sum(y.last))
          .add(sum(y.all))
        return [h.all, h.last, n.last, n.all, y.all, y.last, ...grad(cost, wrt)]
      }
      close(way, run(way, inputs, outputs(remat), values(7)), run(way, inputs, outputs('auto'), values(7)))
    },
  )

  test.each([0, 1, 2, 5])('in segments of a size that is only known in the call, of %i steps', time => {
    const k = scalar('k', 'int32')
    const outputs = (remat: Remat) => {
      const { h } = net(remat)
      return [h.last, h.all, ...grad(sum(square(h.all)).add(sum(h.last)), wrt)]
    }
    const rows = (seed: number, n: number) => randn([time, 2, n], { seed, dtype: 'float64', std: 0.6 })
    const given = values(1)
      .with(0, rows(1, 3) as never)
      .with(4, rows(5, 4) as never)
    const f = (remat: Remat) => run(way, [k, ...inputs], outputs(remat), [2, ...given])
    close(way, f({ every: k }), f('auto'))
  })

  test.each(['none', 'step', { every: 2 }] as Remat[])('derivatives of derivatives: %j', remat => {
    const second = (remat: Remat) => {
      const { h } = net(remat)
      const cost = sum(square(h.last))
      const direction = constant(random(9, 4, 4), dtype) as never
      return [grad(sum(square(grad(cost, W))), U), hvp(cost, U, direction), Rop(cost, U, direction)]
    }
    close(way, run(way, inputs, second(remat), values(5)), run(way, inputs, second('auto'), values(5)))
  })

  test.each([2, 3] as const)('with taps, cut gradients and steps written out, every %i', every => {
    const s = vector('s', type('time'))
    const start = vector('start', type(2))
    const outputs = (remat: Remat, more: object) => {
      const { h } = scan(({ s: [a, b], h: [g, h] }) => ({ h: tanh(a!.mul(g!).add(b!.mul(h!))) }), {
        sequences: { s: taps(s, [-1, 0]) },
        state: { h: taps(start, [-2, -1]) },
        remat,
        ...more,
      })
      return [h.all, ...grad(sum(h.all), [s, start])]
    }
    const given = [random(1, 9), random(2, 2)]
    for (const more of [
      {},
      { truncate: 3 },
      { truncate: { last: 4 } },
      { unroll: 2 },
      { reverse: true, truncate: 2 },
    ])
      close(
        way,
        run(way, [s, start], outputs({ every }, more), given),
        run(way, [s, start], outputs('auto', { ...more, unroll: 1 }), given),
      )
  })

  test('in a scan, and of a scan', () => {
    const A = tensor('A', type('m', 'n', 2))
    const w = matrix('w', type(2, 2))
    const outputs = (outer: Remat, inner: Remat) => {
      const { s } = scan(
        ({ a, s }) => ({
          s: scan(({ x, c }) => ({ c: tanh(dot(c, w).add(x)) }), {
            sequences: { x: a },
            state: { c: s },
            remat: inner,
          }).c.last,
        }),
        { sequences: { a: A }, state: { s: constant([0.1, -0.2], dtype) }, remat: outer },
      )
      return [s.all, ...grad(sum(square(s.all)), [A, w])]
    }
    const given = [random(1, 5, 4, 2), random(2, 2, 2)]
    const plain = run(way, [A, w], outputs('auto', 'auto'), given)
    for (const [outer, inner] of [
      ['step', 'none'],
      ['auto', { every: 3 }],
      [{ every: 2 }, { every: 3 }],
    ] as const)
      close(way, run(way, [A, w], outputs(outer, inner), given), plain)
  })

  test('a loop over numbers of steps has no sequence', () => {
    const outputs = (remat: Remat) => {
      const a = scalar('a', dtype)
      const { h } = scan(({ h }) => ({ h: h.mul(a).add(1) }), {
        state: { h: constant(1, dtype) },
        steps: 7,
        remat,
      })
      return run(way, [a], [h.last, grad(h.last, a)], [0.5])
    }
    close(way, outputs({ every: 3 }), outputs('auto'))
  })
})

test.each(['all', 0, null, {}, { every: 0 }, { every: 1.5 }, { every: 2, last: 1 }, { every: arange(3) }])(
  'remat cannot be %j',
  remat => {
    const options = { state: { h: 0 }, steps: 2, remat: remat as never }
    expect(() => scan(({ h }) => ({ h: h.add(1) }), options)).toThrow(/remat cannot be.*E075/s)
  },
)
