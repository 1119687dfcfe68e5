/**
 * Scalar expressions: what one element of a tensor is, written over loop axes, loads and registers.
 *
 * A scalar is an immutable tree (shared sub-trees are fine: emitters number values, so nothing is computed twice).
 * `s` builds them, checks operand types and folds what is exact to fold: integer index arithmetic and constants.
 */
import { type DType, dtypeInfo } from './dtype.js'
import { type InstructionName, instructions, type ScalarType } from './instruction.js'
import type { Axis, BufferParam, Register, SizeParam } from './kernel.js'

export type Scalar =
  | { readonly kind: 'const'; readonly type: ScalarType; readonly value: number }
  | { readonly kind: 'axis'; readonly type: 'int32'; readonly axis: Axis }
  | { readonly kind: 'size'; readonly type: 'int32'; readonly size: SizeParam }
  | { readonly kind: 'load'; readonly type: ScalarType; readonly buffer: BufferParam; readonly index: Scalar }
  | { readonly kind: 'register'; readonly type: ScalarType; readonly register: Register }
  | {
      readonly kind: 'instruction'
      readonly type: ScalarType
      readonly name: InstructionName
      readonly args: readonly Scalar[]
    }
  | {
      readonly kind: 'intrinsic'
      readonly type: 'float32' | 'float64'
      readonly name: IntrinsicName
      readonly args: readonly Scalar[]
    }

/** The functions that `intrinsics.ts` expands; a back end may use a native one instead (JavaScript's Math). */
export const intrinsicNames = [
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'pow',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'atan2',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'erf',
  'erfc',
  'sigmoid',
  'softplus',
] as const
export type IntrinsicName = (typeof intrinsicNames)[number]

/** The register type that holds an element of the dtype. */
export function scalarType(dtype: DType): Exclude<ScalarType, 'int64'> {
  return dtype === 'uint8' ? 'int32' : dtype
}

/** What the builder takes: a scalar, or a number that becomes a constant of its neighbour's type. */
export type Operand = Scalar | number

function constant(type: ScalarType, value: number): Scalar {
  return {
    kind: 'const',
    type,
    value: type === 'float32' ? Math.fround(value) : type === 'int32' ? value | 0 : value,
  }
}

const isShift = (name: InstructionName) => name === 'shl' || name === 'shrS' || name === 'shrU'

/** The type of the constant that a number among operands becomes: its neighbours'. */
function typeFor(name: InstructionName, operands: readonly Operand[], position: number): ScalarType {
  if (isShift(name) && position === 1) return 'int32'
  for (let i = name === 'select' ? 1 : 0; i < operands.length; i++) {
    const x = operands[i]!
    if (typeof x !== 'number') return x.type
  }
  throw new Error(`internal: ${name} needs a typed operand`)
}

function instruction(name: InstructionName, ...operands: Operand[]): Scalar {
  const args = withConstants(name, operands)
  const folded = foldInteger(name, args)
  if (folded !== null) return folded
  const { result } = instructions[name]
  const type = result === 'same' ? args[name === 'select' ? 1 : 0]!.type : result
  return { kind: 'instruction', name, args, type }
}

/** The operands of an instruction, whose types must go together; constants in the place of numbers. */
function withConstants(name: InstructionName, operands: Operand[]): readonly Scalar[] {
  for (let i = 0; i < operands.length; i++) {
    const x = operands[i]!
    if (typeof x === 'number') operands[i] = constant(typeFor(name, operands, i), x)
  }
  const args = operands as Scalar[]
  const first = name === 'select' ? 1 : 0
  const { type } = args[first]!
  if (!(instructions[name].accepts as readonly ScalarType[]).includes(type)) {
    throw new Error(`internal: ${name} is not defined for ${type}`)
  }
  for (let i = first + 1; i < args.length; i++) {
    if (args[i]!.type !== type && !isShift(name))
      throw new Error(`internal: ${name} of unlike types ${args.map(x => x.type).join(', ')}`)
  }
  if (name === 'select' && args[0]!.type !== 'bool')
    throw new Error('internal: select needs a bool condition')
  return args
}

/** Exact identities of int32 index arithmetic; floats are left alone. */
function foldInteger(name: InstructionName, args: readonly Scalar[]): Scalar | null {
  const a = args[0]!
  const b = args[1]
  if (b === undefined || (a.type !== 'int32' && a.type !== 'bool')) return null
  const x = a.kind === 'const' ? a.value : null
  if (name === 'select') return x === null ? null : x ? b : args[2]!
  const y = b.kind === 'const' ? b.value : null
  if (a.type === 'bool') {
    if (name === 'and') return x === 1 || y === 0 ? b : y === 1 || x === 0 ? a : null
    return null
  }
  if (x !== null && y !== null) {
    const value = evaluateInteger(name, x, y)
    return value === null ? null : constant(instructions[name].result === 'bool' ? 'bool' : 'int32', value)
  }
  if (name === 'add') return x === 0 ? b : y === 0 ? a : null
  if (name === 'sub') return y === 0 ? a : null
  if (name === 'mul') return x === 1 ? b : y === 1 ? a : x === 0 ? a : y === 0 ? b : null
  if (name === 'quot') return y === 1 ? a : null
  if (name === 'rem') return y === 1 ? constant('int32', 0) : null
  return null
}

function evaluateInteger(name: InstructionName, a: number, b: number): number | null {
  switch (name) {
    case 'add':
      return (a + b) | 0
    case 'sub':
      return (a - b) | 0
    case 'mul':
      return Math.imul(a, b)
    case 'quot':
      return b === 0 ? 0 : (a / b) | 0
    case 'rem':
      return b === 0 ? 0 : (a % b) | 0
    case 'min':
      return Math.min(a, b)
    case 'max':
      return Math.max(a, b)
    case 'eq':
      return Number(a === b)
    case 'ne':
      return Number(a !== b)
    case 'lt':
      return Number(a < b)
    case 'le':
      return Number(a <= b)
    case 'gt':
      return Number(a > b)
    case 'ge':
      return Number(a >= b)
    default:
      return null
  }
}

function intrinsic(name: IntrinsicName, ...args: readonly Scalar[]): Scalar {
  const type = args[0]!.type
  if (type !== 'float32' && type !== 'float64')
    throw new Error(`internal: ${name} is not defined for ${type}`)
  return { kind: 'intrinsic', name, args, type }
}

const unary = (name: InstructionName) => (x: Scalar) => instruction(name, x)
const binary = (name: InstructionName) => (x: Operand, y: Operand) => instruction(name, x, y)
const unaryIntrinsic = (name: IntrinsicName) => (x: Scalar) => intrinsic(name, x)

/** The builder of scalars. A plain number takes the type of the other operand. */
export const s = {
  const: constant,
  int: (value: number) => constant('int32', value),
  axis: (axis: Axis): Scalar => ({ kind: 'axis', type: 'int32', axis }),
  size: (size: SizeParam): Scalar => ({ kind: 'size', type: 'int32', size }),
  register: (register: Register): Scalar => ({ kind: 'register', type: register.type, register }),
  load: (buffer: BufferParam, index: Scalar): Scalar => ({
    kind: 'load',
    type: scalarType(buffer.dtype),
    buffer,
    index,
  }),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  min: binary('min'),
  max: binary('max'),
  neg: unary('neg'),
  abs: unary('abs'),
  sqrt: unary('sqrt'),
  floor: unary('floor'),
  ceil: unary('ceil'),
  trunc: unary('trunc'),
  nearest: unary('nearest'),
  mulAdd: (x: Operand, y: Operand, z: Operand) => instruction('mulAdd', x, y, z),
  quot: binary('quot'),
  rem: binary('rem'),
  and: binary('and'),
  or: binary('or'),
  xor: binary('xor'),
  not: unary('not'),
  shl: binary('shl'),
  shrS: binary('shrS'),
  shrU: binary('shrU'),
  eq: binary('eq'),
  ne: binary('ne'),
  lt: binary('lt'),
  le: binary('le'),
  gt: binary('gt'),
  ge: binary('ge'),
  select: (condition: Scalar, x: Operand, y: Operand) => instruction('select', condition, x, y),
  toInt64: unary('toInt64'),
  bitsOf32: unary('bitsOf32'),
  bitsOf64: unary('bitsOf64'),
  fromBits32: unary('fromBits32'),
  fromBits64: unary('fromBits64'),
  exp: unaryIntrinsic('exp'),
  expm1: unaryIntrinsic('expm1'),
  log: unaryIntrinsic('log'),
  log1p: unaryIntrinsic('log1p'),
  log2: unaryIntrinsic('log2'),
  log10: unaryIntrinsic('log10'),
  pow: (x: Scalar, y: Scalar) => intrinsic('pow', x, y),
  sin: unaryIntrinsic('sin'),
  cos: unaryIntrinsic('cos'),
  tan: unaryIntrinsic('tan'),
  asin: unaryIntrinsic('asin'),
  acos: unaryIntrinsic('acos'),
  atan: unaryIntrinsic('atan'),
  atan2: (y: Scalar, x: Scalar) => intrinsic('atan2', y, x),
  sinh: unaryIntrinsic('sinh'),
  cosh: unaryIntrinsic('cosh'),
  tanh: unaryIntrinsic('tanh'),
  asinh: unaryIntrinsic('asinh'),
  acosh: unaryIntrinsic('acosh'),
  atanh: unaryIntrinsic('atanh'),
  erf: unaryIntrinsic('erf'),
  erfc: unaryIntrinsic('erfc'),
  sigmoid: unaryIntrinsic('sigmoid'),
  softplus: unaryIntrinsic('softplus'),
  /** Converts a register to the register type of a dtype; to uint8 it wraps modulo 256 (floats saturate at 0 and 255). */
  cast(x: Scalar, to: DType): Scalar {
    const target = scalarType(to)
    const converted = convert(x, target)
    if (to !== 'uint8') return converted
    const isFloatSource = x.type === 'float32' || x.type === 'float64'
    return isFloatSource
      ? s.min(s.max(converted, 0), 255)
      : x.type === 'bool'
        ? converted
        : s.and(converted, 255)
  },
} as const

function convert(x: Scalar, to: Exclude<ScalarType, 'int64'>): Scalar {
  if (x.type === to) return x
  if (x.kind === 'const' && to !== 'bool') return constant(to, to === 'int32' ? saturate(x.value) : x.value)
  switch (to) {
    case 'float32':
      return instruction('toFloat32', x)
    case 'float64':
      return instruction('toFloat64', x)
    case 'int32':
      return instruction('toInt32', x)
    case 'bool':
      return instruction('ne', x, 0)
    default:
      return to satisfies never
  }
}

function saturate(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value)))
}

/** Bytes of one element of a buffer of the dtype. */
export const bytesOf = (dtype: DType): number => dtypeInfo[dtype].bytes
