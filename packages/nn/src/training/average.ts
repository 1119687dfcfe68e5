/** What an epoch says: averages over its batches, by samples; metrics of what was added up. */

import type { Logs } from './callback.js'
import type { BatchResult, CompiledModel } from './compiled-model.js'

export class EpochAverage {
  #samples = 0
  readonly #losses: number[]
  readonly #sums: Float64Array[][]

  constructor(readonly compiled: CompiledModel) {
    this.#losses = compiled.lossNames.map(() => 0)
    this.#sums = compiled.metrics.map(() => [])
  }

  add({ losses, sums }: BatchResult, samples: number): void {
    this.#samples += samples
    losses.forEach((value, i) => {
      this.#losses[i]! += value * samples
    })
    sums.forEach((own, m) => {
      own.forEach((values, k) => {
        this.#sums[m]![k] ??= new Float64Array(values.length)
        const total = this.#sums[m]![k]!
        for (let i = 0; i < values.length; i++) total[i]! += values[i]!
      })
    })
  }

  /** The names with what they have come to. */
  logs(prefix = ''): Logs {
    const entries = this.compiled.lossNames.map((name, i) => [
      prefix + name,
      this.#losses[i]! / this.#samples,
    ])
    const { metrics: told } = this.compiled
    const values = told.length === 0 || this.#samples === 0 ? [] : this.compiled.valuesOf(this.#sums)
    const metrics = values.map((value, m) => [prefix + told[m]!.name, value])
    return Object.fromEntries([...entries, ...metrics])
  }
}
