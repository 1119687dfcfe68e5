/**
 * xʸ. For float64 after FreeBSD's `e_pow.c`: log₂|x| in two floats, times y, and 2 to that. For float32 one float64 holds
 * the logarithm well enough. Where C and JavaScript differ (1 to the ±∞ or NaN), it is JavaScript's NaN.
 *
 * Products that must be exact are made of halves (`truncated`), and never by `mulAdd`, which may or may not fuse.
 */
import { type Scalar, s } from '../scalar.js'
import { atLeast, atMost, float64, polynomial, toFloat, truncated } from './format.js'
import { log2 } from './logarithm.js'

/** 2/(3·ln 2), and log₂ 1.5, each as a sum of two. */
const slope = { full: 0.9617966939259756, high: 0.9617967009544373, low: -7.028461650952758e-9 }
const log2Of1_5 = { high: 0.5849624872207642, low: 1.350039202129749e-8 }
const ln2 = { full: Math.LN2, high: 0.6931471824645996, low: -1.904654299957768e-9 }

const series = [
  0.5999999999999946, 0.4285714285785502, 0.33333332981837743, 0.272728123808534, 0.23066074577556175,
  0.20697501780033842,
]

/** The bits of √¾, roughly. */
const lowest = 0x3febb67a * 2 ** 32

interface Pair {
  readonly high: Scalar
  readonly low: Scalar
}

const f = (value: number) => s.const('float64', value)

/** x = 2ⁿ·m with m in [√¾, √3). */
function split(x: Scalar): { n: Scalar; m: Scalar } {
  const isSmall = s.lt(x, float64.smallestNormal)
  const shifted = s.sub(s.bitsOf64(s.select(isSmall, s.mul(x, 2 ** 53), x)), lowest)
  const n = s.sub(toFloat(s.shrS(shifted, 52)), s.select(isSmall, f(53), f(0)))
  return { n, m: s.fromBits64(s.add(s.and(shifted, 2 ** 52 - 1), lowest)) }
}

/** log₂ x for x > 0, to some 65 bits; `high` has the upper half of a fraction. */
function log2Pair(x: Scalar): Pair {
  const { n, m } = split(x)
  const isUpper = s.ge(m, Math.sqrt(1.5))
  const base = s.select(isUpper, f(1.5), f(1))
  const baseHigh = s.select(isUpper, f(log2Of1_5.high), f(0))
  const baseLow = s.select(isUpper, f(log2Of1_5.low), f(0))
  // t = (m − base) / (m + base), as high + low
  const numerator = s.sub(m, base)
  const inverse = s.div(f(1), s.add(m, base))
  const t = s.mul(numerator, inverse)
  const high = truncated(t)
  const sumHigh = truncated(s.add(m, base))
  const sumLow = s.sub(m, s.sub(sumHigh, base))
  const low = s.mul(inverse, s.sub(s.sub(numerator, s.mul(high, sumHigh)), s.mul(high, sumLow)))
  // 3 + t² + (the rest of the series), as high + low
  const square = s.mul(t, t)
  const rest = s.add(s.mul(s.mul(square, square), polynomial(square, series)), s.mul(low, s.add(high, t)))
  const highSquare = s.mul(high, high)
  const factorHigh = truncated(s.add(s.add(highSquare, 3), rest))
  const factorLow = s.sub(rest, s.sub(s.sub(factorHigh, 3), highSquare))
  // t·factor, then times 2/(3·ln 2)
  const product = s.mul(high, factorHigh)
  const error = s.add(s.mul(low, factorHigh), s.mul(factorLow, t))
  const productHigh = truncated(s.add(product, error))
  const productLow = s.sub(error, s.sub(productHigh, product))
  const z = s.mul(productHigh, slope.high)
  const zLow = s.add(s.add(s.mul(productHigh, slope.low), s.mul(productLow, slope.full)), baseLow)
  const sum = truncated(s.add(s.add(s.add(z, zLow), baseHigh), n))
  return { high: sum, low: s.sub(zLow, s.sub(s.sub(s.sub(sum, n), baseHigh), z)) }
}

/** 2^(high + low), where |high + low| < 1100. */
function exp2(high: Scalar, low: Scalar): Scalar {
  const shifted = s.add(s.add(high, low), float64.magic)
  const fraction = s.sub(high, s.sub(shifted, float64.magic))
  const head = truncated(s.add(fraction, low))
  const u = s.mul(head, ln2.high)
  const v = s.add(s.mul(s.sub(low, s.sub(head, fraction)), ln2.full), s.mul(head, ln2.low))
  const z = s.add(u, v)
  const error = s.sub(v, s.sub(z, u))
  const less = s.add(z, s.mulAdd(s.mul(z, z), polynomial(z, float64.expm1), error))
  const exponent = s.shl(s.bitsOf64(shifted), 52)
  const half = s.and(s.shrS(exponent, 1), -(2 ** 52))
  const scale = (bits: Scalar) => s.fromBits64(s.add(bits, float64.one))
  return s.mul(s.mul(s.add(less, 1), scale(half)), scale(s.sub(exponent, half)))
}

export function pow64(x: Scalar, y: Scalar): Scalar {
  const magnitude = s.abs(x)
  const log = log2Pair(magnitude)
  const isZero = s.eq(magnitude, 0)
  const isInfinite = s.eq(magnitude, Infinity)
  const isEdge = s.or(isZero, isInfinite)
  const logHigh = s.select(isZero, f(-Infinity), s.select(isInfinite, f(Infinity), log.high))
  // y·log as high + low; where that is huge only the high product matters
  const yHigh = truncated(y)
  const high = s.mul(yHigh, log.high)
  const low = s.add(s.mul(s.sub(y, yHigh), log.high), s.mul(y, log.low))
  const size = s.mul(y, s.select(isEdge, logHigh, s.add(log.high, log.low)))
  const core = exp2(high, low)
  const isUndefined = s.or(s.ne(size, size), s.ne(x, x))
  const bounded = s.select(s.gt(size, 1100), f(Infinity), s.select(s.lt(size, -1100), f(0), core))
  return s.select(s.eq(y, 0), f(1), s.select(isUndefined, f(Number.NaN), signed(x, y, bounded)))
}

/** 1/n! from n = 2: eʳ = 1 + r + r²·q(r) to 2⁻³⁷ for |r| ≤ ½·ln 2. */
const factorials = [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880]

/** Of float32 operands, rounded once at the end. Beyond 2^±200 the result is 0 or ∞ anyway, and NaN goes through all of it. */
export function pow32(x: Scalar, y: Scalar): Scalar {
  const base = s.cast(x, 'float64')
  const exponent = s.cast(y, 'float64')
  const known = knownLog2(base)
  const log = s.mul(exponent, known ?? log2(s.abs(base)))
  const bounded = atLeast(atMost(log, 200), -200)
  const shifted = s.add(bounded, float64.magic)
  const r = s.mul(s.sub(bounded, s.sub(shifted, float64.magic)), Math.LN2)
  const fraction = s.add(s.mulAdd(s.mul(r, r), polynomial(r, factorials), r), 1)
  const scale = s.fromBits64(s.add(s.shl(s.bitsOf64(shifted), 52), float64.one))
  const magnitude = s.mul(fraction, scale)
  const value = known === null ? signed(base, exponent, magnitude) : magnitude
  return s.cast(s.select(s.eq(y, 0), f(1), value), 'float32')
}

/** The logarithm of a positive constant. */
function knownLog2(x: Scalar): Scalar | null {
  if (x.kind !== 'const' || !(x.value > 0) || x.value === Infinity) return null
  return f(Math.log2(x.value))
}

/** −0, −∞ and negative x: odd powers are negative, and only integer powers of finite x < 0 exist. */
function signed(x: Scalar, y: Scalar, magnitude: Scalar): Scalar {
  const isInteger = s.eq(s.trunc(y), y)
  const half = s.mul(y, 0.5)
  const isOdd = s.and(isInteger, s.ne(s.trunc(half), half))
  const sign = s.and(s.bitsOf64(x), float64.sign)
  const value = s.select(isOdd, s.fromBits64(s.or(s.bitsOf64(magnitude), sign)), magnitude)
  const isInvalid = s.and(s.and(s.lt(x, 0), s.gt(x, -Infinity)), s.not(isInteger))
  return s.select(isInvalid, f(Number.NaN), value)
}
