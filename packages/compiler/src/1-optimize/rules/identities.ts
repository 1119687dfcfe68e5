/**
 * Identities of elementwise arithmetic that hold in floating point.
 *
 * What is not here: x·0 → 0 and x − x → 0 (NaN, infinity), and anything that rounds differently. The liberties taken are
 * listed in docs/semantics.md: the sign of a zero where a sum has a zero term or a difference is turned around, and what
 * roots make of −∞ and −0.
 */
import {
  abs,
  add,
  and,
  anything,
  as,
  cast,
  ceil,
  commuted,
  customGrad,
  div,
  eq,
  exp,
  floor,
  forwardIdentities,
  ge,
  gt,
  le,
  literal,
  literalOf,
  lt,
  madeBy,
  maximum,
  minimum,
  mul,
  named,
  neg,
  neq,
  not,
  of,
  oneOf,
  or,
  pow,
  type Rule,
  round,
  rsqrt,
  rule,
  sigmoid,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  suchThat,
  trunc,
  type Variable,
  where,
} from '@arignote/graph'
import { type DType, isFloat } from '@arignote/loops'
import { castTo, filled } from '../build.js'

const isInteger = (v: Variable) => !isFloat(v.dtype)
const x = anything('x')
const a = anything('a')
const b = anything('b')
const c = anything('c')
const d = anything('d')

const isBool = (v: Variable) => v.dtype === 'bool'
const areLiterals = (...list: readonly Variable[]) => list.every(v => literalOf(v) !== null)
/** Values that are not negative whatever x is; NaN where it is. */
const notNegative = [abs, exp, sigmoid, softplus, square].map(op => of(op, x))
const signs = new Map<unknown, string>([
  [eq, '='],
  [neq, '≠'],
  [lt, '<'],
  [le, '≤'],
  [gt, '>'],
  [ge, '≥'],
])

const names: readonly Rule[] = [
  rule('named x → x', of(named, x), ({ x }) => x),
  rule('stopGradient x → x', of(stopGradient, x), ({ x }) => x),
  rule('customGrad(x, …) → x', madeBy(customGrad), (_, v) => v.owner!.inputs[0]!),
  ...forwardIdentities,
]

const sums: readonly Rule[] = [
  rule('x + 0 → x', commuted(add, x, literal(0)), ({ x }) => x),
  rule('x − 0 → x', of(sub, x, literal(0)), ({ x }) => x),
  rule('0 − x → −x', of(sub, literal(0), x), ({ x }) => neg(x)),
  rule('a + −b → a − b', commuted(add, a, of(neg, b)), ({ a, b }) => sub(a, b)),
  rule('a − −b → a + b', of(sub, a, of(neg, b)), ({ a, b }) => add(a, b)),
  rule('−−x → x', of(neg, of(neg, x)), ({ x }) => x),
  rule('−(a − b) → b − a', of(neg, of(sub, a, b)), ({ a, b }) => sub(b, a)),
  rule(
    '(x + c) + d → x + (c + d), integers',
    suchThat(commuted(add, commuted(add, x, c), d), isInteger),
    ({ x, c, d }) => (areLiterals(c, d) ? add(x, add(c, d)) : null),
  ),
  rule('x − x → 0, integers', suchThat(of(sub, x, x), isInteger), ({ x }) => filled(0, x.dtype, x.shape)),
]

const products: readonly Rule[] = [
  rule('x · 1 → x', commuted(mul, x, literal(1)), ({ x }) => x),
  rule('x · −1 → −x', commuted(mul, x, literal(-1)), ({ x }) => neg(x)),
  rule(
    'x / 1 → x',
    suchThat(of(div, x, literal(1)), v => isFloat(v.dtype)),
    ({ x }, v) => (x.dtype === v.dtype ? x : null),
  ),
  rule(
    'x / −1 → −x',
    suchThat(of(div, x, literal(-1)), v => isFloat(v.dtype)),
    ({ x }, v) => (x.dtype === v.dtype ? neg(x) : null),
  ),
  rule('−a · b → −(a · b)', commuted(mul, of(neg, a), b), ({ a, b }) => neg(mul(a, b))),
  rule('−a / b → −(a / b)', of(div, of(neg, a), b), ({ a, b }) => neg(div(a, b))),
  rule('a / −b → −(a / b)', of(div, a, of(neg, b)), ({ a, b }) => neg(div(a, b))),
  rule('−(c / x) → −c / x', of(neg, of(div, as('c', anything('a')), x)), ({ c, x }, v) => {
    const value = literalOf(c)
    return value === null ? null : div(filled(-value, v.dtype, v.shape), x)
  }),
  rule('x · 0 → 0, integers', suchThat(commuted(mul, x, literal(0)), isInteger), ({ x }) =>
    filled(0, x.dtype, x.shape),
  ),
  rule(
    '(x · c) · d → x · (c · d), integers',
    suchThat(commuted(mul, commuted(mul, x, c), d), isInteger),
    ({ x, c, d }) => (areLiterals(c, d) ? mul(x, mul(c, d)) : null),
  ),
  rule('x · x → x²', of(mul, x, x), ({ x }, v) => (v.dtype === 'bool' ? x : square(x))),
  rule(
    'x / 2ⁿ → x · 2⁻ⁿ',
    of(
      div,
      x,
      as(
        'c',
        suchThat(d, v => isPowerOfTwo(literalOf(v))),
      ),
    ),
    ({ x, c }, v) => (x.dtype === v.dtype ? mul(x, filled(1 / literalOf(c)!, x.dtype, x.shape)) : null),
  ),
]

/** Powers of two within ±2⁶⁰, whose reciprocal is exact. */
function isPowerOfTwo(value: number | null): boolean {
  if (value === null || value === 0) return false
  const exponent = Math.log2(Math.abs(value))
  return exponent !== 0 && Number.isInteger(exponent) && Math.abs(exponent) <= 60
}

const floatPower = (exponent: number) => suchThat(of(pow, x, literal(exponent)), v => isFloat(v.dtype))

const powers: readonly Rule[] = [
  rule('x⁰ → 1', floatPower(0), (_, v) => filled(1, v.dtype, v.shape)),
  rule('x¹ → x', floatPower(1), ({ x }) => x),
  rule('x² → x · x', floatPower(2), ({ x }) => mul(x, x)),
  rule('x³ → x · x · x', floatPower(3), ({ x }) => mul(mul(x, x), x)),
  rule('x⁴ → (x · x) · (x · x)', floatPower(4), ({ x }) => mul(mul(x, x), mul(x, x))),
  rule('x⁻² → (1 / x)²', floatPower(-2), ({ x }, v) => square(div(filled(1, v.dtype, v.shape), x))),
  rule('x^1½ → x · √x', floatPower(1.5), ({ x }) => mul(x, sqrt(x))),
  rule('x^½ → √x', floatPower(0.5), ({ x }) => sqrt(x)),
  rule('x^−½ → 1 / √x', floatPower(-0.5), ({ x }) => rsqrt(x)),
  rule('x⁻¹ → 1 / x', floatPower(-1), ({ x }, v) => div(filled(1, v.dtype, v.shape), x)),
  rule('1 / √x → rsqrt x', of(div, literal(1), of(sqrt, x)), ({ x }) => rsqrt(x)),
  rule('(−x)² → x²', of(square, of(neg, x)), ({ x }) => square(x)),
  rule('|x|² → x²', of(square, of(abs, x)), ({ x }) => square(x)),
]

const choices: readonly Rule[] = [
  ...[
    { name: 'max', op: maximum, least: Number.NEGATIVE_INFINITY },
    { name: 'min', op: minimum, least: Number.POSITIVE_INFINITY },
  ].flatMap(({ name, op, least }) => [
    rule(`${name}(x, x) → x`, of(op, x, x), ({ x }) => x),
    rule(`${name}(x, ${least > 0 ? '' : '−'}∞) → x`, commuted(op, x, literal(least)), ({ x }) => x),
    rule(
      `${name}(x, ${name}(x, a)) → ${name}(x, a)`,
      commuted(op, x, as('y', commuted(op, x, a))),
      ({ y }) => y,
    ),
    rule(
      `${name}(${name}(x, c), d) → ${name}(x, ${name}(c, d))`,
      commuted(op, commuted(op, x, c), d),
      ({ x, c, d }) => (areLiterals(c, d) ? op(x, op(c, d)) : null),
    ),
  ]),
  rule('c ? x : x → x', of(where, c, x, x), ({ x }) => x),
  rule('true ? x : y → x', of(where, literal(1), x, anything('y')), ({ x }) => x),
  rule('false ? x : y → y', of(where, literal(0), x, anything('y')), ({ y }) => y),
  rule('c ? (c ? a : b) : d → c ? a : d', of(where, c, of(where, c, a, b), d), ({ c, a, d }) =>
    where(c, a, d),
  ),
  rule('c ? a : (c ? b : d) → c ? a : d', of(where, c, a, of(where, c, b, d)), ({ c, a, d }) =>
    where(c, a, d),
  ),
  rule('not c ? a : b → c ? b : a', of(where, of(not, c), a, b), ({ c, a, b }) => where(c, b, a)),
  rule('c ? true : false → c', suchThat(of(where, c, literal(1), literal(0)), isBool), ({ c }) => c),
  rule('c ? false : true → not c', suchThat(of(where, c, literal(0), literal(1)), isBool), ({ c }) => not(c)),
  rule('x and true → x', suchThat(commuted(and, x, literal(1)), isBool), ({ x }) => x),
  rule('x and false → false', suchThat(commuted(and, x, literal(0)), isBool), (_, v) =>
    filled(0, 'bool', v.shape),
  ),
  rule('x or false → x', suchThat(commuted(or, x, literal(0)), isBool), ({ x }) => x),
  rule('x or true → true', suchThat(commuted(or, x, literal(1)), isBool), (_, v) =>
    filled(1, 'bool', v.shape),
  ),
  rule('x and x → x', of(and, x, x), ({ x }) => x),
  rule('x or x → x', of(or, x, x), ({ x }) => x),
  rule('not not x → x', of(not, of(not, x)), ({ x }) => x),
  rule('|−x| → |x|', of(abs, of(neg, x)), ({ x }) => abs(x)),
  rule('|y| → y, where y ≥ 0 by its form', of(abs, as('y', oneOf(...notNegative))), ({ y }) => y),
]

/** What holds of a comparison whose sides are one; of floats only what holds of NaN too. */
const comparisons: readonly Rule[] = [
  ...[lt, gt].map(op =>
    rule(`x ${signs.get(op)} x → false`, of(op, x, x), (_, v) => filled(0, 'bool', v.shape)),
  ),
  ...[eq, le, ge].map(op =>
    rule(`x ${signs.get(op)} x → true, integers`, of(op, x, x), ({ x }, v) =>
      isInteger(x) ? filled(1, 'bool', v.shape) : null,
    ),
  ),
  ...(
    [
      [eq, neq, true],
      [neq, eq, true],
      [lt, ge, false],
      [ge, lt, false],
      [gt, le, false],
      [le, gt, false],
    ] as const
  ).map(([op, other, always]) =>
    rule(
      `not (a ${signs.get(op)} b) → a ${signs.get(other)} b${always ? '' : ', integers'}`,
      of(not, of(op, a, b)),
      ({ a, b }) => (always || isInteger(a) ? other(a, b) : null),
    ),
  ),
]

const roundings: readonly Rule[] = [floor, ceil, round, trunc].map(op =>
  rule(`${op.op.name} x → x, integers`, suchThat(of(op, x), isInteger), ({ x }) => x),
)

/** Whether every value of `from` is a value of `to`. */
function holds(to: DType, from: DType): boolean {
  if (from === to || from === 'bool') return true
  if (from === 'uint8') return to !== 'bool'
  return to === 'float64' && (from === 'int32' || from === 'float32')
}

const casts: readonly Rule[] = [
  rule('cast x to its own dtype → x', as('y', of(cast, x)), ({ x, y }) => (x.dtype === y.dtype ? x : null)),
  rule('cast (cast x) → cast x, the first one exact', of(cast, as('y', of(cast, x))), ({ x, y }, v) => {
    // int → float → uint8 saturates, int → uint8 wraps
    const kinds = v.dtype === 'uint8' && isFloat(y.dtype) && x.dtype === 'int32'
    return holds(y.dtype, x.dtype) && !kinds ? castTo(x, v.dtype) : null
  }),
]

export const identities: readonly Rule[] = [
  ...names,
  ...sums,
  ...products,
  ...powers,
  ...choices,
  ...comparisons,
  ...roundings,
  ...casts,
]
