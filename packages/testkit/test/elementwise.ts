/**
 * What each elementwise operation means, in plain JavaScript and independent of the library, for the tests of ops.
 *
 * A row gives the value in exact (or double) arithmetic; the test rounds it to the result's dtype. Integers wrap there.
 */
import { nearest } from '@arignote/loops'

export interface Meaning {
  readonly value: (x: number, y: number, z: number) => number
  /** For integers, where that differs. */
  readonly integer?: (x: number, y: number, z: number) => number
  /** Which operands make sense (and are promised); default: all. */
  readonly domain?: (x: number, y: number) => boolean
  /** What may be added to the allowed error, for compositions that cancel. */
  readonly absolute?: number | ((x: number) => number)
  /** Points where a derivative can be measured; none: it has none. */
  readonly points?: readonly (readonly number[])[]
}

const everywhere = [[-1.7, -0.6, 0.3, 0.9, 2.2]]
const positive = [[0.2, 0.7, 1.5, 3.1]]
const insideOne = [[-0.8, -0.3, 0.2, 0.7]]
const pairs = [
  [-1.7, 0.6, 0.3, 2.2],
  [0.4, -1.3, 2.1, 0.8],
]
const positivePairs = [
  [0.3, 1.6, 2.3, 0.7],
  [1.4, -0.3, 2.1, 0.8],
]

const unary = (value: (x: number) => number, more: Partial<Meaning> = {}): Meaning => ({
  value,
  points: everywhere,
  ...more,
})
const binary = (value: Meaning['value'], more: Partial<Meaning> = {}): Meaning => ({
  value,
  points: pairs,
  ...more,
})
const truth = (value: (x: number, y: number) => boolean): Meaning => ({
  value: (x, y) => Number(value(x, y)),
})

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const elu = (x: number, alpha = 1) => (x > 0 ? x : alpha * Math.expm1(x))
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high)

/** The sign of the divisor; exact. */
function floorMod(x: number, y: number): number {
  const rest = x % y
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest
}

const floorDivide = (x: number, y: number) => (y === 0 ? 0 : Math.floor(x / y))

function integerPower(x: number, y: number): number {
  if (y < 0) return x === 1 ? 1 : x === -1 ? (y % 2 === 0 ? 1 : -1) : 0
  let [result, square, bits] = [1, x, y]
  for (; bits > 0; bits = Math.floor(bits / 2)) {
    if (bits % 2 === 1) result = Math.imul(result, square)
    square = Math.imul(square, square)
  }
  return result
}

/** erf by its series, and by the continued fraction of erfc where that converges. */
export function erf(x: number): number {
  if (Math.abs(x) > 2.5) return Math.sign(x) * (1 - erfcTail(Math.abs(x)))
  let [term, sum] = [x, x]
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

function erfcTail(x: number): number {
  if (x > 30) return 0
  let fraction = 0
  for (let n = 600; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

const erfc = (x: number) =>
  Number.isNaN(x) ? x : x > 0.8 ? erfcTail(x) : x < -2.5 ? 2 - erfcTail(-x) : 1 - erf(x)

export const meanings: Readonly<Record<string, Meaning>> = {
  neg: unary(x => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  square: unary(x => x * x, { integer: x => Math.imul(x, x) }),
  exp: unary(Math.exp),
  exp2: unary(x => 2 ** x),
  expm1: unary(Math.expm1),
  log: unary(Math.log, { points: positive }),
  log1p: unary(Math.log1p, { points: positive }),
  log2: unary(Math.log2, { points: positive }),
  log10: unary(Math.log10, { points: positive }),
  sqrt: unary(Math.sqrt, { points: positive }),
  rsqrt: unary(x => 1 / Math.sqrt(x), { points: positive }),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  asin: unary(Math.asin, { points: insideOne }),
  acos: unary(Math.acos, { points: insideOne }),
  atan: unary(Math.atan),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  asinh: unary(Math.asinh),
  acosh: unary(Math.acosh, { points: [[1.2, 1.7, 3.3]] }),
  atanh: unary(Math.atanh, { points: insideOne }),
  erf: unary(erf, { absolute: 1e-15 }),
  erfc: unary(erfc, { absolute: 1e-15 }),
  sigmoid: unary(sigmoid),
  hardSigmoid: unary(x => clip(0.2 * x + 0.5, 0, 1), { absolute: 1e-7 }),
  softplus: unary(x => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))),
  relu: unary(x => Math.max(x, 0)),
  leakyRelu: unary(x => (x > 0 ? x : x * 0.3)),
  elu: unary(x => elu(x)),
  selu: unary(x => 1.0507009873554805 * elu(x, 1.6732632423543772)),
  gelu: unary(x => x * 0.5 * (1 + erf(x * Math.SQRT1_2)), { absolute: 1e-6 }),
  silu: unary(x => x * sigmoid(x)),
  softsign: unary(x => x / (1 + Math.abs(x))),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(nearest),
  trunc: unary(Math.trunc),
  isNaN: truth(Number.isNaN),
  isInf: truth(x => Math.abs(x) === Number.POSITIVE_INFINITY),
  not: { value: x => ~x },
  add: binary((x, y) => x + y),
  sub: binary((x, y) => x - y),
  mul: binary((x, y) => x * y, { integer: Math.imul }),
  div: binary((x, y) => x / y),
  floorDiv: binary((x, y) => Math.floor(x / y), { integer: floorDivide, domain: quotientIsOrdinary }),
  mod: binary(floorMod, {
    integer: (x, y) => (y === 0 ? 0 : floorMod(x, y)),
    absolute: x => Math.abs(x) * 2 ** -51,
    domain: quotientIsOrdinary,
  }),
  pow: binary((x, y) => x ** y, {
    integer: integerPower,
    points: positivePairs,
    // C and JavaScript differ there.
    domain: (x, y) => Math.abs(x) !== 1 || Number.isFinite(y),
  }),
  atan2: binary(Math.atan2),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  eq: truth((x, y) => x === y),
  neq: truth((x, y) => x !== y),
  lt: truth((x, y) => x < y),
  le: truth((x, y) => x <= y),
  gt: truth((x, y) => x > y),
  ge: truth((x, y) => x >= y),
  and: { value: (x, y) => x & y },
  or: { value: (x, y) => x | y },
  xor: { value: (x, y) => x ^ y },
  where: { value: (x, y, z) => (x !== 0 ? y : z), points: [[1, 0, 1, 0], ...pairs] },
  clip: { value: clip },
}

/** Where the quotient is so large, or so small, that its floor is lost in rounding, nothing is promised. */
function quotientIsOrdinary(x: number, y: number): boolean {
  const quotient = Math.abs(x / y)
  return !(quotient > 2 ** 20) && (x === 0 || !(quotient < 1e-30))
}

/** Maps that compute nothing, and those that gradients alone are made of. */
export const notTested: readonly string[] = [
  'cast',
  'named',
  'stopGradient',
  'disconnectedGrad',
  'gradClip',
  'gradScale',
  'chain',
  'print',
  'assert',
]
