/**
 * Intrinsics as expansions into the closed set of instructions: no branches, any lane count, right at the edges.
 *
 * float32 within 2 ulp, float64 within 4 ulp, whether `mulAdd` fuses or not. What has no float32 expansion of its own is
 * computed in float64 and rounded, at half the lanes. sin, cos and tan hold for |x| ≤ 1.6·10⁶; back
 * ends have to do something about what is beyond.
 */
import * as error from './intrinsics/error.js'
import * as exponential from './intrinsics/exponential.js'
import * as logarithm from './intrinsics/logarithm.js'
import { pow32, pow64 } from './intrinsics/power.js'
import * as trigonometric from './intrinsics/trigonometric.js'
import { type IntrinsicName, type Scalar, s } from './scalar.js'

interface Expansion {
  readonly float32: (x: Scalar, y: Scalar) => Scalar
  readonly float64: (x: Scalar, y: Scalar) => Scalar
}

/** One expansion that holds for both formats. */
const both = (f: (x: Scalar) => Scalar): Expansion => ({ float32: f, float64: f })

/** A float64 expansion, from which float32 is rounded. */
function wide(f: (x: Scalar, y: Scalar) => Scalar): Expansion {
  const float32 = (x: Scalar, y: Scalar) =>
    s.cast(f(s.cast(x, 'float64'), y && s.cast(y, 'float64')), 'float32')
  return { float32, float64: f }
}

const expansions: Readonly<Record<IntrinsicName, Expansion>> = {
  exp: both(exponential.exp),
  expm1: both(exponential.expm1),
  log: both(logarithm.log),
  log1p: both(logarithm.log1p),
  log2: both(logarithm.log2),
  log10: both(logarithm.log10),
  pow: { float32: pow32, float64: pow64 },
  sin: wide(trigonometric.sin),
  cos: wide(trigonometric.cos),
  tan: wide(trigonometric.tan),
  asin: wide(trigonometric.asin),
  acos: wide(trigonometric.acos),
  atan: wide(trigonometric.atan),
  atan2: wide(trigonometric.atan2),
  sinh: wide(exponential.sinh),
  cosh: both(exponential.cosh),
  tanh: { float32: exponential.tanh32, float64: exponential.tanh64 },
  asinh: both(logarithm.asinh),
  acosh: wide(logarithm.acosh),
  atanh: both(logarithm.atanh),
  erf: { float32: error.erf32, float64: error.erf64 },
  erfc: wide(error.erfc64),
  sigmoid: both(exponential.sigmoid),
  softplus: both(exponential.softplus),
}

/** The intrinsic of these arguments, in instructions only. */
export function expandIntrinsic(name: IntrinsicName, args: readonly Scalar[]): Scalar {
  const type = args[0]!.type
  if (type !== 'float32' && type !== 'float64')
    throw new Error(`internal: no expansion of ${name} on ${type}`)
  return expansions[name][type](args[0]!, args[1]!)
}
