/**
 * Where the values of shared variables lie: in arrays of their own, until a run-time says that it has a place for them.
 */
import type { DType, TypedArray } from '@arignote/loops'
import type { Cell } from './variable.js'

/** Makes the cell of a new shared variable from its value, of which it takes a copy. */
export type CellFactory = (dtype: DType, data: TypedArray, shape: readonly number[]) => Cell

let factory: CellFactory = (dtype, data, shape) => new PlainCell(dtype, data, shape)

/** A run-time gives shared variables its own memory from the start, so that no call has to move them there. */
export function makeCellsWith(other: CellFactory): void {
  factory = other
}

export function newCell(dtype: DType, data: TypedArray, shape: readonly number[]): Cell {
  return factory(dtype, data, shape)
}

/** A value in an array of its own. */
class PlainCell implements Cell {
  private data: TypedArray

  constructor(
    readonly dtype: DType,
    data: TypedArray,
    public shape: readonly number[],
  ) {
    this.data = data.slice()
  }

  read(): TypedArray {
    return this.data
  }

  write(data: TypedArray, shape: readonly number[]): void {
    this.data = data.slice()
    this.shape = [...shape]
  }
}
