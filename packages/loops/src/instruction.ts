/**
 * The closed set of scalar instructions: what every back end must be able to do with a register, and nothing else.
 *
 * They are one-to-one with WebAssembly's numeric instructions (scalar and SIMD), apart from the two guarded integer
 * divisions. Transcendental functions are not here: `intrinsics.ts` expands them into these.
 * Adding a row makes the type-checker ask for a row in each back end's table.
 */

/** How a value is held in a register. uint8 is widened to int32; int64 exists only inside float64 expansions. */
export type ScalarType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool'

interface InstructionInfo {
  readonly arity: 1 | 2 | 3
  /** The operand types it is defined for (of its first operand; `select`: of its second). */
  readonly accepts: readonly ScalarType[]
  /** 'same': the type of the operand (`select`: of the branches); otherwise the result's type. */
  readonly result: 'same' | ScalarType
}

const floats = ['float32', 'float64'] as const
const numbers = ['float32', 'float64', 'int32', 'int64'] as const
const integers = ['int32', 'int64'] as const
const bits = ['int32', 'int64', 'bool'] as const
const all = ['float32', 'float64', 'int32', 'int64', 'bool'] as const

export const instructions = {
  // Arithmetic. Integers wrap. `min` and `max` of floats pass NaN on and order −0 below +0; of integers they are signed.
  add: { arity: 2, accepts: numbers, result: 'same' },
  sub: { arity: 2, accepts: numbers, result: 'same' },
  mul: { arity: 2, accepts: numbers, result: 'same' },
  div: { arity: 2, accepts: floats, result: 'same' },
  min: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'same' },
  max: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'same' },
  neg: { arity: 1, accepts: floats, result: 'same' },
  abs: { arity: 1, accepts: floats, result: 'same' },
  sqrt: { arity: 1, accepts: floats, result: 'same' },
  floor: { arity: 1, accepts: floats, result: 'same' },
  ceil: { arity: 1, accepts: floats, result: 'same' },
  trunc: { arity: 1, accepts: floats, result: 'same' },
  /** Round half to even. */
  nearest: { arity: 1, accepts: floats, result: 'same' },
  /** a·b + c, with one rounding or two as the engine likes. */
  mulAdd: { arity: 3, accepts: floats, result: 'same' },
  // Integers. Truncating division; by zero both give 0; −2³¹ / −1 wraps and its remainder is 0.
  quot: { arity: 2, accepts: ['int32'], result: 'same' },
  rem: { arity: 2, accepts: ['int32'], result: 'same' },
  and: { arity: 2, accepts: bits, result: 'same' },
  or: { arity: 2, accepts: bits, result: 'same' },
  xor: { arity: 2, accepts: bits, result: 'same' },
  not: { arity: 1, accepts: ['bool'], result: 'same' },
  /** Shifts count modulo the width; the count is an int32 scalar, the same in every lane. */
  shl: { arity: 2, accepts: integers, result: 'same' },
  shrS: { arity: 2, accepts: integers, result: 'same' },
  shrU: { arity: 2, accepts: integers, result: 'same' },
  // Comparisons. Any comparison with NaN is false, but `ne`, which is true.
  eq: { arity: 2, accepts: ['float32', 'float64', 'int32', 'int64'], result: 'bool' },
  ne: { arity: 2, accepts: ['float32', 'float64', 'int32', 'int64'], result: 'bool' },
  lt: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'bool' },
  le: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'bool' },
  gt: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'bool' },
  ge: { arity: 2, accepts: ['float32', 'float64', 'int32'], result: 'bool' },
  /** select(condition, a, b): a where the condition holds, bit for bit. */
  select: { arity: 3, accepts: all, result: 'same' },
  // Conversions. From float to int32: truncate, saturate, NaN → 0. To int64: from int32, sign-extended.
  toFloat32: { arity: 1, accepts: ['float64', 'int32', 'bool'], result: 'float32' },
  toFloat64: { arity: 1, accepts: ['float32', 'int32', 'bool'], result: 'float64' },
  toInt32: { arity: 1, accepts: ['float32', 'float64', 'int64', 'bool'], result: 'int32' },
  toInt64: { arity: 1, accepts: ['int32'], result: 'int64' },
  /** The bits of a float as an integer of the same width, and back. */
  bitsOf32: { arity: 1, accepts: ['float32'], result: 'int32' },
  bitsOf64: { arity: 1, accepts: ['float64'], result: 'int64' },
  fromBits32: { arity: 1, accepts: ['int32'], result: 'float32' },
  fromBits64: { arity: 1, accepts: ['int64'], result: 'float64' },
} as const satisfies Record<string, InstructionInfo>

export type InstructionName = keyof typeof instructions
