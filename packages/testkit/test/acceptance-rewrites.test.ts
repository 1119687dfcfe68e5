/** What the optimiser makes of scans: as many products and loops as needed, and in every mode the same values. */
import { formsOf } from '@arignote/compiler'
import {
  concatenate,
  constant,
  dot,
  exp,
  grad,
  matrix,
  mul,
  outer,
  randn,
  scalar,
  scan,
  shared,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  tensor,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { contractionsOutside, loopsOf, outline } from '../src/samples.js'
import { close, run, ways } from './scan-cases.js'

/** Fixed random numbers; unlike nested arrays they may have no rows. */
const random = (seed: number, ...shape: number[]) => randn(shape, { seed, dtype: 'float64', std: 0.6 })

const x = (dtype: 'float32' | 'float64' = 'float32') => tensor('x', { dtype, shape: ['time', 'batch', 3] })
const sizes = [
  { time: 4, batch: 2 },
  { time: 1, batch: 1 },
  { time: 0, batch: 2 },
]

/** A GRU cell with its weights U, V (input), W (state), as in machine translation; gates side by side. */
function gru(dtype: 'float32' | 'float64', unroll: number | true = 1, time: number | string = 'time') {
  const xs = tensor('x', { dtype, shape: [time, 'batch', 3] })
  const h0 = matrix('h0', { dtype, shape: ['batch', 4] })
  const [Wx, Wh, b] = [
    matrix('Wx', { dtype, shape: [3, 12] }),
    matrix('Wh', { dtype, shape: [4, 8] }),
    vector('b', { dtype, shape: [12] }),
  ]
  const Wg = matrix('Wg', { dtype, shape: [4, 4] })
  const cut = (v: Variable, from: number, to: number) => v.slice(null, { start: from, stop: to })
  const { h } = scan(
    ({ x, h }) => {
      const a = dot(x, Wx).add(b)
      const p = dot(h, Wh)
      const z = sigmoid(cut(a, 0, 4).add(cut(p, 0, 4)))
      const r = sigmoid(cut(a, 4, 8).add(cut(p, 4, 8)))
      const g = tanh(cut(a, 8, 12).add(dot(mul(r, h), Wg)))
      return { h: z.mul(h).add(sub(1, z).mul(g)) as never }
    },
    { sequences: { x: xs }, state: { h: h0 }, unroll },
  )
  const inputs = [xs, h0, Wx, Wh, Wg, b]
  return { inputs, h, gradients: grad(sum(square(h.all)), inputs) }
}

const gruValues = (time: number, batch: number) => [
  random(1, time, batch, 3),
  random(2, batch, 4),
  random(3, 3, 12),
  random(4, 4, 8),
  random(5, 4, 4),
  random(6, 12),
]

describe('the program', () => {
  const stepsOf = (inputs: readonly Variable[], outputs: readonly Variable[], args: readonly unknown[]) =>
    formsOf(inputs, outputs, args as never, { onUnusedInput: 'ignore' }).program.steps

  test('of a body that never varies has no loop', () => {
    const [w, k] = [vector('w'), scalar('k', 'int32')]
    const { y } = scan(() => ({ y: tanh(w).mul(2) }), { steps: k })
    expect(outline(stepsOf([w, k], [y.all], [[1, 2], 3]))).not.toContain('[')
  })

  test('adds outer products over time by one product', () => {
    const [a, b] = [matrix('a', { shape: ['time', 3] }), matrix('b', { shape: ['time', 4] })]
    const W0 = matrix('W0', { shape: [3, 4] })
    const { W } = scan(({ a, b, W }) => ({ W: W.add(outer(a, b)) }), {
      sequences: { a, b },
      state: { W: W0 },
    })
    const steps = stepsOf([a, b, W0], [W.last], [random(1, 5, 3), random(2, 5, 4), random(3, 3, 4)])
    expect(outline(steps)).toBe('contract')
  })

  test('of a gated cell, batch 80 and 50 steps, has no weight gradient in its loops', () => {
    const { inputs, gradients } = gru('float32')
    const steps = stepsOf(inputs, gradients, gruValues(50, 80))
    expect(loopsOf(steps)).toEqual(['contract map contract map', 'map contract map contract'])
    // x·Wx, and the gradients of x, Wx, Wh and Wg.
    expect(contractionsOutside(steps)).toBe(5)
  })

  test('multiplies a step’s product into its sum, bias and activation in one kernel', () => {
    const h0 = matrix('h0', { shape: ['batch', 4] })
    const [U, b] = [matrix('U', { shape: [4, 4] }), vector('b', { shape: [4] })]
    const { h } = scan(({ h }) => ({ h: tanh(dot(h, U).mul(0.5).add(b)).add(h) }), {
      state: { h: h0 },
      steps: 3,
    })
    expect(loopsOf(stepsOf([h0, U, b], [h.last], [random(1, 2, 4), random(2, 4, 4), random(3, 4)]))).toEqual([
      'contract',
    ])
  })

  test('keeps no history of a state of which only the end is read, however that is said', () => {
    const h0 = vector('h0', { shape: [64] })
    const bytes = (steps: number, end: (h: { all: Variable; last: Variable }) => Variable) => {
      const { h } = scan(({ h }) => ({ h: tanh(h).mul(2) }), { state: { h: h0 }, steps })
      return formsOf([h0], end(h as never), [randn([64], { seed: 1 })]).bytes
    }
    expect(bytes(1000, h => h.last)).toBe(bytes(10, h => h.last))
    expect(bytes(1000, h => h.all.at(-1))).toBe(bytes(10, h => h.last))
  })

  test('writes over the arrays it owns, never over the initial state', () => {
    const h0 = shared([1, 2, 3, 4], 'h0')
    const { h } = scan(({ h }) => ({ h: h.mul(2) }), { state: { h: h0 }, steps: 3 })
    const { texts } = formsOf([], h.last, [])
    expect(texts.program).toContain('mod 1)')
    expect(texts.program).not.toMatch(/^h0.* ←/m)
  })
})

describe.each(ways)('$name', way => {
  const { dtype } = way

  test('a body that never varies repeats its value, and its gradient counts the steps', () => {
    const [w, k] = [vector('w', dtype), scalar('k', 'int32')]
    const { y } = scan(() => ({ y: tanh(w).mul(2) }), { steps: k })
    for (const n of [0, 1, 3]) {
      const [all, g] = run(way, [w, k], [y.all, grad(sum(y.all), w)], [[0.5], n])
      close(
        way,
        all!,
        Array.from({ length: n }, () => [2 * Math.tanh(0.5)]),
      )
      close(way, g!, [(2 * n) / Math.cosh(0.5) ** 2])
    }
  })

  test('sums of weights, work on sequences and constant outputs leave the loop; a state does not', () => {
    const xs = x(dtype)
    const [W1, W2] = [matrix('W1', { dtype, shape: [3, 3] }), matrix('W2', { dtype, shape: [3, 3] })]
    const h0 = matrix('h0', { dtype, shape: ['batch', 3] })
    const make = (unroll: 1 | true, sequence: Variable) => {
      const r = scan(
        ({ x, h }) => {
          const p = exp(dot(x as never, W1.add(W2)).mul(0.1)) as Variable
          return { h: tanh(h.add(p)) as never, p, fixed: W1.mul(2), carried: h.mul(2) }
        },
        { sequences: { x: sequence as never }, state: { h: h0 }, unroll },
      )
      return [r.h.all, r.p.all, r.fixed.all, r.carried.all]
    }
    for (const { time, batch } of sizes) {
      const fixed = tensor('fixed', { dtype, shape: [time, 'batch', 3] })
      const given = [random(1, time, batch, 3), random(2, 3, 3), random(3, 3, 3), random(4, batch, 3)]
      const looped = run(way, [xs, W1, W2, h0], make(1, xs), given)
      if (time > 0) close(way, looped, run(way, [fixed, W1, W2, h0], make(true, fixed), given))
    }
  })

  test('accumulated outer products are AᵀB, a start other than zero added once', () => {
    const [a, b] = [matrix('a', { dtype, shape: ['time', 3] }), matrix('b', { dtype, shape: ['time', 4] })]
    const W0 = matrix('W0', { dtype, shape: [3, 4] })
    const { W } = scan(({ a, b, W }) => ({ W: W.add(outer(a, b)) as never }), {
      sequences: { a, b },
      state: { W: W0 },
    })
    for (const time of [0, 1, 6]) {
      const given = [random(1, time, 3), random(2, time, 4), random(3, 3, 4)]
      const [last, expected] = run(way, [a, b, W0], [W.last, dot(a.transpose(), b).add(W0)], given)
      close(way, last!, expected!)
    }
  })

  test('gradients of a gated cell are those of the loop written out, at any batch and time', () => {
    for (const [time, batch] of [
      [3, 2],
      [1, 1],
      [2, 9],
    ] as const) {
      const [looped, unrolled, fourfold] = [gru(dtype), gru(dtype, true, time), gru(dtype, 4)]
      const found = [looped, unrolled, fourfold].map(({ inputs, h, gradients }) =>
        run(way, inputs, [h.last, ...gradients], gruValues(time, batch)),
      )
      close(way, found[0]!, found[1]!, dtype === 'float32' ? 1e-4 : undefined)
      close(way, found[0]!, found[2]!, dtype === 'float32' ? 1e-4 : undefined)
    }
  })

  test('single rows and ranges from the end of a history are those rows', () => {
    const v = vector('v', { dtype, shape: ['time'] })
    const { c } = scan(({ v, c }) => ({ c: v.add(c.mul(0.5)) as never }), {
      sequences: { v },
      state: { c: constant(1, dtype) },
    })
    const rows = [
      c.all.at(-7),
      c.all.slice({ start: -3, stop: -1 }),
      c.all.slice({ start: -6 }),
      c.all.at(-1),
    ]
    const given = [random(1, 9)]
    const [all] = run(way, [v], [c.all], given) as [number[]]
    for (const [i, row] of rows.entries()) {
      const expected = [all.at(-7)!, all.slice(-3, -1), all.slice(-6), all.at(-1)!][i]!
      expect(run(way, [v], [row], given)).toEqual([expected])
      expect(run(way, [v], rows, given)[i]).toEqual(expected)
    }
  })

  test('unread sequences, states and rings of states change nothing of what is read', () => {
    const [p, q] = [vector('p', { dtype, shape: ['time'] }), vector('q', { dtype, shape: ['time'] })]
    const zero = constant(0, dtype)
    const r = scan(
      ({ p, q, a, b, c, d }) => ({ a: a.add(p), b: c.mul(q), c: b.add(1), d: d.add(a), unread: q.mul(d) }),
      { sequences: { p, q }, state: { a: zero, b: zero, c: zero, d: zero } },
    )
    expect(
      run(
        way,
        [p, q],
        [r.a.last],
        [
          [1, 2, 3],
          [1, 1, 1],
        ],
      ),
    ).toEqual([6])
    expect(
      run(
        way,
        [p, q],
        [r.d.all],
        [
          [1, 2, 3],
          [1, 1, 1],
        ],
      ),
    ).toEqual([[0, 1, 4]])
  })

  test('states that trade places, and outputs put side by side, are not written over too early', () => {
    const [a0, b0] = [vector('a0', { dtype, shape: [5] }), vector('b0', { dtype, shape: [5] })]
    const r = scan(({ a, b }) => ({ a: b.add(0), b: a.mul(2), both: concatenate([a, b]) }), {
      state: { a: a0, b: b0 },
      steps: 3,
    })
    const [a, b] = [
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
    ]
    const twice = (v: number[], by: number) => v.map(n => n * by)
    expect(run(way, [a0, b0], [r.a.last, r.b.last, r.both.last], [a, b])).toEqual([
      twice(b, 2),
      twice(a, 4),
      [...twice(a, 2), ...twice(b, 2)],
    ])
  })
})
