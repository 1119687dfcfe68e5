/**
 * `fit`: epochs of batches, with callbacks between them. A step is done or not done, never half: where a batch fails or the
 * run is stopped, weights are those that the batch before left.
 */
import { ArignoteError, checkOptions } from '@arignote/graph'
import { randomSeed } from '../seeds.js'
import { EpochAverage } from './average.js'
import {
  type Batch,
  type BatchSource,
  batchOf,
  type ClassWeight,
  checkBatchSize,
  DataSet,
  dataSetOf,
  isBatchSource,
} from './batches.js'
import type { Callback, Logs, Run } from './callback.js'
import { History } from './callbacks/history.js'
import { ProgressBar } from './callbacks/progress-bar.js'
import type { CompiledModel } from './compiled-model.js'
import type { Data } from './data.js'
import { evaluateSet } from './evaluate.js'
import { Permutation } from './permutation.js'

export interface FitOptions {
  /** Samples in a step; default 32. The last batch of an epoch may be smaller. */
  readonly batchSize?: number
  /** Default 1. */
  readonly epochs?: number
  /** 1: a progress bar; 2: a line per epoch; 0: nothing. Default 1. */
  readonly verbose?: 0 | 1 | 2
  readonly callbacks?: readonly Callback[]
  /** The share of samples, from the end, that are not trained but validated. */
  readonly validationSplit?: number
  readonly validationData?: readonly [x: Data, y: Data, sampleWeight?: Data] | BatchSource
  /** Samples in a new order in each epoch; 'batch': whole batches. Default true. */
  readonly shuffle?: boolean | 'batch'
  readonly classWeight?: ClassWeight
  readonly sampleWeight?: Data
  /** Where a run that was broken off goes on; default 0. */
  readonly initialEpoch?: number
  /** Batches that make an epoch, of an iterable or of less than all samples. */
  readonly stepsPerEpoch?: number
  readonly validationSteps?: number
  /** Validate after every so many epochs; default 1. */
  readonly validationFreq?: number
  /** Stops between two batches. */
  readonly signal?: AbortSignal
  /** Of the order of samples. The same seed, the same orders. */
  readonly seed?: number
}

const optionNames = [
  'batchSize',
  'epochs',
  'verbose',
  'callbacks',
  'validationSplit',
  'validationData',
  'shuffle',
  'classWeight',
  'sampleWeight',
  'initialEpoch',
  'stepsPerEpoch',
  'validationSteps',
  'validationFreq',
  'signal',
  'seed',
]

/** Trains a model. @throws before the first step for data or options that do not fit */
export async function fit(
  compiled: CompiledModel,
  x: Data | BatchSource,
  y: Data | undefined,
  options: FitOptions,
): Promise<History> {
  checkOptions('fit', options, optionNames)
  const training = new Training(compiled, x, y, options)
  return training.run()
}

class Training implements Run {
  readonly model
  readonly optimizer
  readonly epochs: number
  readonly verbose: 0 | 1 | 2
  readonly batchSize: number
  readonly history = new History()
  isStopped = false
  readonly #callbacks: readonly Callback[]
  readonly #data: DataSet | BatchSource
  readonly #validation: DataSet | BatchSource | null
  readonly #permutation: Permutation | null
  #breath = 0

  constructor(
    readonly compiled: CompiledModel,
    x: Data | BatchSource,
    y: Data | undefined,
    readonly options: FitOptions,
  ) {
    const { epochs = 1, verbose = 1, batchSize = 32, shuffle = true, seed } = options
    this.model = compiled.model
    this.optimizer = compiled.optimizer
    this.epochs = epochs
    this.verbose = verbose
    this.batchSize = batchSize
    const all = isBatchSource(x) ? x : dataSetOf('fit', compiled, x, y, options)
    const { data, validation } = this.#divided(all)
    this.#data = data
    this.#validation = validation
    if (data instanceof DataSet) checkBatchSize(compiled, data.count, batchSize)
    this.#permutation =
      data instanceof DataSet && shuffle !== false
        ? new Permutation(data.count, seed ?? randomSeed(), shuffle === 'batch' ? batchSize : 1)
        : null
    const bar = verbose === 0 ? [] : [new ProgressBar()]
    this.#callbacks = [...bar, ...(options.callbacks ?? []), this.history]
  }

  #divided(all: DataSet | BatchSource) {
    const { validationData, validationSplit = 0 } = this.options
    if (validationData !== undefined) {
      if (isBatchSource(validationData) && !Array.isArray(validationData))
        return { data: all, validation: validationData }
      const [x, y, sampleWeight] = validationData as readonly [Data, Data, Data?]
      const validation = dataSetOf('fit: validationData', this.compiled, x, y, { sampleWeight })
      return { data: all, validation }
    }
    if (validationSplit === 0 || !(all instanceof DataSet)) return { data: all, validation: null }
    const [data, validation] = all.split(Math.floor(all.count * (1 - validationSplit)))
    return { data, validation }
  }

  get samples(): number | null {
    return this.#data instanceof DataSet ? this.#data.count : null
  }

  get validationSamples(): number | null {
    return this.#validation instanceof DataSet ? this.#validation.count : null
  }

  get steps(): number | null {
    const { stepsPerEpoch } = this.options
    return stepsPerEpoch ?? (this.samples === null ? null : Math.ceil(this.samples / this.batchSize))
  }

  get metrics(): readonly string[] {
    const { names } = this.compiled
    return this.#validation === null ? names : [...names, ...names.map(name => `val_${name}`)]
  }

  stop(): void {
    this.isStopped = true
  }

  async run(): Promise<History> {
    await this.#tell(callback => callback.onTrainBegin?.(this))
    for (let epoch = this.options.initialEpoch ?? 0; epoch < this.epochs && !this.#ended; epoch++) {
      await this.#epoch(epoch)
    }
    await this.#tell(callback => callback.onTrainEnd?.(this))
    return this.history
  }

  get #ended(): boolean {
    return this.isStopped || this.options.signal?.aborted === true
  }

  async #epoch(epoch: number): Promise<void> {
    await this.#tell(callback => callback.onEpochBegin?.(epoch, {}, this))
    const average = new EpochAverage(this.compiled)
    let step = 0
    for await (const batch of this.#batches(epoch)) {
      if (step === this.options.stepsPerEpoch) break
      const number = step++
      await this.#tell(callback => callback.onBatchBegin?.(number, { batch: number, size: batch.size }, this))
      average.add(this.#step(batch, number, epoch), batch.size)
      const logs = { ...average.logs(), batch: number, size: batch.size }
      await this.#tell(callback => callback.onBatchEnd?.(number, logs, this))
      if (this.#ended) break
      await this.#breathe()
    }
    const logs: Logs = average.logs()
    if (!this.#ended && this.#validates(epoch)) {
      const { validationSteps } = this.options
      const result = await evaluateSet(this.compiled, this.#validation!, this.batchSize, validationSteps)
      Object.assign(logs, result.logs('val_'))
    }
    await this.#tell(callback => callback.onEpochEnd?.(epoch, logs, this))
  }

  #validates(epoch: number): boolean {
    return this.#validation !== null && (epoch + 1) % (this.options.validationFreq ?? 1) === 0
  }

  #step({ xs, ys, weights, weighting }: Batch, step: number, epoch: number) {
    try {
      return this.compiled.train(xs, ys, weights, weighting)
    } catch (error) {
      if (error instanceof ArignoteError)
        error.message += `\n  in batch ${step + 1} of epoch ${epoch + 1}; weights are as the batch before left them`
      throw error
    }
  }

  async *#batches(epoch: number): AsyncGenerator<Batch> {
    if (this.#data instanceof DataSet) {
      const order = this.#permutation?.ofEpoch(epoch) ?? null
      yield* this.#data.batches(this.batchSize, order)
      return
    }
    const source = typeof this.#data === 'function' ? this.#data() : this.#data
    for await (const given of source) yield batchOf('fit', this.compiled, given, this.options.classWeight)
  }

  async #tell(say: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.#callbacks) {
      const promise = say(callback)
      if (promise !== undefined) await promise
    }
  }

  /** Lets others have the thread, 20 times a second. */
  async #breathe(): Promise<void> {
    const now = performance.now()
    if (now - this.#breath < 50) return
    await new Promise<void>(resolve => setTimeout(resolve, 0))
    this.#breath = performance.now()
  }
}
