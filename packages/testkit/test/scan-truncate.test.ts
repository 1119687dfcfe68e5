/** Truncated gradients of scans, compared with the loop written out, of which the definition is read off. */
import {
  constant,
  dot,
  grad,
  hvp,
  matrix,
  mul,
  Rop,
  scalar,
  scan,
  square,
  stopGradient,
  sum,
  type Truncate,
  tanh,
  tensor,
  until,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { close, random, run, ways } from './scan-cases.js'

const at = (x: Variable, t: number): Variable => x.slice(t)

describe.each(ways)('truncate, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })
  const steps = 7
  const x = tensor('x', type(steps, 2, 3))
  const h0 = matrix('h0', type(2, 4))
  const W = matrix('W', type(3, 4))
  const U = matrix('U', type(4, 4))
  const weights = tensor('weights', type(steps, 2, 4))
  const inputs = [x, h0, W, U, weights]
  const wrt = [x, h0, W, U]
  const values = [
    random(1, steps, 2, 3),
    random(2, 2, 4),
    random(3, 3, 4),
    random(4, 4, 4),
    random(5, steps, 2, 4),
  ]
  const step = (x: Variable, h: Variable): Variable => tanh(dot(x, W).add(dot(h, U)))

  /** The definition: h at each row, and at the end. */
  function byHand(truncate: Truncate, reverse: boolean, sequence: Variable = x) {
    const rows: Variable[] = []
    let h: Variable = h0
    for (let visited = 0; visited < steps; visited++) {
      const t = reverse ? steps - 1 - visited : visited
      if (typeof truncate === 'number') {
        if (visited > 0 && visited % truncate === 0) h = stopGradient(h)
        h = step(at(sequence, t), h)
      } else {
        h = step(at(sequence, t), h)
        if (visited < steps - truncate.last) h = stopGradient(h)
      }
      rows[t] = h
    }
    return { rows, last: h }
  }

  const weighted = (rows: readonly Variable[]) =>
    rows.map((h, t) => sum(mul(h, at(weights, t)))).reduce((a, b) => a.add(b))

  const scanned = (truncate: Truncate, reverse: boolean, sequence: Variable = x, more = {}) =>
    scan(({ x, h }) => ({ h: step(x, h) }), {
      sequences: { x: sequence },
      state: { h: h0 },
      reverse,
      truncate,
      ...more,
    }).h

  const cases = [1, 3, 100].flatMap(k =>
    [k, { last: k }].flatMap(truncate => [false, true].map(reverse => [truncate, reverse] as const)),
  )

  test.each(cases)('a gradient goes as far back as %j says, also in reverse: %s', (truncate, reverse) => {
    const [h, expected] = [scanned(truncate, reverse), byHand(truncate, reverse)]
    const cost = sum(mul(h.all, weights)).add(sum(square(h.last)))
    const wanted = weighted(expected.rows).add(sum(square(expected.last)))
    const ignore = { disconnectedInputs: 'ignore' } as const
    const gradients = (cost: Variable) => [cost, ...grad(cost, wrt, ignore)]
    close(way, run(way, inputs, gradients(cost), values), run(way, inputs, gradients(wanted), values))
  })

  test.each([2, { last: 3 }] as const)('also when the number of steps is not known before: %j', truncate => {
    const unknown = tensor('unknown', type('time', 2, 3))
    const h = scanned(truncate, false, unknown)
    const expected = byHand(truncate, false)
    const list = [h0, W, U]
    const ignore = { disconnectedInputs: 'ignore' } as const
    const [dx, ...others] = run(
      way,
      [unknown, h0, W, U],
      grad(sum(h.last), [unknown, ...list]),
      values.slice(0, 4),
    )
    close(way, [dx!, ...others], run(way, inputs, grad(sum(expected.last), wrt, ignore), values))
    const short = random(1, 2, 2, 3)
    const full = scan(({ x, h }) => ({ h: step(x, h) }), { sequences: { x: unknown }, state: { h: h0 } }).h
    const whole = (h: { readonly last: Variable }) =>
      run(way, [unknown, h0, W, U], grad(sum(h.last), [unknown, ...list]), [short, ...values.slice(1, 4)])
    close(way, whole(h), whole(full))
  })

  test.each([2, 3])(
    'losses on earlier outputs contribute nothing under { last: %i }, even without recurrence',
    k => {
      const v = vector('v', type('time'))
      const { y } = scan(({ v }) => ({ y: v.mul(v) }), { sequences: { v }, truncate: { last: k } })
      const [found] = run(way, [v], [grad(sum(y.all), v)], [[1, 2, 3, 4, 5]])
      expect(found).toEqual([1, 2, 3, 4, 5].map((n, i) => (i < 5 - k ? 0 : 2 * n)))
    },
  )

  test('every loss counts in chunks, and looks back 1 to k steps', () => {
    const v = vector('v', type('time'))
    const h = scan(({ v, h }) => ({ h: h.mul(2).add(v) }), {
      sequences: { v },
      state: { h: constant(0, dtype) },
      truncate: 3,
    }).h
    expect(run(way, [v], [grad(h.last, v), grad(sum(h.all), v)], [[1, 1, 1, 1, 1]])).toEqual([
      [0, 0, 0, 2, 1],
      [7, 3, 1, 3, 1],
    ])
  })

  test('derivatives of derivatives, and forward ones, are those of the cut function', () => {
    for (const truncate of [2, { last: 3 }] as const) {
      const [cost, wanted] = [
        sum(square(scanned(truncate, false).last)),
        sum(square(byHand(truncate, false).last)),
      ]
      const direction = constant(random(9, 4, 4), dtype)
      const second = (cost: Variable) => [
        grad(sum(square(grad(cost, W))), U),
        hvp(cost, U, direction as never),
        Rop(cost, U, direction as never),
      ]
      close(way, run(way, inputs, second(cost), values), run(way, inputs, second(wanted), values))
    }
  })

  test.each([2, 3, true] as const)('writing steps out changes no gradient: unroll %s', unroll => {
    for (const truncate of [2, { last: 3 }])
      for (const reverse of [false, true]) {
        const gradients = (more: object) =>
          grad(sum(mul(scanned(truncate, reverse, x, more).all, weights)), wrt, {
            disconnectedInputs: 'ignore',
          })
        close(way, run(way, inputs, gradients({ unroll }), values), run(way, inputs, gradients({}), values))
      }
  })

  test('states of integers, copied states and outputs are cut alike', () => {
    const s = vector('s', type('time'))
    const [a, c] = [scalar('a', dtype), scalar('c', dtype)]
    const r = (truncate?: Truncate) =>
      scan(({ s, h, n, c }) => ({ h: h.mul(a).add(s.mul(c)), n: n.add(1), c, y: h.mul(n) }), {
        sequences: { s },
        state: { h: constant(1, dtype), n: constant(0, 'int32'), c },
        ...(truncate === undefined ? {} : { truncate }),
      })
    const gradients = (truncate?: Truncate) => {
      const { h, y } = r(truncate)
      return grad(sum(square(h.all)).add(sum(y.all)), [s, a, c])
    }
    const given = [[0.5, -1, 2, 0.25], 0.5, 2]
    close(way, run(way, [s, a, c], gradients(4), given), run(way, [s, a, c], gradients(), given))
    close(way, run(way, [s, a, c], gradients({ last: 4 }), given), run(way, [s, a, c], gradients(), given))
    // Of the last step alone: h₃ = a·h₂ + s₃·c and y₃ = 3·h₂, h₂ a constant; c was copied before, and is one too.
    const h = [0.5 + 1, 0.75 - 2, -0.625 + 4, 1.6875 + 0.5]
    close(way, run(way, [s, a, c], gradients({ last: 1 }), given), [
      [0, 0, 0, 2 * h[3]! * 2],
      2 * h[3]! * h[2]!,
      0,
    ])
  })

  test('of a scan that stops early the steps that were made count', () => {
    const s = vector('s', type('time'))
    for (const reverse of [false, true]) {
      const stopping = (s: Variable, truncate?: Truncate) =>
        scan(({ s, h }) => until(s.gt(4), { h: h.mul(2).add(s) }), {
          sequences: { s },
          state: { h: constant(0, dtype) },
          reverse,
          ...(truncate === undefined ? {} : { truncate }),
        }).h
      const expected = (list: number[]) => (reverse ? list.toReversed() : list)
      const given = expected([1, 2, 3, 4, 5, 6, 7])
      const cases: [Truncate, number[]][] = [
        [{ last: 2 }, [0, 0, 0, 2, 1, 0, 0]],
        [3, [0, 0, 0, 2, 1, 0, 0]],
        [{ last: 9 }, [16, 8, 4, 2, 1, 0, 0]],
      ]
      for (const [truncate, list] of cases) {
        expect(run(way, [s], [grad(stopping(s, truncate).last, s)], [given])).toEqual([expected(list)])
        const rows = matrix('rows', type(1, 'time'))
        const inner = scan(({ row }) => ({ y: grad(stopping(row, truncate).last, row) }), {
          sequences: { row: rows },
        })
        expect(run(way, [rows], [inner.y.all], [[given]])).toEqual([[expected(list)]])
      }
    }
  })

  test('no steps: gradients of zeros', () => {
    const k = scalar('k', 'int32')
    const s = vector('s', type('time'))
    const c = scalar('c', dtype)
    for (const truncate of [2, { last: 2 }]) {
      const h = scan(({ s, h }) => ({ h: h.mul(s) }), {
        sequences: { s },
        state: { h: c },
        steps: k,
        truncate,
      }).h
      expect(run(way, [k, s, c], grad(h.last, [s, c]), [0, [1, 2], 3])).toEqual([[0, 0], 1])
    }
  })
})

test.each([0, -1, 1.5, Number.NaN, '3', null, {}, { last: 0 }, { last: 2, every: 1 }, { first: 2 }])(
  'truncate cannot be %j',
  truncate => {
    const x = vector('x')
    const options = { sequences: { x }, state: { h: 0 }, truncate: truncate as never }
    expect(() => scan(({ x, h }) => ({ h: h.add(x) }), options)).toThrow(/truncate cannot be.*E074/s)
  },
)
