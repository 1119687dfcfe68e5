/**
 * What a model can do once it is compiled; `Model` has these as its methods. See the header of `compiled-model.ts`.
 */
import { badArgument, checkOptions, type NdArray } from '@arignote/graph'
import type { Model } from '../models/model.js'
import { EpochAverage } from './average.js'
import { type Batch, type BatchSource, type ClassWeight, dataSetOf, isBatchSource } from './batches.js'
import type { History } from './callbacks/history.js'
import type { BatchResult } from './compiled-model.js'
import { CompiledModel, type ModelCompileOptions, predictor, slotsOf } from './compiled-model.js'
import { type Data, samplesOf } from './data.js'
import { notCompiled } from './errors.js'
import { evaluateArrays, evaluateSet, predictSamples } from './evaluate.js'
import { type FitOptions, fit } from './fit.js'

export interface EvaluateOptions {
  /** Default 32. */
  readonly batchSize?: number
  readonly sampleWeight?: Data
}

export interface PredictOptions {
  /** Default 32. */
  readonly batchSize?: number
}

export interface StepOptions {
  readonly sampleWeight?: Data
  readonly classWeight?: ClassWeight
}

/** The loss alone, or the loss and then each metric, in the order of `metricsNames`. */
export type Evaluation = number | number[]

/** The functions of one model, made when they are first needed. */
export class Trainer {
  #compiled: CompiledModel | null = null
  #predict: ((...xs: readonly NdArray[]) => readonly NdArray[]) | null = null

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

  fit(x: Data | BatchSource, y: Data | undefined, options: FitOptions): Promise<History> {
    return fit(this.compiled('fit'), x, y, options)
  }

  evaluate(x: Data, y: Data, options: EvaluateOptions): Evaluation {
    checkOptions('evaluate', options, ['batchSize', 'sampleWeight'])
    const compiled = this.compiled('evaluate')
    const { batchSize = 32, sampleWeight } = options
    const data = dataSetOf('evaluate', compiled, x, y, { sampleWeight })
    return evaluationOf(evaluateArrays(compiled, data, batchSize))
  }

  async evaluateBatches(source: BatchSource, steps?: number): Promise<Evaluation> {
    if (!isBatchSource(source))
      throw badArgument('evaluateBatches', 'no iterable of batches', 'an iterable of [x, y]')
    return evaluationOf(await evaluateSet(this.compiled('evaluateBatches'), source, 32, steps))
  }

  predict(x: Data, options: PredictOptions): NdArray | NdArray[] {
    checkOptions('predict', options, ['batchSize'])
    const fixed = this.model.inputs[0]!.shape[0]
    const samples = samplesOf('predict', 'x', x, slotsOf(this.model))
    this.#predict ??= predictor(this.model, this.#compiled?.options.backend)
    const outputs = predictSamples(this.#predict, samples, fixed ?? options.batchSize ?? 32)
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
    const average = new EpochAverage(compiled)
    for (const batch of data.batches(Math.max(1, data.count), null))
      average.add(run(compiled, batch), batch.size)
    return evaluationOf(average)
  }
}

function evaluationOf(average: EpochAverage): Evaluation {
  const values = Object.values(average.logs())
  return values.length === 1 ? values[0]! : values
}
