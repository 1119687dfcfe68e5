/**
 * What `model.compile` decides – an optimiser, a loss for each output, metrics – and the three functions that follow: one
 * trains, one evaluates, one predicts. Each is compiled when it is first called, with weights of samples or without; all
 * share the model's variables.
 */
import { type BackendName, compile } from '@arignote/compiler'
import {
  badArgument,
  checkOptions,
  grad,
  type NdArray,
  ndarrayOf,
  type Shared,
  tensor,
} from '@arignote/graph'
import type { Weight } from '../layers/kind.js'
import type { MaskNormalization } from '../losses/reduce.js'
import type { Model } from '../models/model.js'
import { frozenVariables } from '../models/nested.js'
import { type Optimizer, type OptimizerLike, optimizer as optimizerOf } from '../optimizers/optimizer.js'
import type { Updates } from '../optimizers/updates.js'
import type { Slot } from './data.js'
import { notDivisible, otherBatchSize } from './errors.js'
import { type LearningGraph, learningGraph, predictionGraph, slotsOf, type Weighting } from './graph.js'
import { type NamedMetric, type OutputOptions, type OutputPlan, planOutputs, targetOf } from './outputs.js'

export interface ModelCompileOptions extends OutputOptions {
  readonly optimizer: OptimizerLike
  /** How masks and weights change the denominator of the loss; default 'keras23'. */
  readonly maskNormalization?: MaskNormalization
  readonly backend?: BackendName
}

/** What a batch says, of which an epoch makes averages. */
export interface BatchResult {
  /** The whole loss; of several outputs, then the loss of each. */
  readonly losses: readonly number[]
  /** What each metric adds up, in the order of `metrics`. */
  readonly sums: readonly (readonly ArrayLike<number>[])[]
}

type Callable = (...args: readonly NdArray[]) => readonly NdArray[]

/** A function of inputs, targets and weights; how many of its last results are of each metric. */
interface Learning {
  readonly f: Callable
  readonly counts: readonly number[]
}

const optionNames = [
  'optimizer',
  'loss',
  'metrics',
  'weightedMetrics',
  'lossWeights',
  'maskNormalization',
  'backend',
]

export class CompiledModel {
  readonly optimizer: Optimizer
  readonly inputs: readonly Slot[]
  /** Where targets go: one for each output that has a loss. */
  readonly targets: readonly Slot[]
  /** `loss`, and for several outputs `dense_1_loss` …; then the metrics. */
  readonly lossNames: readonly string[]
  readonly metrics: readonly NamedMetric[]
  /** Names of what a batch, or an epoch, is told by. */
  readonly names: readonly string[]
  readonly #outputs: readonly OutputPlan[]
  /** Which weights are trained, and which variables stay as they are, is settled here: layers may be frozen later. */
  readonly #trained: readonly Weight[]
  readonly #frozen: ReadonlySet<Shared>
  #results: Callable | null = null
  readonly #functions = new Map<string, Learning>()

  constructor(
    readonly model: Model,
    readonly options: ModelCompileOptions,
  ) {
    checkOptions('compile', options, optionNames)
    if (options?.optimizer === undefined)
      throw badArgument('compile', 'no optimizer', "it must have one: { loss: 'mse', optimizer: 'adam' }")
    this.optimizer = optimizerOf('compile', options.optimizer)
    this.#outputs = planOutputs(model, options)
    this.#trained = model.weights.filter(w => w.trainable)
    this.#frozen = frozenVariables(model.layers)
    const trained = this.#outputs.filter(output => output.loss !== null)
    if (trained.length === 0)
      throw badArgument(
        'compile',
        'no output has a loss',
        "one must have one: { loss: 'mse' }, or { loss: { dense_1: 'mse' } }",
      )
    this.inputs = slotsOf(model)
    this.targets = trained.map(targetOf)
    const many = this.#outputs.length > 1
    this.lossNames = ['loss', ...(many ? trained.map(({ name }) => `${name}_loss`) : [])]
    this.metrics = this.#outputs.flatMap(output => output.metrics)
    this.names = [...this.lossNames, ...this.metrics.map(({ name }) => name)]
  }

  /** The size of batches: what is asked for, or what the model was made for. @throws ArgumentError if these differ */
  batchSize(asked: number | undefined): number {
    return batchSizeOf(this.model, asked)
  }

  /** @throws ArgumentError if so many samples do not fill batches of the size that the model was made for */
  checkSamples(count: number): void {
    checkSamples(this.model, count)
  }

  /** The loss before the step, which this takes. */
  train(
    xs: readonly NdArray[],
    ys: readonly NdArray[],
    weights: readonly NdArray[],
    weighting: Weighting,
  ): BatchResult {
    return this.#run('train', xs, ys, weights, weighting)
  }

  evaluate(
    xs: readonly NdArray[],
    ys: readonly NdArray[],
    weights: readonly NdArray[],
    weighting: Weighting,
  ): BatchResult {
    return this.#run('evaluate', xs, ys, weights, weighting)
  }

  #run(
    use: 'train' | 'evaluate',
    xs: readonly NdArray[],
    ys: readonly NdArray[],
    weights: readonly NdArray[],
    weighting: Weighting,
  ): BatchResult {
    const { f, counts } = this.#function(use, weighting)
    const results = f(...xs, ...ys, ...weights)
    const losses = this.lossNames.map((_, i) => results[i]!.data[0]!)
    let at = losses.length
    const sums = counts.map(count => {
      at += count
      return results.slice(at - count, at).map(v => v.data)
    })
    return { losses, sums }
  }

  /** The values of the metrics, of what batches have added up. */
  valuesOf(sums: readonly (readonly Float64Array[])[]): readonly number[] {
    this.#results ??= this.#resultsFunction(sums)
    const args = sums.flatMap(list =>
      list.map(v => ndarrayOf(v, v.length === 1 ? [] : [v.length]) as NdArray),
    )
    return this.#results(...args).map(v => v.data[0]!)
  }

  #resultsFunction(sums: readonly (readonly Float64Array[])[]): Callable {
    const variables = sums.map(list =>
      list.map(v => tensor('sum', { dtype: 'float64', shape: v.length === 1 ? [] : [v.length] })),
    )
    const values = this.metrics.map(({ metric }, m) => metric.result(variables[m]!))
    return compile(variables.flat(), values, { name: `${this.model.name}.metrics` }) as unknown as Callable
  }

  /** What is compiled to train (with the optimiser's step among the updates) or to evaluate. */
  graph(use: 'train' | 'evaluate', weighting: Weighting = []): LearningGraph & { readonly all: Updates } {
    const training = use === 'train'
    const graph = learningGraph(this.model, {
      outputs: this.#outputs,
      targets: this.targets,
      weighting,
      training,
      maskNormalization: this.options.maskNormalization,
    })
    const steps = training ? this.#steps(graph) : []
    const own = [...graph.updates].filter(([variable]) => !this.#frozen.has(variable))
    return { ...graph, all: [...new Map([...steps, ...own])] }
  }

  #function(use: 'train' | 'evaluate', weighting: Weighting): Learning {
    const key = `${use} ${weighting.join()}`
    const known = this.#functions.get(key)
    if (known !== undefined) return known
    const { inputs, outputs, all, counts } = this.graph(use, weighting)
    const f = compile(inputs, outputs, {
      updates: all,
      name: `${this.model.name}.${use}`,
      onUnusedInput: 'ignore',
      ...(this.options.backend !== undefined && { backend: this.options.backend }),
    }) as unknown as Callable
    const made = { f, counts }
    this.#functions.set(key, made)
    return made
  }

  #steps({ loss }: LearningGraph): Updates {
    const trained = this.#trained
    if (trained.length === 0) return []
    const constraints = new Map(
      trained.flatMap(w => (w.constraint === null ? [] : [[w.variable, w.constraint] as const])),
    )
    const params = [...new Set(trained.map(w => w.variable))]
    // Weights of outputs without a loss stay as they are; where every output has one, a weight apart is a mistake.
    const hasIdle = this.#outputs.some(output => output.loss === null)
    const gradients = hasIdle ? grad(loss, params, { disconnectedInputs: 'ignore' }) : loss
    return this.optimizer.updates(gradients, params, constraints)
  }
}

/** The outputs of a model, compiled to be trained or not. */
export function predictor(model: Model, backend: BackendName | undefined): Callable {
  const { inputs, outputs, updates } = predictionGraph(model)
  return compile(inputs, outputs, {
    updates: [...updates],
    name: `${model.name}.predict`,
    onUnusedInput: 'ignore',
    ...(backend !== undefined && { backend }),
  }) as unknown as Callable
}

/** See `CompiledModel.batchSize`. */
export function batchSizeOf({ name, inputs }: Model, asked: number | undefined): number {
  const fixed = inputs[0]!.shape[0] ?? null
  if (fixed !== null && asked !== undefined && asked !== fixed) throw otherBatchSize(name, asked, fixed)
  return fixed ?? asked ?? 32
}

/** See `CompiledModel.checkSamples`. */
export function checkSamples({ name, inputs }: Model, count: number): void {
  const fixed = inputs[0]!.shape[0] ?? null
  if (fixed !== null && count % fixed !== 0) throw notDivisible(name, count, fixed)
}
