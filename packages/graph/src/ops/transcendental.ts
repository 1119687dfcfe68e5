/**
 * Functions of real numbers, elementwise. The loop language expands them; here is what they are and how they change.
 */
import { s } from '@arignote/loops'
import { add, div, mul, neg, square, sub } from './arithmetic.js'
import { floatBinary, floatUnary } from './builders.js'
import { over, times } from './chain.js'

const sqrtPi = Math.sqrt(Math.PI)

export const exp = floatUnary('exp', { body: s.exp, grad: (g, _, out) => times(g, out), singular: true })
/** 2ˣ. */
export const exp2 = floatUnary('exp2', {
  body: x => s.pow(s.const(x.type, 2), x),
  grad: (g, _, out) => times(g, mul(out, Math.LN2)),
  singular: true,
})
/** eˣ − 1, exact near 0. */
export const expm1 = floatUnary('expm1', {
  body: s.expm1,
  grad: (g, _, out) => times(g, add(out, 1)),
  singular: true,
})
export const log = floatUnary('log', { body: s.log, grad: (g, x) => over(g, x), singular: true })
/** log(1 + x), exact near 0. */
export const log1p = floatUnary('log1p', {
  body: s.log1p,
  grad: (g, x) => over(g, add(x, 1)),
  singular: true,
})
export const log2 = floatUnary('log2', {
  body: s.log2,
  grad: (g, x) => over(g, mul(x, Math.LN2)),
  singular: true,
})
export const log10 = floatUnary('log10', {
  body: s.log10,
  grad: (g, x) => over(g, mul(x, Math.LN10)),
  singular: true,
})
export const sqrt = floatUnary('sqrt', {
  body: s.sqrt,
  grad: (g, _, out) => over(g, mul(out, 2)),
  singular: true,
})
/** 1 / √x. */
export const rsqrt = floatUnary('rsqrt', {
  body: x => s.div(1, s.sqrt(x)),
  grad: (g, _, out) => times(g, mul(mul(out, square(out)), -0.5)),
  singular: true,
})

export const sin = floatUnary('sin', { body: s.sin, grad: (g, x) => mul(g, cos(x)) })
export const cos = floatUnary('cos', { body: s.cos, grad: (g, x) => mul(g, neg(sin(x))) })
export const tan = floatUnary('tan', {
  body: s.tan,
  grad: (g, _, out) => times(g, add(square(out), 1)),
  singular: true,
})
export const asin = floatUnary('asin', {
  body: s.asin,
  grad: (g, x) => over(g, sqrt(sub(1, square(x)))),
  singular: true,
})
export const acos = floatUnary('acos', {
  body: s.acos,
  grad: (g, x) => neg(over(g, sqrt(sub(1, square(x))))),
  singular: true,
})
export const atan = floatUnary('atan', { body: s.atan, grad: (g, x) => div(g, add(square(x), 1)) })

/** The angle of the point (x, y); note the order: y first. */
export const atan2 = floatBinary('atan2', {
  body: s.atan2,
  grad: (g, y, x) => {
    const scaled = over(g, add(square(x), square(y)))
    return [mul(scaled, x), neg(mul(scaled, y))]
  },
})

export const sinh = floatUnary('sinh', { body: s.sinh, grad: (g, x) => times(g, cosh(x)), singular: true })
export const cosh = floatUnary('cosh', { body: s.cosh, grad: (g, x) => times(g, sinh(x)), singular: true })
export const tanh = floatUnary('tanh', { body: s.tanh, grad: (g, _, out) => mul(g, sub(1, square(out))) })
export const asinh = floatUnary('asinh', { body: s.asinh, grad: (g, x) => div(g, sqrt(add(square(x), 1))) })
export const acosh = floatUnary('acosh', {
  body: s.acosh,
  grad: (g, x) => over(g, sqrt(sub(square(x), 1))),
  singular: true,
})
export const atanh = floatUnary('atanh', {
  body: s.atanh,
  grad: (g, x) => over(g, sub(1, square(x))),
  singular: true,
})

export const erf = floatUnary('erf', {
  body: s.erf,
  grad: (g, x) => mul(g, mul(gaussian(x), 2 / sqrtPi)),
})
/** 1 − erf x, exact where it is small. */
export const erfc = floatUnary('erfc', {
  body: s.erfc,
  grad: (g, x) => mul(g, mul(gaussian(x), -2 / sqrtPi)),
})

/** e^(−x²), which is never infinite. */
const gaussian = (x: Parameters<typeof square>[0]) => exp(neg(square(x)))

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = floatUnary('sigmoid', {
  body: s.sigmoid,
  grad: (g, _, out) => mul(g, mul(out, sub(1, out))),
})

/** log(1 + eˣ), computed so that neither tail overflows. */
export const softplus = floatUnary('softplus', {
  body: s.softplus,
  grad: (g, x) => mul(g, sigmoid(x)),
})
