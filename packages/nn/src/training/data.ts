/**
 * Data: what users hand in for inputs, targets and weights  →  arrays that fit the model, and batches of them.
 *
 * Everything is checked before anything is trained: numbers of samples, shapes, NaN.
 */
import {
  badArgument,
  convert,
  describeGiven,
  type HostValue,
  isNdArray,
  type NdArray,
  ndarrayOf,
  toNested,
  type Value,
} from '@arignote/graph'
import { allocate, type DType, isFloat } from '@arignote/loops'
import { checkNames } from '../names.js'
import { sizeOf } from '../size.js'
import { nanInData, noSuchClass, notWhole, samplesDiffer, wrongData } from './errors.js'

/** One array, or several: a list, or by name. */
export type Data = Value | readonly Value[] | { readonly [name: string]: Value }

/** A place where data goes: an input, or the target of an output. */
export interface Slot {
  readonly name: string
  readonly dtype: DType
  /** With the batch; null for a size that is not known. */
  readonly shape: readonly (number | null)[]
  /** Where classes go, by their indices: how many there are. */
  readonly classes?: number
}

/** Arrays of as many samples each. */
export class Samples {
  readonly count: number
  #buffers = new Map<number, NdArray[]>()

  constructor(readonly arrays: readonly HostValue[]) {
    this.count = arrays[0]?.shape[0] ?? 0
  }

  /** Samples from one to another, views where they lie side by side. */
  range(from: number, to: number): NdArray[] {
    return this.arrays.map(({ data, shape }) => {
      const row = sizeOf(shape.slice(1))
      return ndarrayOf(data.subarray(from * row, to * row), [to - from, ...shape.slice(1)]) as NdArray
    })
  }

  /** These samples, in memory that the next call for as many uses again. */
  pick(indices: ArrayLike<number>): NdArray[] {
    const buffers = this.#buffers.get(indices.length) ?? this.#allocate(indices.length)
    this.arrays.forEach(({ data, shape }, k) => {
      const row = sizeOf(shape.slice(1))
      const target = buffers[k]!.data
      for (let i = 0; i < indices.length; i++) {
        const start = indices[i]! * row
        for (let j = 0; j < row; j++) target[i * row + j] = data[start + j]!
      }
    })
    return buffers
  }

  #allocate(count: number): NdArray[] {
    const made = this.arrays.map(({ dtype, shape }) => {
      const all = [count, ...shape.slice(1)]
      return ndarrayOf(allocate(dtype, sizeOf(all)), all) as NdArray
    })
    this.#buffers.set(count, made)
    return made
  }

  /** The samples before a place, and those from it on. */
  split(at: number): readonly [Samples, Samples] {
    const part = (from: number, to: number) =>
      new Samples(
        this.arrays.map(({ data, shape, dtype }) => {
          const row = sizeOf(shape.slice(1))
          return { data: data.subarray(from * row, to * row), shape: [to - from, ...shape.slice(1)], dtype }
        }),
      )
    return [part(0, at), part(at, this.count)]
  }
}

/** Data for some slots, checked. @throws ArgumentError, ShapeError, DTypeError, NumericError naming the slot */
export function samplesOf(
  operation: string,
  what: string,
  given: Data,
  slots: readonly Slot[],
  count?: number,
): Samples {
  const values = valuesFor(operation, what, given, slots)
  const arrays = slots.map((slot, i) => arrayFor(operation, what, values[i]!, slot))
  const wanted = count ?? arrays[0]?.shape[0]
  arrays.forEach(({ shape }, i) => {
    if (shape[0] !== wanted)
      throw samplesDiffer(operation, wanted!, `${what} of ${slots[i]!.name}`, shape[0]!)
  })
  return new Samples(arrays)
}

/** @throws NumericError for what is infinite, from which no step leads back */
export function checkFinite(
  operation: string,
  what: string,
  { arrays }: Samples,
  slots: readonly Slot[],
): void {
  arrays.forEach(({ data, shape, dtype }, k) => {
    if (!isFloat(dtype)) return
    for (let i = 0; i < data.length; i++)
      if (!Number.isFinite(data[i]))
        throw nanInData(`${operation}: ${what} of ${slots[k]!.name}`, sampleAt(i, shape), data[i]!)
  })
}

/** Whether data is given by name. */
export const isRecord = (given: unknown): boolean =>
  typeof given === 'object' &&
  given !== null &&
  !Array.isArray(given) &&
  !ArrayBuffer.isView(given) &&
  !isNdArray(given)

/** What was given for each slot. @throws ArgumentError for a list or names that do not fit */
export function valuesFor(
  operation: string,
  what: string,
  given: Data,
  slots: readonly Slot[],
): readonly Value[] {
  const names = slots.map(slot => slot.name)
  if (isRecord(given)) {
    const record = given as { readonly [name: string]: Value }
    checkNames(operation, `${what} called`, record, names)
    const missing = names.find(name => record[name] === undefined)
    if (missing !== undefined)
      throw badArgument(operation, `no ${what} for ${missing}`, `${what} is wanted for ${names.join(', ')}`)
    return names.map(name => record[name]!)
  }
  if (slots.length === 1) return [isListOfOne(given, slots[0]!) ? given[0]! : (given as Value)]
  if (!Array.isArray(given) || given.length !== slots.length)
    throw badArgument(
      operation,
      `${what} is ${Array.isArray(given) ? `a list of ${given.length}` : describeGiven(given).what}, not of ${slots.length}`,
      `a list with one array for each of ${names.join(', ')}`,
    )
  return given as readonly Value[]
}

/** Whether this is a list of one array for one place, not of one sample that is an array. */
function isListOfOne(given: Data, { shape }: Slot): given is readonly [Value] {
  if (!Array.isArray(given) || given.length !== 1) return false
  const [only] = given as readonly unknown[]
  if (isNdArray(only))
    return only.shape.length !== shape.length - 1 || fittingShape(only.shape, shape) !== null
  return ArrayBuffer.isView(only) && fittingShape([(only as Float32Array).length], shape) !== null
}

/** Samples that are arrays each, as nested ones. */
function withNestedSamples(given: Value, { shape }: Slot): Value {
  const isSample = (x: unknown) => isNdArray(x) && x.shape.length === shape.length - 1
  const list: unknown = given
  if (!Array.isArray(list) || list.length === 0 || !list.every(isSample)) return given
  return list.map(sample => toNested(sample as NdArray)) as Value
}

function arrayFor(operation: string, what: string, given: Value, slot: Slot): HostValue {
  const label = `${operation}: ${what} of ${slot.name}`
  const value = toDType(withNestedSamples(given, slot), slot.dtype, label)
  const shape = fittingShape(value.shape, slot.shape)
  if (shape === null) throw wrongData(label, value.shape, slot.shape)
  if (isFloat(value.dtype)) {
    const { data } = value
    for (let i = 0; i < data.length; i++)
      if (Number.isNaN(data[i])) throw nanInData(label, sampleAt(i, shape), data[i]!)
  }
  if (slot.classes !== undefined) checkClasses(label, value, slot.classes)
  return { ...value, shape }
}

function checkClasses(label: string, { data, shape }: HostValue, classes: number): void {
  const at = data.findIndex(k => k < 0 || k >= classes)
  if (at >= 0) throw noSuchClass(label, sampleAt(at, shape), data[at]!, classes)
}

/** The sample that an element is of. */
const sampleAt = (element: number, shape: readonly number[]): number =>
  Math.floor(element / sizeOf(shape.slice(1)))

/** Floats of whole numbers may be indices: Keras's files hold such. */
function toDType(given: Value, dtype: DType, label: string): HostValue {
  const own = convert(given, null, label)
  if (own.dtype === dtype) return own
  if (dtype !== 'int32' || !isFloat(own.dtype)) return convert(given, dtype, label)
  const data = Int32Array.from(own.data)
  const broken = own.data.findIndex((v, i) => v !== data[i])
  if (broken >= 0) throw notWhole(label, own.data[broken]!)
  return { data, shape: own.shape, dtype: 'int32' }
}

/** The shape, with an axis of size 1 at the end more or less where that makes it fit; null if it does not. */
function fittingShape(
  shape: readonly number[],
  wanted: readonly (number | null)[],
): readonly number[] | null {
  // What is empty does not tell its other axes.
  if (shape.length === 1 && shape[0] === 0) return wanted.map((n, axis) => (axis === 0 ? 0 : (n ?? 0)))
  const candidates = [shape, [...shape, 1], ...(shape.at(-1) === 1 ? [shape.slice(0, -1)] : [])]
  const fits = (have: readonly number[]) =>
    have.length === wanted.length && have.every((n, i) => i === 0 || wanted[i] === null || n === wanted[i])
  return candidates.find(fits) ?? null
}
