/** A compiled model's graphs: one that trains, one that evaluates, one that predicts. */
import { cast, expandDims, mul, type Shared, tensor, type Variable } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { CallContext, Flow } from '../layers/kind.js'
import { type MaskNormalization, reduceLoss } from '../losses/reduce.js'
import type { Model } from '../models/model.js'
import { runNetwork } from '../models/network.js'
import type { Slot } from './data.js'
import type { OutputPlan } from './outputs.js'

/** For each target the axes of its weights: 1, of samples, or 2, of steps; empty where there are no weights. */
export type Weighting = readonly number[]

/** What `compile` is given, and which results are what. */
export interface LearningGraph {
  /** Inputs, targets, weights. */
  readonly inputs: readonly Variable[]
  /** The whole loss; of several outputs, then the loss of each; then what metrics add up. */
  readonly outputs: readonly Variable[]
  readonly loss: Variable
  /** How many results are of each metric. */
  readonly counts: readonly number[]
  /** What layers make of their memory. */
  readonly updates: ReadonlyMap<Shared, Variable>
}

export interface LearningOptions {
  readonly outputs: readonly OutputPlan[]
  /** Where targets go: one for each output that has a loss. */
  readonly targets: readonly Slot[]
  readonly weighting: Weighting
  readonly training: boolean
  readonly maskNormalization: MaskNormalization | undefined
}

export function learningGraph(model: Model, options: LearningOptions): LearningGraph {
  const { outputs, targets, weighting, training, maskNormalization } = options
  const xs = slotsOf(model).map(variableOf)
  const ys = targets.map(variableOf)
  const weights = weighting.map((axes, i) => weightOf(targets[i]!, axes))
  const { flows, updates, penalties } = runModel(model, xs, training)
  const losses: Variable[] = []
  const sums: (readonly Variable[])[] = []
  const terms: Variable[] = []
  outputs.forEach((output, i) => {
    const target = ys[targets.findIndex(slot => slot.name === output.name)]
    if (target === undefined || output.loss === null) return
    const flow = flows[i]!
    const sampleWeight = weights[losses.length] ?? null
    const values = output.loss.apply(target, flow.tensor)
    const mask = maskFor(values, flow)
    const reduced = reduceLoss(values, {
      sampleWeight,
      mask,
      ...(maskNormalization !== undefined && { maskNormalization }),
    })
    losses.push(reduced)
    terms.push(output.lossWeight === 1 ? reduced : reduced.mul(output.lossWeight))
    for (const { metric, isWeighted } of output.metrics) {
      const counts = countsOf(mask, isWeighted ? sampleWeight : null, values.dtype)
      sums.push(metric.contributions(target, flow.tensor, counts))
    }
  })
  const loss = [...terms, ...penalties].reduce((total, term): Variable => total.add(term))
  return {
    inputs: [...xs, ...ys, ...weights],
    outputs: [loss, ...(outputs.length > 1 ? losses : []), ...sums.flat()],
    loss,
    counts: sums.map(list => list.length),
    updates,
  }
}

/** The outputs of a model that has not, or need not, be compiled. */
export function predictionGraph(model: Model): Pick<LearningGraph, 'inputs' | 'outputs' | 'updates'> {
  const inputs = slotsOf(model).map(variableOf)
  const { flows, updates } = runModel(model, inputs, false)
  return { inputs, outputs: flows.map(flow => flow.tensor), updates }
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

function weightOf({ name, dtype, shape }: Slot, axes: number): Variable {
  const float: DType = dtype === 'float64' ? 'float64' : 'float32'
  const steps = axes > 1 ? [shape[1] ?? null] : []
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
