/** What `fit` returns: the numbers of every epoch. */
import type { Callback, Logs, Run } from '../callback.js'

export class History implements Callback {
  /** By name, one number per epoch: `loss`, `val_accuracy`. */
  readonly history: Record<string, number[]> = {}
  /** The epochs, counted from 0. */
  readonly epoch: number[] = []
  /** What the run was asked to do. */
  params: {
    readonly epochs: number
    readonly steps: number | null
    readonly samples: number | null
    readonly batchSize: number | null
    readonly metrics: readonly string[]
  } | null = null
  /** What ended the run before its last epoch: a callback, or the signal; null: nothing did. */
  stoppedBy: 'callback' | 'signal' | null = null

  onTrainBegin({ epochs, steps, samples, batchSize, metrics }: Run): void {
    this.params = { epochs, steps, samples, batchSize, metrics }
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch)
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= []
      this.history[name].push(value)
    }
  }
}
