/**
 * What `model.compile` decides – an optimiser, a loss for each output, metrics – and the three functions that follow: one
 * trains, one evaluates, one predicts. Each is compiled when it is first called, with weights of samples or without; all
 * share the model's variables.
 */
import { type BackendName, compile } from '@arignote/compiler'
import {
  cast,
  checkOptions,
  expandDims,
  mul,
  type NdArray,
  ndarrayOf,
  type Shared,
  tensor,
  type Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { CallContext, Flow } from '../layers/kind.js'
import type { SymbolicTensor } from '../layers/symbolic.js'
import { isSparse, type Loss, type LossLike, loss as lossOf } from '../losses/loss.js'
import { type MaskNormalization, reduceLoss } from '../losses/reduce.js'
import type { Metric } from '../metrics/metric.js'
import { type MetricLike, metric as metricOf } from '../metrics/resolve.js'
import type { Model } from '../models/model.js'
import { runNetwork } from '../models/network.js'
import { type Optimizer, type OptimizerLike, optimizer as optimizerOf } from '../optimizers/optimizer.js'
import type { Slot } from './data.js'
import { type PerOutput, perOutput } from './per-output.js'

export interface ModelCompileOptions {
  readonly optimizer: OptimizerLike
  /** One for all outputs, or per output; an output with none is not trained. */
  readonly loss: PerOutput<LossLike | null>
  /** For all outputs, or by the name of the layer that makes the output. */
  readonly metrics?: readonly MetricLike[] | { readonly [output: string]: MetricLike | readonly MetricLike[] }
  /** The same, of which weights of samples and classes have a say. */
  readonly weightedMetrics?: ModelCompileOptions['metrics']
  /** What each output's loss counts; default 1. */
  readonly lossWeights?: PerOutput<number>
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

interface OutputPlan {
  readonly name: string
  readonly tensor: SymbolicTensor
  readonly loss: Loss | null
  readonly lossWeight: number
  readonly metrics: readonly { readonly metric: Metric; readonly isWeighted: boolean }[]
}

type Callable = (...args: readonly NdArray[]) => readonly NdArray[]

/** A function of inputs, targets and weights; how many of its last results are of each metric. */
interface Learning {
  readonly f: Callable
  readonly counts: readonly number[]
}

/** Which weights of samples there are: none, one for each sample, one for each step. */
export type Weighting = 'none' | 'sample' | 'temporal'

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
  readonly metrics: readonly { readonly name: string; readonly metric: Metric }[]
  readonly #outputs: readonly OutputPlan[]
  #results: Callable | null = null
  readonly #functions = new Map<string, Learning>()

  constructor(
    readonly model: Model,
    readonly options: ModelCompileOptions,
  ) {
    checkOptions('compile', options, optionNames)
    this.optimizer = optimizerOf('compile', options.optimizer)
    this.#outputs = planOutputs(model, options)
    const trained = this.#outputs.filter(output => output.loss !== null)
    this.inputs = slotsOf(model)
    this.targets = trained.map(targetOf)
    const many = this.#outputs.length > 1
    this.lossNames = ['loss', ...(many ? trained.map(({ name }) => `${name}_loss`) : [])]
    this.metrics = this.#outputs.flatMap(output =>
      output.metrics.map(({ metric }) => ({
        name: many ? `${output.name}_${metric.name}` : metric.name,
        metric,
      })),
    )
  }

  /** Names of what a batch, or an epoch, is told by. */
  get names(): readonly string[] {
    return [...this.lossNames, ...this.metrics.map(({ name }) => name)]
  }

  /** The loss before the step, which this takes. */
  train(
    xs: readonly NdArray[],
    ys: readonly NdArray[],
    weights: readonly NdArray[],
    kind: Weighting,
  ): BatchResult {
    return this.#run(
      this.#function(`train ${kind}`, () => this.#learning(kind, true)),
      [...xs, ...ys, ...weights],
    )
  }

  evaluate(
    xs: readonly NdArray[],
    ys: readonly NdArray[],
    weights: readonly NdArray[],
    kind: Weighting,
  ): BatchResult {
    return this.#run(
      this.#function(`evaluate ${kind}`, () => this.#learning(kind, false)),
      [...xs, ...ys, ...weights],
    )
  }

  #run({ f, counts }: Learning, args: readonly NdArray[]): BatchResult {
    const results = f(...args)
    const losses = results.slice(0, this.lossNames.length).map(v => v.data[0]!)
    let at = this.lossNames.length
    const sums = counts.map(count => {
      at += count
      return results.slice(at - count, at).map(v => v.data)
    })
    return { losses, sums }
  }

  /** The values of the metrics, of what batches have added up. */
  valuesOf(sums: readonly (readonly Float64Array[])[]): readonly number[] {
    const flat = sums.flat()
    this.#results ??= this.#resultsFunction(sums)
    return this.#results(...flat.map(v => ndarrayOf(v, v.length === 1 ? [] : [v.length]) as NdArray)).map(
      v => v.data[0]!,
    )
  }

  #resultsFunction(sums: readonly (readonly Float64Array[])[]): Callable {
    const variables = sums.map(list =>
      list.map(v => tensor('sum', { dtype: 'float64', shape: v.length === 1 ? [] : [v.length] })),
    )
    const values = this.metrics.map(({ metric }, m) => metric.result(variables[m]!))
    return compile(variables.flat(), values, { name: `${this.model.name}.metrics` }) as unknown as Callable
  }

  #function(key: string, make: () => Learning): Learning {
    const known = this.#functions.get(key)
    if (known !== undefined) return known
    const made = make()
    this.#functions.set(key, made)
    return made
  }

  #learning(kind: Weighting, training: boolean): Learning {
    const xs = this.inputs.map(variableOf)
    const ys = this.targets.map(variableOf)
    const weights = kind === 'none' ? [] : this.targets.map(slot => weightOf(slot, kind))
    const { flows, updates, penalties } = runModel(this.model, xs, training)
    const losses: Variable[] = []
    const sums: (readonly Variable[])[] = []
    let total: Variable | null = null
    this.#outputs.forEach((output, i) => {
      const target = ys[this.targets.findIndex(slot => slot.name === output.name)]
      if (target === undefined || output.loss === null) return
      const flow = flows[i]!
      const sampleWeight = weights[losses.length] ?? null
      const values = output.loss.apply(target, flow.tensor)
      const reduced = reduceLoss(values, {
        sampleWeight,
        mask: maskFor(values, flow),
        ...(this.options.maskNormalization !== undefined && {
          maskNormalization: this.options.maskNormalization,
        }),
      })
      losses.push(reduced)
      const weighted: Variable = output.lossWeight === 1 ? reduced : reduced.mul(output.lossWeight)
      total = total === null ? weighted : total.add(weighted)
      for (const { metric, isWeighted } of output.metrics) {
        const counts = countsOf(flow.mask, isWeighted ? sampleWeight : null, values.dtype)
        sums.push(metric.contributions(target, flow.tensor, counts))
      }
    })
    for (const term of penalties) total = total === null ? term : (total as Variable).add(term)
    const all = [total!, ...(this.lossNames.length > 1 ? losses : []), ...sums.flat()]
    const steps = training ? this.#steps(total!) : []
    const f = compile([...xs, ...ys, ...weights], all, {
      updates: [...new Map([...steps, ...updates])],
      name: `${this.model.name}.${training ? 'train' : 'evaluate'}`,
      onUnusedInput: 'ignore',
      ...(this.options.backend !== undefined && { backend: this.options.backend }),
    })
    return { f: f as unknown as Callable, counts: sums.map(list => list.length) }
  }

  #steps(total: Variable) {
    const trained = this.model.weights.filter(w => w.trainable)
    if (trained.length === 0) return []
    const constraints = new Map(
      trained.flatMap(w => (w.constraint === null ? [] : [[w.variable, w.constraint] as const])),
    )
    return this.optimizer.updates(total, [...new Set(trained.map(w => w.variable))], constraints)
  }
}

/** The outputs of a model that has not, or need not, be compiled. */
export function predictor(model: Model, backend: BackendName | undefined): Callable {
  const xs = slotsOf(model).map(variableOf)
  const { flows, updates } = runModel(model, xs, false)
  return compile(
    xs,
    flows.map(flow => flow.tensor),
    {
      updates: [...updates],
      name: `${model.name}.predict`,
      onUnusedInput: 'ignore',
      ...(backend !== undefined && { backend }),
    },
  ) as unknown as Callable
}

/** Where the inputs of a model go. */
export function slotsOf(model: Model): readonly Slot[] {
  return model.inputs.map(x => ({ name: x.node.layer.name, dtype: x.dtype, shape: x.shape }))
}

interface Ran {
  readonly flows: readonly Flow[]
  readonly updates: ReadonlyMap<Shared, Variable>
  readonly penalties: readonly Variable[]
}

function runModel(model: Model, xs: readonly Variable[], training: boolean): Ran {
  const updates = new Map<Shared, Variable>()
  const penalties: Variable[] = []
  const context: CallContext = {
    training,
    update: (variable, value) => updates.set(variable, value),
    penalize: term => penalties.push(term),
  }
  const flows = runNetwork(
    model.network,
    xs.map(x => ({ tensor: x, mask: null })),
    context,
  )
  const weights = new Map(model.weights.map(w => [w.variable, w])).values()
  for (const { variable, regularizer } of weights)
    if (regularizer !== null) penalties.push(regularizer.penalty(variable))
  return { flows, updates, penalties }
}

/** An input; batches of one call are of one size. */
function variableOf({ name, dtype, shape }: Slot): Variable {
  return tensor(name, { dtype, shape: shape.map((n, axis) => n ?? (axis === 0 ? 'batch' : null)) })
}

function weightOf({ name, dtype, shape }: Slot, kind: Weighting): Variable {
  const float: DType = dtype === 'float64' ? 'float64' : 'float32'
  const steps = kind === 'temporal' ? [shape[1] ?? null] : []
  return variableOf({ name: `${name}_weight`, dtype: float, shape: [shape[0] ?? null, ...steps] })
}

/** A mask of steps, where the loss still has steps. */
const maskFor = (values: Variable, { mask }: Flow) => (mask === null || mask.ndim > values.ndim ? null : mask)

/** What each entry counts in a metric; null: all the same. */
function countsOf(mask: Variable | null, sampleWeight: Variable | null, dtype: DType): Variable | null {
  if (mask === null || sampleWeight === null) return mask === null ? sampleWeight : cast(mask, dtype)
  const steps = cast(mask, dtype)
  return mul(steps, sampleWeight.ndim < steps.ndim ? expandDims(sampleWeight, 1) : sampleWeight)
}

function targetOf({ name, tensor: { dtype, shape }, loss }: OutputPlan): Slot {
  return isSparse(loss!)
    ? { name, dtype: 'int32', shape: [...shape.slice(0, -1), 1] }
    : { name, dtype, shape: loss!.name === null ? shape.map((n, i) => (i === 0 ? n : null)) : shape }
}

function planOutputs(model: Model, options: ModelCompileOptions): readonly OutputPlan[] {
  const names = outputNames(model)
  const isLoss = (x: unknown) =>
    typeof x === 'string' ||
    typeof x === 'function' ||
    (typeof x === 'object' && x !== null && ('apply' in x || 'class_name' in x))
  const losses = perOutput('losses', options.loss, names, isLoss)
  const weights = perOutput('lossWeights', options.lossWeights, names, x => typeof x === 'number')
  const plain = metricsPerOutput(options.metrics, names)
  const weighted = metricsPerOutput(options.weightedMetrics, names)
  return model.outputs.map((x, i) => {
    const loss = losses[i] === null ? null : lossOf('compile', losses[i]!)
    const made = (list: readonly MetricLike[], isWeighted: boolean) =>
      list.map(like => ({ metric: metricOf('compile', like, { shape: x.shape, loss }), isWeighted }))
    const metrics = loss === null ? [] : [...made(plain[i]!, false), ...made(weighted[i]!, true)]
    return { name: names[i]!, tensor: x, loss, lossWeight: weights[i] ?? 1, metrics }
  })
}

function metricsPerOutput(
  given: ModelCompileOptions['metrics'],
  names: readonly string[],
): readonly (readonly MetricLike[])[] {
  if (given === undefined) return names.map(() => [])
  if (Array.isArray(given)) return names.map(() => given as readonly MetricLike[])
  const record = perOutput(
    'metrics',
    given as PerOutput<MetricLike | readonly MetricLike[]>,
    names,
    () => false,
  )
  return record.map(list => (list === null ? [] : ([list].flat() as readonly MetricLike[])))
}

/** The layers that make the outputs; a second output of one is `dense_1_1`. */
function outputNames(model: Model): readonly string[] {
  const seen = new Map<string, number>()
  return model.outputs.map(({ node }) => {
    const { name } = node.layer
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before === 0 ? name : `${name}_${before}`
  })
}
