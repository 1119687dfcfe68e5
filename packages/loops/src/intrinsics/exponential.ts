/**
 * eˣ and its relatives, for both formats.
 *
 *     x = 2m·ln 2 + r,  |r| ≤ ln 2;   eʳ − 1 = r + r²·q(r);   eˣ = 2ᵐ·2ᵐ·eʳ
 *
 * Steps of 2·ln 2 instead of ln 2 cost one more term of q, and let 2ᵐ be made in two instructions: for every finite
 * result it is a normal number, and multiplying by it twice rounds denormals and overflows as it should.
 */
import { type Scalar, s } from '../scalar.js'
import {
  atLeast,
  atMost,
  bitsOf,
  copySign,
  float32,
  float64,
  formatOf,
  fromBits,
  polynomial,
  unlessTiny,
} from './format.js'
import { log1p } from './logarithm.js'

interface Parts {
  /** eʳ − 1. */
  readonly less: Scalar
  /** The bits of some float whose low bits are m. */
  readonly exponent: Scalar
}

/** In steps of 2·ln 2, or of ln 2. */
function partsOf(x: Scalar, exponential = formatOf(x).expm1, step: 1 | 2 = 2): Parts {
  const { magic, ln2 } = formatOf(x)
  const shifted = s.mulAdd(x, 1 / (step * Math.LN2), magic)
  const m = s.sub(shifted, magic)
  const r = s.mulAdd(m, -step * ln2.low, s.mulAdd(m, -step * ln2.high, x))
  const less = s.mulAdd(s.mul(r, r), polynomial(r, exponential), r)
  return { less, exponent: bitsOf(shifted) }
}

/** 2ᵐ, or 4ᵐ, or one of them divided by a power of two. */
function power(x: Scalar, { exponent }: Parts, options: { base: 2 | 4; halvings?: number }): Scalar {
  const { fraction, one } = formatOf(x)
  const shift = options.base === 2 ? fraction : fraction + 1
  return fromBits(s.add(s.shl(exponent, shift), one - (options.halvings ?? 0) * 2 ** fraction))
}

export function exp(x: Scalar): Scalar {
  const { exp, limits } = formatOf(x)
  const parts = partsOf(atLeast(atMost(x, limits.overflow), limits.underflow), exp)
  const scale = power(x, parts, { base: 2 })
  return s.mul(s.mul(s.add(parts.less, 1), scale), scale)
}

/** eˣ − 1 = 2·(4ᵐ/2·(eʳ − 1) + (4ᵐ/2 − ½)), which is exact for m = 0. */
export function expm1(x: Scalar): Scalar {
  const { overflow, saturation } = formatOf(x).limits
  const bounded = atLeast(atMost(x, overflow), -2 * saturation)
  const parts = partsOf(bounded)
  const half = power(x, parts, { base: 4, halvings: 1 })
  return unlessTiny(x, s.mul(s.mulAdd(half, parts.less, s.sub(half, 0.5)), 2))
}

/** tanh |x| = −e / (e + 2) with e = e^(−2|x|) − 1, which never overflows. */
export function tanh64(x: Scalar): Scalar {
  const bounded = atMost(s.abs(x), float64.limits.saturation)
  const parts = partsOf(s.mul(bounded, -2))
  const scale = power(x, parts, { base: 4 })
  const e = s.mulAdd(scale, parts.less, s.sub(scale, 1))
  return copySign(s.abs(s.div(e, s.add(e, 2))), x)
}

const tanhNear = [
  -0.3333328068256378, 0.13331441581249237, -0.05373971536755562, 0.02063908241689205, -0.0057049826718866825,
]

/** tanh |x| = 1 − 2 / (e^(2|x|) + 1), and a polynomial where that would cancel. */
export function tanh32(x: Scalar): Scalar {
  const a = s.abs(x)
  const parts = partsOf(s.mul(atMost(a, float32.limits.saturation), 2), float32.exp)
  const scale = power(x, parts, { base: 4 })
  const far = s.sub(
    s.const('float32', 1),
    s.div(s.const('float32', 2), s.add(s.mulAdd(parts.less, scale, scale), 1)),
  )
  const square = s.mul(x, x)
  const near = s.mulAdd(s.mul(polynomial(square, tanhNear), square), a, a)
  return copySign(s.select(s.lt(a, 0.625), near, far), x)
}

/** e^|x| / 2, and e^|x| − 1 where |x| ≤ 1. */
function halves(x: Scalar): { half: Scalar; less: Scalar } {
  const parts = partsOf(atMost(s.abs(x), formatOf(x).limits.overflow + 2))
  const scale = power(x, parts, { base: 2 })
  const half = s.mul(s.mul(s.add(parts.less, 1), scale), s.mul(scale, 0.5))
  const quadruple = s.mul(scale, scale)
  return { half, less: s.mulAdd(quadruple, parts.less, s.sub(quadruple, 1)) }
}

/** (e − 1 + (e − 1)/e) / 2 near 0, and e/2 − 1/(4·e/2) away from it. */
export function sinh(x: Scalar): Scalar {
  const { half, less } = halves(x)
  const near = s.mul(s.add(less, s.div(less, s.add(less, 1))), 0.5)
  const far = s.sub(half, s.div(s.const(x.type, 0.25), half))
  return unlessTiny(x, copySign(s.abs(s.select(s.lt(s.abs(x), 1), near, far)), x))
}

export function cosh(x: Scalar): Scalar {
  const { half } = halves(x)
  return s.add(half, s.div(s.const(x.type, 0.25), half))
}

/**
 * 1 / (1 + e⁻ˣ) = c / (c + c·2ᵏ·eʳ), where −x = k·ln 2 + r, |r| ≤ ½·ln 2. The constant c keeps c·2ᵏ a normal number for
 * every k, so nothing overflows, and the quotient rounds as it should where it is denormal.
 */
export function sigmoid(x: Scalar): Scalar {
  const { fraction, one, smallestNormal, logistic, limits } = formatOf(x)
  // Where −x is greater, the result is less than half of the least denormal number.
  const greatest = (fraction + 2 - Math.log2(smallestNormal)) * Math.LN2
  const { less, exponent } = partsOf(atLeast(atMost(s.neg(x), greatest), -2 * limits.saturation), logistic, 1)
  const halvings = fraction + 5
  const scale = fromBits(s.add(s.shl(exponent, fraction), one - halvings * 2 ** fraction))
  const c = s.const(x.type, 2 ** -halvings)
  return s.div(c, s.add(s.mulAdd(scale, less, c), scale))
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)): neither tail overflows. */
export function softplus(x: Scalar): Scalar {
  const parts = partsOf(atLeast(s.neg(s.abs(x)), formatOf(x).limits.underflow))
  const scale = power(x, parts, { base: 2 })
  const e = s.mul(s.mul(s.add(parts.less, 1), scale), scale)
  return s.add(s.max(x, 0), log1p(e))
}
