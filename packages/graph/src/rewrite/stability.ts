/**
 * Stability: formulas that overflow, underflow or cancel  →  equal ones that do not.
 *
 * The optimiser applies these rows to what it compiles, and `grad` to what it differentiates (see `stable.ts`). A right
 * side is the better number wherever the two sides differ; where the left one is exact, they agree to rounding.
 */
import { abs, add, div, maximum, mul, neg, square, sub } from '../ops/arithmetic.js'
import { gt, isInf } from '../ops/comparison.js'
import { type GatherParams, take } from '../ops/gather.js'
import { prod, type ReduceParams, sum } from '../ops/reduce.js'
import { stopGradient, where } from '../ops/select.js'
import { erf, erfc, exp, expm1, log, log1p, sigmoid, softplus, sqrt, tanh } from '../ops/transcendental.js'
import { type Apply, apply1, type Variable } from '../variable.js'
import { type Rule, rule } from './engine.js'
import { literalOf } from './literal.js'
import { anything, as, commuted, literal, of, oneOf, type Pattern, suchThat, viewOf } from './pattern.js'
import { isShifted, isSumOfExponentials, logOfSum, logOfWeightedSum, shiftedSoftmax } from './softmax.js'

const [x, a, b, s] = [anything('x'), anything('a'), anything('b'), anything('s')]
const onePlus = <N extends string>(pattern: Pattern<N>) => commuted(add, literal(1), pattern)
const oneMinus = <N extends string>(pattern: Pattern<N>) => of(sub, literal(1), pattern)

const isNegOf = (v: Variable, w: Variable) => v.owner?.op === neg.op && v.owner.inputs[0] === w
/** −x, and x of −x. */
const minus = (v: Variable): Variable => (v.owner?.op === neg.op ? v.owner.inputs[0]! : neg(v))

// ── logarithms ────────────────────────────────────────────────────────────────────────────────

const [u, w] = [anything('u'), anything('w')]
const sumOfExponentials = suchThat(of(sum, of(exp, u)), isSumOfExponentials)
/** Never negative, and with a logarithm simpler than itself: the rows below take it. */
const positive = [
  of(exp, u),
  of(sigmoid, u),
  oneMinus(of(sigmoid, u)),
  of(div, of(exp, u), viewOf(of(sum, of(exp, w)))),
  sumOfExponentials,
]
const all = [...positive, of(div, of(exp, u), w), of(div, viewOf(sumOfExponentials), w)]
const simple = <N extends string>(name: N) => as(name, viewOf(oneOf(...all)))
const simplePositive = <N extends string>(name: N) => as(name, viewOf(oneOf(...positive)))

/** For v, a view of x: the same view of log x. */
function logUnderView(v: Variable, x: Variable): Variable {
  const chain: Apply[] = []
  for (let at = v; at !== x; at = at.owner!.inputs[0]!) chain.push(at.owner!)
  return chain.reduceRight<Variable>((image, node) => apply1(node.op, [image], node.params), log(x))
}

const logarithms: readonly Rule[] = [
  rule('log eˣ → x', of(log, of(exp, x)), ({ x }) => x),
  rule('log(1 + eˣ) → softplus x', of(log, onePlus(of(exp, x))), ({ x }) => softplus(x)),
  rule('log1p(eˣ) → softplus x', of(log1p, of(exp, x)), ({ x }) => softplus(x)),
  rule('log(c + eˣ) → log c + softplus(x − log c)', of(log, commuted(add, a, of(exp, x))), ({ a, x }) => {
    const c = literalOf(a)
    return c !== null && c > 0 && c < Number.POSITIVE_INFINITY
      ? add(softplus(sub(x, Math.log(c))), Math.log(c))
      : null
  }),
  rule(
    'log(eᵃ + eᵇ) → m + log(eᵃ⁻ᵐ + eᵇ⁻ᵐ), m = max(a, b)',
    of(log, of(add, of(exp, a), of(exp, b))),
    ({ a, b }) => {
      if (isShifted(a, []) || isShifted(b, [])) return null
      const top: Variable = maximum(a, b)
      const m: Variable = stopGradient(where(isInf(top), 0, top))
      return add(log(add(exp(sub(a, m)), exp(sub(b, m)))), m)
    },
  ),
  rule('log(−expm1 x) → x > −log 2 ? log(−expm1 x) : log1p(−eˣ)', of(log, of(neg, of(expm1, x))), ({ x }) => {
    if (x.owner?.op === maximum.op && literalOf(x.owner.inputs[1]!) !== null) return null
    const near: Variable = log(neg(expm1(maximum(x, -Math.LN2))))
    return where(gt(x, -Math.LN2), near, log1p(neg(exp(x))))
  }),
  rule('log σ(x) → −softplus(−x)', of(log, of(sigmoid, x)), ({ x }) => neg(softplus(minus(x)))),
  rule('log(1 − σ(x)) → −softplus x', of(log, oneMinus(of(sigmoid, x))), ({ x }) => neg(softplus(x))),
  rule('log1p(−σ(x)) → −softplus x', of(log1p, of(neg, of(sigmoid, x))), ({ x }) => neg(softplus(x))),
  rule('log Σ eˣ → m + log Σ eˣ⁻ᵐ, m = max x', of(log, as('s', of(sum, of(exp, x)))), ({ x, s }) =>
    logOfSum(x, s),
  ),
  rule(
    'log Σ t · a → m + log Σ t · eˡ⁻ᵐ, where l = log a is simple',
    of(log, as('s', of(sum, commuted(mul, simplePositive('a'), anything('t'))))),
    ({ a, t, s }) => logOfWeightedSum(a, t, s),
  ),
  rule(
    'log Σ (c ? a : 0) → log Σ e^(c ? log a : −∞), where log a is simple',
    of(log, as('s', of(sum, of(where, anything('c'), simplePositive('a'), literal(0))))),
    ({ c, a, s }) => {
      const { axes } = s.owner!.params as ReduceParams
      return log(sum(exp(where(c, log(a), Number.NEGATIVE_INFINITY)), axes))
    },
  ),
  rule(
    'log(a / b) → log a − log b, where log a is simple',
    of(log, of(div, simplePositive('a'), b)),
    ({ a, b }) => sub(log(a), log(b)),
  ),
  rule('log(eˣ · s) → x + log s', of(log, commuted(mul, of(exp, x), s)), ({ x, s }) => add(x, log(s))),
  rule(
    'log(a · b) → log a + log b, both simple',
    of(log, of(mul, simplePositive('a'), simplePositive('b'))),
    ({ a, b }) => add(log(a), log(b)),
  ),
  rule(
    'log Π a → Σ log a, where log a is simple',
    of(log, as('p', of(prod, simplePositive('a')))),
    ({ a, p }) => apply1(sum.op, [log(a)], p.owner!.params as ReduceParams),
  ),
  rule('log(1 / x) → −log x', of(log, of(div, literal(1), x)), ({ x }) => neg(log(x))),
  rule(
    'log(view a) → view(log a), where log a is simple',
    of(log, as('v', viewOf(as('a', oneOf(...all))))),
    ({ v, a }) => (v === a ? null : logUnderView(v, a)),
  ),
  rule(
    'log(a[i]) → (log a)[i], where log a is simple',
    of(log, as('v', of(take, simple('a'), s))),
    ({ v, a, s }) => apply1(take.op, [log(a), s], v.owner!.params as GatherParams),
  ),
  rule(
    'log(c ? a : b) → c ? log a : log b, both simple',
    of(log, of(where, s, simple('a'), simple('b'))),
    ({ s, a, b }) => where(s, log(a), log(b)),
  ),
  rule('log(1 + x) → log1p x', of(log, onePlus(x)), ({ x }) => log1p(x)),
  rule('log(1 − x) → log1p(−x)', of(log, oneMinus(x)), ({ x }) => log1p(neg(x))),
]

// ── differences from 1 ────────────────────────────────────────────────────────────────────────

const differences: readonly Rule[] = [
  rule('eˣ − 1 → expm1 x', of(sub, of(exp, x), literal(1)), ({ x }) => expm1(x)),
  rule('−1 + eˣ → expm1 x', commuted(add, of(exp, x), literal(-1)), ({ x }) => expm1(x)),
  rule('1 − eˣ → −expm1 x', oneMinus(of(exp, x)), ({ x }) => neg(expm1(x))),
  rule('1 + expm1 x → eˣ', onePlus(of(expm1, x)), ({ x }) => exp(x)),
  rule('1 − erf x → erfc x', oneMinus(of(erf, x)), ({ x }) => erfc(x)),
  rule('1 − erfc x → erf x', oneMinus(of(erfc, x)), ({ x }) => erf(x)),
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
  rule('a / (1 + eˣ) → a · σ(−x)', of(div, a, onePlus(of(exp, x))), ({ a, x }) => mul(a, sigmoid(minus(x)))),
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
