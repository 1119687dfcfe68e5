/** What `compile` says of each output of a model: its loss, what that counts, and metrics. */

import { badArgument, describeGiven } from '@arignote/graph'
import type { SymbolicTensor } from '../layers/symbolic.js'
import { isSparse, type Loss, type LossLike, loss as lossOf } from '../losses/loss.js'
import type { Metric } from '../metrics/metric.js'
import { isMetricLike, type MetricLike, metric as metricOf } from '../metrics/resolve.js'
import type { Model } from '../models/model.js'
import type { Slot } from './data.js'
import { type PerOutput, perOutput } from './per-output.js'

/** For all outputs, or by the name of the layer that makes the output. */
export type MetricsOption =
  | MetricLike
  | readonly MetricLike[]
  | { readonly [output: string]: MetricLike | readonly MetricLike[] }

export interface OutputOptions {
  /** One for all outputs, or per output; an output with none is not trained. */
  readonly loss: PerOutput<LossLike | null>
  readonly metrics?: MetricsOption
  /** The same, of which weights of samples and classes have a say. */
  readonly weightedMetrics?: MetricsOption
  /** What each output's loss counts; default 1. */
  readonly lossWeights?: PerOutput<number>
}

export interface NamedMetric {
  /** What a history calls it. */
  readonly name: string
  readonly metric: Metric
  readonly isWeighted: boolean
}

export interface OutputPlan {
  readonly name: string
  readonly tensor: SymbolicTensor
  readonly loss: Loss | null
  readonly lossWeight: number
  readonly metrics: readonly NamedMetric[]
}

/** @throws ArgumentError for a name there is not */
export function planOutputs(model: Model, options: OutputOptions): readonly OutputPlan[] {
  const names = outputNames(model)
  const losses = perOutput('losses', options.loss, names, isLoss)
  const weights = perOutput('lossWeights', options.lossWeights, names, x => typeof x === 'number')
  const lossless = names.filter((_, i) => losses[i] === null)
  const plain = metricsPerOutput('metrics', options.metrics, names, lossless)
  const weighted = metricsPerOutput('weightedMetrics', options.weightedMetrics, names, lossless)
  const unique = uniqueNames()
  return model.outputs.map((tensor, i) => {
    const loss = losses[i] === null ? null : lossOf('compile', losses[i]!)
    const prefix = names.length > 1 ? `${names[i]}_` : ''
    const made = (list: readonly MetricLike[], isWeighted: boolean) =>
      list.map(like => {
        const metric = metricOf('compile', like, { shape: tensor.shape, loss })
        return { name: unique(prefix + metric.name), metric, isWeighted }
      })
    const metrics = loss === null ? [] : [...made(plain[i]!, false), ...made(weighted[i]!, true)]
    return { name: names[i]!, tensor, loss, lossWeight: weights[i] ?? 1, metrics }
  })
}

const isLoss = (x: unknown) =>
  typeof x === 'string' ||
  typeof x === 'function' ||
  (typeof x === 'object' && x !== null && ('apply' in x || 'class_name' in x))

/** As Keras has it: the second `accuracy` is `accuracy_1`. */
function uniqueNames(): (name: string) => string {
  const counts = new Map<string, number>()
  return name => {
    const before = counts.get(name) ?? 0
    counts.set(name, before + 1)
    return before === 0 ? name : `${name}_${before}`
  }
}

function metricsPerOutput(
  what: string,
  given: MetricsOption | undefined,
  names: readonly string[],
  lossless: readonly string[],
): readonly (readonly MetricLike[])[] {
  if (given === undefined) return names.map(() => [])
  if (isMetricLike(given)) return names.map(() => [given])
  if (Array.isArray(given)) return names.map(() => given as readonly MetricLike[])
  if (typeof given !== 'object' || given === null)
    throw badArgument('compile', `${what}: ${describeGiven(given).what} is no list`, `${what}: ['accuracy']`)
  const idle = lossless.find(name => name in given)
  if (idle !== undefined)
    throw badArgument('compile', `${what} for ${idle}, which has no loss`, 'its targets are not asked for')
  const record = perOutput(what, given as PerOutput<MetricLike | readonly MetricLike[]>, names, () => false)
  return record.map(list => (list === null ? [] : ([list].flat() as readonly MetricLike[])))
}

/** The layers that make the outputs; a second output of one is `dense_1_1`. */
function outputNames(model: Model): readonly string[] {
  const unique = uniqueNames()
  return model.outputs.map(({ node }) => unique(node.layer.name))
}

/** Where the targets of an output go, which has a loss. */
export function targetOf({ name, tensor: { dtype, shape }, loss }: OutputPlan): Slot {
  const classes = shape.at(-1)
  return isSparse(loss!)
    ? { name, dtype: 'int32', shape: [...shape.slice(0, -1), 1], ...(classes && { classes }) }
    : { name, dtype, shape: loss!.name === null ? shape.map((n, i) => (i === 0 ? n : null)) : shape }
}
