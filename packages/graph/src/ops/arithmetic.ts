/**
 * Arithmetic, elementwise. int32 wraps, uint8 wraps modulo 256; on bools `add` is or, `mul` is and.
 */
import { isFloat, type Scalar, s } from '@arignote/loops'
import type { TensorLike } from '../static.js'
import type { Variable } from '../variable.js'
import { asTensor, type Binary, binary, commonDType, floatBinary, unary } from './builders.js'
import { cast } from './cast.js'
import { over, times } from './chain.js'
import { eq, ge, gt, le } from './comparison.js'
import { entry } from './entry.js'
import { where } from './select.js'
import { zerosLike } from './source.js'
import { log } from './transcendental.js'

const isReal = (x: Scalar) => x.type === 'float32' || x.type === 'float64'

export const add = binary('add', {
  body: (x, y) => s.add(x, y),
  bool: (x, y) => s.or(x, y),
  grad: g => [g, g],
})

export const sub = binary('sub', {
  body: (x, y) => s.sub(x, y),
  grad: g => [g, neg(g)],
})

export const mul = binary('mul', {
  body: (x, y) => s.mul(x, y),
  bool: (x, y) => s.and(x, y),
  grad: (g, x, y) => [times(g, y), times(g, x)],
})

/** x / y; integers give float32. */
export const div = floatBinary('div', {
  body: (x, y) => s.div(x, y),
  grad: (g, _, y, out) => [over(g, y), neg(over(times(g, out), y))],
  singular: true,
})

/** ⌊x / y⌋; an integer divided by 0 gives 0. */
export const floorDiv = binary('floorDiv', {
  body: (x, y) => {
    if (isReal(x)) return s.floor(s.div(x, y))
    const below = s.and(s.ne(s.rem(x, y), 0), s.lt(s.xor(x, y), 0))
    return s.sub(s.quot(x, y), s.cast(below, 'int32'))
  },
  grad: (_, x, y) => [zerosLike(x), zerosLike(y)],
  singular: true,
})

/** x − y·⌊x / y⌋, with the sign of y; an integer modulo 0 gives 0. */
export const mod = binary('mod', {
  body: (x, y) => (isReal(x) ? floatMod(x, y) : intMod(x, y)),
  grad: (g, x, y) => [g, neg(times(g, floorDiv(x, y)))],
  singular: true,
})

function intMod(x: Scalar, y: Scalar): Scalar {
  const rest = s.rem(x, y)
  const otherSign = s.and(s.ne(rest, 0), s.lt(s.xor(rest, y), 0))
  return s.select(otherSign, s.add(rest, y), rest)
}

/** In double precision, where x − y·⌊x/y⌋ of float32 is exact for all but enormous quotients. */
function floatMod(x: Scalar, y: Scalar): Scalar {
  const [a, b] = [s.cast(x, 'float64'), s.cast(y, 'float64')]
  const rest = s.sub(a, s.mul(s.floor(s.div(a, b)), b))
  const infinite = s.and(s.eq(s.abs(b), Number.POSITIVE_INFINITY), s.lt(s.abs(a), Number.POSITIVE_INFINITY))
  const sameSide = s.or(s.eq(a, 0), s.xor(s.lt(a, 0), s.ge(b, 0)))
  const value = s.select(infinite, s.select(sameSide, a, b), rest)
  return s.cast(value, x.type === 'float32' ? 'float32' : 'float64')
}

const power = binary('pow', {
  body: (x, y) => (isReal(x) ? s.pow(x, y) : intPower(x, y)),
  grad: (g, x, y, out) => [
    times(g, where(eq(y, 0), 0, mul(y, power(x, sub(y, 1))))),
    isFixed(y) ? null : times(g, where(gt(x, 0), mul(out, log(where(gt(x, 0), x, 1))), 0)),
  ],
  singular: true,
})

const isFixed = ({ owner }: Variable) => owner?.op.family.kind === 'constant'

/** x to the power y. Integers wrap; a negative number as exponent makes them float32. */
export const pow = entry(power.op, (x: TensorLike, y: TensorLike): Variable => {
  const real = typeof y === 'number' && y < 0 && !isFloat(commonDType([x]))
  return real ? power(cast(asTensor(x), 'float32'), y) : power(x, y)
}) as Binary

/** By squaring, a bit of the exponent at a time. */
function intPower(x: Scalar, y: Scalar): Scalar {
  let [result, square, bits] = [s.int(1) as Scalar, x, y]
  for (let bit = 0; bit < 31; bit++) {
    result = s.select(s.ne(s.and(bits, 1), 0), s.mul(result, square), result)
    square = s.mul(square, square)
    bits = s.shrU(bits, 1)
  }
  const inverse = s.select(s.eq(x, 1), 1, s.select(s.eq(x, -1), s.sub(1, s.shl(s.and(y, 1), 1)), 0))
  return s.select(s.lt(y, 0), inverse, result)
}

export const neg = unary('neg', {
  body: x => (isReal(x) ? s.neg(x) : s.sub(0, x)),
  grad: g => neg(g),
})

/** |x|, with derivative 0 at 0. */
export const abs = unary('abs', {
  body: x => (isReal(x) ? s.abs(x) : s.select(s.lt(x, 0), s.sub(0, x), x)),
  bool: x => x,
  grad: (g, x) => mul(g, sign(x)),
})

/** −1, 0 or 1. */
export const sign = unary('sign', {
  body: x => s.select(s.gt(x, 0), 1, s.select(s.lt(x, 0), -1, x)),
  bool: x => x,
  grad: (_, x) => zerosLike(x),
})

export const square = unary('square', {
  body: x => s.mul(x, x),
  bool: x => x,
  grad: (g, x) => times(g, mul(x, 2)),
})

/** The greater; NaN passes. Where they are equal the gradient goes to x. */
export const maximum = binary('maximum', {
  body: (x, y) => s.max(x, y),
  bool: (x, y) => s.or(x, y),
  grad: (g, x, y) => [where(ge(x, y), g, 0), where(ge(x, y), 0, g)],
})

/** The smaller; NaN passes. Where they are equal the gradient goes to x. */
export const minimum = binary('minimum', {
  body: (x, y) => s.min(x, y),
  bool: (x, y) => s.and(x, y),
  grad: (g, x, y) => [where(le(x, y), g, 0), where(le(x, y), 0, g)],
})

const rounding = (name: string, body: (x: Scalar) => Scalar) =>
  unary(name, { body: x => (isReal(x) ? body(x) : x), bool: x => x, grad: (_, x) => zerosLike(x) })

export const floor = rounding('floor', s.floor)
export const ceil = rounding('ceil', s.ceil)
/** To the nearest whole number, halves to the even one. */
export const round = rounding('round', s.nearest)
/** Towards 0. */
export const trunc = rounding('trunc', s.trunc)
