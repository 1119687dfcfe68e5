/** Layers around layers. */
import {
  any,
  badArgument,
  concatenate,
  describeGiven,
  flip,
  mul,
  reshape,
  type Variable,
} from '@arignote/graph'
import { isSerialized } from '../json.js'
import { seedsFrom } from '../seeds.js'
import { wrongInput } from './errors.js'
import { oneInput, sequenceInput } from './inputs.js'
import { type Flow, layerKind, type Shape, type Weight } from './kind.js'
import { Layer } from './layer.js'
import { choice, nullable, type Option, optional } from './option.js'
import { layerFromConfig, serializedLayer } from './registry.js'

const layerOption: Option<Layer, Layer> = {
  read: (given, place) => {
    if (given instanceof Layer) return given
    if (isSerialized(given)) return layerFromConfig(given)
    throw badArgument(
      place,
      `${describeGiven(given).what} is no layer`,
      'a layer: layers.lstm({ units: 32 })',
    )
  },
  toJson: layer => ({ ...serializedLayer(layer) }),
}

/** What is trained first, then what is not, of several layers; of frozen ones nothing is trained. */
function weightsOf(parts: readonly { readonly weights: readonly Weight[]; readonly trainable: boolean }[]) {
  const all = parts.flatMap(({ weights, trainable }) => weights.map(weight => ({ weight, trainable })))
  return [...all.filter(w => w.weight.trainable), ...all.filter(w => !w.weight.trainable)].map(
    ({ weight, trainable }): Weight => (trainable ? weight : { ...weight, trainable: false }),
  )
}

const memoryOf = (layers: readonly Layer[]) => layers.flatMap(layer => layer.built.memory ?? [])

/** What the layer of one step sees: (batch · time, …). */
const stepOf = ([, , ...rest]: Shape): Shape => [null, ...rest]

/**
 * A layer on every step: (batch, time, …) → (batch, time, …). A mask of steps passes; one of the steps within a step is the
 * inner layer's.
 */
export const timeDistributed = layerKind({
  className: 'TimeDistributed',
  options: { layer: layerOption },
  outputShapes: ({ layer }, inputs, dtypes) => {
    const [batch, time, ...rest] = oneInput(
      'timeDistributed',
      inputs,
      'it takes (batch, time, …)',
      x => x.length > 2,
    )
    const [inner] = layer.outputShapesOf([[null, ...rest]], dtypes)
    return [[batch!, time!, ...inner!.slice(1)]]
  },
  outputDType: ({ layer }, dtypes, [input]) => layer.outputDTypeOf(dtypes, [stepOf(input!)]),
  fixedAxes: ({ layer }, input) =>
    (layer.kind.fixedAxes?.(layer.options, stepOf(input)) ?? []).map(axis => (axis < 0 ? axis : axis + 1)),
  build: ({ layer }, [input], { nextSeed }) => {
    layer.suggestSeed(nextSeed())
    const { memory } = layer.build([stepOf(input!)])
    return {
      get weights() {
        return weightsOf([layer])
      },
      ...(memory !== undefined && { memory }),
      call: ([x], context) => {
        const { tensor, mask } = x!
        const [batch, time] = tensor.shape
        const flat = (v: Variable) => reshape(v, [-1, ...v.shape.slice(2)])
        const whole = (v: Variable) => reshape(v, [batch!, time!, ...v.shape.slice(1)])
        const innerMask = mask !== null && mask.ndim > 2 ? flat(mask) : null
        const [inner] = layer.call([{ tensor: flat(tensor), mask: innerMask }], context)
        const outerMask =
          mask === null || mask.ndim === 2 ? mask : any(mask, mask.shape.map((_, i) => i).slice(2))
        return [{ tensor: whole(inner!.tensor), mask: inner!.mask === null ? outerMask : whole(inner!.mask) }]
      },
    }
  },
})

const merges: Readonly<Record<string, (a: Variable, b: Variable) => Variable>> = {
  concat: (a, b) => concatenate([a, b], -1),
  sum: (a, b) => a.add(b),
  mul: (a, b) => mul(a, b),
  ave: (a, b) => a.add(b).mul(0.5),
}

interface Loop {
  readonly returnSequences: boolean
  readonly returnState: boolean
  readonly stateful: boolean
  readonly goBackwards: boolean
}

/** What a recurrent layer's options say of its outputs. @throws ArgumentError for a layer that has no such options */
function loopOf(layer: Layer): Loop {
  if (layer.kind.options['goBackwards'] === undefined)
    throw badArgument(
      'bidirectional',
      `${layer.name} does not go from step to step`,
      'a recurrent layer: layers.lstm({ units: 32 })',
    )
  return layer.options as unknown as Loop
}

/** The backward layer that was given reads from the other end, and is otherwise as the forward one. */
function checkBackward(forward: Layer, backward: Layer): void {
  const [ahead, back] = [loopOf(forward), loopOf(backward)]
  if (ahead.goBackwards === back.goBackwards)
    throw badArgument(
      'bidirectional',
      `${forward.name} and ${backward.name} read in the same direction`,
      `backwardLayer needs goBackwards: ${!ahead.goBackwards}`,
    )
  for (const name of ['returnSequences', 'returnState', 'stateful'] as const)
    if (ahead[name] !== back[name])
      throw badArgument(
        'bidirectional',
        `${name} is ${ahead[name]} for ${forward.name}, ${back[name]} for ${backward.name}`,
        'it must be the same for both',
      )
}

/** A layer of a cell that is there already has no copy with weights of its own. */
function checkApart(forward: Layer, backward: Layer): void {
  const own = new Set(forward.weights.map(w => w.variable))
  if (backward.weights.some(w => own.has(w.variable)))
    throw badArgument(
      'bidirectional',
      `${forward.name} and ${backward.name} have the weights of one cell`,
      'give a layer of another cell: { layer, backwardLayer: layers.rnn({ cell, goBackwards: true }) }',
    )
}

/**
 * A recurrent layer and a copy that reads from the other end (Schuster and Paliwal 1997). Outputs are merged, the backward
 * sequence turned round first; states are the forward layer's, then the backward layer's.
 */
export const bidirectional = layerKind({
  className: 'Bidirectional',
  options: {
    layer: layerOption,
    mergeMode: optional(choice(['concat', 'sum', 'mul', 'ave', null]), 'concat'),
    /** Instead of a copy of the layer. */
    backwardLayer: { ...nullable(layerOption), isOurs: true as const },
  },
  outputShapes: ({ layer, mergeMode, backwardLayer }, inputs, [dtype]) => {
    const [x, ...states] = inputs
    sequenceInput('bidirectional', x === undefined ? [] : [x])
    loopOf(layer)
    if (backwardLayer !== null) checkBackward(layer, backwardLayer)
    if (states.length % 2 !== 0)
      throw wrongInput(
        'bidirectional',
        'initial states are the forward layer’s, then as many of the backward layer’s',
        inputs,
      )
    const half = states.length / 2
    const dtypes = [dtype!, ...states.map(() => layer.dtype)]
    const [output, ...own] = layer.outputShapesOf([x!, ...states.slice(0, half)], dtypes)
    const [back, ...others] = (backwardLayer ?? layer).outputShapesOf([x!, ...states.slice(half)], dtypes)
    const [units, backUnits] = [output!.at(-1)!, back!.at(-1)!]
    if (mergeMode === null) return [output!, back!, ...own, ...others]
    if (mergeMode !== 'concat' && units !== backUnits)
      throw wrongInput('bidirectional', `outputs of ${units} and ${backUnits} have no ${mergeMode}`, inputs)
    const features = mergeMode === 'concat' ? units + backUnits : units
    return [[...output!.slice(0, -1), features], ...own, ...others]
  },
  fixedAxes: () => [-1],
  build: ({ layer, mergeMode, backwardLayer }, inputs, { nextSeed }) => {
    const [x, ...states] = inputs
    const half = states.length / 2
    const seed = layer.common.seed ?? nextSeed()
    const forward = layer.clone({ name: `forward_${layer.name}`, seed })
    const otherSeed = seedsFrom(seed)()
    const goBackwards = !loopOf(layer).goBackwards
    const backward =
      backwardLayer ?? layer.clone({ name: `backward_${layer.name}`, goBackwards, seed: otherSeed })
    backward.suggestSeed(otherSeed)
    forward.build([x!, ...states.slice(0, half)])
    backward.build([x!, ...states.slice(half)])
    const both = [forward, backward]
    checkApart(forward, backward)
    const { returnSequences } = loopOf(layer)
    return {
      get weights() {
        return weightsOf([
          { weights: forward.weights, trainable: layer.trainable },
          { weights: backward.weights, trainable: (backwardLayer ?? layer).trainable },
        ])
      },
      memory: memoryOf(both),
      resetStates: given => {
        const values = given ?? []
        forward.built.resetStates?.(given === undefined ? undefined : values.slice(0, values.length / 2))
        backward.built.resetStates?.(given === undefined ? undefined : values.slice(values.length / 2))
      },
      call: ([flow, ...given], context) => {
        const share = given.length / 2
        const [ahead, ...aheadStates] = forward.call([flow!, ...given.slice(0, share)], context)
        const [back, ...backStates] = backward.call([flow!, ...given.slice(share)], context)
        const turned = returnSequences ? flip(back!.tensor, 1) : back!.tensor
        const mask = returnSequences ? flow!.mask : null
        const outputs: readonly Flow[] =
          mergeMode === null
            ? [ahead!, { tensor: turned, mask }]
            : [{ tensor: merges[mergeMode]!(ahead!.tensor, turned), mask }]
        return [...outputs, ...aheadStates, ...backStates]
      },
    }
  },
})
