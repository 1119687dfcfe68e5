/**
 * The element types of tensors, and how two of them meet.
 *
 * A `DType` says how a value lies in memory; a `ScalarType` (see `scalar.ts`) says how it is held in a register.
 */

export const dtypes = ['bool', 'uint8', 'int32', 'float32', 'float64'] as const

/** An element type of a tensor. The order of `dtypes` is the order of promotion. */
export type DType = (typeof dtypes)[number]

export type FloatDType = 'float32' | 'float64'

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

interface DTypeInfo {
  /** Bytes of one element. */
  readonly bytes: 1 | 4 | 8
  readonly kind: 'float' | 'int' | 'bool'
  readonly array:
    | Float32ArrayConstructor
    | Float64ArrayConstructor
    | Int32ArrayConstructor
    | Uint8ArrayConstructor
  /** The name in printed types: f32[10, 3]. */
  readonly short: string
}

export const dtypeInfo: Readonly<Record<DType, DTypeInfo>> = {
  bool: { bytes: 1, kind: 'bool', array: Uint8Array, short: 'bool' },
  uint8: { bytes: 1, kind: 'int', array: Uint8Array, short: 'u8' },
  int32: { bytes: 4, kind: 'int', array: Int32Array, short: 'i32' },
  float32: { bytes: 4, kind: 'float', array: Float32Array, short: 'f32' },
  float64: { bytes: 8, kind: 'float', array: Float64Array, short: 'f64' },
}

/** bool < uint8 < int32 < float32 < float64; the greater wins. */
export function promote(a: DType, b: DType): DType {
  return dtypes.indexOf(a) >= dtypes.indexOf(b) ? a : b
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64'
}

/** A zero-filled typed array for `length` elements of the dtype. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new dtypeInfo[dtype].array(length)
}
