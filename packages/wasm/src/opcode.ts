/**
 * Opcode: one row of the instruction table, and the constructors that the table is written with.
 *
 * A row says everything that is needed to type-check and to encode an instruction.
 * Signatures are text ("v128 v128 → v128") so that the table reads like the specification.
 */

/** The value types of WebAssembly that a kernel can hold. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** What follows the opcode in the byte stream. */
export type ImmediateKind =
  | 'none'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'memory'
  | 'atomic'
  | 'memoryLane'
  | 'lane'
  | 'shuffle'

/** One instruction: bytes, operand types, result types, immediates. */
export interface Opcode<K extends ImmediateKind = ImmediateKind> {
  readonly bytes: readonly number[]
  readonly operands: readonly ValueType[]
  readonly results: readonly ValueType[]
  readonly immediate: K
  /** Bytes that a memory access moves (its natural alignment); 0 for all others. */
  readonly width: number
  /** Number of lanes that a lane index may choose from; 0 for all others. */
  readonly lanes: number
  /** True if the module needs a memory. */
  readonly memory: boolean
}

/** An instruction without immediates. */
export const plain = (bytes: readonly number[], signature: string): Opcode<'none'> =>
  row(bytes, signature, 'none')

/** A constant; `type` is also the kind of its immediate. */
export const constant = <T extends ValueType>(bytes: readonly number[], type: T): Opcode<T> =>
  row(bytes, `→ ${type}`, type)

/** A load or store of `width` bytes. */
export const access = (bytes: readonly number[], signature: string, width: number) =>
  row(bytes, signature, 'memory', { width, memory: true })

/** An atomic access of `width` bytes; its alignment must be exact. */
export const atomic = (bytes: readonly number[], signature: string, width: number) =>
  row(bytes, signature, 'atomic', { width, memory: true })

/** A load or store of a single lane of `width` bytes. */
export const accessLane = (bytes: readonly number[], signature: string, width: number) =>
  row(bytes, signature, 'memoryLane', { width, lanes: 16 / width, memory: true })

/** An instruction that names one of `lanes` lanes. */
export const lane = (bytes: readonly number[], signature: string, lanes: number) =>
  row(bytes, signature, 'lane', { lanes })

/** The shuffle of two vectors by sixteen constant byte indices. */
export const shuffle = (bytes: readonly number[], signature: string) =>
  row(bytes, signature, 'shuffle', { lanes: 32 })

/** An instruction on the memory as a whole; memory index 0 is part of its bytes. */
export const bulk = (bytes: readonly number[], signature: string) =>
  row(bytes, signature, 'none', { memory: true })

/** A prefix byte and the LEB128 of the number that follows it (codes are below 2¹⁴). */
export const prefixed = (prefix: number, code: number): readonly number[] =>
  code < 0x80 ? [prefix, code] : [prefix, (code & 0x7f) | 0x80, code >> 7]

function row<K extends ImmediateKind>(
  bytes: readonly number[],
  signature: string,
  immediate: K,
  more: { width?: number; lanes?: number; memory?: boolean } = {},
): Opcode<K> {
  const [operands, results] = parse(signature)
  const { width = 0, lanes = 0, memory = false } = more
  return { bytes, operands, results, immediate, width, lanes, memory }
}

type Signature = readonly [operands: readonly ValueType[], results: readonly ValueType[]]

// Some 500 rows share about 60 signatures.
const parsed = new Map<string, Signature>()

function parse(signature: string): Signature {
  const known = parsed.get(signature)
  if (known) return known
  const [operands = '', results = ''] = signature.split('→')
  const types = (text: string) => text.split(' ').filter(word => word !== '') as ValueType[]
  const fresh: Signature = [types(operands), types(results)]
  parsed.set(signature, fresh)
  return fresh
}
