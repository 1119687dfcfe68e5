/**
 * The type of a tensor: an element type and a shape, and how the two print.
 */
import { type DType, dtypeInfo } from '@arignote/loops'
import { type Dim, DimSymbol, equalDim, mulDim, printDim, productDim, symbolDim } from './dim.js'

export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly Dim[]
}

/** What a user may write for an axis: a size, `null` for an unknown one, or a name shared by equal sizes. */
export type AxisSpec = number | string | null

export function tensorType(dtype: DType, shape: readonly Dim[]): TensorType {
  return { dtype, shape }
}

/** A fresh symbol for each unknown axis. */
export function dimOf(axis: AxisSpec): Dim {
  if (axis === null) return symbolDim(DimSymbol.fresh())
  return typeof axis === 'string' ? symbolDim(DimSymbol.of(axis)) : axis
}

export function sizeOf(type: TensorType): Dim {
  return productDim(type.shape)
}

export function equalType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && equalShape(a.shape, b.shape)
}

/** Provably equal shapes. */
export function equalShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis++) if (!equalDim(a[axis]!, b[axis]!)) return false
  return true
}

/** `f32[batch, 128]`; a scalar is `f32[]`. `nameOf` names the symbols, as for `printDim`. */
export function printType(type: TensorType, nameOf?: Parameters<typeof printDim>[1]): string {
  return `${dtypeInfo[type.dtype].short}[${type.shape.map(d => printDim(d, nameOf)).join(', ')}]`
}

/** The strides, in elements, of a C-order array of the shape. */
export function contiguousStrides(shape: readonly Dim[]): readonly Dim[] {
  const strides: Dim[] = []
  for (let i = shape.length - 1, stride: Dim = 1; i >= 0; i--) {
    strides[i] = stride
    stride = mulDim(stride, shape[i]!)
  }
  return strides
}
