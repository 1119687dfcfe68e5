/**
 * Tensors of other tools: elements as they lie in files  →  our dtypes, where nothing is lost.
 *
 * Half precision is read as float32; small integers as int32, and so are large ones if all their values fit.
 */
import { allocate, type DType, dtypeInfo, type TypedArray } from '@arignote/loops'
import { type Task, unreadable } from './errors.js'

export interface Tensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** How an element lies in a file. */
export type Stored =
  | DType
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'uint64'

export const bytesOfStored: Readonly<Record<Stored, 1 | 2 | 4 | 8>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
}

export const countOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1)

/** Where a tensor comes from, for messages. */
export interface Source {
  readonly task: Task
  readonly name: string
}

const converters: Partial<Record<Stored, (view: DataView, at: number, little: boolean) => number>> = {
  float16: (view, at, little) => halfValue(view.getUint16(at, little)),
  bfloat16: (view, at, little) => bfloatValue(view.getUint16(at, little)),
  int8: (view, at) => view.getInt8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  uint16: (view, at, little) => view.getUint16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  uint64: (view, at, little) => Number(view.getBigUint64(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
}

function targetOf(stored: Stored): DType {
  if (stored in dtypeInfo) return stored as DType
  return stored === 'float16' || stored === 'bfloat16' ? 'float32' : 'int32'
}

/** @throws DTypeError where an integer does not fit, or a bool is neither 0 nor 1 */
export function tensorOf(
  bytes: Uint8Array,
  stored: Stored,
  shape: readonly number[],
  source: Source,
  littleEndian = true,
): Tensor {
  const dtype = targetOf(stored)
  const count = countOf(shape)
  if (stored === dtype && littleEndian) {
    // A copy: the file's bytes need not be aligned.
    const data = new dtypeInfo[dtype].array(bytes.slice().buffer)
    if (dtype === 'bool' && data.some(x => x > 1))
      throw unreadable(source.task, source.name, 'bool', 'a byte is neither 0 nor 1')
    return { dtype, shape, data }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = converters[stored]!
  const size = bytesOfStored[stored]
  const data = allocate(dtype, count)
  for (let i = 0; i < count; i++) {
    const x = read(view, i * size, littleEndian)
    if (dtype === 'int32' && x !== (x | 0))
      throw unreadable(source.task, source.name, stored, `element ${i} is ${x}, which int32 does not hold`)
    data[i] = x
  }
  return { dtype, shape, data }
}

/** IEEE 754 binary16. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

const cell = new DataView(new ArrayBuffer(4))

/** The upper half of a float32. */
function bfloatValue(bits: number): number {
  cell.setUint32(0, bits << 16)
  return cell.getFloat32(0)
}

export function bytesOfTensor({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
