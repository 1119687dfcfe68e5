/** Sequences and classes as arrays: padded to one length, one-hot. */
import {
  badArgument,
  checkDType,
  checkName,
  checkOptions,
  convert,
  describeGiven,
  isNdArray,
  type NdArray,
  ndarrayOf,
  toNested,
  type Value,
} from '@arignote/graph'
import { allocate, type DType, isFloat } from '@arignote/loops'
import { beyondVocabulary, notAnElement } from './errors.js'

/** Numbers, or vectors of numbers, one for each step; an array of one or two axes. */
export type Sequence = ArrayLike<number> | readonly ArrayLike<number>[] | NdArray

export interface PadOptions<D extends DType = DType> {
  /** Steps of each row; by default as many as the longest sequence has. */
  readonly maxlen?: number | null
  /** Default int32, which cuts fractions off. */
  readonly dtype?: D
  /** Where to fill up; default 'pre'. */
  readonly padding?: 'pre' | 'post'
  /** Where to cut off; default 'pre', which keeps the last steps. */
  readonly truncating?: 'pre' | 'post'
  /** What to fill up with; default 0. */
  readonly value?: number
}

const sides = ['pre', 'post']

/**
 * Sequences of any lengths as one array (samples, maxlen), or (samples, maxlen, …) where steps are vectors
 * (Keras: `pad_sequences`).
 * @throws ArgumentError for what is no sequence of numbers, with its place
 */
export function padSequences<D extends DType = 'int32'>(
  sequences: readonly ArrayLike<number>[],
  options?: PadOptions<D>,
): NdArray<D, 2>
export function padSequences<D extends DType = 'int32'>(
  sequences: readonly Sequence[],
  options?: PadOptions<D>,
): NdArray<D>
export function padSequences(given: readonly Sequence[], options: PadOptions = {}): NdArray {
  const operation = 'padSequences'
  checkOptions(operation, options, ['maxlen', 'dtype', 'padding', 'truncating', 'value'])
  const { dtype = 'int32', padding = 'pre', truncating = 'pre', value = 0, maxlen = null } = options
  checkDType(operation, dtype)
  checkName(operation, 'padding', padding, sides)
  checkName(operation, 'truncating', truncating, sides)
  if (!Array.isArray(given))
    throw badArgument(operation, `${describeGiven(given).what} is not a list of sequences`, '[[1, 2], [3]]')
  if (maxlen !== null && !(Number.isInteger(maxlen) && maxlen >= 1))
    throw badArgument(
      `${operation}: maxlen`,
      `${describeGiven(maxlen).what} will not do`,
      'an integer, at least 1',
    )
  const sequences = given.map((sequence, i) => {
    const steps: unknown = isNdArray(sequence) ? toNested(sequence) : sequence
    if (!isList(steps))
      throw notAnElement(operation, `sequence ${i}`, describeGiven(sequence).what, 'a list of numbers')
    return steps
  })
  const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0)
  const length = maxlen ?? longest
  const first = sequences.find(({ length }) => length > 0)?.[0]
  const size = isList(first) ? first.length : null
  const features = size ?? 1
  const data = allocate(dtype, sequences.length * length * features)
  const filler = cast(value, dtype)
  if (filler === null)
    throw badArgument(
      `${operation}: value`,
      `${describeGiven(value).what} will not do`,
      `a number that ${dtype} holds`,
    )
  data.fill(filler)

  sequences.forEach((sequence, i) => {
    const kept = Math.min(sequence.length, length)
    const from = truncating === 'pre' ? sequence.length - kept : 0
    const to = i * length + (padding === 'pre' ? length - kept : 0)
    for (let t = 0; t < kept; t++) {
      const step = sequence[from + t]
      const place = () => `sequence ${i}, step ${from + t}`
      if (isList(step) !== (size !== null) || (size !== null && (step as number[]).length !== size))
        throw notAnElement(
          operation,
          place(),
          describeStep(step),
          size === null ? 'a number' : `a list of ${size} numbers`,
        )
      for (let k = 0; k < features; k++) {
        const given = size === null ? step : (step as number[])[k]
        const number = cast(given, dtype)
        if (number === null)
          throw notAnElement(operation, place(), describeGiven(given).what, `a number that ${dtype} holds`)
        data[(to + t) * features + k] = number
      }
    }
  })
  return ndarrayOf(data, size === null ? [sequences.length, length] : [sequences.length, length, size])
}

const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))

const describeStep = (step: unknown) => (isList(step) ? `a list of ${step.length}` : describeGiven(step).what)

const ranges = { int32: [-(2 ** 31), 2 ** 31 - 1], uint8: [0, 255], bool: [0, 1] } as const

/** The number as the dtype has it, fractions cut off where it has none; null where it cannot hold it. */
function cast(x: unknown, dtype: DType): number | null {
  if (typeof x !== 'number') return null
  if (isFloat(dtype)) return x
  const [low, high] = ranges[dtype as keyof typeof ranges]
  const whole = Math.trunc(x)
  return whole >= low && whole <= high ? whole : null
}

export interface CategoricalOptions<D extends DType = DType> {
  /** By default one more than the largest class. */
  readonly numClasses?: number | null
  /** Default float32. */
  readonly dtype?: D
}

/**
 * Classes 0, 1, … as vectors of which the class's element is 1: another axis, in place of a last axis of size 1
 * (Keras: `to_categorical`).
 * @throws ArgumentError for what is no class, or one beyond numClasses
 */
export function toCategorical<D extends DType = 'float32'>(
  y: Value,
  options: CategoricalOptions<D> = {},
): NdArray<D> {
  const operation = 'toCategorical'
  checkOptions(operation, options, ['numClasses', 'dtype'])
  const { data, shape } = convert(y, 'float64', operation)
  const dtype: DType = options.dtype ?? 'float32'
  checkDType(operation, dtype)
  let largest = -1
  data.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0)
      throw notAnElement(operation, `label ${i}`, String(label), 'a class, which is 0, 1, 2, …')
    largest = Math.max(largest, label)
  })
  const size = options.numClasses ?? largest + 1
  if (!Number.isInteger(size) || size < 0)
    throw badArgument(
      `${operation}: numClasses`,
      `${describeGiven(size).what} will not do`,
      'an integer, at least 1',
    )
  const hot = allocate(dtype, data.length * size)
  data.forEach((label, i) => {
    if (label >= size)
      throw beyondVocabulary(
        operation,
        `label ${i}`,
        label,
        size,
        'numClasses must be larger than every class',
      )
    hot[i * size + label] = 1
  })
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape
  return ndarrayOf(hot, [...kept, size]) as never
}
