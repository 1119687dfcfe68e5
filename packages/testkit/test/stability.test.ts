/** Formulas as people write them, at arguments where floating point cannot follow: on every back end, value and gradient. */
import { compile } from '@arignote/compiler'
import {
  add,
  cos,
  cosh,
  div,
  erf,
  erfc,
  exp,
  expm1,
  grad,
  log,
  log1p,
  mul,
  neg,
  pow,
  scan,
  sigmoid,
  sinh,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Variable,
  where,
} from '@arignote/graph'
import { type FloatDType, native } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { modes } from '../src/agree.js'

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const logistic = (x: number) => 1 / (1 + Math.exp(-x))
const far = [-1e4, -1000, -710, -709, -104, -90, -88, -20, -1, -1e-3, -1e-42, 0, 5e-324].flatMap(x => [x, -x])
const above = far.filter(x => x >= 1)
const near = [-0.5, -1e-5, -1e-9, -1e-30, 0, 1e-30, 1e-9, 1e-5, 0.5]
const logistics = (x: Variable) => div(1, add(1, exp(neg(x))))
const other = (x: Variable) => div(exp(x), add(exp(x), 1))

/** eˣˣ erfc x for x ≥ 2, by its continued fraction (DLMF 7.9.1). */
function scaledErfc(x: number): number {
  let rest = x
  for (let k = 400; k > 0; k--) rest = x + k / 2 / rest
  return 1 / (Math.sqrt(Math.PI) * rest)
}
const logErfc = (x: number) => (x < 2 ? Math.log(native.erfc(x)) : Math.log(scaledErfc(x)) - x * x)
const logErfcSlope = (x: number) =>
  (-2 / Math.sqrt(Math.PI)) * (x < 2 ? Math.exp(-x * x) / native.erfc(x) : 1 / scaledErfc(x))
const logCosh = (x: number) =>
  Math.abs(x) < 0.5
    ? Math.log1p(2 * Math.sinh(x / 2) ** 2)
    : Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2
const lse = (...x: readonly number[]) => {
  const [top, ...others] = [...x].sort((a, b) => b - a) as [number, ...number[]]
  return top + Math.log1p(others.reduce((total, y) => total + Math.exp(y - top), 0))
}

interface Case {
  readonly naive: (x: Variable) => Variable
  readonly value: (x: number) => number
  readonly slope: (x: number) => number
  readonly at: readonly number[]
}

const row = (naive: Case['naive'], value: Case['value'], slope: Case['slope'], at = far): Case => ({
  naive,
  value,
  slope,
  at,
})

const minusSoftplus = [(x: number) => -softplus(-x), (x: number) => logistic(-x)] as const
const plainSoftplus = [softplus, logistic] as const
const tanhs = [Math.tanh, (x: number) => 1 / Math.cosh(x) ** 2] as const
const density = (x: number) => logistic(x) * logistic(-x)

const cases: Readonly<Record<string, Case>> = {
  'log eˣ': row(
    x => log(exp(x)),
    x => x,
    () => 1,
  ),
  'log(1 + eˣ)': row(x => log(add(1, exp(x))), ...plainSoftplus),
  'log1p(eˣ)': row(x => log1p(exp(x)), ...plainSoftplus),
  'log(eˣ + 3)': row(
    x => log(exp(x).add(3)),
    x => Math.log(3) + softplus(x - Math.log(3)),
    x => logistic(x - Math.log(3)),
  ),
  'log σ(x)': row(x => log(sigmoid(x)), ...minusSoftplus),
  'log(1 / (1 + e⁻ˣ))': row(x => log(logistics(x)), ...minusSoftplus),
  'log(eˣ / (1 + eˣ))': row(x => log(other(x)), ...minusSoftplus),
  'log(1 − σ(x))': row(
    x => log(sub(1, sigmoid(x))),
    x => -softplus(x),
    x => -logistic(x),
  ),
  'log(1 − 1 / (1 + e⁻ˣ))': row(
    x => log(sub(1, logistics(x))),
    x => -softplus(x),
    x => -logistic(x),
  ),
  'a name changes nothing: log p, p = σ(x)': row(x => log(sigmoid(x).named('p')), ...minusSoftplus),
  '1 / (1 + e⁻ˣ)': row(logistics, logistic, density),
  'eˣ / (1 + eˣ)': row(other, logistic, density),
  '1 / (1 + 1/eˣ)': row(x => div(1, add(1, div(1, exp(x)))), logistic, density),
  'eˣ / (eˣ + e⁻ˣ)': row(
    x => div(exp(x), add(exp(x), exp(neg(x)))),
    x => logistic(2 * x),
    x => 2 * density(2 * x),
  ),
  '(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)': row(x => div(exp(x).sub(exp(neg(x))), exp(x).add(exp(neg(x)))), ...tanhs),
  '(e²ˣ − 1) / (e²ˣ + 1)': row(x => div(exp(mul(x, 2)).sub(1), exp(mul(x, 2)).add(1)), ...tanhs),
  '(1 − e⁻²ˣ) / (1 + e⁻²ˣ)': row(x => div(sub(1, exp(mul(x, -2))), add(1, exp(mul(x, -2)))), ...tanhs),
  'e^(x + 1) / eˣ': row(
    x => div(exp(add(x, 1)), exp(x)),
    () => Math.E,
    () => 0,
    [-1000, 0, 1000],
  ),
  '√(x²)': row(
    x => sqrt(square(x)),
    Math.abs,
    x => Math.sign(x),
    [-1e30, -1e-30, 0, 1e-30, 1e30],
  ),
  '√(x · x)': row(
    x => sqrt(mul(x, x)),
    Math.abs,
    x => Math.sign(x),
    [-1e30, -1e-30, 0, 1e-30, 1e30],
  ),
  '−t·log p − (1 − t)·log(1 − p)': row(
    x => neg(add(mul(0.25, log(sigmoid(x))), mul(0.75, log(sub(1, sigmoid(x)))))),
    x => 0.25 * softplus(-x) + 0.75 * softplus(x),
    x => logistic(x) - 0.25,
  ),
  'log(x > 0 ? p : 1 − p), p = σ(x)': row(
    x => log(where(x.gt(0), sigmoid(x), sub(1, sigmoid(x)))),
    x => -softplus(-Math.abs(x)),
    x => (x > 0 ? logistic(-x) : -logistic(x)),
  ),
  'log(1 + eˣ + e²ˣ)': row(
    x => log(add(1, exp(x)).add(exp(mul(x, 2)))),
    x => lse(0, x, 2 * x),
    x => Math.exp(x - lse(0, x, 2 * x)) + 2 * Math.exp(2 * x - lse(0, x, 2 * x)),
  ),
  'log(eˣ + e⁻ˣ + 3)': row(
    x =>
      log(
        exp(x)
          .add(exp(neg(x)))
          .add(3),
      ),
    x => lse(x, -x, Math.log(3)),
    x => Math.exp(x - lse(x, -x, Math.log(3))) - Math.exp(-x - lse(x, -x, Math.log(3))),
  ),
  'log1p(eˣ + e⁻ˣ)': row(
    x => log1p(exp(x).add(exp(neg(x)))),
    x => lse(x, -x, 0),
    x => Math.exp(x - lse(x, -x, 0)) - Math.exp(-x - lse(x, -x, 0)),
  ),
  'e²ˣ / (1 + eˣ + e²ˣ)': row(
    x => div(exp(mul(x, 2)), add(1, exp(x)).add(exp(mul(x, 2)))),
    x => Math.exp(2 * x - lse(0, x, 2 * x)),
    x => {
      const [r, p, q] = [0, x, 2 * x].map(y => Math.exp(y - lse(0, x, 2 * x))) as [number, number, number]
      return q * (p + 2 * r)
    },
    far.filter(x => Math.abs(x) < 1000),
  ),
  'eˣ / (1 + eˣ)²': row(
    x => div(exp(x), square(add(1, exp(x)))),
    density,
    x => density(x) * (1 - 2 * logistic(x)),
  ),
  'x / (1 + e⁻ˣ)': row(
    x => div(x, add(1, exp(neg(x)))),
    x => x * logistic(x),
    x => logistic(x) + x * density(x),
  ),
  '2 / (1 + e⁻²ˣ) − 1': row(x => div(2, add(1, exp(mul(x, -2)))).sub(1), ...tanhs),
  '1 − 2σ(−2x)': row(x => sub(1, mul(2, sigmoid(mul(x, -2)))), ...tanhs),
  'sinh x / cosh x': row(x => div(sinh(x), cosh(x)), ...tanhs),
  'log cosh x': row(x => log(cosh(x)), logCosh, Math.tanh),
  'log((eˣ + e⁻ˣ) / 2)': row(
    x =>
      log(
        exp(x)
          .add(exp(neg(x)))
          .div(2),
      ),
    logCosh,
    Math.tanh,
    far.filter(x => Math.abs(x) >= 1),
  ),
  'log(eˣ − 1)': row(
    x => log(exp(x).sub(1)),
    x => x + Math.log(-Math.expm1(-x)),
    x => -1 / Math.expm1(-x),
    [1e-30, 1e-9, 1e-3, 0.1, ...above],
  ),
  'log(e²ˣ − eˣ)': row(
    x => log(exp(mul(x, 2)).sub(exp(x))),
    x => 2 * x + Math.log(-Math.expm1(-x)),
    x => 1 - 1 / Math.expm1(-x),
    [1e-9, 1e-3, 0.1, ...above],
  ),
  'log erfc x': row(
    x => log(erfc(x)),
    logErfc,
    logErfcSlope,
    [-1e4, -20, -1, 0, 1, 5, 7.9, 8.1, 20, 25.5, 709, 1e4],
  ),
  'log ½(1 + erf(x/√2))': row(
    x => log(mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))))),
    x => logErfc(-x * Math.SQRT1_2) - Math.LN2,
    x => -Math.SQRT1_2 * logErfcSlope(-x * Math.SQRT1_2),
    [-1e4, -709, -88, -20, -5, -1, 0, 1],
  ),
  'log x²': row(
    x => log(square(x)),
    x => 2 * Math.log(Math.abs(x)),
    x => 2 / x,
    [-1e30, -1e-30, 1e-30, 2, 1e30],
  ),
  'log(x · x)': row(
    x => log(mul(x, x)),
    x => 2 * Math.log(Math.abs(x)),
    x => 2 / x,
    [-1e30, -1e-30, 1e-30, 2, 1e30],
  ),
  'log x⁻³': row(
    x => log(pow(x, -3)),
    x => -3 * Math.log(x),
    x => -3 / x,
    [1e-30, 2, 1e30],
  ),
  'log1p(eˣ − 1)': row(
    x => log1p(sub(exp(x), 1)),
    x => x,
    () => 1,
  ),
  '√eˣ': row(
    x => sqrt(exp(x)),
    x => Math.exp(x / 2),
    x => Math.exp(x / 2) / 2,
    [-170, -1, 0, 1, 170],
  ),
  '(eˣ)² / e²ˣ⁻¹': row(
    x => div(square(exp(x)), exp(mul(x, 2).sub(1))),
    () => Math.E,
    () => 0,
    [-500, 0, 500],
  ),
  '(eˣ)^−½': row(
    x => pow(exp(x), -0.5),
    x => Math.exp(-x / 2),
    x => -Math.exp(-x / 2) / 2,
    [-170, -1, 0, 1, 170],
  ),
  'e^log σ(x)': row(
    x => exp(log(sigmoid(x))),
    logistic,
    density,
    far.filter(x => x > -88),
  ),
  '1 − cos x': row(
    x => sub(1, cos(x)),
    x => 2 * Math.sin(x / 2) ** 2,
    Math.sin,
    near,
  ),
  '1 + erf x': row(
    x => add(1, erf(x)),
    x => 1.5374597944280349e-12 * (x / -5),
    () => (2 / Math.sqrt(Math.PI)) * Math.exp(-25),
    [-5],
  ),
  'log(1 + x)': row(
    x => log(add(x, 1)),
    Math.log1p,
    x => 1 / (1 + x),
    near,
  ),
  'log(1 − x)': row(
    x => log(sub(1, x)),
    x => Math.log1p(-x),
    x => -1 / (1 - x),
    near,
  ),
  'eˣ − 1': row(x => sub(exp(x), 1), Math.expm1, Math.exp, near),
  '1 − eˣ': row(
    x => sub(1, exp(x)),
    x => -Math.expm1(x),
    x => -Math.exp(x),
    near,
  ),
  '(eˣ − 1) + 1': row(x => expm1(x).add(1), Math.exp, Math.exp, [-90, -1, 0, 1]),
  'log(1 − eˣ)': row(
    x => log(sub(1, exp(x))),
    x => (x > -0.5 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x))),
    x => 1 / -Math.expm1(-x),
    [-50, -1, -1e-3, -1e-9, -1e-30],
  ),
  '1 − erf x': row(
    x => sub(1, erf(x)),
    x => 2.08848758376254e-45 * (x / 10),
    () => -4.197656231354417e-44,
    [10],
  ),
  'x^−½': row(
    x => pow(x, -0.5),
    x => x ** -0.5,
    x => -0.5 * x ** -1.5,
    [1e-10, 1, 1e10],
  ),
  'x⁴': row(
    x => pow(x, 4),
    x => x ** 4,
    x => 4 * x ** 3,
    [-3, 0, 2],
  ),
  'a loop: Σ log p over time': row(
    x => {
      const step = ({ x, total }: Record<string, Variable>) => ({ total: total!.add(log(logistics(x!))) })
      return scan(step as never, { sequences: { x: stack([x]) }, state: { total: mul(x, 0) } } as never)
        .total!.last as Variable
    },
    ...minusSoftplus,
  ),
}

/** Relative to the value itself, or nearer than `tiny`. */
function expectNear(actual: number, expected: number, dtype: FloatDType, what: string, tiny: number) {
  const relative = dtype === 'float32' ? 4e-6 : 2e-13
  const error = Math.abs(actual - expected)
  const fine = actual === expected || error <= Math.max(relative * Math.abs(expected), tiny)
  expect(fine ? what : `${what} is ${actual}`).toBe(fine ? what : `${what} is ${expected}`)
}

describe.each(modes.filter(mode => mode.options.optimize))('$name', ({ options }) => {
  describe.each(['float32', 'float64'] as const)('%s', dtype => {
    test.each(Object.entries(cases))('%s', (_, { naive, value, slope, at }) => {
      const x = tensor('x', { shape: [at.length], dtype }) as Variable
      const y = naive(x)
      const f = compile([x], [y, grad(sum(y), x)], options)
      const [ys, slopes] = f([...at])
      // σ(1 − σ) and 1 − tanh² have no more in their tails.
      const ulp = dtype === 'float32' ? 2 ** -23 : 2 ** -52
      at.forEach((point, i) => {
        const given = dtype === 'float32' ? Math.fround(point) : point
        expectNear(ys!.data[i]!, value(given), dtype, `at ${point} the value`, 1e-36)
        expectNear(slopes!.data[i]!, slope(given), dtype, `at ${point} the slope`, ulp)
      })
    })
  })
})

test('gradients are those of the stable form also where nothing is optimised', () => {
  const x = tensor('x', { shape: [3] }) as Variable
  const slope = compile([x], grad(sum(log(logistics(x))), x), { optimize: false })
  expect([...slope([-1000, 0, 1000]).data]).toEqual([1, 0.5, 0])
})

test('what is asked about is not looked into', () => {
  const x = tensor('x', { shape: [3] }) as Variable
  const p = sigmoid(x)
  const [byP, byX] = grad(sum(log(p)), [p, x])
  const f = compile([x], [byP, byX])
  expect(f([0, 1, -1]).map(y => [...y.data].map(z => Math.round(z * 1000) / 1000))).toEqual([
    [2, 1.368, 3.718],
    [0.5, 0.269, 0.731],
  ])
})
