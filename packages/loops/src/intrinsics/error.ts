/**
 * The error function. float64 by W. J. Cody's rational approximations, in `native.ts`; float32 by N. Juffa's
 * erf |x| = 1 − e^(−p(|x|)), and a polynomial near 0.
 */
import { errorFunction } from '../native.js'
import { type Scalar, s } from '../scalar.js'
import { exp } from './exponential.js'
import { atMost, copySign, polynomial, ratio, truncated } from './format.js'

const near32 = [0.128379166, -0.376125336, 0.112819925, -0.0267681349, 0.00499119423, -0.000596761703]
const far32 = [
  -0.128717512, -0.634846687, -0.106777877, 0.0242546219, -0.00388396438, 0.000383197126, -1.7285347e-5,
]

export function erf32(x: Scalar): Scalar {
  const a = atMost(s.abs(x), 4)
  const exponent = s.mulAdd(polynomial(a, far32), a, s.neg(a))
  const far = s.sub(s.const('float32', 1), exp(exponent))
  const near = s.mulAdd(polynomial(s.mul(a, a), near32), a, a)
  return copySign(s.select(s.gt(a, 475 / 512), far, near), x)
}

const { small, middle, large, tail } = errorFunction
const f = (value: number) => s.const('float64', value)

/** erfc a for 1.25 ≤ a, which e^(−a²) governs: a² is split so that its rounding does not matter. */
function erfcTail(a: Scalar): Scalar {
  const inverse = s.div(f(1), s.mul(a, a))
  const r = s.select(s.lt(a, 1 / 0.35), ratio(inverse, large), ratio(inverse, tail))
  const head = truncated(a)
  const first = exp(s.sub(s.neg(s.mul(head, head)), 0.5625))
  const second = exp(s.add(s.mul(s.sub(head, a), s.add(head, a)), r))
  return s.div(s.mul(first, second), a)
}

interface Regions {
  readonly isNear: Scalar
  readonly isMiddle: Scalar
  /** erf a / a − 1 near 0, erf a − offset in the middle, erfc a beyond. */
  readonly near: Scalar
  readonly middle: Scalar
  readonly far: Scalar
}

function regions(a: Scalar): Regions {
  return {
    isNear: s.lt(a, 0.84375),
    isMiddle: s.lt(a, 1.25),
    near: ratio(s.mul(a, a), small),
    middle: ratio(s.sub(a, 1), middle),
    far: erfcTail(a),
  }
}

export function erf64(x: Scalar): Scalar {
  const a = atMost(s.abs(x), 6)
  const { isNear, isMiddle, ...value } = regions(a)
  const far = s.select(isMiddle, s.add(value.middle, middle.offset), s.sub(f(1), value.far))
  return unlessDenormal(x, copySign(s.select(isNear, s.mulAdd(a, value.near, a), far), x))
}

/** erf′(0) = 2/√π, not 1; but a product keeps what `a + a·r` would lose. */
function unlessDenormal(x: Scalar, fx: Scalar): Scalar {
  return s.select(s.lt(s.abs(x), 2 ** -1000), s.mul(x, 2 / Math.sqrt(Math.PI)), fx)
}

export function erfc64(x: Scalar): Scalar {
  const a = atMost(s.abs(x), 28)
  const { isNear, isMiddle, ...value } = regions(a)
  const positive = s.select(isMiddle, s.sub(f(1 - middle.offset), value.middle), value.far)
  const signedNear = s.mul(x, value.near)
  const near = s.select(
    s.lt(x, 0.25),
    s.sub(f(1), s.add(x, signedNear)),
    s.sub(f(0.5), s.add(s.sub(x, 0.5), signedNear)),
  )
  const far = s.select(s.lt(x, 0), s.sub(f(2), positive), positive)
  return s.select(isNear, near, far)
}
