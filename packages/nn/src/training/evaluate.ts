/** `evaluate` and `predict`: batches in order, nothing learned. */
import { dtypeOfValue, type NdArray, ndarrayOf } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { sizeOf } from '../size.js'
import { EpochAverage } from './average.js'
import { type Batch, batchOf, DataSet } from './batches.js'
import type { Breath } from './breath.js'
import type { CompiledModel } from './compiled-model.js'
import type { Samples } from './data.js'
import { noSamples, placed } from './errors.js'
import type { BatchFeed } from './feed.js'

interface Evaluating {
  readonly batchSize: number
  /** Batches, at most. */
  readonly steps?: number | undefined
  readonly breath: Breath
  readonly signal?: AbortSignal | undefined
  /** What errors of a batch say after its number. */
  readonly of?: string
}

/** What all batches, or the first `steps` of them, say together; others have the thread in between. */
export async function evaluateSet(
  compiled: CompiledModel,
  data: DataSet | BatchFeed,
  { batchSize, steps, breath, signal, of = '' }: Evaluating,
): Promise<EpochAverage> {
  const average = new EpochAverage(compiled)
  let step = 0
  for await (const given of data instanceof DataSet
    ? data.batches(batchSize, null, steps)
    : data.next(steps, signal)) {
    if (signal?.aborted) break
    step++
    try {
      const batch = data instanceof DataSet ? (given as Batch) : batchOf(data.operation, compiled, given)
      addTo(average, compiled, batch)
    } catch (error) {
      throw placed(error, `in batch ${step}${of}`)
    }
    if (breath.isDue) await breath.take()
  }
  return average
}

export function evaluateArrays(compiled: CompiledModel, data: DataSet, batchSize: number): EpochAverage {
  if (data.count === 0) throw noSamples('evaluate')
  compiled.checkSamples(data.count)
  const average = new EpochAverage(compiled)
  let from = 0
  for (const batch of data.batches(batchSize, null)) {
    ofSamples(data.count, from, batch.size, () => addTo(average, compiled, batch))
    from += batch.size
  }
  return average
}

function addTo(
  average: EpochAverage,
  compiled: CompiledModel,
  { xs, ys, weights, weighting, size }: Batch,
): void {
  average.add(compiled.evaluate(xs, ys, weights, weighting), size)
}

type Callable = (...xs: readonly NdArray[]) => readonly NdArray[]

/** What `run` returns for some of all samples; an error of it says of which, since places in it count within the batch. */
function ofSamples<R>(count: number, from: number, size: number, run: () => R): R {
  try {
    return run()
  } catch (error) {
    throw size < count ? placed(error, `in the batch of the samples ${from} to ${from + size - 1}`) : error
  }
}

/** The outputs for all samples, batch by batch. */
export function predictSamples(f: Callable, samples: Samples, batchSize: number): NdArray[] {
  let whole: NdArray[] | null = null
  for (let from = 0; from < Math.max(1, samples.count); from += batchSize) {
    const to = Math.min(samples.count, from + batchSize)
    const results = ofSamples(samples.count, from, to - from, () => f(...samples.range(from, to)))
    whole ??= results.map(result => {
      const all = [samples.count, ...result.shape.slice(1)]
      const data = allocate(dtypeOfValue(result)!, sizeOf(all))
      return ndarrayOf(data, all) as NdArray
    })
    results.forEach(({ data, shape }, i) => {
      const row = sizeOf(shape.slice(1))
      whole![i]!.data.set(data, from * row)
    })
  }
  return whole!
}
