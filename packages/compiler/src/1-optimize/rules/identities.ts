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
  anything,
  as,
  cast,
  commuted,
  div,
  forwardIdentities,
  literal,
  literalOf,
  maximum,
  minimum,
  mul,
  named,
  neg,
  not,
  of,
  pow,
  type Rule,
  rsqrt,
  rule,
  sqrt,
  square,
  stopGradient,
  sub,
  suchThat,
  type Variable,
  where,
} from '@arignote/graph'
import { type DType, isFloat } from '@arignote/loops'
import { castTo, filled } from '../build.js'

const isInteger = (v: Variable) => !isFloat(v.dtype)
const x = anything('x')
const a = anything('a')
const b = anything('b')

const names: readonly Rule[] = [
  rule('named x → x', of(named, x), ({ x }) => x),
  rule('stopGradient x → x', of(stopGradient, x), ({ x }) => x),
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
    'x / 2ⁿ → x · 2⁻ⁿ',
    of(
      div,
      x,
      as(
        'c',
        suchThat(anything('d'), v => isPowerOfTwo(literalOf(v))),
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
  rule('x^½ → √x', floatPower(0.5), ({ x }) => sqrt(x)),
  rule('x^−½ → 1 / √x', floatPower(-0.5), ({ x }) => rsqrt(x)),
  rule('x⁻¹ → 1 / x', floatPower(-1), ({ x }, v) => div(filled(1, v.dtype, v.shape), x)),
  rule('1 / √x → rsqrt x', of(div, literal(1), of(sqrt, x)), ({ x }) => rsqrt(x)),
  rule('(−x)² → x²', of(square, of(neg, x)), ({ x }) => square(x)),
]

const choices: readonly Rule[] = [
  rule('max(x, x) → x', of(maximum, x, x), ({ x }) => x),
  rule('min(x, x) → x', of(minimum, x, x), ({ x }) => x),
  rule('c ? x : x → x', of(where, anything('c'), x, x), ({ x }) => x),
  rule('true ? x : y → x', of(where, literal(1), x, anything('y')), ({ x }) => x),
  rule('false ? x : y → y', of(where, literal(0), x, anything('y')), ({ y }) => y),
  rule('not not x → x', of(not, of(not, x)), ({ x }) => x),
  rule('|−x| → |x|', of(abs, of(neg, x)), ({ x }) => abs(x)),
  rule('||x|| → |x|', of(abs, as('y', of(abs, x))), ({ y }) => y),
]

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

export const identities: readonly Rule[] = [...names, ...sums, ...products, ...powers, ...choices, ...casts]
