/** Values of the reference back end: dense, in C order. */

import { type DimSymbol, evaluateDim, type Family, type FamilyKind, type TensorType } from '@arignote/graph'
import type { DType, TypedArray } from '@arignote/loops'
import type { Inspection } from '../../executable.js'
import type { Passed } from '../../visits.js'

export interface Value {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** What every size symbol is in this call. */
export type Sizes = (symbol: DimSymbol) => number

/** A call on its way. */
export interface Course {
  /** The trips of scans it is in, the outermost first. */
  readonly passed: Passed[]
  readonly inspection: Inspection
}

/** A node made ready: values of its inputs → values of its outputs, never one of the arrays it was given. */
export type Evaluator = (inputs: readonly Value[]) => readonly Value[]

export type FamilyOf<K extends FamilyKind> = Extract<Family<unknown>, { readonly kind: K }>

export const countOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1)

export function shapeUnder(type: TensorType, sizes: Sizes): readonly number[] {
  return type.shape.map(dim => evaluateDim(dim, sizes))
}

/** How far apart neighbours along each axis lie. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}

/** Every index in C order, with its position. The index array is reused. */
export function forEachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], position: number) => void,
): void {
  const index = shape.map(() => 0)
  const count = countOf(shape)
  for (let position = 0; position < count; position++) {
    visit(index, position)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
}

/** For every index in C order, Σ index · stride. */
export function offsetsOf(shape: readonly number[], strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(countOf(shape))
  forEachIndex(shape, (index, position) => {
    let offset = 0
    for (let axis = 0; axis < index.length; axis++) offset += index[axis]! * strides[axis]!
    offsets[position] = offset
  })
  return offsets
}
