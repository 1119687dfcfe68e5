/**
 * Values at the border, by the rules of compiled functions: a number, nested lists, a typed array or an NdArray  →  elements
 * in C order. An integer must be whole and in range; a float never goes into an integer.
 */
import ndarray from 'ndarray'
import { notAValue, ragged, refusedArray, refusedElement } from './errors.js'
import type { DType } from './format.js'

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array
export type NdArray = ndarray.NdArray<TypedArray>

/** Whatever is accepted as an argument. */
export type Value =
  | number
  | boolean
  | readonly Value[]
  | TypedArray
  | Int8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  // biome-ignore lint/suspicious/noExplicitAny: any NdArray of numbers, whatever it keeps them in
  | ndarray.NdArray<any>

export const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>

/** A result: an array of its own, in C order. */
export const result = (data: TypedArray, shape: readonly number[]): NdArray => ndarray(data, [...shape])

export const countOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1)

export interface Elements {
  readonly data: TypedArray
  readonly shape: readonly number[]
}

/** `what` begins the text of an error. */
export function elementsOf(value: unknown, dtype: DType, what: string): Elements {
  const shape: number[] = []
  let source: ArrayLike<unknown>
  let array: unknown = value
  if (typeof value === 'object' && value !== null && 'stride' in value) {
    const given = value as NdArray
    array = given.data
    shape.push(...given.shape)
    source = inOrder(given)
  } else if (isTyped(value)) {
    shape.push(value.length)
    source = value
  } else {
    source = flat(value, shape, what)
  }
  const isOfFloats = array instanceof Float32Array || array instanceof Float64Array
  if (isOfFloats && !dtype.startsWith('float')) throw refusedArray(what, dtype)
  const ofBytes = array instanceof Uint8Array || array instanceof Uint8ClampedArray
  const data = new arrays[dtype](source.length)
  for (let i = 0; i < data.length; i++) data[i] = element(source[i], dtype, ofBytes, what)
  return { data, shape }
}

const isTyped = (x: unknown): x is ArrayLike<number | bigint> =>
  ArrayBuffer.isView(x) && !(x instanceof DataView)
const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || isTyped(x)

function element(x: unknown, dtype: DType, ofBytes: boolean, what: string): number {
  const n = typeof x === 'boolean' || typeof x === 'bigint' ? Number(x) : x
  if (typeof n !== 'number') throw refusedElement(what, x, dtype)
  if (dtype.startsWith('float')) return n
  if (dtype === 'bool' && ofBytes) return n === 0 ? 0 : 1
  const high = dtype === 'bool' ? 1 : dtype === 'uint8' ? 255 : 2 ** 31 - 1
  const low = dtype === 'int32' ? -(2 ** 31) : 0
  if (!Number.isInteger(n) || n < low || n > high) throw refusedElement(what, x, dtype)
  return n
}

function inOrder({ data, shape, stride, offset }: NdArray): ArrayLike<unknown> {
  const elements = new Array<unknown>(countOf(shape))
  const index = shape.map(() => 0)
  let at = offset
  for (let k = 0; k < elements.length; k++) {
    elements[k] = data[at]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= stride[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return elements
}

function flat(value: unknown, shape: number[], what: string): ArrayLike<unknown> {
  if (typeof value === 'number' || typeof value === 'boolean') return [value]
  if (!isList(value)) throw notAValue(what, value === null ? 'null' : `a value of type ${typeof value}`)
  let level: unknown[] = [value]
  while (isList(level[0])) {
    const size = level[0].length
    if (level.some(row => !isList(row) || row.length !== size)) throw ragged(what)
    shape.push(size)
    level = (level as ArrayLike<unknown>[]).flatMap(row => Array.from(row))
  }
  if (level.some(isList)) throw ragged(what)
  return level
}
