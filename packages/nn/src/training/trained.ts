/**
 * What a model can do once it is compiled; `Model` has these as its methods. See the header of `compiled-model.ts`.
 */
import { badArgument, checkOptions, type NdArray } from '@arignote/graph'
import { integer } from '../layers/option.js'
import type { Model } from '../models/model.js'
import { EpochAverage } from './average.js'
import { type Batch, type BatchSource, type ClassWeights, dataSetOf, isBatchSource } from './batches.js'
import { Breath } from './breath.js'
import { History } from './callbacks/history.js'
import type { BatchResult } from './compiled-model.js'
import {
  batchSizeOf,
  CompiledModel,
  checkSamples,
  type ModelCompileOptions,
  predictor,
} from './compiled-model.js'
import { type Data, samplesOf } from './data.js'
import { alreadyTraining, noSamples, notCompiled } from './errors.js'
import { evaluateArrays, evaluateSet, predictSamples } from './evaluate.js'
import { BatchFeed } from './feed.js'
import { Training } from './fit.js'
import type { FitOptions } from './fit-options.js'
import { slotsOf } from './graph.js'

export interface EvaluateOptions {
  /** Default 32, or the batch that the model was made for. */
  readonly batchSize?: number
  readonly sampleWeight?: Data
}

export interface PredictOptions {
  /** Default 32, or the batch that the model was made for. */
  readonly batchSize?: number
}

export interface StepOptions {
  readonly sampleWeight?: Data
  readonly classWeight?: ClassWeights
}

/** The loss alone, or the loss and then each metric, in the order of `metricsNames`. */
export type Evaluation = number | number[]

/** The functions of one model, made when they are first needed. */
export class Trainer {
  #compiled: CompiledModel | null = null
  #predict: ((...xs: readonly NdArray[]) => readonly NdArray[]) | null = null

  /** Of the last run of `fit`, also of one that an error ended. */
  history: History | null = null
  #training: Training | null = null

  constructor(readonly model: Model) {}

  /** Compiles the model anew: what is trained, how, and what is told. */
  compile(options: ModelCompileOptions): void {
    this.#compiled = new CompiledModel(this.model, options)
  }

  get isCompiled(): boolean {
    return this.#compiled !== null
  }

  /** @throws GraphError if the model has not been compiled */
  compiled(operation: string): CompiledModel {
    if (this.#compiled === null) throw notCompiled(this.model.name, operation)
    return this.#compiled
  }

  /** Graphs are made anew: the model has changed. */
  forget(): void {
    this.#predict = null
    if (this.#compiled !== null) this.compile(this.#compiled.options)
  }

  async fit(x: Data | BatchSource, y: Data | undefined, options: FitOptions): Promise<History> {
    const compiled = this.compiled('fit')
    if (this.#training !== null) throw alreadyTraining(this.model.name)
    const history = new History()
    this.#training = new Training(compiled, x, y, options, history)
    this.history = history
    try {
      await this.#training.run()
    } finally {
      this.#training = null
    }
    return history
  }

  /** See `Model.stopTraining`. */
  get isStopped(): boolean {
    return this.#training?.isStopped ?? false
  }

  stop(): void {
    this.#training?.stop()
  }

  evaluate(x: Data, y: Data, options: EvaluateOptions): Evaluation {
    checkOptions('evaluate', options, ['batchSize', 'sampleWeight'])
    const compiled = this.compiled('evaluate')
    const { batchSize, sampleWeight } = options
    const data = dataSetOf('evaluate', compiled, x, y, { sampleWeight })
    return evaluationOf(
      evaluateArrays(compiled, data, compiled.batchSize(checkedSize('evaluate', batchSize))),
    )
  }

  async evaluateBatches(source: BatchSource, steps?: number): Promise<Evaluation> {
    if (!isBatchSource(source))
      throw badArgument('evaluateBatches', 'no iterable of batches', 'an iterable of [x, y]')
    const feed = new BatchFeed('evaluateBatches', source)
    const compiled = this.compiled('evaluateBatches')
    return evaluationOf(await evaluateSet(compiled, feed, { batchSize: 1, steps, breath: new Breath() }))
  }

  predict(x: Data, options: PredictOptions): NdArray | NdArray[] {
    checkOptions('predict', options, ['batchSize'])
    const batchSize = batchSizeOf(this.model, checkedSize('predict', options.batchSize))
    return this.#predicted('predict', x, () => batchSize)
  }

  predictOnBatch(x: Data): NdArray | NdArray[] {
    return this.#predicted('predictOnBatch', x, count => batchSizeOf(this.model, Math.max(1, count)))
  }

  #predicted(operation: string, x: Data, batchSize: (count: number) => number): NdArray | NdArray[] {
    const samples = samplesOf(operation, 'x', x, slotsOf(this.model))
    const size = batchSize(samples.count)
    checkSamples(this.model, samples.count)
    this.#predict ??= predictor(this.model, this.#compiled?.options.backend)
    const outputs = predictSamples(this.#predict, samples, size)
    return outputs.length === 1 ? outputs[0]! : outputs
  }

  trainOnBatch(x: Data, y: Data, options: StepOptions): Evaluation {
    return this.#step('trainOnBatch', x, y, options, (compiled, { xs, ys, weights, weighting }) =>
      compiled.train(xs, ys, weights, weighting),
    )
  }

  testOnBatch(x: Data, y: Data, options: StepOptions): Evaluation {
    return this.#step('testOnBatch', x, y, options, (compiled, { xs, ys, weights, weighting }) =>
      compiled.evaluate(xs, ys, weights, weighting),
    )
  }

  #step(
    operation: string,
    x: Data,
    y: Data,
    options: StepOptions,
    run: (compiled: CompiledModel, batch: Batch) => BatchResult,
  ): Evaluation {
    checkOptions(operation, options, ['sampleWeight', 'classWeight'])
    const compiled = this.compiled(operation)
    const data = dataSetOf(operation, compiled, x, y, options)
    if (data.count === 0) throw noSamples(operation)
    compiled.batchSize(data.count)
    const average = new EpochAverage(compiled)
    for (const batch of data.batches(data.count, null)) average.add(run(compiled, batch), batch.size)
    return evaluationOf(average)
  }
}

function checkedSize(operation: string, batchSize: number | undefined): number | undefined {
  return batchSize === undefined ? undefined : integer(1).read(batchSize, `${operation}: batchSize`)
}

function evaluationOf(average: EpochAverage): Evaluation {
  const values = Object.values(average.logs())
  return values.length === 1 ? values[0]! : values
}
