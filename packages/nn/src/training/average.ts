/** What an epoch says: averages over its batches, by samples; metrics of what was added up. */

import type { Logs } from './callback.js'
import type { BatchResult, CompiledModel } from './compiled-model.js'

export class EpochAverage {
  #samples = 0
  readonly #losses: Float64Array
  readonly #sums: (readonly Float64Array[])[]

  constructor(readonly compiled: CompiledModel) {
    this.#losses = new Float64Array(compiled.lossNames.length)
    this.#sums = []
  }

  add({ losses, sums }: BatchResult, samples: number): void {
    this.#samples += samples
    for (let i = 0; i < losses.length; i++) this.#losses[i]! += losses[i]! * samples
    for (let m = 0; m < sums.length; m++) {
      this.#sums[m] ??= sums[m]!.map(values => new Float64Array(values.length))
      const totals = this.#sums[m]!
      for (let k = 0; k < totals.length; k++) addInto(totals[k]!, sums[m]![k]!)
    }
  }

  /** The names with what they have come to. */
  logs(prefix = ''): Logs {
    return this.#named(
      Array.from(this.#losses, total => total / this.#samples),
      prefix,
    )
  }

  /** The losses of one batch, and the metrics of all so far. */
  logsOf({ losses }: BatchResult): Logs {
    return this.#named(losses, '')
  }

  #named(losses: readonly number[], prefix: string): Logs {
    const { lossNames, metrics } = this.compiled
    const logs: Logs = {}
    for (let i = 0; i < losses.length; i++) logs[prefix + lossNames[i]!] = losses[i]!
    if (metrics.length === 0 || this.#samples === 0) return logs
    const values = this.compiled.valuesOf(this.#sums)
    for (let m = 0; m < values.length; m++) logs[prefix + metrics[m]!.name] = values[m]!
    return logs
  }
}

function addInto(total: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!
}
