/** Callbacks that set the learning rate; it is in the history then, as `lr`. */
import { badArgument, checkOptions, describeGiven, type Shared } from '@arignote/graph'
import { integer, number, optional, type ValuesOf } from '../../layers/option.js'
import type { Callback, Logs, Run } from '../callback.js'
import { noLearningRate } from '../errors.js'
import { pythonFloat } from './format.js'
import { type Messages, messageNames, speaker, valuesFrom } from './given.js'
import { epochNumber, Monitor, monitorOptions } from './monitor.js'

function rateOf(callback: string, { optimizer }: Run): Shared {
  if (optimizer.learningRate === null) throw noLearningRate(callback, optimizer.class_name)
  return optimizer.learningRate
}

const numberIn = (rate: Shared): number => rate.getValue().data[0]!

const options = {
  ...monitorOptions,
  factor: optional(number(0), 0.1),
  patience: optional(integer(0), 10),
  minDelta: optional(number(0), 1e-4),
  cooldown: optional(integer(0), 0),
  minLr: optional(number(0), 0),
}

export interface ReduceLROnPlateauOptions extends Messages {
  /** What is watched; default 'val_loss'. */
  readonly monitor?: string
  /** What counts as better; default 'auto', by the name. */
  readonly mode?: 'auto' | 'min' | 'max'
  /** The rate is multiplied by this, below 1; default 0.1. */
  readonly factor?: number
  /** After so many epochs without an improvement; default 10. */
  readonly patience?: number
  /** An improvement is one by more than this; default 1e-4. */
  readonly minDelta?: number
  /** Epochs after a reduction in which nothing is counted; default 0. */
  readonly cooldown?: number
  /** The rate stays above; default 0. */
  readonly minLr?: number
}

export class ReduceLROnPlateau implements Callback {
  readonly #options: ValuesOf<typeof options>
  readonly #monitor: Monitor
  readonly #say: (line: string) => void
  #best = 0
  #wait = 0
  #cooldown = 0

  constructor(given: ReduceLROnPlateauOptions = {}) {
    this.#options = valuesFrom('reduceLROnPlateau', options, given, messageNames)
    if (this.#options.factor >= 1)
      throw badArgument('reduceLROnPlateau', `factor: ${this.#options.factor} reduces nothing`, 'below 1')
    this.#monitor = new Monitor('reduceLROnPlateau', this.#options)
    this.#say = speaker(given)
  }

  onTrainBegin(run: Run): void {
    rateOf('reduceLROnPlateau', run)
    this.#monitor.begin(run)
    this.#best = this.#monitor.worst
    this.#wait = this.#cooldown = 0
  }

  onEpochEnd(epoch: number, logs: Logs, run: Run): void {
    const rate = rateOf('reduceLROnPlateau', run)
    logs['lr'] = numberIn(rate)
    const value = this.#monitor.valueIn(logs, run)
    if (value === null) return
    const { cooldown, factor, minDelta, minLr, patience } = this.#options
    if (this.#cooldown > 0) {
      this.#cooldown--
      this.#wait = 0
    }
    if (this.#monitor.isBetter(value, this.#best, minDelta)) {
      this.#best = value
      this.#wait = 0
      return
    }
    if (this.#cooldown > 0) return
    this.#wait++
    if (this.#wait < patience || logs['lr'] <= minLr) return
    const reduced = Math.max(logs['lr'] * factor, minLr)
    rate.setValue(reduced)
    this.#say(
      `\nEpoch ${epochNumber(epoch)}: ReduceLROnPlateau reducing learning rate to ${pythonFloat(reduced)}.`,
    )
    this.#cooldown = cooldown
    this.#wait = 0
  }
}

/** The rate of an epoch, counted from 0, from the rate before it. */
export type LearningRateSchedule = (epoch: number, learningRate: number) => number

export class LearningRateScheduler implements Callback {
  readonly #say: (line: string) => void

  constructor(
    readonly schedule: LearningRateSchedule,
    messages: Messages = {},
  ) {
    checkOptions('learningRateScheduler', messages, ['verbose', 'print'])
    if (typeof schedule !== 'function')
      throw badArgument(
        'learningRateScheduler',
        `${describeGiven(schedule).what} is no schedule`,
        'a function of the epoch and the rate before it: epoch => 0.1 * 0.5 ** epoch',
      )
    this.#say = speaker(messages)
  }

  onEpochBegin(epoch: number, _: Logs, run: Run): void {
    const rate = rateOf('learningRateScheduler', run)
    const next = this.schedule(epoch, numberIn(rate))
    if (typeof next !== 'number' || !Number.isFinite(next))
      throw badArgument(
        'learningRateScheduler',
        `for epoch ${epoch} the schedule says ${String(next)}`,
        'it must give a number',
      )
    rate.setValue(next)
    this.#say(
      `\nEpoch ${epochNumber(epoch)}: LearningRateScheduler setting learning rate to ${pythonFloat(next)}.`,
    )
  }

  onEpochEnd(_: number, logs: Logs, run: Run): void {
    logs['lr'] = numberIn(rateOf('learningRateScheduler', run))
  }
}
