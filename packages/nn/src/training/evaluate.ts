/** `evaluate` and `predict`: batches in order, nothing learned. */
import { dtypeOfValue, type NdArray, ndarrayOf } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { EpochAverage } from './average.js'
import { type Batch, type BatchSource, batchOf, checkBatchSize, DataSet } from './batches.js'
import type { CompiledModel } from './compiled-model.js'
import type { Samples } from './data.js'

/** What all batches, or the first `steps` of them, say together. */
export async function evaluateSet(
  compiled: CompiledModel,
  data: DataSet | BatchSource,
  batchSize: number,
  steps = Number.POSITIVE_INFINITY,
): Promise<EpochAverage> {
  if (data instanceof DataSet) return evaluateArrays(compiled, data, batchSize, steps)
  const average = new EpochAverage(compiled)
  let step = 0
  for await (const given of typeof data === 'function' ? data() : data) {
    if (step++ >= steps) break
    addTo(average, compiled, batchOf('evaluate', compiled, given))
  }
  return average
}

export function evaluateArrays(
  compiled: CompiledModel,
  data: DataSet,
  batchSize: number,
  steps = Number.POSITIVE_INFINITY,
): EpochAverage {
  checkBatchSize(compiled, data.count, batchSize)
  const average = new EpochAverage(compiled)
  let step = 0
  for (const batch of data.batches(batchSize, null)) {
    if (step++ >= steps) break
    addTo(average, compiled, batch)
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

/** The outputs for all samples, batch by batch. */
export function predictSamples(
  f: (...xs: readonly NdArray[]) => readonly NdArray[],
  samples: Samples,
  batchSize: number,
): NdArray[] {
  let whole: NdArray[] | null = null
  for (let from = 0; from < Math.max(1, samples.count); from += batchSize) {
    const results = f(...samples.range(from, Math.min(samples.count, from + batchSize)))
    whole ??= results.map(result => {
      const all = [samples.count, ...result.shape.slice(1)]
      const data = allocate(
        dtypeOfValue(result)!,
        all.reduce((a, b) => a * b, 1),
      )
      return ndarrayOf(data, all) as NdArray
    })
    results.forEach(({ data, shape }, i) => {
      const row = shape.slice(1).reduce((a, b) => a * b, 1)
      whole![i]!.data.set(data, from * row)
    })
  }
  return whole!
}
