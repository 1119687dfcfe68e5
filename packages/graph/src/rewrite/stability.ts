/**
 * Stability: formulas that overflow, underflow or cancel  →  equal ones that do not.
 *
 * The optimiser applies these rows to what it compiles, and `grad` to what it differentiates (see `stable.ts`). A right
 * side is the better number wherever the two sides differ; where the left one is exact, they agree to rounding.
 */
import { abs, add, div, mul, neg, pow, square, sub } from '../ops/arithmetic.js'
import { sum } from '../ops/reduce.js'
import {
  cos,
  cosh,
  erf,
  erfc,
  exp,
  expm1,
  log,
  log1p,
  rsqrt,
  sigmoid,
  sin,
  sinh,
  softplus,
  sqrt,
  tanh,
} from '../ops/transcendental.js'
import type { Variable } from '../variable.js'
import { type Rule, rule } from './engine.js'
import { literalOf } from './literal.js'
import { logarithms, minus, oneMinus, onePlus } from './logarithms.js'
import {
  anything,
  as,
  commuted,
  literal,
  madeBy,
  of,
  oneOf,
  type Pattern,
  suchThat,
  viewOf,
} from './pattern.js'
import { areAddedExponentials, shiftedSoftmax } from './softmax.js'

const [x, a, b] = [anything('x'), anything('a'), anything('b')]
const twice = <N extends string>(pattern: Pattern<N>) => commuted(mul, literal(2), pattern)

const isNegOf = (v: Variable, w: Variable) => v.owner?.op === neg.op && v.owner.inputs[0] === w

// ── differences from 1 ────────────────────────────────────────────────────────────────────────

const differences: readonly Rule[] = [
  rule('eˣ − 1 → expm1 x', of(sub, of(exp, x), literal(1)), ({ x }) => expm1(x)),
  rule('−1 + eˣ → expm1 x', commuted(add, of(exp, x), literal(-1)), ({ x }) => expm1(x)),
  rule('1 − eˣ → −expm1 x', oneMinus(of(exp, x)), ({ x }) => neg(expm1(x))),
  rule('1 + expm1 x → eˣ', onePlus(of(expm1, x)), ({ x }) => exp(x)),
  rule('log1p(expm1 x) → x', of(log1p, of(expm1, x)), ({ x }) => x),
  rule('1 + erf x → erfc(−x)', onePlus(of(erf, x)), ({ x }) => erfc(minus(x))),
  rule('erf x − 1 → −erfc x', of(sub, of(erf, x), literal(1)), ({ x }) => neg(erfc(x))),
  rule('1 − erf x → erfc x', oneMinus(of(erf, x)), ({ x }) => erfc(x)),
  rule('1 − erfc x → erf x', oneMinus(of(erfc, x)), ({ x }) => erf(x)),
  rule('1 − cos x → 2 · sin²(x / 2)', oneMinus(of(cos, x)), ({ x }) => mul(square(sin(mul(x, 0.5))), 2)),
  rule('2 · σ(x) − 1 → tanh(x / 2)', of(sub, twice(of(sigmoid, x)), literal(1)), ({ x }) =>
    tanh(mul(x, 0.5)),
  ),
  rule('1 − 2 · σ(x) → −tanh(x / 2)', oneMinus(twice(of(sigmoid, x))), ({ x }) => neg(tanh(mul(x, 0.5)))),
]

// ── quotients and products of exponentials ────────────────────────────────────────────────────

const ofExponentials: readonly Rule[] = [
  rule('eᵃ / eᵇ → eᵃ⁻ᵇ', of(div, of(exp, a), of(exp, b)), ({ a, b }) => exp(sub(a, b))),
  rule('eᵃ · eᵇ → eᵃ⁺ᵇ', of(mul, of(exp, a), of(exp, b)), ({ a, b }) => exp(add(a, b))),
  rule('1 / eˣ → e⁻ˣ', of(div, literal(1), of(exp, x)), ({ x }) => exp(minus(x))),
  rule('1 / (1 + eˣ) → σ(−x)', of(div, literal(1), onePlus(of(exp, x))), ({ x }) => sigmoid(minus(x))),
  rule('eˣ / (1 + eˣ) → σ(x)', of(div, of(exp, x), onePlus(of(exp, x))), ({ x }) => sigmoid(x)),
  rule('eᵃ / (eᵃ + eᵇ) → σ(a − b)', of(div, of(exp, a), commuted(add, of(exp, a), of(exp, b))), ({ a, b }) =>
    sigmoid(isNegOf(b, a) ? mul(a, 2) : sub(a, b)),
  ),
  rule('expm1 x / (1 + eˣ) → tanh(x / 2)', of(div, of(expm1, x), onePlus(of(exp, x))), ({ x }) =>
    tanh(mul(x, 0.5)),
  ),
  rule('−expm1 x / (1 + eˣ) → −tanh(x / 2)', of(div, of(neg, of(expm1, x)), onePlus(of(exp, x))), ({ x }) =>
    neg(tanh(mul(x, 0.5))),
  ),
  rule(
    '(eᵃ − eᵇ) / (eᵃ + eᵇ) → tanh((a − b) / 2)',
    of(div, of(sub, of(exp, a), of(exp, b)), commuted(add, of(exp, a), of(exp, b))),
    ({ a, b }) => tanh(isNegOf(b, a) ? a : mul(sub(a, b), 0.5)),
  ),
  rule('sinh x / cosh x → tanh x', of(div, of(sinh, x), of(cosh, x)), ({ x }) => tanh(x)),
  rule('eˣ / (1 + eˣ)² → σ(x) · σ(−x)', of(div, of(exp, x), of(square, onePlus(of(exp, x)))), ({ x }) =>
    mul(sigmoid(x), sigmoid(minus(x))),
  ),
  rule(
    'eᵃ / s → e^(a − log s), s a sum of exponentials',
    of(div, of(exp, a), suchThat(oneOf(of(add, of(exp, x), of(exp, b)), madeBy(add)), areAddedExponentials)),
    ({ a }, v) => exp(sub(a, log(v.owner!.inputs[1]!))),
  ),
  rule('a / (1 + eˣ) → a · σ(−x)', of(div, a, onePlus(of(exp, x))), ({ a, x }) => mul(a, sigmoid(minus(x)))),
  rule('(eˣ)² → e²ˣ', of(square, of(exp, x)), ({ x }) => exp(mul(x, 2))),
  rule('√eˣ → e^(x / 2)', of(sqrt, of(exp, x)), ({ x }) => exp(mul(x, 0.5))),
  rule('1 / √eˣ → e^(−x / 2)', of(rsqrt, of(exp, x)), ({ x }) => exp(mul(x, -0.5))),
  rule('(eˣ)ᶜ → e^(c · x)', of(pow, of(exp, x), a), ({ x, a }) => {
    const c = literalOf(a)
    return c === null || c === 0 || !Number.isFinite(c) ? null : exp(mul(x, c))
  }),
  rule('e^(−softplus x) → σ(−x)', of(exp, of(neg, of(softplus, x))), ({ x }) => sigmoid(minus(x))),
  rule('eˣ · σ(−x) → σ(x)', commuted(mul, of(exp, x), of(sigmoid, of(neg, x))), ({ x }) => sigmoid(x)),
  rule('e⁻ˣ · σ(x) → σ(−x)', commuted(mul, of(exp, of(neg, x)), of(sigmoid, x)), ({ x }) => sigmoid(neg(x))),
  rule(
    'eˣ / Σ eˣ → eˣ⁻ᵐ / Σ eˣ⁻ᵐ, m = max x',
    of(div, as('e', of(exp, x)), as('v', viewOf(as('s', of(sum, anything('e')))))),
    ({ x, v, s }) => shiftedSoftmax(x, v, s),
  ),
]

// ── roots ─────────────────────────────────────────────────────────────────────────────────────

const roots: readonly Rule[] = [
  rule('√(x²) → |x|', of(sqrt, of(square, x)), ({ x }) => abs(x)),
  rule('√(x · x) → |x|', of(sqrt, of(mul, x, x)), ({ x }) => abs(x)),
]

export const stability: readonly Rule[] = [...logarithms, ...differences, ...ofExponentials, ...roots]
