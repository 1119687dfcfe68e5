/**
 * safetensors, as https://github.com/huggingface/safetensors describes it: the length of a header (uint64), the header
 * (JSON: name → dtype, shape, place), the data. What that page asks of readers is checked: the data have no holes and no
 * overlaps, and nothing follows them.
 */
import type { DType } from '@arignote/loops'
import { badName, notOfFormat, type Task, unreadable } from './errors.js'
import { bytesOfStored, bytesOfTensor, countOf, type Stored, type Tensor, tensorOf } from './tensor.js'

const names: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
}

const storedAs: Readonly<Record<string, Stored>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
}

const lengthBytes = 8
const reserved = '__metadata__'

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** The widest elements first, so that all are aligned. */
export function encodeSafetensors(
  operation: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array<ArrayBuffer> {
  const width = ([, { dtype }]: readonly [string, Tensor]) => bytesOfStored[dtype]
  const sorted = [...tensors].sort((a, b) => width(b) - width(a) || (a[0] < b[0] ? -1 : 1))
  const header: [string, unknown][] = metadata === undefined ? [] : [[reserved, metadata]]
  let end = 0
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === reserved) throw badName(operation, name, 'safetensors keeps it for remarks on the file')
    const begin = end
    end += data.byteLength
    header.push([name, { dtype: names[dtype], shape, data_offsets: [begin, end] }])
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const padded = (text.length + 7) & ~7
  const bytes = new Uint8Array(lengthBytes + padded + end).fill(0x20, 0, lengthBytes + padded)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(text, lengthBytes)
  let at = lengthBytes + padded
  for (const [, tensor] of sorted) {
    bytes.set(bytesOfTensor(tensor), at)
    at += tensor.data.byteLength
  }
  return bytes
}

/** @throws ArgumentError for what is not such a file, or only a part of one; DTypeError for a dtype that cannot be read */
export function decodeSafetensors(bytes: Uint8Array, task: Task): Map<string, Tensor> {
  const wrong = (found: string, expected: string) => notOfFormat(task, 'safetensors', found, expected)
  if (bytes.length < lengthBytes)
    throw wrong(`it has ${bytes.length} bytes`, 'at least 8 bytes, the length of the header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getBigUint64(0, true)
  const rest = bytes.length - lengthBytes
  if (length > rest)
    throw wrong(`it has ${bytes.length} bytes`, `a header of ${length} bytes after the first 8`)
  const begin = lengthBytes + Number(length)
  const entries = entriesOf(bytes.subarray(lengthBytes, begin), wrong)
  const data = bytes.subarray(begin)
  let end = 0
  for (const [name, { data_offsets, shape }] of [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  )) {
    if (data_offsets[0] !== end)
      throw wrong(`"${name}" of shape [${shape}] begins at byte ${data_offsets[0]} of the data`, `at ${end}`)
    end = data_offsets[1]
  }
  if (end !== data.length)
    throw wrong(`it has ${data.length} bytes of data`, `${end} bytes, as the header says`)
  return new Map(
    [...entries].map(([name, { dtype, shape, data_offsets }]) => {
      const stored = Object.hasOwn(storedAs, dtype) ? storedAs[dtype]! : null
      if (stored === null) throw unreadable(task, name, dtype, 'no dtype here holds its values')
      const [from, to] = data_offsets
      const needed = countOf(shape) * bytesOfStored[stored]
      if (to - from !== needed)
        throw wrong(`"${name}" has ${to - from} bytes`, `${needed}, for ${dtype} of shape [${shape}]`)
      return [name, tensorOf(data.subarray(from, to), stored, shape, { task, name })]
    }),
  )
}

/** The remarks of such a file; none if it has none, or is no such file. */
export function metadataOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length < lengthBytes) return {}
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > bytes.length - lengthBytes) return {}
  try {
    const text = new TextDecoder().decode(bytes.subarray(lengthBytes, lengthBytes + Number(length)))
    const remarks: unknown = JSON.parse(text)?.[reserved]
    return typeof remarks === 'object' && remarks !== null ? { ...remarks } : {}
  } catch {
    return {}
  }
}

/** What the header says, its form checked. */
function entriesOf(
  text: Uint8Array,
  wrong: (found: string, expected: string) => Error,
): ReadonlyMap<string, Entry> {
  const form = '{ dtype, shape, data_offsets } for each tensor'
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch {
    throw wrong('its header is no JSON', form)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw wrong('its header is no object', form)
  const entries = new Map<string, Entry>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === reserved) continue
    if (!isEntry(entry)) throw wrong(`the header says of "${name}": ${JSON.stringify(entry)}`, form)
    entries.set(name, entry)
  }
  return entries
}

const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0

function isEntry(x: unknown): x is Entry {
  if (typeof x !== 'object' || x === null) return false
  const { dtype, shape, data_offsets } = x as Partial<Record<keyof Entry, unknown>>
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !Array.isArray(data_offsets)) return false
  const [from, to] = data_offsets
  return shape.every(isSize) && data_offsets.length === 2 && isSize(from) && isSize(to) && from <= to
}
