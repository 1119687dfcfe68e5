/** A model as a layer of another. */
import type { Shared } from '@arignote/graph'
import { wrongInput } from '../layers/errors.js'
import { type LayerKind, layerKind } from '../layers/kind.js'
import { Layer } from '../layers/layer.js'
import { serializedModel } from '../saving/to-json.js'
import type { Model } from './model.js'
import { runNetwork } from './network.js'

const models = new WeakMap<Layer, Model>()

/** The model that a layer stands for; null for a layer that is only one. */
export const modelOf = (layer: Layer): Model | null => models.get(layer) ?? null

/** Variables of layers that are not trainable, those of layers in models among them. */
export function frozenVariables(layers: readonly Layer[]): ReadonlySet<Shared> {
  const frozen = layers.flatMap(layer =>
    layer.trainable
      ? [...frozenVariables(modelOf(layer)?.layers ?? [])]
      : layer.weights.map(weight => weight.variable),
  )
  return new Set(frozen)
}

/** The layer has the model's weights, also those that it gets later. */
export function modelAsLayer(model: Model): Layer {
  const kind = layerKind({
    className: model.className,
    options: {},
    serialized: () => serializedModel(model),
    suggestSeed: seed => model.suggestSeed(seed),
    firstInput: () => {
      if (!model.isBuilt) return { shape: null, dtype: 'float32' }
      const [x] = model.inputs
      return { shape: x!.shape.slice(1), dtype: x!.dtype }
    },
    outputShapes: (_, inputs) => {
      if (!model.isBuilt && inputs.length === 1) model.build(inputs[0]!)
      const fits =
        inputs.length === model.inputs.length && inputs.every((x, i) => fitsInto(x, model.inputs[i]!.shape))
      if (!fits) throw wrongInput(model.name, 'these are not the inputs of the model', inputs)
      return model.outputs.map(x => [inputs[0]![0]!, ...x.shape.slice(1)])
    },
    outputDType: () => model.outputs[0]!.dtype,
    build: () => ({
      get weights() {
        return model.weights
      },
      get memory() {
        return model.layers.flatMap(layer => layer.built.memory ?? [])
      },
      call: (flows, context) => runNetwork(model.network, flows, context),
      resetStates: () => {
        for (const layer of model.layers) layer.built.resetStates?.()
      },
    }),
  })
  const layer = new Layer(kind as LayerKind, { name: model.name } as never)
  models.set(layer, model)
  return layer
}

const fitsInto = (given: readonly (number | null)[], wanted: readonly (number | null)[]) =>
  given.length === wanted.length &&
  given.every((n, i) => i === 0 || n === null || wanted[i] === null || n === wanted[i])
