/**
 * Windows over a series: what was, and the value to predict from it (Keras: `TimeseriesGenerator`).
 *
 *   data     0 1 2 3 4 5 6 7       length 4, samplingRate 2
 *            └─0─┴─2─┘ 4           the window before step 4 is [0, 2], its target targets[4]
 */
import {
  badArgument,
  checkOptions,
  convert,
  describeGiven,
  type HostValue,
  type NdArray,
  ndarrayOf,
  type Value,
} from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { uniformDraws } from '../draws.js'
import { randomSeed } from '../seeds.js'
import { sizeOf } from '../size.js'
import { noWindow, stepsDiffer } from './errors.js'
import { wholeFrom } from './whole.js'

export interface WindowOptions {
  /** Steps that a window covers. */
  readonly length: number
  /** Of those, every so many; default 1, all. */
  readonly samplingRate?: number
  /** Steps from one window to the next; default 1. */
  readonly stride?: number
  /** The first step that is read; default 0. */
  readonly startIndex?: number
  /** The last step that is predicted; by default the last there is. */
  readonly endIndex?: number | null
  /** Windows backwards in time; default false. */
  readonly reverse?: boolean
}

export interface TimeseriesOptions extends WindowOptions {
  /** Windows at random places, drawn with replacement, as Keras does; default false. */
  readonly shuffle?: boolean
  /** Default 128. The last batch may be smaller. */
  readonly batchSize?: number
  readonly seed?: number
}

const windowNames = ['length', 'samplingRate', 'stride', 'startIndex', 'endIndex', 'reverse']

/**
 * All windows at once: x (windows, length / samplingRate, …), y (windows, …).
 * @throws ArgumentError for a series that is too short, and for targets of another length
 */
export function timeseriesWindows(
  data: Value,
  targets: Value,
  options: WindowOptions,
): { readonly x: NdArray; readonly y: NdArray } {
  checkOptions('timeseriesWindows', options, windowNames)
  const windows = new Windows('timeseriesWindows', data, targets, options)
  const rows: number[] = []
  for (let row = windows.first; row <= windows.last; row += windows.stride) rows.push(row)
  const [x, y] = windows.batch(rows)
  return { x, y }
}

/**
 * The same in batches: an iterable of `[x, y]`, which `fit` takes as its data; each iteration is an epoch.
 * @throws ArgumentError for a series that is too short, and for targets of another length
 */
export function timeseriesGenerator(
  data: Value,
  targets: Value,
  options: TimeseriesOptions,
): TimeseriesGenerator {
  return new TimeseriesGenerator(data, targets, options)
}

/** Batches of windows; `length` of them. */
export class TimeseriesGenerator implements Iterable<readonly [x: NdArray, y: NdArray]> {
  readonly length: number
  readonly #windows: Windows
  readonly #batchSize: number
  readonly #draw: (() => number) | null

  constructor(data: Value, targets: Value, options: TimeseriesOptions) {
    const operation = 'timeseriesGenerator'
    checkOptions(operation, options, [...windowNames, 'shuffle', 'batchSize', 'seed'])
    const { batchSize = 128, shuffle = false, seed = randomSeed() } = options
    wholeFrom(1, operation, 'batchSize', batchSize)
    const windows = new Windows(operation, data, targets, options)
    this.#windows = windows
    this.#batchSize = batchSize
    this.#draw = shuffle ? uniformDraws(seed) : null
    const step = batchSize * windows.stride
    this.length = Math.floor((windows.last - windows.first + step) / step)
  }

  /** The batch of this number, counted from 0. @throws ArgumentError where there is none */
  at(index: number): readonly [x: NdArray, y: NdArray] {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw badArgument(
        'timeseriesGenerator: at',
        `there is no batch ${String(index)}`,
        `there are ${this.length}, from 0 on`,
      )
    const { first, last, stride } = this.#windows
    const draw = this.#draw
    if (draw !== null)
      return this.#windows.batch(
        Array.from({ length: this.#batchSize }, () => first + Math.floor(draw() * (last - first + 1))),
      )
    const from = first + this.#batchSize * stride * index
    const count = Math.min(this.#batchSize, Math.floor((last - from) / stride) + 1)
    return this.#windows.batch(Array.from({ length: count }, (_, i) => from + i * stride))
  }

  *[Symbol.iterator](): Generator<readonly [x: NdArray, y: NdArray]> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }
}

class Windows {
  /** Steps that are predicted: from the first to the last. */
  readonly first: number
  readonly last: number
  readonly stride: number
  readonly #length: number
  readonly #rate: number
  readonly #reverse: boolean
  readonly #data: HostValue
  readonly #targets: HostValue

  constructor(operation: string, data: Value, targets: Value, options: WindowOptions) {
    const { length, samplingRate = 1, stride = 1, startIndex = 0, reverse = false } = options
    wholeFrom(1, operation, 'length', length)
    wholeFrom(1, operation, 'samplingRate', samplingRate)
    wholeFrom(1, operation, 'stride', stride)
    wholeFrom(0, operation, 'startIndex', startIndex)
    this.#data = convert(data, null, operation)
    this.#targets = convert(targets, null, operation)
    const [steps, wanted] = [this.#data.shape[0], this.#targets.shape[0]]
    if (steps === undefined || wanted === undefined)
      throw badArgument(operation, 'a number is no series', 'an array of which the first axis is time')
    if (steps !== wanted) throw stepsDiffer(operation, steps, wanted)
    const endIndex = options.endIndex ?? steps - 1
    if (!Number.isInteger(endIndex) || endIndex < 0 || endIndex >= steps)
      throw badArgument(
        `${operation}: endIndex`,
        `${describeGiven(endIndex).what} will not do`,
        `a step of the ${steps} that there are`,
      )
    if (startIndex + length > endIndex) throw noWindow(operation, startIndex + length, endIndex)
    this.first = startIndex + length
    this.last = endIndex
    this.stride = stride
    this.#length = length
    this.#rate = samplingRate
    this.#reverse = reverse
  }

  /** The windows before some steps, and the targets of these steps. */
  batch(rows: readonly number[]): readonly [x: NdArray, y: NdArray] {
    const count = Math.ceil(this.#length / this.#rate)
    const steps = rows.flatMap(row =>
      Array.from(
        { length: count },
        (_, k) => row - this.#length + this.#rate * (this.#reverse ? count - 1 - k : k),
      ),
    )
    return [gathered(this.#data, steps, [rows.length, count]), gathered(this.#targets, rows, [rows.length])]
  }
}

/** Some steps of a series, in an array with these first axes. */
function gathered(
  { data, shape, dtype }: HostValue,
  steps: readonly number[],
  axes: readonly number[],
): NdArray {
  const features = shape.slice(1)
  const size = sizeOf(features)
  const all = allocate(dtype, steps.length * size)
  steps.forEach((step, i) => {
    for (let k = 0; k < size; k++) all[i * size + k] = data[step * size + k]!
  })
  return ndarrayOf(all, [...axes, ...features]) as NdArray
}
