/** Saves the model while it is trained. */
import { flag, integer, optional, text, type ValuesOf } from '../../layers/option.js'
import type { Model } from '../../models/model.js'
import type { Callback, Logs, Run } from '../callback.js'
import { fixed, formatted } from './format.js'
import { type Messages, messageNames, speaker, valuesFrom } from './given.js'
import { epochNumber, Monitor, monitorOptions } from './monitor.js'

const options = {
  ...monitorOptions,
  filepath: text,
  saveBestOnly: flag(false),
  saveWeightsOnly: flag(false),
  period: optional(integer(1), 1),
}

export interface ModelCheckpointOptions extends Messages {
  /** May have the epoch, from 1 on, and the numbers of its end in it: `'model-{epoch:02d}-{val_loss:.2f}.h5'`. */
  readonly filepath: string
  /** What is watched; default 'val_loss'. */
  readonly monitor?: string
  /** What counts as better; default 'auto', by the name. */
  readonly mode?: 'auto' | 'min' | 'max'
  /** Saves only where what is watched is better than ever; default false. */
  readonly saveBestOnly?: boolean
  /** Weights alone, without what is needed to train on; default false. */
  readonly saveWeightsOnly?: boolean
  /** Every so many epochs; default 1. */
  readonly period?: number
}

export class ModelCheckpoint implements Callback {
  /** The best value so far. */
  best: number
  readonly #options: ValuesOf<typeof options>
  readonly #monitor: Monitor
  readonly #say: (line: string) => void
  #epochs = 0

  constructor(given: ModelCheckpointOptions) {
    this.#options = valuesFrom('modelCheckpoint', options, given, messageNames)
    this.#monitor = new Monitor('modelCheckpoint', this.#options)
    this.best = this.#monitor.worst
    this.#say = speaker(given)
  }

  onTrainBegin(run: Run): void {
    if (this.#options.saveBestOnly) this.#monitor.begin(run)
  }

  async onEpochEnd(epoch: number, logs: Logs, run: Run): Promise<void> {
    const { filepath, period, saveBestOnly } = this.#options
    this.#epochs++
    if (this.#epochs < period) return
    this.#epochs = 0
    const path = formatted('modelCheckpoint', filepath, { ...logs, epoch: epoch + 1 }, run.metrics)
    const said = `\nEpoch ${epochNumber(epoch)}:`
    if (!saveBestOnly) {
      this.#say(`${said} saving model to ${path}`)
      return this.#save(run.model, path)
    }
    const { name } = this.#monitor
    const value = this.#monitor.valueIn(logs, run)
    if (value === null) return
    if (!this.#monitor.isBetter(value, this.best)) {
      this.#say(`${said} ${name} did not improve from ${fixed(this.best, 5)}`)
      return
    }
    this.#say(
      `${said} ${name} improved from ${fixed(this.best, 5)} to ${fixed(value, 5)}, saving model to ${path}`,
    )
    this.best = value
    await this.#save(run.model, path)
  }

  #save(model: Model, path: string): Promise<void> {
    return this.#options.saveWeightsOnly ? model.saveWeights(path) : model.save(path)
  }
}
