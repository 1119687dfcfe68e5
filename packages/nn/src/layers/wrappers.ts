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

/** What is trained first, then what is not, of several layers. */
const weightsOf = (layers: readonly Layer[]): readonly Weight[] => {
  const all = layers.flatMap(layer => layer.weights)
  return [...all.filter(w => w.trainable), ...all.filter(w => !w.trainable)]
}

const memoryOf = (layers: readonly Layer[]) => layers.flatMap(layer => layer.built.memory ?? [])

/**
 * A layer on every step: (batch, time, …) → (batch, time, …). A mask of steps passes; one of the steps within a step is the
 * inner layer's.
 */
export const timeDistributed = layerKind({
  className: 'TimeDistributed',
  options: { layer: layerOption },
  outputShapes: ({ layer }, inputs) => {
    const [batch, time, ...rest] = oneInput(
      'timeDistributed',
      inputs,
      'it takes (batch, time, …)',
      x => x.length > 2,
    )
    const [inner] = layer.outputShapesOf([[null, ...rest]])
    return [[batch!, time!, ...inner!.slice(1)]]
  },
  outputDType: ({ layer }, inputs) => layer.outputDTypeOf(inputs),
  build: ({ layer }, [input]) => {
    const { memory } = layer.build([[null, ...input!.slice(2)]])
    return {
      weights: weightsOf([layer]),
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

/** What a recurrent layer's options say of its outputs. */
const loopOf = (layer: Layer) =>
  layer.options as unknown as { readonly returnSequences: boolean; readonly goBackwards: boolean }

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
  outputShapes: ({ layer, mergeMode }, inputs) => {
    const [x, ...states] = inputs
    sequenceInput('bidirectional', [x!])
    if (states.length % 2 !== 0)
      throw wrongInput(
        'bidirectional',
        'initial states are the forward layer’s, then as many of the backward layer’s',
        inputs,
      )
    const [output, ...own] = layer.outputShapesOf([x!, ...states.slice(0, states.length / 2)])
    const merged: readonly Shape[] =
      mergeMode === null
        ? [output!, output!]
        : [[...output!.slice(0, -1), mergeMode === 'concat' ? output!.at(-1)! * 2 : output!.at(-1)!]]
    return [...merged, ...own, ...own]
  },
  build: ({ layer, mergeMode, backwardLayer }, inputs) => {
    const [x, ...states] = inputs
    const half = states.length / 2
    const forward = layer.clone({ name: `forward_${layer.name}` })
    const backward =
      backwardLayer ??
      layer.clone({ name: `backward_${layer.name}`, goBackwards: !loopOf(layer).goBackwards })
    forward.build([x!, ...states.slice(0, half)])
    backward.build([x!, ...states.slice(half)])
    const both = [forward, backward]
    const { returnSequences } = loopOf(layer)
    return {
      weights: weightsOf(both),
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
