/**
 * Host values at the border: whatever the user gives  →  an `Argument` of the input's type; results as fresh arrays.
 *
 * What may become what is decided by the graph package's `convert`. Arrays that need no conversion but a rounding are not
 * copied here: they go straight to where the argument is wanted.
 */
import { type AnyNdArray, convert, isInOrder, isNdArray, type NdArray, type Variable } from '@arignote/graph'
import { allocate, type DType, dtypeInfo, isFloat, type TypedArray } from '@arignote/loops'
import ndarray from 'ndarray'
import ops from 'ndarray-ops'
import { wrongOut, wrongRank } from '../errors.js'
import type { Argument } from '../executable.js'

/** The place of one input's argument. It is filled anew at every call, so that a call allocates nothing for it. */
export class Slot implements Argument {
  shape: readonly number[] = []
  #elements: TypedArray | null = null
  readonly #length = [0]
  readonly #operation: string

  constructor(
    readonly input: Variable,
    readonly index: number,
  ) {
    this.#operation = `argument ${input.name === null ? index : `"${input.name}"`}`
  }

  /** Takes a value. Throws DTypeError, ShapeError or ArgumentError where it does not fit the input's dtype and rank. */
  take(value: unknown): void {
    if (this.#isPlain(value)) {
      this.#length[0] = value.length
      this.#elements = value
      this.shape = this.#length
    } else if (isNdArray(value) && this.#isPlain(value.data)) {
      this.#elements = inOrder(value)
      this.shape = value.shape
    } else {
      const { data, shape } = convert(value, this.input.dtype, this.#operation)
      this.#elements = data
      this.shape = shape
    }
    if (this.shape.length !== this.input.ndim) throw wrongRank(this.input, this.index, this.shape)
  }

  /** Lets go of the value, so that a function does not keep its last arguments alive. */
  release(): void {
    this.#elements = null
  }

  copyTo(target: TypedArray): void {
    target.set(this.#elements!)
  }

  /** Elements that fit as they are, or by rounding a double. */
  #isPlain(data: unknown): data is TypedArray {
    const { dtype } = this.input
    if (isFloat(dtype)) return data instanceof Float32Array || data instanceof Float64Array
    return dtype !== 'bool' && data instanceof dtypeInfo[dtype].array
  }
}

/** The elements in C order: a view where they lie so, else a copy. */
function inOrder(array: AnyNdArray): TypedArray {
  const { offset, size, shape } = array
  const data: TypedArray = array.data
  if (isInOrder(array)) {
    return offset === 0 && data.length === size ? data : data.subarray(offset, offset + size)
  }
  const target = new (data.constructor as new (length: number) => TypedArray)(size)
  ops.assign(ndarray(target, shape), array)
  return target
}

/** A fresh result, in C order. */
export function freshResult(dtype: DType, shape: readonly number[]): NdArray {
  const size = shape.reduce((n, extent) => n * extent, 1)
  return ndarray(allocate(dtype, size), [...shape])
}

/** Where a result goes that the user provides: written in place if it is in C order, else through a copy. */
export interface Target {
  readonly data: TypedArray
  /** To be called when the data are there. */
  readonly finish: (() => void) | null
}

/** Throws ArgumentError where the array does not have the result's type. */
export function targetOf(
  out: unknown,
  { type, dtype }: Variable,
  shape: readonly number[],
  which: string,
): Target {
  const fits =
    isNdArray(out) &&
    out.data instanceof dtypeInfo[dtype].array &&
    out.shape.length === shape.length &&
    out.shape.every((size, axis) => size === shape[axis])
  if (!fits) throw wrongOut(which, type, shape)
  if (isInOrder(out)) return { data: inOrder(out), finish: null }
  const fresh = freshResult(dtype, shape)
  return { data: fresh.data, finish: () => void ops.assign(out, fresh) }
}
