/**
 * Circular functions and their inverses, for float64. Polynomials as in FreeBSD's `k_sin.c`, `k_cos.c`, `e_asin.c`; the
 * arctangent is that of S. Moshier's Cephes.
 *
 * Arguments of sin, cos and tan are reduced by π/2 in four parts of 33 bits, whose products with n < 2²⁰ are exact: right for
 * |x| ≤ 1.6·10⁶. Beyond that the results lose accuracy.
 */
import { type Scalar, s } from '../scalar.js'
import { copySign, float64, polynomial, ratio, unlessTiny } from './format.js'

const halfPi = [
  1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32,
] as const

const sine = [
  -0.16666666666666632, 0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6,
  -2.5050760253406863e-8, 1.58969099521155e-10,
]
const cosine = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7,
  2.087572321298175e-9, -1.1359647557788195e-11,
]

const f = (value: number) => s.const('float64', value)

interface Reduced {
  /** x − n·π/2 = high + low. */
  readonly high: Scalar
  readonly low: Scalar
  /** The bits of some float whose low bits are n. */
  readonly quadrant: Scalar
}

/** x − n·part, as a sum of two: the difference, and what rounding took from it. */
function subtract(x: Scalar, n: Scalar, part: number): { rest: Scalar; error: Scalar } {
  const product = s.mul(n, part)
  const rest = s.sub(x, product)
  const back = s.sub(x, rest)
  return { rest, error: s.sub(back, product) }
}

function reduce(x: Scalar): Reduced {
  const shifted = s.add(s.mul(x, 2 / Math.PI), float64.magic)
  const n = s.sub(shifted, float64.magic)
  const first = s.sub(x, s.mul(n, halfPi[0]))
  const second = subtract(first, n, halfPi[1])
  const third = subtract(second.rest, n, halfPi[2])
  const tail = s.sub(s.add(second.error, third.error), s.mul(n, halfPi[3]))
  const high = s.add(third.rest, tail)
  return { high, low: s.add(s.sub(third.rest, high), tail), quadrant: s.bitsOf64(shifted) }
}

/** sin(high + low), |high| ≤ π/4. */
function sineOf({ high: x, low: y }: Reduced): Scalar {
  const z = s.mul(x, x)
  const cube = s.mul(z, x)
  const rest = s.sub(s.mul(z, s.sub(s.mul(y, 0.5), s.mul(cube, polynomial(z, sine.slice(1))))), y)
  return s.sub(x, s.sub(rest, s.mul(cube, sine[0]!)))
}

/** cos(high + low), |high| ≤ π/4. */
function cosineOf({ high: x, low: y }: Reduced): Scalar {
  const z = s.mul(x, x)
  const half = s.mul(z, 0.5)
  const w = s.sub(f(1), half)
  const rest = s.sub(s.mul(s.mul(z, z), polynomial(z, cosine)), s.mul(x, y))
  return s.add(w, s.add(s.sub(s.sub(f(1), w), half), rest))
}

/** sin or cos by the quadrant: bit 0 exchanges them, bit 1 changes the sign. */
function circular(reduced: Reduced, quadrant: Scalar): Scalar {
  const isOdd = s.ne(s.and(quadrant, 1), 0)
  const value = s.select(isOdd, cosineOf(reduced), sineOf(reduced))
  return s.fromBits64(s.xor(s.bitsOf64(value), s.shl(s.and(quadrant, 2), 62)))
}

export function sin(x: Scalar): Scalar {
  const reduced = reduce(x)
  return unlessTiny(x, circular(reduced, reduced.quadrant))
}

export function cos(x: Scalar): Scalar {
  const reduced = reduce(x)
  return circular(reduced, s.add(reduced.quadrant, 1))
}

export function tan(x: Scalar): Scalar {
  const reduced = reduce(x)
  const isOdd = s.ne(s.and(reduced.quadrant, 1), 0)
  const [sine, cosine] = [sineOf(reduced), cosineOf(reduced)]
  const value = s.div(s.select(isOdd, s.neg(cosine), sine), s.select(isOdd, sine, cosine))
  return unlessTiny(x, value)
}

const arctangent = {
  p: [-64.85021904942025, -122.88666844901361, -75.00855792314705, -16.157537187333652, -0.8750608600031904],
  q: [194.5506571482614, 485.3903996359137, 432.88106049129027, 165.02700983169885, 24.858464901423062, 1],
}

/** The arctangent of numerator / denominator ≥ 0. */
function arctangentOf(numerator: Scalar, denominator: Scalar): Scalar {
  const isLarge = s.gt(numerator, s.mul(denominator, 2.414213562373095))
  const isMiddle = s.gt(numerator, s.mul(denominator, 0.66))
  const above = s.select(
    isLarge,
    s.neg(denominator),
    s.select(isMiddle, s.sub(numerator, denominator), numerator),
  )
  const below = s.select(isLarge, numerator, s.select(isMiddle, s.add(numerator, denominator), denominator))
  const x = s.div(above, below)
  const z = s.mul(x, x)
  const value = s.mulAdd(s.mul(x, z), ratio(z, arctangent), x)
  const offset = s.select(isLarge, f(Math.PI / 2), s.select(isMiddle, f(Math.PI / 4), f(0)))
  const low = s.select(isLarge, f(halfPiLow), s.select(isMiddle, f(halfPiLow / 2), f(0)))
  return s.add(offset, s.add(value, low))
}

/** What π/2 has beyond a float64. */
const halfPiLow = 6.123233995736766e-17

export function atan(x: Scalar): Scalar {
  const bounded = s.abs(x)
  const isInfinite = s.eq(bounded, Infinity)
  const value = s.select(isInfinite, f(Math.PI / 2), arctangentOf(bounded, f(1)))
  return unlessTiny(x, copySign(value, x))
}

/** The angle of (x, y): that of the smaller over the larger coordinate, on from or back from a multiple of π/2. */
export function atan2(y: Scalar, x: Scalar): Scalar {
  const [a, b] = [s.abs(y), s.abs(x)]
  const isSteep = s.gt(a, b)
  const larger = s.select(isSteep, a, b)
  const smaller = s.select(isSteep, b, a)
  const isEqual = s.eq(a, b)
  const quotient = s.select(s.eq(larger, 0), f(0), s.select(isEqual, f(1), s.div(smaller, larger)))
  const angle = s.select(s.lt(quotient, float64.tiny), quotient, arctangentOf(quotient, f(1)))
  const isLeft = s.ne(s.and(s.bitsOf64(x), float64.sign), 0)
  const turns = s.select(isSteep, f(1), s.select(isLeft, f(2), f(0)))
  const signed = s.select(s.xor(isSteep, isLeft), s.neg(angle), angle)
  const whole = s.add(s.mul(turns, Math.PI / 2), s.add(signed, s.mul(turns, halfPiLow)))
  const isUndefined = s.or(s.ne(x, x), s.ne(y, y))
  return s.select(isUndefined, f(Number.NaN), copySign(whole, y))
}

const arcsine = {
  p: [
    0.16666666666666666, -0.3255658186224009, 0.20121253213486293, -0.04005553450067941,
    0.0007915349942898145, 3.479331075960212e-5,
  ],
  q: [1, -2.403394911734414, 2.0209457602335057, -0.6882839716054533, 0.07703815055590194],
}

/** asin y ≈ y + y³·ratio(y²), for |y| ≤ ½. */
const small = (y: Scalar, z: Scalar) => s.mulAdd(y, s.mul(z, ratio(z, arcsine)), y)

/** asin |x| where |x| ≤ ½, and acos |x| otherwise, which is 2·asin √((1 − |x|)/2). */
function arc(x: Scalar): { isLarge: Scalar; value: Scalar } {
  const a = s.abs(x)
  const isLarge = s.gt(a, 0.5)
  const z = s.select(isLarge, s.mul(s.sub(f(1), a), 0.5), s.mul(a, a))
  const y = s.select(isLarge, s.sqrt(z), a)
  const value = small(y, z)
  return { isLarge, value: s.select(isLarge, s.mul(value, 2), value) }
}

export function asin(x: Scalar): Scalar {
  const { isLarge, value } = arc(x)
  const magnitude = s.select(isLarge, s.add(s.sub(f(Math.PI / 2), value), halfPiLow), value)
  return unlessTiny(x, s.select(s.gt(s.abs(x), 1), f(Number.NaN), copySign(s.abs(magnitude), x)))
}

export function acos(x: Scalar): Scalar {
  const { isLarge, value } = arc(x)
  const isNegative = s.lt(x, 0)
  const large = s.select(isNegative, s.add(s.sub(f(Math.PI), value), 2 * halfPiLow), value)
  const near = s.add(s.sub(f(Math.PI / 2), s.select(isNegative, s.neg(value), value)), halfPiLow)
  return s.select(isLarge, large, near)
}
