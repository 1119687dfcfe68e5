/**
 * Logarithms that overflow, underflow or cancel  →  equal ones that do not. See `stability.ts`.
 *
 * A value is *simple* if its logarithm is simpler than itself, or can be had without it: an exponential, a logistic
 * function, a softmax, a sum of exponentials. Then the logarithm moves through products, quotients, choices and views.
 */
import { abs, add, div, maximum, minimum, mul, neg, pow, square, sub } from '../ops/arithmetic.js'
import { eq, ge, gt, isInf, lt } from '../ops/comparison.js'
import { type GatherParams, take } from '../ops/gather.js'
import { prod, type ReduceParams, sum } from '../ops/reduce.js'
import { where } from '../ops/select.js'
import { cosh, erfc, exp, expm1, log, log1p, sigmoid, softplus } from '../ops/transcendental.js'
import { type Apply, apply1, type Variable } from '../variable.js'
import { type Rule, rule } from './engine.js'
import { literalOf } from './literal.js'
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
import {
  areAddedExponentials,
  isShifted,
  isSumOfExponentials,
  logOfSum,
  logOfWeightedSum,
} from './softmax.js'

const [x, a, b, s] = [anything('x'), anything('a'), anything('b'), anything('s')]
/** 1 + …, in either order. */
export const onePlus = <N extends string>(pattern: Pattern<N>) => commuted(add, literal(1), pattern)
export const oneMinus = <N extends string>(pattern: Pattern<N>) => of(sub, literal(1), pattern)

/** −x, and x of −x. */
export const minus = (v: Variable): Variable => (v.owner?.op === neg.op ? v.owner.inputs[0]! : neg(v))

const [u, w] = [anything('u'), anything('w')]
const sumOfExponentials = suchThat(of(sum, of(exp, u)), isSumOfExponentials)
/** eᵃ + eᵇ, eᵃ + eᵇ + 1 …; nothing has been subtracted from the exponents. */
const addedExponentials = oneOf(
  suchThat(of(add, of(exp, u), of(exp, w)), areAddedExponentials),
  suchThat(onePlus(of(exp, u)), areAddedExponentials),
  suchThat(madeBy(add), areAddedExponentials),
)
/** Never negative, and with a logarithm simpler than itself: the rows below take it. */
const positive = [
  of(exp, u),
  addedExponentials,
  of(cosh, u),
  of(erfc, u),
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

/** log(eᵃ + eᵇ) = max + softplus(−|a − b|), written so that where a = b either has half of the gradient. */
function logOfTwo(a: Variable, b: Variable): Variable {
  const isFirst = ge(a, b)
  const top: Variable = where(isFirst, a, b)
  return where(isInf(top), top, add(top, softplus(where(isFirst, sub(b, a), sub(a, b)))))
}

/** A number above 0. */
function positiveLiteral(v: Variable): number | null {
  const c = literalOf(v)
  return c !== null && c > 0 && c < Number.POSITIVE_INFINITY ? c : null
}

/** log erfc x where erfc x is nearly 0, x ≥ 8: the asymptotic series (Abramowitz & Stegun 7.1.23). */
function logOfFarErfc(x: Variable): Variable {
  const t: Variable = div(1, square(x))
  const series: Variable = mul(t, add(mul(t, add(mul(t, add(mul(t, 105 / 16), -15 / 8)), 3 / 4)), -1 / 2))
  return sub(log1p(series), add(square(x), log(mul(x, Math.sqrt(Math.PI)))))
}

/** Until where erfc is far from its least numbers. */
const lastErfc = { float32: 8, float64: 25 } as const

/** The 2 sinh²(x/2) that cosh x is more than 1, from |x|. */
const coshLessOne = (x: Variable): Variable => mul(mul(square(expm1(x)), exp(neg(x))), 0.5)

const powers: readonly Rule[] = [
  rule('log x² → 2 · log |x|', of(log, of(square, x)), ({ x }) => mul(log(abs(x)), 2)),
  rule('log(x · x) → 2 · log |x|', of(log, of(mul, x, x)), ({ x }) => mul(log(abs(x)), 2)),
  rule('log xᶜ → c · log x, or c · log |x|', of(log, of(pow, x, a)), ({ x, a }) => {
    const c = literalOf(a)
    if (c === null || c === 0 || !Number.isFinite(c)) return null
    return mul(log(c % 2 === 0 ? abs(x) : x), c)
  }),
]

export const logarithms: readonly Rule[] = [
  ...powers,
  rule('log eˣ → x', of(log, of(exp, x)), ({ x }) => x),
  rule('log(1 + eˣ) → softplus x', of(log, onePlus(of(exp, x))), ({ x }) => softplus(x)),
  rule('log1p(eˣ) → softplus x', of(log1p, of(exp, x)), ({ x }) => softplus(x)),
  rule('log(c + eˣ) → log c + softplus(x − log c)', of(log, commuted(add, a, of(exp, x))), ({ a, x }) => {
    const c = positiveLiteral(a)
    return c === null ? null : add(softplus(sub(x, Math.log(c))), Math.log(c))
  }),
  rule(
    'log(eᵃ + eᵇ) → max(a, b) + softplus(−|a − b|)',
    of(log, of(add, of(exp, a), of(exp, b))),
    ({ a, b }) => (isShifted(a, []) || isShifted(b, []) ? null : logOfTwo(a, b)),
  ),
  rule(
    'log(s + eᵃ) → max(l, a) + softplus(−|l − a|), l = log s, s a sum of exponentials',
    of(log, commuted(add, as('s', oneOf(sumOfExponentials, addedExponentials)), of(exp, a))),
    ({ s, a }) => (isShifted(a, []) ? null : logOfTwo(log(s), a)),
  ),
  rule(
    'log(c + s) → log c + softplus(log s − log c), s a sum of exponentials',
    of(log, commuted(add, as('s', oneOf(sumOfExponentials, addedExponentials)), a)),
    ({ s, a }) => {
      const c = positiveLiteral(a)
      return c === null ? null : add(softplus(sub(log(s), Math.log(c))), Math.log(c))
    },
  ),
  rule(
    'log1p(s) → softplus(log s), s a sum of exponentials',
    of(log1p, as('s', oneOf(sumOfExponentials, addedExponentials))),
    ({ s }) => softplus(log(s)),
  ),
  rule('log(eᵃ − eᵇ) → a + log(−expm1(b − a))', of(log, of(sub, of(exp, a), of(exp, b))), ({ a, b }) =>
    add(a, log(neg(expm1(where(eq(a, b), 0, sub(b, a)))))),
  ),
  rule('log(expm1 x) → x + log(−expm1(−x))', of(log, of(expm1, x)), ({ x }) =>
    add(x, log(neg(expm1(minus(x))))),
  ),
  rule('log(−expm1 x) → x > −log 2 ? log(−expm1 x) : log1p(−eˣ)', of(log, of(neg, of(expm1, x))), ({ x }) => {
    if (x.owner?.op === maximum.op && literalOf(x.owner.inputs[1]!) !== null) return null
    const near: Variable = log(neg(expm1(maximum(x, -Math.LN2))))
    return where(gt(x, -Math.LN2), near, log1p(neg(exp(x))))
  }),
  rule(
    'log cosh x → |x| < 1 ? log1p(2 sinh²(x/2)) : |x| + log1p(e^(−2|x|)) − log 2',
    of(log, of(cosh, x)),
    ({ x }) => {
      const size: Variable = abs(x)
      const near: Variable = log1p(coshLessOne(minimum(size, 1)))
      return where(lt(size, 1), near, sub(add(size, softplus(mul(size, -2))), Math.LN2))
    },
  ),
  rule('log erfc x → x > c ? its asymptotic series : log erfc x', of(log, of(erfc, x)), ({ x }) => {
    if (x.owner?.op === minimum.op && literalOf(x.owner.inputs[1]!) !== null) return null
    const last = lastErfc[x.dtype as keyof typeof lastErfc]
    return where(gt(x, last), logOfFarErfc(maximum(x, last)), log(erfc(minimum(x, last))))
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
  rule(
    'log(c · a) → log c + log a, c > 0, where log a is simple',
    of(log, commuted(mul, anything('c'), simplePositive('a'))),
    ({ c, a }) => {
      const factor = positiveLiteral(c)
      return factor === null ? null : add(log(a), Math.log(factor))
    },
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
