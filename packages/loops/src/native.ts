/**
 * The intrinsics in double precision, by JavaScript's own functions where it has them. The interpreter and the JavaScript
 * back end call these; `erf` and `erfc` follow W. J. Cody's rational approximations as FreeBSD's `s_erf.c` states them.
 */
import type { IntrinsicName } from './scalar.js'

const small = {
  p: [
    0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442,
    -2.3763016656650163e-5,
  ],
  q: [
    1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164,
    -3.960228278775368e-6,
  ],
}

/** 0.84375 ≤ |x| < 1.25, in |x| − 1. */
const middle = {
  offset: 0.8450629115104675,
  p: [
    -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175,
    -0.11089469428239668, 0.035478304325618236, -0.002166375594868791,
  ],
  q: [
    1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164, 0.01363708391202905,
    0.011984499846799107,
  ],
}

/** 1.25 ≤ |x| < 1/0.35, in 1/x². */
const large = {
  p: [
    -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006, -162.39666946257347,
    -184.60509290671104, -81.2874355063066, -9.814329344169145,
  ],
  q: [
    1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679, 429.00814002756783,
    108.63500554177944, 6.570249770319282, -0.0604244152148581,
  ],
}

/** 1/0.35 ≤ |x| < 28, in 1/x². */
const tail = {
  p: [
    -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896,
    -1025.0951316110772, -483.5191916086514,
  ],
  q: [
    1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644,
    474.52854120695537, -22.44095244658582,
  ],
}

/** Cody's tables, which the float64 expansion shares. */
export const errorFunction = { small, middle, large, tail } as const

const polynomial = (x: number, c: readonly number[]) => c.reduceRight((sum, k) => sum * x + k, 0)

/** p(x) / q(x). */
const ratio = (x: number, { p, q }: { p: readonly number[]; q: readonly number[] }) =>
  polynomial(x, p) / polynomial(x, q)

const cell = new DataView(new ArrayBuffer(8))

/** erfc for x ≥ 1.25: e^(−x²) without the error of x². */
function erfcTail(x: number): number {
  if (x > 28) return 0
  const inverse = 1 / (x * x)
  cell.setFloat64(0, x)
  cell.setUint32(4, 0)
  const head = cell.getFloat64(0)
  const r = ratio(inverse, x < 1 / 0.35 ? large : tail)
  return (Math.exp(-head * head - 0.5625) * Math.exp((head - x) * (head + x) + r)) / x
}

export function erf(x: number): number {
  const a = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (a < 0.84375) return x + x * ratio(x * x, small)
  const y = a < 1.25 ? middle.offset + ratio(a - 1, middle) : 1 - erfcTail(a)
  return x < 0 ? -y : y
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x
  if (x < 0.25 && x > -0.84375) return 1 - (x + x * ratio(x * x, small))
  if (x < 0) return 1 + erf(-x)
  if (x < 0.84375) return 0.5 - (x - 0.5 + x * ratio(x * x, small))
  return x < 1.25 ? 1 - middle.offset - ratio(x - 1, middle) : erfcTail(x)
}

function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x))
  return (x < 0 ? e : 1) / (1 + e)
}

export const native = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  pow: Math.pow,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  sigmoid,
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
} as const satisfies Record<IntrinsicName, (x: number, y: number) => number>
