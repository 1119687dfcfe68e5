/** Callbacks: what may be done between batches and epochs. */

import { unknownName } from '@arignote/graph'
import type { Model } from '../models/model.js'
import type { Optimizer } from '../optimizers/optimizer.js'

/** Numbers by name: `loss`, `accuracy`, `val_loss`. Callbacks may add some; they are part of the history then. */
export type Logs = Record<string, number>

/** What a callback may see and do while a model is trained. */
export interface Run {
  readonly model: Model
  readonly optimizer: Optimizer
  readonly epochs: number
  /** Batches in an epoch; null where an iterable has not told yet. */
  readonly steps: number | null
  readonly samples: number | null
  /** Whether an epoch is less than all samples. */
  readonly isPartial: boolean
  readonly validationSamples: number | null
  readonly batchSize: number | null
  readonly verbose: 0 | 1 | 2
  /** Names of losses and metrics, those of the validation among them. */
  readonly metrics: readonly string[]
  /** Averages of the epoch so far, computed when asked for. */
  averages(): Logs
  /** The run ends after this batch (within an epoch, which is not validated then) or this epoch (at its end). */
  stop(): void
  readonly isStopped: boolean
}

/** All that a callback may have. */
export const hookNames = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'needsBatchLogs',
] as const satisfies readonly (keyof Callback)[]

const likeHook = /^on_?(train|epoch|batch|test|predict)/i

/** @throws ArgumentError for what looks like a hook and is none: `onEpochend`, `onTrainBatchEnd` */
export function checkHooks(operation: string, callback: Callback): void {
  for (let part: object | null = callback; part !== null; part = Object.getPrototypeOf(part))
    for (const name of Object.getOwnPropertyNames(part))
      if (likeHook.test(name) && !(hookNames as readonly string[]).includes(name))
        throw unknownName(operation, 'hook', name, hookNames)
}

/** Every hook may be left out, and may be asynchronous. Epochs and batches are counted from 0. */
export interface Callback {
  onTrainBegin?(run: Run): void | Promise<void>
  /** Also of a run that was stopped, but not of one that an error ended. */
  onTrainEnd?(run: Run): void | Promise<void>
  onEpochBegin?(epoch: number, logs: Logs, run: Run): void | Promise<void>
  onEpochEnd?(epoch: number, logs: Logs, run: Run): void | Promise<void>
  /** `logs` has `batch` and `size`. */
  onBatchBegin?(batch: number, logs: Logs, run: Run): void | Promise<void>
  /** `logs` has `batch`, `size`, the losses of this batch, and the metrics of the epoch so far, as in Keras 2.3. */
  onBatchEnd?(batch: number, logs: Logs, run: Run): void | Promise<void>
  /** False: `onBatchEnd` can do without losses and metrics, which are not computed then. */
  readonly needsBatchLogs?: boolean
}
