/** Random draws inside of scans: anew at every step, the same for every use, the same in the gradient. */
import { compile, verifyGrad } from '@arignote/compiler'
import {
  add,
  arange,
  dot,
  grad,
  mul,
  randn,
  randomStream,
  scalar,
  scan,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  toNested,
  type Variable,
  vector,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree, modes } from '../src/index.js'
import { uniformAt } from './random-cases.js'

const seed = 11
const exact = { tolerance: { float32: 0, float64: 0 } }

/** `uniformAt` for a step and the elements of a row. */
const rowAt = (trips: readonly number[], n: number, call = 0) =>
  Array.from({ length: n }, (_, i) => uniformAt({ seed, trips, call }, i))

test.each([false, true])(
  'a draw is made anew at every step, by its number in the sequence; reverse: %s',
  reverse => {
    const random = randomStream(seed)
    const { u } = scan(() => ({ u: random.uniform([3]) }), { steps: 4, reverse })
    const found = agree([], { all: u.all, last: u.last }, [], exact)
    expect(toNested(found.all)).toEqual([0, 1, 2, 3].map(t => rowAt([t], 3)))
    expect(toNested(found.last)).toEqual(rowAt([reverse ? 0 : 3], 3))
  },
)

test('in every call anew', () => {
  const random = randomStream(seed)
  const { u } = scan(() => ({ u: random.uniform([3]) }), { steps: 2 })
  const f = compile([], u.all)
  expect([0, 1].map(() => toNested(f()))).toEqual(
    [0, 1].map(call => [rowAt([0], 3, call), rowAt([1], 3, call)]),
  )
})

test('in nested scans the numbers of all steps count', () => {
  const random = randomStream(seed)
  const nested = scan(
    () => ({
      rows: scan(() => ({ u: random.uniform([2]) }), { steps: 3 }).u.all,
      own: random.uniform([2]),
    }),
    { steps: 4 },
  )
  const { rows, own } = agree([], { rows: nested.rows.all, own: nested.own.all }, [], exact)
  expect(toNested(rows)).toEqual([0, 1, 2, 3].map(i => [0, 1, 2].map(j => rowAt([i, j], 2))))
  expect(toNested(own)).not.toEqual([0, 1, 2, 3].map(i => rowAt([i], 2)))
  const all = [toNested(rows), toNested(own)].flat(9)
  expect(new Set(all).size).toBe(all.length)
})

test('a draw from outside is the same at every step, and so is one variable wherever it is used', () => {
  const random = randomStream(seed)
  const outside = random.uniform([2])
  const steps = scan(
    () => {
      const inside = random.uniform([2])
      return {
        outside: outside.mul(1),
        difference: sub(inside, inside.mul(1)),
        other: sub(inside, random.uniform([2])),
      }
    },
    { steps: 3 },
  )
  const found = agree([], [steps.outside.all, steps.difference.all, steps.other.all], [], exact).map(toNested)
  expect(found[0]).toEqual([0, 1, 2].map(() => rowAt([], 2)))
  expect(found[1]).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ])
  expect((found[2] as number[]).flat()).not.toContain(0)
})

test.each([1, 2, 3, true] as const)('writing steps out changes no draw: unroll %s', unroll => {
  const random = randomStream(seed)
  const { h } = scan(({ h }) => ({ h: add(mul(h, 0.5), random.uniform([2])) }), {
    state: { h: zeros([2]) },
    steps: 5,
    unroll,
  })
  const rows = toNested(agree([], h.all, [])) as number[][]
  let expected = [0, 0]
  rows.forEach((row, t) => {
    expected = rowAt([t], 2).map((u, i) => expected[i]! * 0.5 + u)
    row.forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i]!, 5)
    })
  })
})

test.each([1, 2, 3])('computing steps again changes no draw: every %i', every => {
  const random = randomStream(seed)
  const a = scalar('a')
  const { h } = scan(({ h }) => ({ h: add(mul(h, a), random.uniform([2])) }), {
    state: { h: zeros([2]) },
    steps: 5,
    remat: { every },
  })
  const found = agree([a], { all: h.all, slope: grad(sum(h.last), a) }, [0.5])
  const u = [0, 1, 2, 3, 4].map(t => rowAt([t], 2))
  let [expected, slope] = [
    [0, 0],
    [0, 0],
  ]
  for (const [t, draws] of u.entries()) {
    slope = slope.map((s, i) => expected[i]! + 0.5 * s)
    expected = draws.map((x, i) => expected[i]! * 0.5 + x)
    ;(toNested(found.all) as number[][])[t]!.forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i]!, 5)
    })
  }
  expect(toNested(found.slope)).toBeCloseTo(slope[0]! + slope[1]!, 4)
})

test('the number of steps may be unknown, or none', () => {
  const random = randomStream(seed)
  const n = scalar('n', 'int32')
  const { u } = scan(() => ({ u: random.uniform([2]) }), { steps: n })
  for (const steps of [0, 1, 7]) {
    random.seed(seed)
    const expected = Array.from({ length: steps }, (_, t) => rowAt([t], 2))
    expect(toNested(agree([n], u.all, [steps], exact))).toEqual(expected)
  }
})

test('two equal scans draw differently, one scan used twice does not', () => {
  const random = randomStream(seed)
  const draws = () => scan(() => ({ u: random.uniform([3]) }), { steps: 3 }).u.all
  const [a, b] = [draws(), draws()]
  const [same, other] = compile([], [sum(sub(a, a).abs()), sum(sub(a, b).abs())])().map(toNested)
  expect(same).toBe(0)
  expect(other).toBeGreaterThan(0.1)
})

test('a Gibbs chain: draws of draws, reproducible by seed', () => {
  const random = randomStream(seed)
  const x = tensor('x', { shape: [4, 6] })
  const chain = scan(
    ({ v }) => {
      const h = random.bernoulli([4, 6], v.sub(0.5).sigmoid())
      return { v: random.bernoulli([4, 6], h.cast('float32').mul(0.6).add(0.2)).cast('float32') }
    },
    { state: { v: x }, steps: 20 },
  )
  const f = compile([x], chain.v.all)
  const start = randn([4, 6], { seed: 1 })
  const first = [...f(start).data]
  const second = [...f(start).data]
  expect(first).not.toEqual(second)
  random.seed(seed)
  expect([...f(start).data]).toEqual(first)
  random.seed(seed)
  expect([...agree([x], chain.v.all, [start], exact).data]).toEqual(first)
})

describe.each(modes)('gradients use the very draws of the forward steps: $name', ({ options }) => {
  const rnn =
    (mask: (h: Variable) => Variable, reverse = false) =>
    (x: Variable, U: Variable) =>
      scan(({ x, h }) => ({ h: tanh(add(x, dot(mul(h, mask(h)), U))) }), {
        sequences: { x },
        state: { h: zeros([2, 3], 'float64') },
        reverse,
      }).h.all
  const points = [
    randn([4, 2, 3], { seed: 1, dtype: 'float64' }),
    randn([3, 3], { seed: 2, dtype: 'float64' }),
  ]

  test.each([false, true])('dropout in a recurrent net; reverse: %s', reverse => {
    const random = randomStream(seed)
    const mask = (h: Variable) => random.dropoutMask(h.shape, 0.4, { dtype: 'float64' })
    verifyGrad(rnn(mask, reverse) as never, points, options)
  })

  test('noise that is multiplied, in a scan in a scan', () => {
    const random = randomStream(seed)
    const inner = (x: Variable) =>
      scan(({ s }) => ({ s: tanh(mul(s, random.normal([3], { dtype: 'float64', mean: x.mean() }))) }), {
        state: { s: x },
        steps: 2,
      }).s.last
    const outer = (x: Tensor<'float64', number>) =>
      scan(({ x, s }: { x: Variable; s: Variable }) => ({ s: add(s, inner(x)) }), {
        sequences: { x: x as Variable },
        state: { s: zeros([3], 'float64') as Variable },
      }).s.last
    verifyGrad(outer, [randn([3, 3], { seed: 4, dtype: 'float64' })], options)
  })
})

test('the slope of a masked sum over steps is the mask', () => {
  const random = randomStream(seed)
  const w = vector('w')
  const steps = scan(() => ({ y: mul(w, random.bernoulli([3], 0.5)) }), { steps: 6 })
  const { y, slope } = agree([w], { y: sum(steps.y.all, 0), slope: grad(sum(steps.y.all), w) }, [[1, 1, 1]])
  expect(toNested(y)).toEqual(toNested(slope))
})

test('a mask inside of a loop is fused: no kernel and no memory of its own', () => {
  const random = randomStream(seed)
  const x = tensor('x', { shape: ['T', 8, 16] })
  const compiled = (mask: (h: Variable) => Variable) => {
    const { h } = scan(({ x, h }) => ({ h: add(x, mul(h, mask(h))) }), {
      sequences: { x },
      state: { h: zeros([8, 16]) },
    })
    const f = compile([x], h.last)
    f(randn([50, 8, 16], { seed: 1 }))
    return f
  }
  const [plain, dropped] = [
    compiled(() => arange(1).cast('float32')),
    compiled(h => random.dropoutMask(h.shape, 0.5)),
  ]
  expect(dropped.memory().total - plain.memory().total).toBeLessThan(1024)
})
