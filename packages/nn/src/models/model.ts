/**
 * Models: layers from inputs to outputs, as one thing that has weights, prints and stores itself, and is a layer in turn.
 *
 * A sequential model is a list of layers, each applied to the output of the one before; `model` takes what lies between
 * any inputs and outputs. What a model learns and predicts is in `training/`.
 */
import { badArgument, describeGiven, type NdArray, type Value } from '@arignote/graph'
import type { JsonRecord } from '../json.js'
import { printShape } from '../layers/errors.js'
import { input } from '../layers/input.js'
import type { Shape, Weight } from '../layers/kind.js'
import { Layer, setTogether, uniqueName } from '../layers/layer.js'
import type { SymbolicTensor } from '../layers/symbolic.js'
import type { Optimizer } from '../optimizers/optimizer.js'
import { type SaveModelOptions, saveModel } from '../saving/save.js'
import { modelJson } from '../saving/to-json.js'
import { type LoadWeightsOptions, loadWeights, saveWeights } from '../saving/weights.js'
import { seedsFrom } from '../seeds.js'
import type { BatchSource } from '../training/batches.js'
import type { History } from '../training/callbacks/history.js'
import { classesOf } from '../training/classes.js'
import type { ModelCompileOptions } from '../training/compiled-model.js'
import type { Data } from '../training/data.js'
import type { FitOptions } from '../training/fit-options.js'
import {
  type EvaluateOptions,
  type Evaluation,
  type PredictOptions,
  type StepOptions,
  Trainer,
} from '../training/trained.js'
import { notBuiltModel, severalOutputs, wrongModelWeights } from './errors.js'
import { modelAsLayer } from './nested.js'
import { type Network, network } from './network.js'
import { type SummaryOptions, summaryOf } from './summary.js'

export interface ModelOptions {
  readonly name?: string
  /** For every layer that has no seed of its own: the same seed, the same model. */
  readonly seed?: number
}

/** What a layer, or a model as a part of another, is where layers are listed. */
export type LayerLike = Layer | Model

/** What a model predicts: an array, or a list where it has several outputs. */
export type Prediction = NdArray | readonly NdArray[]

/** What the first layer of a list tells of the input; null: nothing. */
function firstInputOf(layer: Layer): SymbolicTensor | null {
  const { batchInputShape, inputShape } = layer.common
  const told = layer.firstInput
  const dtype = told?.dtype ?? layer.dtype
  if (batchInputShape !== null) return input({ batchShape: batchInputShape, dtype })
  const shape = inputShape ?? told?.shape ?? null
  return shape === null ? null : input({ shape, dtype })
}

const asLayer = (part: LayerLike): Layer => (part instanceof Layer ? part : part.asLayer())

/** See the header. Made by `sequential` and `model` of make.ts. */
export class Model<P extends Prediction = Prediction> {
  readonly name: string
  /** The layers of a sequential model, in turn; null for others. */
  readonly #stack: Layer[] | null
  #nextSeed: (() => number) | null
  #network: Network | null
  #layer: Layer | null = null
  readonly #trainer = new Trainer(this)

  constructor(
    readonly className: 'Sequential' | 'Model',
    parts: Network | readonly LayerLike[],
    { name, seed }: ModelOptions = {},
  ) {
    this.name = name ?? uniqueName(className)
    this.#nextSeed = seed === undefined ? null : seedsFrom(seed)
    this.#network = 'nodes' in parts ? parts : null
    this.#stack = 'nodes' in parts ? null : []
    if (!('nodes' in parts)) for (const part of parts) this.add(part)
  }

  /** Every layer, in the order of its use; a sequential model's without its input. */
  get layers(): readonly Layer[] {
    return this.#stack ?? this.network.layers
  }

  get isBuilt(): boolean {
    return this.#network !== null
  }

  /** @throws GraphError for a sequential model that knows no input shape yet */
  get network(): Network {
    if (this.#network === null) throw notBuiltModel(this.name)
    return this.#network
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.network.inputs
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.network.outputs
  }

  /** One more layer at the end of a sequential model. The first one tells the input by `inputShape`, or `build` does. */
  add(part: LayerLike): this {
    const stack = this.#stack
    if (stack === null)
      throw badArgument(this.name, 'add to a model that is no list', 'sequential() makes one that is')
    if (!(part instanceof Layer || part instanceof Model))
      throw badArgument(
        this.name,
        `${describeGiven(part).what} is no layer`,
        'a layer: layers.dense({ units: 1 })',
      )
    const layer = asLayer(part)
    if (this.#nextSeed !== null) layer.suggestSeed(this.#nextSeed())
    stack.push(layer)
    if (this.#network !== null) this.#extend(layer)
    else {
      const first = firstInputOf(stack[0]!)
      if (first !== null) this.#begin(first)
    }
    return this
  }

  /** The last layer away from a sequential model. */
  pop(): void {
    const stack = this.#stack
    if (stack === null || stack.length === 0)
      throw badArgument(
        this.name,
        'there is no last layer to remove',
        'only from a sequential model that has one',
      )
    stack.pop()
    const first = this.#network?.inputs[0]
    if (first !== undefined) this.#begin(first)
  }

  /** Makes the weights of a sequential model whose first layer did not tell its input. Sizes with the batch; null: not known. */
  build(batchInputShape: Shape): void {
    if (this.#network === null) {
      const dtype = this.#stack?.[0]?.firstInput?.dtype ?? 'float32'
      this.#begin(input({ batchShape: batchInputShape, dtype }))
    }
  }

  #begin(first: SymbolicTensor): void {
    let last = first
    for (const layer of this.#stack!) last = this.#oneOutput(layer, last)
    this.#network = network([first], [last])
    this.#trainer.forget()
  }

  #extend(layer: Layer): void {
    const { inputs, outputs } = this.network
    this.#network = network(inputs, [this.#oneOutput(layer, outputs[0]!)])
    this.#trainer.forget()
  }

  #oneOutput(layer: Layer, x: SymbolicTensor): SymbolicTensor {
    const { outputs } = layer.use([x])
    if (outputs.length > 1) throw severalOutputs(this.name, layer.name, outputs.length)
    return outputs[0]!
  }

  /** For layers that have no seed and no weights yet, where the model was given none: a model that is part of another. */
  suggestSeed(seed: number): void {
    if (this.#nextSeed !== null || this.#stack === null || this.isBuilt) return
    this.#nextSeed = seedsFrom(seed)
    for (const layer of this.#stack) layer.suggestSeed(this.#nextSeed())
  }

  /** The model as a layer of others: the same weights wherever it is used. */
  asLayer(): Layer {
    this.#layer ??= modelAsLayer(this)
    return this.#layer
  }

  /** The outputs for other symbolic inputs. */
  apply(input: SymbolicTensor): SymbolicTensor
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | readonly SymbolicTensor[]
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | readonly SymbolicTensor[] {
    return this.asLayer().apply(inputs)
  }

  /** Layer by layer; within a layer what is trained first. A weight that is not trained (now) says so. */
  get weights(): readonly Weight[] {
    return this.layers.flatMap(layer =>
      layer.weights.map(w => (w.trainable && !layer.trainable ? { ...w, trainable: false } : w)),
    )
  }

  /** Copies, in Keras's order. */
  getWeights(): NdArray[] {
    return this.weights.map(({ variable }) => variable.getValue())
  }

  /** @throws ArgumentError, ShapeError if one does not fit; then none is set */
  setWeights(values: readonly Value[]): void {
    const { weights } = this
    if (values.length !== weights.length)
      throw wrongModelWeights(
        this.name,
        weights.map(w => w.variable.name ?? w.name),
        values.length,
      )
    setTogether(this.name, weights, values)
  }

  /**
   * Says what is trained, how, and what is told of it. Layers that are not `trainable` now stay as they are.
   * @throws ArgumentError for a name there is not
   */
  compile(options: ModelCompileOptions): void {
    this.#trainer.compile(options)
  }

  /** Trains: epochs of batches, of arrays or of an iterable of [x, y]. */
  fit(x: Data | BatchSource, y?: Data, options: FitOptions = {}): Promise<History> {
    return this.#trainer.fit(x, y, options)
  }

  /** Of the last run of `fit`, also of one that an error ended; null before the first. */
  get history(): History | null {
    return this.#trainer.history
  }

  /**
   * Set to true while `fit` runs – in a callback, or from anywhere else – it ends the run after this batch, as in Keras;
   * what runs next begins with false.
   */
  get stopTraining(): boolean {
    return this.#trainer.isStopped
  }

  set stopTraining(stops: boolean) {
    if (stops) this.#trainer.stop()
  }

  /** The loss, or the loss and the metrics, over all samples. */
  evaluate(x: Data, y: Data, options: EvaluateOptions = {}): Evaluation {
    return this.#trainer.evaluate(x, y, options)
  }

  /** The same, over an iterable of [x, y]. */
  evaluateBatches(source: BatchSource, steps?: number): Promise<Evaluation> {
    return this.#trainer.evaluateBatches(source, steps)
  }

  /** The output for every sample, in order; a list for several outputs. */
  predict(x: Data, options: PredictOptions = {}): P {
    return this.#trainer.predict(x, options) as Prediction as P
  }

  /**
   * The class of every sample: (samples, 1) of 0 and 1 for one output of one column, for more columns (samples) with the place of the
   * greatest. Keras: `predict_classes`. @throws ArgumentError for a model of several outputs
   */
  predictClasses(x: Data, options: PredictOptions = {}): NdArray<'int32'> {
    const { length } = this.outputs
    if (length !== 1)
      throw badArgument(
        `${this.name}.predictClasses`,
        `the model has ${length} outputs`,
        'predict gives all of them',
      )
    return classesOf(this.predict(x, options) as NdArray)
  }

  /** What `predict` gives, of one batch. */
  predictOnBatch(x: Data): P {
    return this.#trainer.predictOnBatch(x) as Prediction as P
  }

  /** One step; the loss and the metrics before it. */
  trainOnBatch(x: Data, y: Data, options: StepOptions = {}): Evaluation {
    return this.#trainer.trainOnBatch(x, y, options)
  }

  testOnBatch(x: Data, y: Data, options: StepOptions = {}): Evaluation {
    return this.#trainer.testOnBatch(x, y, options)
  }

  /** What `evaluate` tells, by name. @throws GraphError if the model has not been compiled */
  get metricsNames(): readonly string[] {
    return this.#trainer.compiled('metricsNames').names
  }

  /** @throws GraphError if the model has not been compiled */
  get optimizer(): Optimizer {
    return this.#trainer.compiled('optimizer').optimizer
  }

  /** How the model was compiled; null if it was not. */
  get compiledWith(): ModelCompileOptions | null {
    return this.#trainer.isCompiled ? this.#trainer.compiled('compiledWith').options : null
  }

  /** States of stateful layers become zeros. */
  resetStates(): void {
    for (const layer of this.layers) layer.built.resetStates?.()
  }

  countParams(): number {
    return this.layers.reduce((sum, layer) => sum + layer.countParams(), 0)
  }

  /** Prints the table of layers, as Keras does; `print` receives each line, by default the console. */
  summary({
    print = console.log,
    ...options
  }: SummaryOptions & { print?: (line: string) => void } = {}): void {
    for (const line of summaryOf(this, options)) print(line)
  }

  /** The layers and how they are connected, as Keras 2.3 has it. @throws ArgumentError for functions and cells, which have no name */
  toJSON(): JsonRecord {
    return modelJson(this)
  }

  /** Writes weights to a file, which is replaced as a whole or not at all. */
  saveWeights(path: string | URL): Promise<void> {
    return saveWeights(this, path)
  }

  /** Takes up weights, in order: those of `saveWeights`, of a saved model, of Keras's .h5 files. All, or none if one does not fit. */
  loadWeights(path: string | URL, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, path, options)
  }

  /** Writes everything to one file: layers, weights, what the model was compiled with, and where training stands. */
  save(path: string | URL, options?: SaveModelOptions): Promise<void> {
    return saveModel(this, path, options)
  }

  toString(): string {
    const shapes = (list: readonly SymbolicTensor[]) => list.map(x => printShape(x.shape)).join(', ')
    const of = this.#network === null ? '' : `: ${shapes(this.inputs)} → ${shapes(this.outputs)}`
    return `${this.name}${of}, ${this.layers.length} layers, ${this.countParams()} parameters`
  }
}
