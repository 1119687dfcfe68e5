/** Softmax, its logarithm and sums of exponentials as people write them, at scores of ±10⁴: on every back end. */
import { compile, formsOf } from '@arignote/compiler'
import {
  cast,
  div,
  dot,
  eq,
  exp,
  expandDims,
  grad,
  iota,
  log,
  logSumExp,
  matrix,
  max,
  mean,
  mul,
  neg,
  prod,
  softmax,
  sub,
  sum,
  take,
  tensor,
  toNested,
  transpose,
  type Variable,
  vector,
  where,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { modes } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { callsIn } from '../src/samples.js'

const scores = [
  [1e4, -1e4, 0],
  [-1e4, -1e4, -1e4 + 1],
  [0.5, 1, -0.25],
  [2e4, 2e4, -3],
]
const classes = [0, 2, 1, 2]
const targets = classes.map(k => [0, 1, 2].map(i => (i === k ? 1 : 0)))

const lse = (row: readonly number[]) => {
  const top = Math.max(...row)
  return top + Math.log(row.reduce((total, x) => total + Math.exp(x - top), 0))
}
const logs = scores.map(row => row.map(x => x - lse(row)))
const probabilities = logs.map(row => row.map(Math.exp))
const picked = logs.map((row, i) => row[classes[i]!]!)
const loss = -picked.reduce((a, b) => a + b)
const lossSlope = probabilities.map((row, i) => row.map((p, k) => p - targets[i]![k]!))

const kept = { keepdims: true } as const
const plain = (x: Variable): Variable => div(exp(x), sum(exp(x), 1, kept))
const byHand = (x: Variable): Variable => {
  const e = exp(sub(x, max(x, 1, kept)))
  return div(e, sum(e, 1, kept))
}
const columns = (x: Variable): Variable => {
  const y = transpose(x)
  return transpose(div(exp(y), sum(exp(y), 0)))
}
const named = (x: Variable): Variable => softmax(x).named('p') as Variable
const softmaxes = {
  'e/Σe': plain,
  'less the greatest': byHand,
  'along axis 0': columns,
  softmax: softmax as typeof plain,
  named,
}

/** Σ −log p[target] in every way to say it. */
const losses: Readonly<Record<string, (p: Variable, t: Variable) => Variable>> = {
  'Σ −t·log p': (p, t) => neg(sum(mul(t, log(p)))),
  'Σ −log Σ t·p': (p, t) => neg(sum(log(sum(mul(t, p), 1)))),
  'Σ −log Σ (t ? p : 0)': (p, t) => neg(sum(log(sum(where(eq(t, 1), p, 0), 1)))),
  'Σ −log p[k], row by row': p =>
    classes
      .map((k, i): Variable => neg(log(p.slice(i, k) as Variable)))
      .reduce((a, b) => a.add(b) as Variable),
  'Σ −log p.take': (p, t) => neg(sum(mul(log(take(p, [2, 0, 1], 1)), take(t, [2, 0, 1], 1)))),
}

describe.each(modes)('$name', ({ options }) => {
  describe.each(['float32', 'float64'] as const)('%s', dtype => {
    const tolerance = { scaled: dtype === 'float32' ? 1e-6 : 1e-12 }
    const [x, t] = [matrix('x', { shape: [4, 3], dtype }), matrix('t', { shape: [4, 3], dtype })]
    const run = (results: readonly Variable[]) =>
      compile([x, t], results, { ...options, onUnusedInput: 'ignore' })(scores, targets)

    describe.each(Object.entries(softmaxes))('%s', (_, p) => {
      test.each(Object.entries(losses))('%s', (_, lossOf) => {
        const cost = lossOf(p(x), t)
        const [value, slope] = run([cost, grad(cost, x)])
        if (options.optimize) expectArray(value!).toBeCloseToArray(loss, tolerance)
        expectArray(slope!).toBeCloseToArray(lossSlope, tolerance)
      })

      if (options.optimize)
        test('the probabilities, and the gradient of one', () => {
          const [values, slope] = run([p(x), grad(p(x).slice(2, 1) as Variable, x)])
          expectArray(values!).toBeCloseToArray(probabilities, tolerance)
          const [a, b, c] = probabilities[2]! as [number, number, number]
          const third = [-a * b, b * (1 - b), -b * c]
          expectArray(slope!).toBeCloseToArray([[0, 0, 0], [0, 0, 0], third, [0, 0, 0]], tolerance)
        })
    })

    test.each<[string, (x: Variable) => Variable, (row: readonly number[]) => number]>([
      ['log Σ eˣ', x => log(sum(exp(x), 1)), lse],
      ['log Σ eˣ, axes in place', x => log(sum(exp(x), 1, kept)).squeeze(1), lse],
      ['m + log Σ eˣ⁻ᵐ', x => logSumExp(x, 1), lse],
      ['log mean eˣ', x => log(mean(exp(x), 1)), row => lse(row) - Math.log(3)],
      ['log(eᵃ + eᵇ)', x => log(exp(x.slice(null, 0)).add(exp(x.slice(null, 1)))), ([a, b]) => lse([a!, b!])],
    ])('%s', (_, naive, value) => {
      const y = naive(x)
      const [values, slope] = run([y, grad(sum(y), x)])
      if (options.optimize) expectArray(values!).toBeCloseToArray(scores.map(value), tolerance)
      expect([...slope!.data].every(Number.isFinite)).toBe(true)
      expectArray(compile([x], sum(grad(sum(y), x), 1), options)(scores)).toBeCloseToArray(
        [1, 1, 1, 1],
        tolerance,
      )
    })
  })
})

test('log Π p is a sum of logarithms', () => {
  const v = vector('v')
  expectArray(compile([v], log(prod(softmax(v))))([0, 400, 0])).toBeCloseToArray(-800)
})

test('of nothing the logarithm of the sum is −∞, as before; infinite scores count as what they are', () => {
  const v = tensor('v', { shape: [null] }) as Variable
  const f = compile([v], log(sum(exp(v))))
  const infinity = Number.POSITIVE_INFINITY
  expect(
    [[], [-infinity, -infinity], [1, infinity], [-infinity, 7]].map(value => toNested(f(value))),
  ).toEqual([-infinity, -infinity, infinity, 7])
})

test('what is stable already stays as it is', () => {
  const x = matrix('x', { shape: ['rows', 10] })
  const count = (y: Variable) =>
    callsIn(formsOf([x], y, [scores.map(() => Array(10).fill(1))]).program.steps).length
  expect(count(logSumExp(x, 1))).toBe(2)
  expect(count(plain(x))).toBe(count(softmax(x)))
  expect(count(byHand(x))).toBe(count(softmax(x)))
})

test('weights that are no logits are left alone', () => {
  const [x, W] = [matrix('x', { shape: [2, 3] }), matrix('W', { shape: [3, 3] })]
  const y = log(sum(mul(dot(x, W), cast(eq(iota([2, 3], 1), expandDims(iota([2], 0), 1)), 'float32')), 1))
  expectArray(
    compile([x, W], y)(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    ),
  ).toBeCloseToArray([0, Math.log(5)])
})
