/**
 * Random numbers as scalar expressions: bits from a key and a counter, and distributions from bits.
 *
 * Only instructions whose results are exact or correctly rounded: no `mulAdd`, no intrinsic. So every back end, with any
 * number of lanes, computes the same numbers to the bit.
 */
import { float32, float64 } from './intrinsics/format.js'
import { split } from './intrinsics/logarithm.js'
import { type Scalar, s } from './scalar.js'

/** Two int32s. */
export type Words = readonly [Scalar, Scalar]

const rotations = [13, 15, 26, 6, 17, 29, 16, 24]
const parity = 0x1bd11bda

const rotate = (x: Scalar, by: number) => s.or(s.shl(x, by), s.shrU(x, 32 - by))

/**
 * Threefry2x32 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011). For each key a
 * bijection of the counters; with 13 rounds or more it passes all of BigCrush. Additions, rotations, xor: int32 lanes do
 * it well.
 */
export function threefry2x32([k0, k1]: Words, [c0, c1]: Words, rounds = 20): Words {
  const keys = [k0, k1, s.xor(s.xor(k0, k1), parity)]
  let x0 = s.add(c0, k0)
  let x1 = s.add(c1, k1)
  for (let round = 1; round <= rounds; round++) {
    x0 = s.add(x0, x1)
    x1 = s.xor(rotate(x1, rotations[(round - 1) % 8]!), x0)
    if (round % 4 !== 0) continue
    const group = round / 4
    x0 = s.add(x0, keys[group % 3]!)
    x1 = s.add(x1, s.add(keys[(group + 1) % 3]!, group))
  }
  return [x0, x1]
}

/** How many words of random bits a distribution takes for one element. */
export const wordsOf = {
  uniform: { float32: 1, float64: 2 },
  normal: { float32: 2, float64: 4 },
  exponential: { float32: 1, float64: 2 },
} as const

type Float = 'float32' | 'float64'

/** 0 ≤ u < 1: a multiple of 2⁻²⁴ (float32) or 2⁻⁵³ (float64). */
export function uniformOf(words: readonly Scalar[], type: Float): Scalar {
  const [a, b] = words
  if (type === 'float32') return s.mul(s.cast(s.shrU(a!, 8), type), 2 ** -24)
  const high = s.mul(s.cast(s.shrU(a!, 5), type), 2 ** 26)
  return s.mul(s.add(high, s.cast(s.shrU(b!, 6), type)), 2 ** -53)
}

/** 0 < u ≤ 1, finer the nearer to 0: at least 2⁻³² (float32) or 2⁻⁶³ (float64). What logarithms are taken of. */
function positiveOf(words: readonly Scalar[], type: Float): Scalar {
  const [high, low] = words.map(w => s.cast(s.shrU(w, 1), type))
  if (type === 'float32') return s.mul(s.add(high!, 0.5), 2 ** -31)
  return s.mul(s.add(s.mul(high!, 2 ** 31), s.add(low!, 0.5)), 2 ** -62)
}

/** −1 ≤ t ≤ 1. */
function angleOf(words: readonly Scalar[], type: Float): Scalar {
  const [high, low] = words
  const coarse = s.mul(s.cast(high!, type), 2 ** -31)
  return type === 'float32' ? coarse : s.add(coarse, s.mul(s.cast(s.shrU(low!, 1), type), 2 ** -62))
}

/** Box and Muller's √(−2 log u) · cos(πt). The tails reach 6.6 (float32) or 9.3 (float64) standard deviations. */
export function normalOf(words: readonly Scalar[], type: Float): Scalar {
  const half = words.length / 2
  const radius = s.sqrt(s.mul(logarithm(positiveOf(words.slice(0, half), type)), -2))
  return s.mul(radius, cosineOfTurns(angleOf(words.slice(half), type)))
}

/** −log u: mean 1. */
export function exponentialOf(words: readonly Scalar[], type: Float): Scalar {
  return s.mul(logarithm(positiveOf(words, type)), -1)
}

/** An unsigned integer below `range` (of which 0 means 2³²): ⌊words / 2⁶⁴ · range⌋, so no value is favoured by more than 2⁻³². */
export function belowOf([a, b]: Words, range: Scalar): Scalar {
  const low = s.mul(a, range)
  const sum = s.add(low, timesHigh(b, range))
  const unsigned = (x: Scalar) => s.xor(x, -(2 ** 31))
  const below = s.add(timesHigh(a, range), s.cast(s.lt(unsigned(sum), unsigned(low)), 'int32'))
  return s.select(s.eq(range, 0), a, below)
}

/** The high word of the unsigned product, by halves of 16 bits. */
function timesHigh(x: Scalar, y: Scalar): Scalar {
  const [x0, x1, y0, y1] = [s.and(x, 0xffff), s.shrU(x, 16), s.and(y, 0xffff), s.shrU(y, 16)]
  const middle = s.add(s.mul(x1, y0), s.shrU(s.mul(x0, y0), 16))
  const other = s.add(s.mul(x0, y1), s.and(middle, 0xffff))
  return s.add(s.mul(x1, y1), s.add(s.shrU(middle, 16), s.shrU(other, 16)))
}

/** Σ coefficientsᵢ·xⁱ, each step rounded twice. */
function polynomial(x: Scalar, coefficients: readonly number[]): Scalar {
  const [last, ...rest] = coefficients.toReversed()
  return rest.reduce<Scalar>((sum, k) => s.add(s.mul(sum, x), k), s.const(x.type, last!))
}

/** As in `intrinsics/logarithm.ts`, for 2⁻¹⁰⁰ < x ≤ 1. */
function logarithm(x: Scalar): Scalar {
  const { ln2, logarithm } = x.type === 'float32' ? float32 : float64
  const { k, f } = split(x)
  const ratio = s.div(f, s.add(f, 2))
  const z = s.mul(ratio, ratio)
  const half = s.mul(s.mul(f, f), 0.5)
  const series = s.mul(ratio, s.add(half, s.mul(z, polynomial(z, logarithm))))
  const low = s.add(series, s.mul(k, ln2.low))
  return s.add(s.mul(k, ln2.high), s.sub(f, s.sub(half, low)))
}

/** Of sin(πy) = Σ (−1)ⁱ π²ⁱ⁺¹ / (2i+1)! · y²ⁱ⁺¹, enough for |y| ≤ ½. */
const terms = { float32: sineTerms(7), float64: sineTerms(12) }

function sineTerms(count: number): readonly number[] {
  const list = [Math.PI]
  for (let i = 1; i < count; i++) list.push((-list[i - 1]! * Math.PI ** 2) / (2 * i * (2 * i + 1)))
  return list
}

/** cos(πt) = sin(π·(½ − |t|)). */
function cosineOfTurns(t: Scalar): Scalar {
  const y = s.sub(s.const(t.type, 0.5), s.abs(t))
  return s.mul(y, polynomial(s.mul(y, y), terms[t.type as Float]))
}
