/** What is written around products costs no kernels: scalars, signs, transposes, sums; and gates with a weight each. */
import { formsOf } from '@arignote/compiler'
import {
  dot,
  grad,
  matrix,
  mean,
  mul,
  neg,
  randn,
  scalar,
  scan,
  sigmoid,
  square,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { loopsOf, outline } from '../src/samples.js'

const random = (seed: number, ...shape: number[]) => randn(shape, { seed, std: 0.5 })
const [A, B, C] = ['A', 'B', 'C'].map(name => matrix(name, { shape: [20, 20] })) as [
  Variable,
  Variable,
  Variable,
]
const [a, b] = [scalar('a'), scalar('b')]
const args = [random(1, 20, 20), random(2, 20, 20), random(3, 20, 20), 1.5, -0.25]
const inputs = [A, B, C, a, b]

describe('one kernel', () => {
  test.each<[string, Variable]>([
    ['a·AB + b·C', dot(A, B).mul(a).add(C.mul(b))],
    ['(a·A)B + b·C', dot(A.mul(a), B).add(C.mul(b))],
    ['A(B/3) − C', dot(A, B.div(3)).sub(C)],
    ['−(AᵀB) + C', C.sub(dot(transpose(A), B))],
    ['(2·A)(3·B)', dot(A.mul(2), B.mul(3))],
    ['(−A)(a·Bᵀ)', dot(neg(A), transpose(B).mul(a))],
    ['b·C + tanh(a·AB)', C.mul(b).add(tanh(dot(A, B).mul(a)))],
  ])('%s', (_, y) => {
    const { program } = formsOf(inputs, y, args as never, { onUnusedInput: 'ignore' })
    expect(outline(program.steps)).toBe('contract')
    agree(inputs, y, args as never, { onUnusedInput: 'ignore' })
  })
})

test('a factor of something that is computed anyway stays where it costs nothing', () => {
  const y = dot(tanh(A).mul(a), B)
  const { texts, program } = formsOf(inputs, y, args as never, { onUnusedInput: 'ignore' })
  expect(outline(program.steps)).toBe('map contract')
  expect(texts.optimized.indexOf('mul')).toBeLessThan(texts.optimized.indexOf('contract'))
})

/** An LSTM with a weight per gate. */
function lstm(units: number, time: string | number = 'time') {
  const x = tensor('x', { shape: [time, 'batch', 3] }) as Variable
  const start = matrix('h0', { shape: ['batch', units] })
  const gates = [0, 1, 2, 3].map(k => ({
    W: matrix(`W${k}`, { shape: [3, units] }),
    U: matrix(`U${k}`, { shape: [units, units] }),
    b: vector(`b${k}`, { shape: [units] }),
  }))
  const { h } = scan(
    ({ x, h, c }) => {
      const [i, f, g, o] = gates.map(({ W, U, b }): Variable => dot(x, W).add(dot(h, U)).add(b)) as [
        Variable,
        Variable,
        Variable,
        Variable,
      ]
      const next = sigmoid(f)
        .mul(c)
        .add(sigmoid(i).mul(tanh(g)))
      return { h: sigmoid(o).mul(tanh(next)) as never, c: next as never }
    },
    { sequences: { x }, state: { h: start, c: start } },
  )
  const weights = gates.flatMap(({ W, U, b }): Variable[] => [W, U, b])
  const values = (steps: number) => [
    random(1, steps, 2, 3),
    random(2, 2, units),
    ...gates.flatMap((_, k) => [random(k, 3, units), random(k + 4, units, units), random(k + 8, units)]),
  ]
  return { h, inputs: [x, start, ...weights], weights, values }
}

describe('gates with a weight each', () => {
  test('are one product and one kernel per step', () => {
    const { h, inputs, values } = lstm(6)
    expect(loopsOf(formsOf(inputs, h.last, values(9) as never).program.steps)).toEqual(['contract map'])
  })

  test('stay apart in a loop of a few steps', () => {
    const { h, inputs, values } = lstm(6, 3)
    const [loop] = loopsOf(formsOf(inputs, h.last, values(3) as never).program.steps)
    expect(loop?.match(/contract/g)?.length).toBe(4)
  })

  test('give the same values and gradients in every mode', () => {
    const { h, inputs, weights, values } = lstm(5)
    const cost = mean(square(h.all))
    for (const steps of [1, 4]) agree(inputs, [cost, ...grad(cost, weights)], values(steps) as never)
  })

  test('may be of unlike widths, and on the left', () => {
    const h0 = matrix('h0', { shape: [4, 5] })
    const [P, Q, S] = [
      matrix('P', { shape: [5, 5] }),
      matrix('Q', { shape: [5, 2] }),
      matrix('S', { shape: [4, 4] }),
    ]
    const T = matrix('T', { shape: [3, 4] })
    const r = scan(
      ({ h }) => {
        const [p, q] = [dot(h, P), dot(h, Q)]
        const [s, t] = [dot(S, h), dot(T, h)]
        const sums = sum(tanh(q), 1, { keepdims: true }).add(sum(tanh(t), 0, { keepdims: true }))
        return { h: tanh(p.add(s).add(mul(sub(sums, h), 0.1))) as never, q, t }
      },
      { state: { h: h0 }, steps: 10 },
    )
    const values = [random(1, 4, 5), random(2, 5, 5), random(3, 5, 2), random(4, 4, 4), random(5, 3, 4)]
    agree([h0, P, Q, S, T], [r.h.last, r.q.all, r.t.all], values)
    const { program } = formsOf([h0, P, Q, S, T], [r.h.last, r.q.all, r.t.all], values)
    expect(loopsOf(program.steps)[0]?.match(/contract/g)?.length).toBe(2)
  })
})
