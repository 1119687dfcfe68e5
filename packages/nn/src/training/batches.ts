/** Batches: inputs, targets and weights, of arrays or as an iterable gives them. */
import { badArgument, describeGiven, isNdArray, type NdArray, type Value } from '@arignote/graph'
import { checkNames } from '../names.js'
import { sizeOf } from '../size.js'
import { placeOfGreatest } from './classes.js'
import type { CompiledModel } from './compiled-model.js'
import { checkFinite, type Data, isRecord, Samples, type Slot, samplesOf, valuesFor } from './data.js'
import { noTargets, unknownClass } from './errors.js'
import type { Weighting } from './graph.js'

export interface Batch {
  readonly xs: readonly NdArray[]
  readonly ys: readonly NdArray[]
  readonly weights: readonly NdArray[]
  readonly weighting: Weighting
  readonly size: number
}

/** Class → what a sample of it counts. */
export type ClassWeight = { readonly [label: number]: number }

/** For every output the same, or by their names. */
export type ClassWeights = ClassWeight | { readonly [output: string]: ClassWeight }

/** What an iterable gives for a batch: inputs and targets, and weights if there are any. */
export type BatchData = readonly [x: Data, y: Data, sampleWeight?: Data]

type Batches = Iterable<BatchData> | AsyncIterable<BatchData>

/** Batches that come one after the other; a function begins again for each epoch. */
export type BatchSource = Batches | (() => Batches | Promise<Batches>)

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

  /** In the order of the indices, or as they lie; the last batch may be smaller. At most `steps` batches. */
  *batches(batchSize: number, order: Int32Array | null, steps = Number.POSITIVE_INFINITY): Generator<Batch> {
    const end = Math.min(this.count, batchSize * steps)
    for (let from = 0; from < end; from += batchSize) {
      const to = Math.min(this.count, from + batchSize)
      const take = (s: Samples) => (order === null ? s.range(from, to) : s.pick(order.subarray(from, to)))
      const weights = this.weights === null ? [] : take(this.weights)
      yield { xs: take(this.xs), ys: take(this.ys), weights, weighting: this.weighting, size: to - from }
    }
  }
}

export interface Weights {
  readonly sampleWeight?: Data | undefined
  readonly classWeight?: ClassWeights | undefined
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
  checkFinite(operation, 'x', xs, compiled.inputs)
  checkFinite(operation, 'y', ys, compiled.targets)
  if (weights !== null) checkFinite(operation, 'sampleWeight', weights, compiled.targets)
  const weighting = weights === null ? [] : weights.arrays.map(({ shape }) => shape.length)
  return new DataSet(xs, ys, weights, weighting)
}

/** Of each target; who says nothing of one lets all its samples count alike. */
function weightsOf(
  operation: string,
  targets: readonly Slot[],
  ys: Samples,
  sampleWeight: Data | undefined,
  classWeight: ClassWeights | undefined,
): Samples | null {
  if (sampleWeight === undefined && classWeight === undefined) return null
  const given = weightPerTarget(operation, targets, sampleWeight)
  const ones = () => new Float32Array(ys.count).fill(1)
  const parts = targets.map((target, i) => {
    const { name, dtype, shape } = target
    const temporal = shape.length > 2 && isMatrix(given[i])
    const slot: Slot = {
      name,
      dtype: dtype === 'float64' ? 'float64' : 'float32',
      shape: temporal ? shape.slice(0, 2) : [shape[0] ?? null],
    }
    return samplesOf(operation, 'sampleWeight', given[i] ?? ones(), [slot], ys.count).arrays[0]!
  })
  if (classWeight !== undefined) {
    checkClassWeight(operation, classWeight, targets)
    targets.forEach(({ name, shape }, i) => {
      const own = classWeightOf(classWeight, name)
      if (own === null) return
      if (shape.length > 2)
        throw badArgument(
          operation,
          `classWeight is not for targets with steps (${name})`,
          'use sampleWeight',
        )
      const { data } = parts[i]!
      for (let k = 0; k < data.length; k++) data[k]! *= weightOf(operation, labelOf(ys, i, k), own)
    })
  }
  return new Samples(parts)
}

function weightPerTarget(
  operation: string,
  targets: readonly Slot[],
  given: Data | undefined,
): readonly (Value | undefined)[] {
  if (given === undefined) return targets.map(() => undefined)
  const names = targets.map(target => target.name)
  if (isRecord(given)) {
    const record = given as { readonly [name: string]: Value }
    checkNames(operation, 'output with a loss', record, names)
    return names.map(name => record[name])
  }
  return valuesFor(operation, 'sampleWeight', given, targets)
}

const isPerOutput = (given: ClassWeights) => Object.values(given).some(value => typeof value === 'object')

/** @throws ArgumentError for what is no record of numbers, or one for an output that there is not */
function checkClassWeight(operation: string, given: ClassWeights, targets: readonly Slot[]): void {
  const hint = '{ 0: 1, 1: 5 }: what a sample of each class counts'
  if (typeof given !== 'object' || given === null || given instanceof Map)
    throw badArgument(operation, `classWeight: ${describeGiven(given).what} will not do`, hint)
  const names = targets.map(target => target.name)
  if (isPerOutput(given)) checkNames(operation, 'output with a loss', given, names)
  const records = isPerOutput(given) ? Object.values(given) : [given]
  for (const [label, weight] of records.flatMap(record => Object.entries(record as ClassWeight)))
    if (!Number.isFinite(weight))
      throw badArgument(
        operation,
        `classWeight: class ${label} cannot count ${String(weight)}`,
        'weights are finite numbers',
      )
}

function classWeightOf(given: ClassWeights, output: string): ClassWeight | null {
  if (!isPerOutput(given)) return given as ClassWeight
  return (given as { readonly [output: string]: ClassWeight })[output] ?? null
}

const isMatrix = (weight: unknown): boolean =>
  Array.isArray(weight)
    ? Array.isArray(weight[0]) || ArrayBuffer.isView(weight[0]) || isNdArray(weight[0])
    : isNdArray(weight) && weight.shape.length > 1

/** The class of a sample: its value, or where its largest is. */
function labelOf(ys: Samples, target: number, sample: number): number {
  const { data, shape } = ys.arrays[target]!
  const row = sizeOf(shape.slice(1))
  const own = data.subarray(sample * row, (sample + 1) * row)
  return row === 1 ? own[0]! : placeOfGreatest(own)
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
  classWeight?: ClassWeights,
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
  compiled.checkSamples(batch.size)
  return batch
}
