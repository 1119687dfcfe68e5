/** Stops when a number has not improved for some epochs. */
import type { NdArray } from '@arignote/graph'
import { flag, integer, nullable, number, optional, type ValuesOf } from '../../layers/option.js'
import type { Callback, Logs, Run } from '../callback.js'
import { type Messages, messageNames, speaker, valuesFrom } from './given.js'
import { epochNumber, Monitor, monitorOptions } from './monitor.js'

const options = {
  ...monitorOptions,
  minDelta: optional(number(), 0),
  patience: optional(integer(0), 0),
  baseline: nullable(number()),
  restoreBestWeights: flag(false),
}

export interface EarlyStoppingOptions extends Messages {
  /** What is watched; default 'val_loss'. */
  readonly monitor?: string
  /** What counts as better; default 'auto', by the name. */
  readonly mode?: 'auto' | 'min' | 'max'
  /** An improvement is one by more than this; default 0. */
  readonly minDelta?: number
  /** How many epochs without an improvement end the run; 0, the default, and 1 are alike, as in Keras. */
  readonly patience?: number
  /** What the first epoch must better; default: anything is better than nothing. */
  readonly baseline?: number | null
  /** In the end the weights are those of the best epoch, also of a run that ended otherwise. Default false. */
  readonly restoreBestWeights?: boolean
}

export class EarlyStopping implements Callback {
  /** The epoch, from 0 on, that ended the run; null if this callback did not. */
  stoppedEpoch: number | null = null
  /** The best value, and its epoch; null before there is one. */
  best: number | null = null
  bestEpoch: number | null = null
  readonly #options: ValuesOf<typeof options>
  readonly #monitor: Monitor
  readonly #say: (line: string) => void
  #wait = 0
  #bestWeights: readonly NdArray[] | null = null

  constructor(given: EarlyStoppingOptions = {}) {
    this.#options = valuesFrom('earlyStopping', options, given, messageNames)
    this.#monitor = new Monitor('earlyStopping', this.#options)
    this.#say = speaker(given)
  }

  onTrainBegin(run: Run): void {
    this.#monitor.begin(run)
    this.stoppedEpoch = this.best = this.bestEpoch = this.#bestWeights = null
    this.#wait = 0
  }

  onEpochEnd(epoch: number, logs: Logs, run: Run): void {
    const value = this.#monitor.valueIn(logs, run)
    if (value === null) return
    const { baseline, minDelta, patience, restoreBestWeights } = this.#options
    const toBeat = this.best ?? baseline ?? this.#monitor.worst
    if (this.#monitor.isBetter(value, toBeat, Math.abs(minDelta))) {
      this.best = value
      this.bestEpoch = epoch
      this.#wait = 0
      if (restoreBestWeights) this.#bestWeights = run.model.getWeights()
      return
    }
    this.#wait++
    if (this.#wait < patience) return
    this.stoppedEpoch = epoch
    run.stop()
  }

  onTrainEnd(run: Run): void {
    if (this.#bestWeights !== null) {
      this.#say('Restoring model weights from the end of the best epoch')
      run.model.setWeights(this.#bestWeights)
      this.#bestWeights = null
    }
    if (this.stoppedEpoch !== null) this.#say(`Epoch ${epochNumber(this.stoppedEpoch)}: early stopping`)
  }
}
