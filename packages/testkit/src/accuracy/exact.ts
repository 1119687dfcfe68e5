/**
 * Real functions to some 60 digits, by decimal.js: what double-precision results are measured against.
 *
 * Where a function is x and a little more, near 0, its first terms are used: to subtract 1 again from 1 + x would take as many
 * digits as x has zeros.
 */
import { Decimal } from 'decimal.js'

const D = Decimal.clone({ precision: 60, minE: -9e15, maxE: 9e15 })
/** For arguments of sin, cos and tan with hundreds of digits before the point. */
const Long = Decimal.clone({ precision: 420, minE: -9e15, maxE: 9e15 })
type Exact = (x: Decimal, y: Decimal) => Decimal

const one = new D(1)
const half = new D(0.5)
const isTiny = (x: Decimal) => x.abs().lt(1e-25)

/** x + c·xᵏ where that is all there is to say in 60 digits. */
const near0 =
  (c: number | Decimal, k: number, f: Exact): Exact =>
  (x, y) =>
    isTiny(x) ? x.plus(x.pow(k).times(c)) : f(x, y)

const third = one.div(3)
const sixth = one.div(6)
const rootPi = D.acos(-1).sqrt()

/** Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), for |x| < 6. */
function erfSeries(x: Decimal): Decimal {
  const Wide = D.clone({ precision: 90 })
  const square = new Wide(x).times(x)
  let term = new Wide(x)
  let sum = term
  for (let n = 1; ; n++) {
    term = term.times(square).div(-n)
    const next = sum.plus(term.div(2 * n + 1))
    if (next.eq(sum)) return new D(sum.times(2).div(rootPi))
    sum = next
  }
}

/** e^(−x²) / √π over a continued fraction, for x ≥ 4. */
function erfcTail(x: Decimal): Decimal {
  let fraction = new D(0)
  for (let n = 400; n > 0; n--) fraction = new D(n).div(2).div(x.plus(fraction))
  return x.times(x).neg().exp().div(rootPi).div(x.plus(fraction))
}

function erf(x: Decimal): Decimal {
  if (isTiny(x)) return x.times(2).div(rootPi)
  if (x.abs().lt(5)) return erfSeries(x)
  const rest = one.minus(x.abs().gt(40) ? 0 : erfcTail(x.abs()))
  return x.isNeg() ? rest.neg() : rest
}

function erfc(x: Decimal): Decimal {
  if (x.gt(60)) return new D(0)
  return x.lt(5) ? one.minus(erf(x)) : erfcTail(x)
}

/** By as many digits as the argument has. */
const circular =
  (name: 'sin' | 'cos' | 'tan'): Exact =>
  x =>
    x.abs().lt(1e8) ? D[name](x) : new D(Long[name](new Long(x)))

export const exact: Readonly<Record<string, Exact>> = {
  exp: x => x.exp(),
  exp2: x => new D(2).pow(x),
  expm1: near0(half, 2, x => x.exp().minus(1)),
  log: x => x.ln(),
  log1p: near0(half.neg(), 2, x => new D(Long.add(x, 1)).ln()),
  log2: x => D.log2(x),
  log10: x => D.log10(x),
  pow: (x, y) => x.pow(y),
  rsqrt: x => one.div(x.sqrt()),
  sin: near0(sixth.neg(), 3, circular('sin')),
  cos: x => (isTiny(x) ? one : circular('cos')(x, x)),
  tan: near0(third, 3, circular('tan')),
  asin: near0(sixth, 3, x => D.asin(x)),
  acos: x => D.acos(x),
  atan: near0(third.neg(), 3, x => D.atan(x)),
  atan2: (y, x) => D.atan2(y, x),
  sinh: near0(sixth, 3, x => x.exp().minus(x.neg().exp()).div(2)),
  cosh: x => x.exp().plus(x.neg().exp()).div(2),
  tanh: near0(third.neg(), 3, x => (x.abs().gt(100) ? one.times(x.isNeg() ? -1 : 1) : tanh(x))),
  asinh: near0(sixth.neg(), 3, x => (x.isNeg() ? asinh(x.neg()).neg() : asinh(x))),
  acosh: x => x.plus(x.times(x).minus(1).sqrt()).ln(),
  atanh: near0(third, 3, x => one.plus(x).div(one.minus(x)).ln().div(2)),
  erf,
  erfc,
  sigmoid: x => one.div(one.plus(x.neg().exp())),
  softplus: x => (x.lt(-60) ? x.exp() : x.gt(200) ? x : one.plus(x.exp()).ln()),
}

const tanh = (x: Decimal) => {
  const e = x.times(2).exp()
  return e.minus(1).div(e.plus(1))
}
const asinh = (x: Decimal) => x.plus(x.times(x).plus(1).sqrt()).ln()

const cell = new DataView(new ArrayBuffer(8))

/** A finite double as what it is; decimal.js would take the shortest decimal number that is rounded to it. */
function decimal(x: number): Decimal {
  cell.setFloat64(0, x)
  const bits = cell.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = (bits & (2n ** 52n - 1n)) | (exponent === 0 ? 0n : 2n ** 52n)
  const magnitude = new Long(fraction.toString()).times(new Long(2).pow(Math.max(exponent, 1) - 1075))
  return new D(x < 0 ? magnitude.neg() : magnitude)
}

/** The distance of a double from the exact value, in units of the double that is nearest to it. */
export function exactUlps(name: string, got: number, nearest: number, x: number, y: number): number {
  const value = exact[name]!(decimal(x), decimal(y))
  const unit = 2 ** (Math.max(-1022, Math.floor(Math.log2(Math.abs(nearest)))) - 52)
  return decimal(got).minus(value).abs().div(unit).toNumber()
}
