/**
 * What each instruction and intrinsic means, in plain JavaScript. The oracle of every emitter is built on this table.
 *
 * int32 and bool are numbers (bool is 0 or 1), int64 is a bigint, float32 is rounded after every instruction.
 */
import type { InstructionName, ScalarType } from './instruction.js'
import { native } from './native.js'
import type { IntrinsicName, Scalar } from './scalar.js'

export type Value = number | bigint

// biome-ignore lint/suspicious/noExplicitAny: the operands' types are the builder's promise
type Meaning = (...operands: any[]) => Value

type FloatMeaning = (...operands: number[]) => number

/** `b` is a bigint, or the count of a shift. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Int64Meaning = (a: bigint, b: any) => Value

/** Rounds half to even. */
export function nearest(x: number): number {
  if (!(Math.abs(x) < 2 ** 52)) return x
  const shifted = Math.abs(x) + 2 ** 52 - 2 ** 52
  return x < 0 || Object.is(x, -0) ? -shifted : shifted
}

/** Truncates and saturates; NaN gives 0. */
export function saturate(x: number): number {
  return Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x)))
}

const wrap = (x: bigint) => BigInt.asIntN(64, x)
const truth = (x: boolean) => Number(x)

/** One function for floats, which float32 rounds; int32 and int64 apart. */
function arithmetic(
  float: FloatMeaning | null,
  int32: FloatMeaning | null,
  int64: Int64Meaning | null = null,
) {
  return (type: ScalarType): Meaning => {
    if (type === 'int64') return int64 as Meaning
    if (type === 'int32' || type === 'bool') return int32!
    return type === 'float32' ? rounded(float!) : float!
  }
}

function rounded(f: FloatMeaning): FloatMeaning {
  return (a, b, c) => Math.fround(f(a!, b!, c!))
}

const float = (f: FloatMeaning) => arithmetic(f, null)
const same = (f: Meaning) => () => f

/** By the type of the operand (`select`: of the branches), what an instruction does. */
// biome-ignore format: one instruction a line
const meanings: Record<InstructionName, (type: ScalarType) => Meaning> = {
  add: arithmetic((a, b) => a! + b!, (a, b) => (a! + b!) | 0, (a, b) => wrap(a + b)),
  sub: arithmetic((a, b) => a! - b!, (a, b) => (a! - b!) | 0, (a, b) => wrap(a - b)),
  mul: arithmetic((a, b) => a! * b!, (a, b) => Math.imul(a!, b!), (a, b) => wrap(a * b)),
  div: float((a, b) => a! / b!),
  min: arithmetic((a, b) => Math.min(a!, b!), (a, b) => Math.min(a!, b!)),
  max: arithmetic((a, b) => Math.max(a!, b!), (a, b) => Math.max(a!, b!)),
  neg: float(a => -a!),
  abs: float(a => Math.abs(a!)),
  sqrt: float(a => Math.sqrt(a!)),
  floor: float(a => Math.floor(a!)),
  ceil: float(a => Math.ceil(a!)),
  trunc: float(a => Math.trunc(a!)),
  nearest: float(a => nearest(a!)),
  mulAdd: float((a, b, c) => a! * b! + c!),
  quot: same((a, b) => (b === 0 ? 0 : (a / b) | 0)),
  rem: same((a, b) => (b === 0 ? 0 : (a % b) | 0)),
  and: same((a, b) => a & b),
  or: same((a, b) => a | b),
  xor: same((a, b) => a ^ b),
  not: same(a => 1 - a),
  shl: arithmetic(null, (a, b) => a! << b!, (a, b) => wrap(a << BigInt(b & 63))),
  shrS: arithmetic(null, (a, b) => a! >> b!, (a, b) => a >> BigInt(b & 63)),
  shrU: arithmetic(null, (a, b) => (a! >>> b!) | 0, (a, b) => wrap(BigInt.asUintN(64, a) >> BigInt(b & 63))),
  eq: same((a, b) => truth(a === b)),
  ne: same((a, b) => truth(a !== b)),
  lt: same((a, b) => truth(a < b)),
  le: same((a, b) => truth(a <= b)),
  gt: same((a, b) => truth(a > b)),
  ge: same((a, b) => truth(a >= b)),
  select: same((condition, a, b) => (condition ? a : b)),
  toFloat32: same(a => Math.fround(a)),
  toFloat64: same(a => a),
  toInt32: type => (type === 'int64' ? a => Number(BigInt.asIntN(32, a)) : a => saturate(a)),
  toInt64: same(a => BigInt(a)),
  bitsOf32: same(a => new Int32Array(Float32Array.of(a).buffer)[0]!),
  bitsOf64: same(a => new BigInt64Array(Float64Array.of(a).buffer)[0]!),
  fromBits32: same(a => new Float32Array(Int32Array.of(a).buffer)[0]!),
  fromBits64: same(a => new Float64Array(BigInt64Array.of(a).buffer)[0]!),
}

export function meaningOfInstruction(name: InstructionName, type: ScalarType): Meaning {
  return meanings[name](type)
}

export function meaningOfIntrinsic(name: IntrinsicName, type: 'float32' | 'float64'): Meaning {
  const f = native[name] as FloatMeaning
  return type === 'float32' ? rounded(f) : f
}

/** What one node of a scalar does to the values of its operands. Leaves and loads need an environment instead. */
export function meaningOf(x: Scalar & { kind: 'instruction' | 'intrinsic' }): Meaning {
  if (x.kind === 'intrinsic') return meaningOfIntrinsic(x.name, x.type)
  return meaningOfInstruction(x.name, (x.name === 'select' ? x.args[1]! : x.args[0]!).type)
}

/** The value of a constant. */
export function constantValue(type: ScalarType, value: number): Value {
  return type === 'int64' ? BigInt(value) : value
}
