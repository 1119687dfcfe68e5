/**
 * Immediate: what follows an opcode — checked when emitted, encoded and printed later.
 *
 * One table per question, one row per kind, so that a new kind is a compile error until
 * it has been given an answer everywhere.
 */
import type { ByteWriter } from './encode.js'
import { badImmediate } from './errors.js'
import type { ImmediateKind, Opcode } from './opcode.js'

/** Where a load or store goes, relative to the address on the stack; both in bytes. */
export interface MemoryAt {
  readonly offset?: number
  /** A promise to the engine, never a requirement; natural alignment if left out. */
  readonly align?: number
}

/** The arguments that `op` takes after the name, by kind of immediate. */
export interface ImmediateArguments {
  none: readonly []
  i32: readonly [value: number]
  i64: readonly [value: bigint | number]
  f32: readonly [value: number]
  f64: readonly [value: number]
  /** Sixteen bytes in any typed array: `new Float32Array([1, 1, 1, 1])`. */
  v128: readonly [bytes: ArrayBufferView]
  memory: readonly [at?: MemoryAt]
  atomic: readonly [at?: MemoryAt]
  memoryLane: readonly [lane: number, at?: MemoryAt]
  lane: readonly [lane: number]
  /** Sixteen indices into the 32 bytes of both operands. */
  shuffle: readonly [indices: readonly number[]]
}

/** A checked immediate. */
export type Immediate =
  | { readonly kind: 'none' }
  | { readonly kind: 'i32' | 'f32' | 'f64' | 'lane'; readonly value: number }
  | { readonly kind: 'i64'; readonly value: bigint }
  | { readonly kind: 'v128' | 'shuffle'; readonly bytes: Uint8Array }
  | { readonly kind: 'memory'; readonly offset: number; readonly align: number }
  | {
      readonly kind: 'memoryLane'
      readonly offset: number
      readonly align: number
      readonly lane: number
    }

export const noImmediate: Immediate = { kind: 'none' }

type Check<K extends ImmediateKind> = (
  name: string,
  row: Opcode,
  ...given: ImmediateArguments[K]
) => Immediate

const checks: { readonly [K in ImmediateKind]: Check<K> } = {
  none: () => noImmediate,
  i32: (name, _row, value) => {
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
      throw badImmediate(name, 'expected a 32-bit integer', value)
    return { kind: 'i32', value: value | 0 }
  },
  i64: (name, _row, value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      throw badImmediate(name, 'expected a bigint or a safe integer', value)
    const wide = BigInt(value)
    if (wide < -(2n ** 63n) || wide >= 2n ** 64n) throw badImmediate(name, 'expected a 64-bit integer', value)
    return { kind: 'i64', value: BigInt.asIntN(64, wide) }
  },
  f32: (name, _row, value) => float(name, 'f32', value),
  f64: (name, _row, value) => float(name, 'f64', value),
  v128: (name, _row, view) => {
    if (!ArrayBuffer.isView(view) || view.byteLength !== 16)
      throw badImmediate(name, 'expected a typed array of 16 bytes', view)
    return { kind: 'v128', bytes: new Uint8Array(view.buffer, view.byteOffset, 16).slice() }
  },
  memory: (name, row, at) => memory(name, row.width, at),
  atomic: (name, row, at) => {
    if (at?.align !== undefined && at.align !== row.width)
      throw badImmediate(name, `atomic accesses need align ${row.width}`, at.align)
    return memory(name, row.width, at)
  },
  memoryLane: (name, row, index, at) => {
    const { offset, align } = memory(name, row.width, at)
    return { kind: 'memoryLane', offset, align, lane: laneIndex(name, row.lanes, index) }
  },
  lane: (name, row, index) => ({ kind: 'lane', value: laneIndex(name, row.lanes, index) }),
  shuffle: (name, row, indices) => {
    if (indices.length !== 16) throw badImmediate(name, 'expected 16 indices', indices.length)
    for (const index of indices) laneIndex(name, row.lanes, index)
    return { kind: 'shuffle', bytes: Uint8Array.from(indices) }
  },
}

/** Checks the arguments given to an instruction. */
export function immediateOf(name: string, row: Opcode, given: readonly unknown[]): Immediate {
  // `op` ties the arguments to the name; the tie is lost on the way through the table.
  const check = checks[row.immediate] as (
    name: string,
    row: Opcode,
    ...given: readonly unknown[]
  ) => Immediate
  return check(name, row, ...given)
}

/** Writes an immediate as it follows its opcode. */
export function writeImmediate(writer: ByteWriter, immediate: Immediate): void {
  switch (immediate.kind) {
    case 'none':
      break
    case 'i32':
      writer.s32(immediate.value)
      break
    case 'i64':
      writer.s64(immediate.value)
      break
    case 'f32':
      writer.f32(immediate.value)
      break
    case 'f64':
      writer.f64(immediate.value)
      break
    case 'lane':
      writer.byte(immediate.value)
      break
    case 'v128':
    case 'shuffle':
      writer.bytes(immediate.bytes)
      break
    case 'memory':
    case 'memoryLane':
      writer.u32(31 - Math.clz32(immediate.align))
      writer.u32(immediate.offset)
      if (immediate.kind === 'memoryLane') writer.byte(immediate.lane)
      break
    default:
      immediate satisfies never
  }
}

/** An immediate as WAT writes it, with a leading space, or nothing. */
export function printImmediate(immediate: Immediate, row: Opcode): string {
  switch (immediate.kind) {
    case 'none':
      return ''
    case 'i32':
    case 'i64':
    case 'lane':
      return ` ${immediate.value}`
    case 'f32':
    case 'f64':
      return ` ${printFloat(immediate.value)}`
    case 'v128':
      return ` i32x4 ${words32(immediate.bytes).join(' ')}`
    case 'shuffle':
      return ` ${immediate.bytes.join(' ')}`
    case 'memory':
    case 'memoryLane': {
      const offset = immediate.offset === 0 ? '' : ` offset=${immediate.offset}`
      const align = immediate.align === row.width ? '' : ` align=${immediate.align}`
      const lane = immediate.kind === 'memoryLane' ? ` ${immediate.lane}` : ''
      return offset + align + lane
    }
    default:
      return immediate satisfies never
  }
}

function float(name: string, kind: 'f32' | 'f64', value: number): Immediate {
  if (typeof value !== 'number') throw badImmediate(name, 'expected a number', value)
  // What is printed is what is encoded.
  return { kind, value: kind === 'f32' ? Math.fround(value) : value }
}

function memory(name: string, width: number, at: MemoryAt = {}) {
  const { offset = 0, align = width } = at
  if (!Number.isInteger(offset) || offset < 0 || offset >= 2 ** 32)
    throw badImmediate(name, 'expected an offset in [0, 2³²)', offset)
  const isPowerOfTwo = align > 0 && Number.isInteger(align) && (align & (align - 1)) === 0
  if (!isPowerOfTwo || align > width)
    throw badImmediate(name, `expected a power of two up to ${width} as align`, align)
  return { kind: 'memory', offset, align } as const
}

function laneIndex(name: string, lanes: number, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= lanes)
    throw badImmediate(name, `expected a lane in [0, ${lanes})`, index)
  return index
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

function words32(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  return [0, 4, 8, 12].map(at => `0x${view.getUint32(at, true).toString(16).padStart(8, '0')}`)
}
