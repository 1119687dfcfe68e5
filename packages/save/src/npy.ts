/**
 * npy, one array as NumPy writes it (numpy.lib.format): "\x93NUMPY", a version, the length of a header, the header – a
 * Python dictionary of `descr`, `fortran_order` and `shape` – and the elements.
 */
import { allocate, type DType } from '@arignote/loops'
import { notOfFormat, unreadable } from './errors.js'
import {
  bytesOfStored,
  bytesOfTensor,
  countOf,
  type Source,
  type Stored,
  type Tensor,
  tensorOf,
} from './tensor.js'

const magic = [0x93, ...[...'NUMPY'].map(c => c.charCodeAt(0))]
const alignment = 64

const descriptions: Readonly<Record<DType, string>> = {
  float64: '<f8',
  float32: '<f4',
  int32: '<i4',
  uint8: '|u1',
  bool: '|b1',
}

const storedAs: Readonly<Record<string, Stored>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u8: 'uint64',
  u4: 'uint32',
  u2: 'uint16',
  u1: 'uint8',
  b1: 'bool',
}

export function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const { dtype, shape, data } = tensor
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`
  const prefix = magic.length + 4
  const begin = Math.ceil((prefix + text.length + 1) / alignment) * alignment
  const bytes = new Uint8Array(begin + data.byteLength).fill(0x20, 0, begin)
  bytes.set([...magic, 1, 0])
  new DataView(bytes.buffer).setUint16(8, begin - prefix, true)
  bytes.set(new TextEncoder().encode(text), prefix)
  bytes[begin - 1] = 0x0a
  bytes.set(bytesOfTensor(tensor), begin)
  return bytes
}

/** What the header says of an array, and the bytes behind it. */
export interface NpyArray {
  /** As written: `<i4`, `|O` for Python's objects, which are stored as a pickle. */
  readonly description: string
  readonly columnsFirst: boolean
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** @throws ArgumentError for what is not such an array */
export function readNpy(bytes: Uint8Array, source: Source): NpyArray {
  const wrong = (found: string, expected: string) => notNpy(source, found, expected)
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw wrong('it begins otherwise', 'an array in NumPy’s format npy')
  const major = bytes[6]!
  if (major < 1 || major > 3) throw wrong(`version ${major} of npy`, 'version 1, 2 or 3')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const prefix = major === 1 ? 10 : 12
  const begin = prefix + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (begin > bytes.length) throw wrong(`it has ${bytes.length} bytes`, `a header up to byte ${begin}`)
  const text = new TextDecoder().decode(bytes.subarray(prefix, begin))
  const field = (key: string, value: string) => new RegExp(`'${key}':\\s*${value}`).exec(text)?.[1]
  const order = field('fortran_order', '(True|False)')
  const sizes = field('shape', '\\(([\\d,\\s]*)\\)')
  if (order === undefined || sizes === undefined || field('descr', '(.)') === undefined)
    throw wrong(`its header is ${text.trim()}`, 'a dictionary of descr, fortran_order and shape')
  const description = field('descr', "'([<>|=]\\w+)'") ?? field('descr', "(.*?),\\s*'fortran") ?? text.trim()
  const shape = sizes.split(',').flatMap(size => (size.trim() === '' ? [] : [Number(size)]))
  return { description, columnsFirst: order === 'True', shape, data: bytes.subarray(begin) }
}

const notNpy = ({ task, name }: Source, found: string, expected: string) =>
  notOfFormat(task, 'npz', `"${name}": ${found}`, expected)

/** @throws ArgumentError for what is not such an array, or only a part of one; DTypeError for a dtype that cannot be read */
export function decodeNpy(bytes: Uint8Array, source: Source): Tensor {
  const { description, columnsFirst, shape, data } = readNpy(bytes, source)
  const [, byteOrder, kind = ''] = /^([<>|=])(\w+)$/.exec(description) ?? []
  const stored = Object.hasOwn(storedAs, kind) ? storedAs[kind]! : null
  if (stored === null) {
    const written = description.startsWith('[') ? description : `'${description}'`
    throw unreadable(source.task, source.name, written, 'no dtype here holds its values')
  }
  const needed = countOf(shape) * bytesOfStored[stored]
  if (data.length !== needed)
    throw notNpy(source, `it has ${data.length} bytes of data`, `${needed}, for [${shape}]`)
  const tensor = tensorOf(data, stored, shape, source, byteOrder !== '>')
  return columnsFirst ? inOrder(tensor) : tensor
}

/** From columns first to rows first. */
function inOrder({ dtype, shape, data }: Tensor): Tensor {
  const turned = allocate(dtype, data.length)
  const strides = shape.map((_, axis) => countOf(shape.slice(0, axis)))
  const index = shape.map(() => 0)
  for (let k = 0; k < turned.length; k++) {
    turned[k] = data[index.reduce((at, i, axis) => at + i * strides[axis]!, 0)]!
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
  return { dtype, shape, data: turned }
}
