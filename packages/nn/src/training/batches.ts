/** Batches: inputs, targets and weights, of arrays or as an iterable gives them. */
import { badArgument, describeGiven, type NdArray } from '@arignote/graph'
import type { CompiledModel, Weighting } from './compiled-model.js'
import { type Data, type Samples, type Slot, samplesOf } from './data.js'
import { noTargets, notDivisible, unknownClass } from './errors.js'

export interface Batch {
  readonly xs: readonly NdArray[]
  readonly ys: readonly NdArray[]
  readonly weights: readonly NdArray[]
  readonly weighting: Weighting
  readonly size: number
}

/** Class → what a sample of it counts. */
export type ClassWeight = { readonly [label: number]: number }

/** What an iterable gives for a batch: inputs and targets, and weights if there are any. */
export type BatchData = readonly [x: Data, y: Data, sampleWeight?: Data]

/** Batches that come one after the other; a function begins again for each epoch. */
export type BatchSource =
  | Iterable<BatchData>
  | AsyncIterable<BatchData>
  | (() => Iterable<BatchData> | AsyncIterable<BatchData>)

export function isBatchSource(x: unknown): x is BatchSource {
  if (typeof x === 'function') return true
  if (typeof x !== 'object' || x === null || Array.isArray(x) || ArrayBuffer.isView(x)) return false
  return Symbol.asyncIterator in x || Symbol.iterator in x
}

/** All samples of a call to fit or evaluate, checked against the model. */
export class DataSet {
  readonly count: number

  constructor(
    readonly xs: Samples,
    readonly ys: Samples,
    readonly weights: Samples | null,
    readonly weighting: Weighting,
  ) {
    this.count = xs.count
  }

  /** The samples before a place, and those from it on. */
  split(at: number): readonly [DataSet, DataSet] {
    const [xs, ys] = [this.xs.split(at), this.ys.split(at)]
    const weights = this.weights?.split(at)
    const part = (i: 0 | 1) => new DataSet(xs[i], ys[i], weights?.[i] ?? null, this.weighting)
    return [part(0), part(1)]
  }

  /** In the order of the indices, or as they lie; the last batch may be smaller. */
  *batches(batchSize: number, order: Int32Array | null): Generator<Batch> {
    for (let from = 0; from < this.count; from += batchSize) {
      const to = Math.min(this.count, from + batchSize)
      const take = (s: Samples) => (order === null ? s.range(from, to) : s.pick(order.subarray(from, to)))
      const weights = this.weights === null ? [] : take(this.weights)
      yield { xs: take(this.xs), ys: take(this.ys), weights, weighting: this.weighting, size: to - from }
    }
  }
}

export interface Weights {
  readonly sampleWeight?: Data | undefined
  readonly classWeight?: ClassWeight | undefined
}

/** @throws ArgumentError, ShapeError, NumericError for data that does not fit the model */
export function dataSetOf(
  operation: string,
  compiled: CompiledModel,
  x: Data,
  y: Data | undefined,
  { sampleWeight, classWeight }: Weights,
): DataSet {
  if (y === undefined) throw noTargets(operation)
  const xs = samplesOf(operation, 'x', x, compiled.inputs)
  const ys = samplesOf(operation, 'y', y, compiled.targets, xs.count)
  const weights = weightsOf(operation, compiled.targets, ys, sampleWeight, classWeight)
  const weighting = weights === null ? 'none' : weights.arrays[0]!.shape.length > 1 ? 'temporal' : 'sample'
  return new DataSet(xs, ys, weights, weighting)
}

function weightsOf(
  operation: string,
  targets: readonly Slot[],
  ys: Samples,
  sampleWeight: Data | undefined,
  classWeight: ClassWeight | undefined,
): Samples | null {
  if (sampleWeight === undefined && classWeight === undefined) return null
  const temporal = sampleWeight !== undefined && isPerStep(sampleWeight, targets)
  const slots = targets.map(
    ({ name, dtype, shape }): Slot => ({
      name,
      dtype: dtype === 'float64' ? 'float64' : 'float32',
      shape: temporal ? shape.slice(0, 2) : [shape[0] ?? null],
    }),
  )
  const given = sampleWeight ?? targets.map(() => new Float32Array(ys.count).fill(1))
  const weights = samplesOf(operation, 'sampleWeight', given, slots, ys.count)
  if (classWeight === undefined) return weights
  weights.arrays.forEach(({ data, shape }, i) => {
    const row = shape.slice(1).reduce((a, b) => a * b, 1)
    for (let k = 0; k < data.length; k++)
      data[k]! *= weightOf(operation, labelOf(ys, i, Math.floor(k / row)), classWeight)
  })
  return weights
}

const isPerStep = (weight: Data, targets: readonly Slot[]): boolean =>
  targets[0]!.shape.length > 2 &&
  ((Array.isArray(weight) && Array.isArray(weight[0])) ||
    (typeof weight === 'object' && 'shape' in weight && (weight['shape'] as unknown as number[]).length > 1))

/** The class of a sample: its value, or where its largest is. */
function labelOf(ys: Samples, target: number, sample: number): number {
  const { data, shape } = ys.arrays[target]!
  const row = shape.slice(1).reduce((a, b) => a * b, 1)
  const own = data.subarray(sample * row, (sample + 1) * row)
  return row === 1 ? own[0]! : own.indexOf(Math.max(...own))
}

function weightOf(operation: string, label: number, classWeight: ClassWeight): number {
  const weight = classWeight[label]
  if (weight === undefined) throw unknownClass(operation, label, Object.keys(classWeight))
  return weight
}

/** A batch that an iterable gave. @throws like `dataSetOf` */
export function batchOf(
  operation: string,
  compiled: CompiledModel,
  given: unknown,
  classWeight?: ClassWeight,
): Batch {
  if (!Array.isArray(given) || given.length < 2)
    throw badArgument(
      operation,
      `${describeGiven(given).what} is no batch`,
      'an iterable gives [x, y] or [x, y, sampleWeight]',
    )
  const [x, y, sampleWeight] = given as unknown as BatchData
  const set = dataSetOf(operation, compiled, x, y, { sampleWeight, classWeight })
  const [batch] = set.batches(Math.max(1, set.count), null)
  if (batch === undefined)
    throw badArgument(operation, 'a batch without samples', 'every batch has at least one')
  return batch
}

/** A model that knows its batch has no other: stateful layers keep a state for each of its samples. */
export function checkBatchSize(compiled: CompiledModel, samples: number, batchSize: number): void {
  const fixed = compiled.inputs[0]!.shape[0]
  if (fixed == null) return
  if (batchSize !== fixed || samples % fixed !== 0) throw notDivisible(compiled.model.name, samples, fixed)
}
