/**
 * The two floating-point formats as expansions see them: their layout, the splitting of ln 2, and the polynomials that
 * each is accurate with. Most expansions are written once over a `Format`.
 */
import { type Scalar, s } from '../scalar.js'

export interface Format {
  readonly type: 'float32' | 'float64'
  readonly integer: 'int32' | 'int64'
  /** Bits of the fraction. */
  readonly fraction: number
  /** The bits of 1, and of the sign. */
  readonly one: number
  readonly sign: number
  /** The bits of √½, roughly: fractions are taken from [√½, √2). */
  readonly rootHalf: number
  /** 1.5·2^fraction: adding it rounds to an integer, which then lies in the low bits. */
  readonly magic: number
  readonly smallestNormal: number
  /** Below it, f(x) = x for every odd function with f′(0) = 1. */
  readonly tiny: number
  /** ln 2 = high + low, where high times any exponent is exact. */
  readonly ln2: { readonly high: number; readonly low: number }
  /** q(r) ≈ (eʳ − 1 − r) / r² for |r| ≤ ln 2; minimax, the first relative to eʳ, the second to eʳ − 1. */
  readonly exp: readonly number[]
  readonly expm1: readonly number[]
  /** The same for |r| ≤ ½·ln 2, relative to eʳ. */
  readonly logistic: readonly number[]
  /** R(z)/z, where log(1 + f) = f − f²/2 + s·(f²/2 + R(s²)), s = f / (2 + f), as in FreeBSD's `e_log.c`, `e_logf.c`. */
  readonly logarithm: readonly number[]
  /** e to above the first overflows; e to below the second is 0; tanh beyond the third is 1. */
  readonly limits: { readonly overflow: number; readonly underflow: number; readonly saturation: number }
}

export const float32: Format = {
  type: 'float32',
  integer: 'int32',
  fraction: 23,
  one: 0x3f800000,
  sign: -(2 ** 31),
  rootHalf: 0x3f3504f3,
  magic: 1.5 * 2 ** 23,
  smallestNormal: 2 ** -126,
  tiny: 2 ** -30,
  ln2: { high: 0.693145751953125, low: 1.428606765330187e-6 },
  exp: [
    0.5000003576278687, 0.16666613519191742, 0.04166127368807793, 0.008336098864674568, 0.0014104325091466308,
    0.00019611803872976452,
  ],
  expm1: [
    0.5, 0.16666671633720398, 0.04166661947965622, 0.008332629688084126, 0.0013890424743294716,
    0.00020095591025892645, 2.47811676672427e-5,
  ],
  logistic: [
    0.4999999403953552, 0.1666651964187622, 0.04166840389370918, 0.00836889911442995, 0.001381422160193324,
  ],
  logarithm: [0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841],
  limits: { overflow: 89, underflow: -120, saturation: 10 },
}

const exponential64 = [
  0.5, 0.1666666666666666, 0.041666666666666824, 0.008333333333336418, 0.0013888888888862604,
  0.00019841269837081427, 2.4801587319850707e-5, 2.7557321834590572e-6, 2.755731344066362e-7,
  2.5051286918685673e-8, 2.0877498613073566e-9, 1.6186000432787462e-10, 1.1468730695556026e-11,
]

export const float64: Format = {
  type: 'float64',
  integer: 'int64',
  fraction: 52,
  one: 0x3ff * 2 ** 52,
  sign: -(2 ** 63),
  rootHalf: 0x3fe6a09e * 2 ** 32,
  magic: 1.5 * 2 ** 52,
  smallestNormal: 2 ** -1022,
  tiny: 2 ** -60,
  ln2: { high: 0.6931471805601177, low: -1.7239444525614835e-13 },
  exp: exponential64,
  expm1: exponential64,
  logistic: exponential64,
  logarithm: [
    0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784, 0.1818357216161805,
    0.15313837699209373, 0.14798198605116586,
  ],
  limits: { overflow: 710, underflow: -750, saturation: 22 },
}

export function formatOf(x: Scalar): Format {
  return x.type === 'float32' ? float32 : float64
}

export function bitsOf(x: Scalar): Scalar {
  return x.type === 'float32' ? s.bitsOf32(x) : s.bitsOf64(x)
}

export function fromBits(x: Scalar): Scalar {
  return x.type === 'int32' ? s.fromBits32(x) : s.fromBits64(x)
}

/** Σ coefficientsᵢ·xⁱ by Horner's rule. */
export function polynomial(x: Scalar, coefficients: readonly number[]): Scalar {
  const [last, ...rest] = coefficients.toReversed()
  return rest.reduce<Scalar>((sum, k) => s.mulAdd(sum, x, k), s.const(x.type, last!))
}

/** p(x) / q(x). */
export function ratio(x: Scalar, { p, q }: { readonly p: readonly number[]; readonly q: readonly number[] }) {
  return s.div(polynomial(x, p), polynomial(x, q))
}

/** min(x, limit), passing NaN on. The form is that of WebAssembly's `pmin`: limit < x ? limit : x. */
export function atMost(x: Scalar, limit: number): Scalar {
  const bound = s.const(x.type, limit)
  return s.select(s.lt(bound, x), bound, x)
}

/** max(x, limit), passing NaN on. The form is that of WebAssembly's `pmax`: x < limit ? limit : x. */
export function atLeast(x: Scalar, limit: number): Scalar {
  const bound = s.const(x.type, limit)
  return s.select(s.lt(x, bound), bound, x)
}

/** The magnitude of x ≥ 0 with the sign of y. */
export function copySign(x: Scalar, y: Scalar): Scalar {
  return fromBits(s.or(bitsOf(x), s.and(bitsOf(y), formatOf(x).sign)))
}

/** x where it is so small that f(x) = x, which keeps −0 and denormals; f(x) elsewhere. */
export function unlessTiny(x: Scalar, fx: Scalar): Scalar {
  return s.select(s.lt(s.abs(x), formatOf(x).tiny), x, fx)
}

/** The float without the low half of its fraction. */
export function truncated(x: Scalar): Scalar {
  return s.fromBits64(s.and(s.bitsOf64(x), -(2 ** 32)))
}

/** The float without the low half of its fraction, for both formats. */
export function upperHalf(x: Scalar): Scalar {
  return x.type === 'float32' ? s.fromBits32(s.and(s.bitsOf32(x), -(2 ** 12))) : truncated(x)
}

/** An integer n as float, for |n| far below 2^fraction. */
export function toFloat(n: Scalar): Scalar {
  if (n.type === 'int32') return s.cast(n, 'float32')
  const magicBits = (0x433 + 0.5) * 2 ** 52
  return s.sub(s.fromBits64(s.add(n, magicBits)), float64.magic)
}
