/**
 * Logarithms and the inverse hyperbolic functions, for both formats.
 *
 *     x = 2ᵏ·(1 + f),  1 + f in [√½, √2);   s = f / (2 + f);   log(1 + f) = f − f²/2 + s·(f²/2 + R(s²))
 */
import { type Scalar, s } from '../scalar.js'
import { bitsOf, copySign, formatOf, fromBits, polynomial, toFloat, unlessTiny, upperHalf } from './format.js'

/** k as a float, and f. Only for normal x > 0; the rest is garbage that `atEdges` replaces. */
export function split(x: Scalar): { k: Scalar; f: Scalar } {
  const { fraction, rootHalf } = formatOf(x)
  const shifted = s.sub(bitsOf(x), rootHalf)
  const k = toFloat(s.shrS(shifted, fraction))
  const f = s.sub(fromBits(s.add(s.and(shifted, 2 ** fraction - 1), rootHalf)), 1)
  return { k, f }
}

/** The same for every x > 0: denormals are scaled up first. */
function splitAny(x: Scalar): { k: Scalar; f: Scalar } {
  const { smallestNormal, fraction } = formatOf(x)
  const isSmall = s.lt(x, smallestNormal)
  const { k, f } = split(s.select(isSmall, s.mul(x, 2 ** (fraction + 1)), x))
  return { f, k: s.sub(k, s.select(isSmall, s.const(x.type, fraction + 1), s.const(x.type, 0))) }
}

/** k·ln 2 + log(1 + f) + correction. */
function sum(k: Scalar, f: Scalar, correction: Scalar | null): Scalar {
  const { ln2, logarithm } = formatOf(f)
  const ratio = s.div(f, s.add(f, 2))
  const z = s.mul(ratio, ratio)
  const half = s.mul(s.mul(f, f), 0.5)
  const low = correction === null ? s.mul(k, ln2.low) : s.mulAdd(k, ln2.low, correction)
  const tail = s.mulAdd(ratio, s.mulAdd(z, polynomial(z, logarithm), half), low)
  return s.mulAdd(k, ln2.high, s.sub(f, s.sub(half, tail)))
}

/** −∞ at 0, NaN below and at NaN, ∞ at ∞. */
function atEdges(x: Scalar, fx: Scalar): Scalar {
  const invalid = s.select(s.eq(x, 0), s.const(x.type, -Infinity), s.const(x.type, Number.NaN))
  return s.select(s.eq(x, Infinity), x, s.select(s.gt(x, 0), fx, invalid))
}

export function log(x: Scalar): Scalar {
  const { k, f } = splitAny(x)
  return atEdges(x, sum(k, f, null))
}

/** log(1 + x) = log u + (x − (u − 1)) / u, where u is 1 + x, rounded. */
export function log1p(x: Scalar): Scalar {
  const u = s.add(x, 1)
  const { k, f } = split(u)
  return unlessTiny(x, atEdges(u, sum(k, f, s.div(s.sub(x, s.sub(u, 1)), u))))
}

const zero = (x: Scalar) => s.const(x.type, 0)

/** Constants as sums of two, so that products with the first are exact. */
interface Split {
  readonly high: number
  readonly low: number
}

const log2Of: Readonly<Record<'float32' | 'float64', { readonly e: Split }>> = {
  float32: { e: { high: 1.4423828125, low: 0.00031222839606925845 } },
  float64: { e: { high: 1.4426946640014648, low: 3.768874985636099e-7 } },
}
const log10Of: Readonly<Record<'float32' | 'float64', { readonly e: Split; readonly two: Split }>> = {
  float32: {
    e: { high: 0.4342041015625, low: 0.00009038033749675378 },
    two: { high: 0.301025390625, low: 0.000004605039066518657 },
  },
  float64: {
    e: { high: 0.4342944622039795, low: 1.9699272335463627e-8 },
    two: { high: 0.30102999566383914, low: 1.42050232272661e-13 },
  },
}

/**
 * whole + rest + e·log(1 + f), e being log₂ e or log₁₀ e: as in FreeBSD's `e_log2.c`, log(1 + f) and e are split, and only
 * small terms are rounded before the last sum.
 */
function scaled(f: Scalar, e: Split, whole: Scalar, rest: Scalar | null): Scalar {
  const ratio = s.div(f, s.add(f, 2))
  const z = s.mul(ratio, ratio)
  const half = s.mul(s.mul(f, f), 0.5)
  const high = upperHalf(s.sub(f, half))
  const tail = s.mul(ratio, s.mulAdd(z, polynomial(z, formatOf(f).logarithm), half))
  const low = s.add(s.sub(s.sub(f, high), half), tail)
  const main = s.mul(high, e.high)
  const small = s.mulAdd(s.add(low, high), e.low, s.mul(low, e.high))
  const sum = s.add(whole, main)
  const lost = s.add(s.sub(whole, sum), main)
  return s.add(s.add(rest === null ? small : s.add(small, rest), lost), sum)
}

/** Exact at powers of two. */
export function log2(x: Scalar): Scalar {
  const { k, f } = splitAny(x)
  return atEdges(x, scaled(f, log2Of[formatOf(x).type].e, k, null))
}

export function log10(x: Scalar): Scalar {
  const { k, f } = splitAny(x)
  const { e, two } = log10Of[formatOf(x).type]
  return atEdges(x, scaled(f, e, s.mul(k, two.high), s.mul(k, two.low)))
}

/** log(x + √(x² + 1)); the root is of no account where x² would overflow. */
export function asinh(x: Scalar): Scalar {
  const a = s.abs(x)
  const square = s.mul(a, a)
  const isLarge = s.gt(a, 2 ** 28)
  const y = s.add(a, s.div(square, s.add(s.sqrt(s.add(square, 1)), 1)))
  const ln2 = s.select(isLarge, s.const(x.type, Math.LN2), zero(x))
  return unlessTiny(x, copySign(s.add(log1p(s.select(isLarge, s.sub(a, 1), y)), ln2), x))
}

/** log(x + √(x² − 1)). */
export function acosh(x: Scalar): Scalar {
  const t = s.sub(x, 1)
  const isLarge = s.gt(x, 2 ** 28)
  const y = s.add(t, s.sqrt(s.mul(t, s.add(t, 2))))
  const ln2 = s.select(isLarge, s.const(x.type, Math.LN2), zero(x))
  const value = s.add(log1p(s.select(isLarge, t, y)), ln2)
  return s.select(s.lt(x, 1), s.const(x.type, Number.NaN), value)
}

/** ½·log((1 + x) / (1 − x)). */
export function atanh(x: Scalar): Scalar {
  const a = s.abs(x)
  const y = s.div(s.mul(a, 2), s.sub(s.const(x.type, 1), a))
  const value = copySign(s.mul(log1p(y), 0.5), x)
  return unlessTiny(x, s.select(s.gt(a, 1), s.const(x.type, Number.NaN), value))
}
