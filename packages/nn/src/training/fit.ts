/**
 * `fit`: epochs of batches, with callbacks between them. A step is done or not done, never half: where a batch fails or the
 * run is stopped, weights are those that the batch before left.
 */
import type { NdArray, Shared } from '@arignote/graph'
import { randomSeed } from '../seeds.js'
import { EpochAverage } from './average.js'
import { type Batch, type BatchSource, batchOf, DataSet, dataSetOf, isBatchSource } from './batches.js'
import { Breath } from './breath.js'
import type { Callback, Logs, Run } from './callback.js'
import type { History } from './callbacks/history.js'
import { ProgressBar } from './callbacks/progress-bar.js'
import type { BatchResult, CompiledModel } from './compiled-model.js'
import type { Data } from './data.js'
import { noSamples, nothingToTrain, placed } from './errors.js'
import { evaluateSet } from './evaluate.js'
import { BatchFeed } from './feed.js'
import { checkFit, type FitOptions } from './fit-options.js'
import { Permutation } from './permutation.js'

/** One run of `fit`. */
export class Training implements Run {
  readonly model
  readonly optimizer
  readonly epochs: number
  readonly verbose: 0 | 1 | 2
  readonly batchSize: number
  readonly metrics: readonly string[]
  isStopped = false
  /** Batches in an epoch of an iterable, once one has been gone through. */
  #counted: number | null = null
  readonly #callbacks: readonly Callback[]
  readonly #atBatchBegin: readonly Callback[]
  readonly #atBatchEnd: readonly Callback[]
  readonly #tellsBatches: boolean
  readonly #data: DataSet | BatchFeed
  readonly #validation: DataSet | BatchFeed | null
  readonly #permutation: Permutation | null
  readonly #breath = new Breath()
  #average: EpochAverage

  /** @throws before the first step for data or options that do not fit */
  constructor(
    readonly compiled: CompiledModel,
    x: Data | BatchSource,
    y: Data | undefined,
    readonly options: FitOptions,
    readonly history: History,
  ) {
    checkFit(x, y, options)
    const { epochs = 1, verbose = 1, batchSize } = options
    this.model = compiled.model
    this.optimizer = compiled.optimizer
    this.epochs = epochs
    this.verbose = verbose
    this.batchSize = compiled.batchSize(batchSize)
    const all = isBatchSource(x) ? new BatchFeed('fit', x) : dataSetOf('fit', compiled, x, y, options)
    const { data, validation } = this.#divided(all)
    this.#data = data
    this.#validation = validation
    this.#permutation = this.#ordered(data)
    const { names } = compiled
    this.metrics = validation === null ? names : [...names, ...names.map(name => `val_${name}`)]
    this.#average = new EpochAverage(compiled)
    const own = options.callbacks ?? []
    const draws = verbose > 0 && !own.some(callback => callback instanceof ProgressBar)
    const bar = draws ? [new ProgressBar({ verbose: verbose as 1 | 2 })] : []
    this.#callbacks = [...bar, ...own, history]
    this.#atBatchBegin = this.#callbacks.filter(callback => callback.onBatchBegin !== undefined)
    this.#atBatchEnd = this.#callbacks.filter(callback => callback.onBatchEnd !== undefined)
    this.#tellsBatches = this.#atBatchEnd.some(callback => callback.needsBatchLogs !== false)
  }

  #divided(all: DataSet | BatchFeed): {
    readonly data: DataSet | BatchFeed
    readonly validation: DataSet | BatchFeed | null
  } {
    const { validationData, validationSplit = 0 } = this.options
    const check = (data: DataSet, operation = 'fit') => {
      if (data.count === 0) throw noSamples(operation)
      this.compiled.checkSamples(data.count)
      return data
    }
    if (all instanceof DataSet && all.count === 0) throw nothingToTrain('no samples')
    if (validationData !== undefined) {
      const data = all instanceof DataSet ? check(all) : all
      if (isBatchSource(validationData))
        return { data, validation: new BatchFeed('fit: validationData', validationData) }
      const [x, y, sampleWeight] = validationData
      const operation = 'fit: validationData'
      const validation = dataSetOf(operation, this.compiled, x, y, { sampleWeight })
      return { data, validation: check(validation, operation) }
    }
    if (!(all instanceof DataSet)) return { data: all, validation: null }
    if (validationSplit === 0) return { data: check(all), validation: null }
    const [data, validation] = all.split(Math.floor(all.count * (1 - validationSplit)))
    if (data.count === 0)
      throw nothingToTrain(`validationSplit ${validationSplit} leaves none of ${all.count} samples`)
    return { data: check(data), validation: check(validation) }
  }

  #ordered(data: DataSet | BatchFeed): Permutation | null {
    const { seed, shuffle = true } = this.options
    if (!(data instanceof DataSet) || shuffle === false) return null
    return new Permutation(data.count, seed ?? randomSeed(), shuffle === 'batch' ? this.batchSize : 1)
  }

  get samples(): number | null {
    return this.#data instanceof DataSet ? this.#data.count : null
  }

  get isPartial(): boolean {
    return this.options.stepsPerEpoch !== undefined
  }

  get validationSamples(): number | null {
    return this.#validation instanceof DataSet ? this.#validation.count : null
  }

  get steps(): number | null {
    const { stepsPerEpoch } = this.options
    const all = this.samples === null ? this.#counted : Math.ceil(this.samples / this.batchSize)
    return stepsPerEpoch === undefined || all === null ? (stepsPerEpoch ?? all) : Math.min(stepsPerEpoch, all)
  }

  averages(): Logs {
    return this.#average.logs()
  }

  stop(): void {
    this.isStopped = true
  }

  async run(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      for (const callback of this.#callbacks) if (callback instanceof ProgressBar) callback.breakOff()
      throw error
    }
  }

  async #run(): Promise<void> {
    await this.#tell(callback => callback.onTrainBegin?.(this))
    let epoch = this.options.initialEpoch ?? 0
    for (; epoch < this.epochs && !this.#ended; epoch++) await this.#epoch(epoch)
    if (this.isStopped) this.history.stoppedBy = 'callback'
    else if (this.#ended) this.history.stoppedBy = 'signal'
    await this.#tell(callback => callback.onTrainEnd?.(this))
  }

  get #ended(): boolean {
    return this.isStopped || this.options.signal?.aborted === true
  }

  async #epoch(epoch: number): Promise<void> {
    this.#average = new EpochAverage(this.compiled)
    if (this.options.resetStates === 'epoch') this.model.resetStates()
    await this.#tell(callback => callback.onEpochBegin?.(epoch, {}, this))
    let number = 0
    for await (const batch of this.#batches(epoch)) {
      if (this.#ended) break
      await this.#batch(batch, number++, epoch)
      if (this.#ended) break
      if (this.#breath.isDue) await this.#breath.take()
    }
    if (!this.#ended) this.#counted = number
    // Nothing was trained: this epoch has not begun.
    if (number === 0) return
    const logs = this.averages()
    if (!this.#ended && this.#validates(epoch)) Object.assign(logs, await this.#validated(epoch))
    try {
      await this.#tell(callback => callback.onEpochEnd?.(epoch, logs, this))
    } catch (error) {
      // The history is told last, since others add to the logs; the epoch was done all the same.
      if (this.history.epoch.at(-1) !== epoch) this.history.onEpochEnd(epoch, logs)
      throw error
    }
  }

  async #batch(batch: Batch, number: number, epoch: number): Promise<void> {
    const { size } = batch
    for (const callback of this.#atBatchBegin) {
      const promise = callback.onBatchBegin!(number, { batch: number, size }, this)
      if (promise !== undefined) await promise
    }
    const result = this.#step(batch, number, epoch)
    this.#average.add(result, size)
    if (this.#atBatchEnd.length === 0) return
    const logs: Logs = { batch: number, size, ...(this.#tellsBatches && this.#average.logsOf(result)) }
    for (const callback of this.#atBatchEnd) {
      const promise = callback.onBatchEnd!(number, logs, this)
      if (promise !== undefined) await promise
    }
  }

  #validates(epoch: number): boolean {
    return this.#validation !== null && (epoch + 1) % (this.options.validationFreq ?? 1) === 0
  }

  /** What the validation says; nothing if the signal comes before its end. */
  async #validated(epoch: number): Promise<Logs> {
    const kept = this.options.validationStates === 'own' ? memoryOf(this.compiled) : []
    if (this.options.validationStates === 'own') this.model.resetStates()
    try {
      const average = await evaluateSet(this.compiled, this.#validation!, {
        batchSize: this.batchSize,
        steps: this.options.validationSteps,
        breath: this.#breath,
        signal: this.options.signal,
        of: ` of the validation after epoch ${epoch + 1}`,
      })
      return this.#ended ? {} : average.logs('val_')
    } finally {
      for (const [variable, value] of kept) variable.setValue(value)
    }
  }

  #step({ xs, ys, weights, weighting }: Batch, step: number, epoch: number): BatchResult {
    try {
      return this.compiled.train(xs, ys, weights, weighting)
    } catch (error) {
      throw placed(error, trainingPlace(step, epoch))
    }
  }

  async *#batches(epoch: number): AsyncGenerator<Batch> {
    const { stepsPerEpoch, classWeight, signal } = this.options
    if (this.#data instanceof DataSet) {
      const order = this.#permutation?.ofEpoch(epoch) ?? null
      yield* this.#data.batches(this.batchSize, order, stepsPerEpoch)
      return
    }
    let step = 0
    for await (const given of this.#data.next(stepsPerEpoch, signal))
      yield this.#taken(given, classWeight, step++, epoch)
  }

  #taken(given: unknown, classWeight: FitOptions['classWeight'], step: number, epoch: number): Batch {
    try {
      return batchOf('fit', this.compiled, given, classWeight)
    } catch (error) {
      throw placed(error, trainingPlace(step, epoch))
    }
  }

  async #tell(say: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.#callbacks) {
      const promise = say(callback)
      if (promise !== undefined) await promise
    }
  }
}

const trainingPlace = (step: number, epoch: number) =>
  `in batch ${step + 1} of epoch ${epoch + 1}; weights are as the batch before left them`

/** States of layers, with copies of their values. */
const memoryOf = ({ model }: CompiledModel): readonly (readonly [Shared, NdArray])[] =>
  model.layers
    .flatMap(layer => layer.built.memory ?? [])
    .map(variable => [variable, variable.getValue()] as const)
