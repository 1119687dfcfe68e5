/**
 * Models  →  JSON as Keras 2.3 has it: a list of layers, or for others each layer with the uses that lie within the model,
 * told by names and numbers.
 */

import type { JsonRecord, Serialized } from '../json.js'
import { isInput } from '../layers/input.js'
import type { Layer } from '../layers/layer.js'
import { serializedLayer } from '../layers/registry.js'
import type { LayerNode, SymbolicTensor } from '../layers/symbolic.js'
import type { Model } from '../models/model.js'
import type { Network } from '../models/network.js'

/** What Keras's JSON also says of itself. */
const madeBy = { keras_version: '2.3.1', backend: 'theano' }

/** A model as Keras's `to_json` has it. @throws ArgumentError for what has no name: functions, cells */
export const modelJson = (model: Model): Serialized & JsonRecord => ({ ...serializedModel(model), ...madeBy })

/** A model as a part of another. */
export function serializedModel(model: Model): Serialized & JsonRecord {
  const config = model.className === 'Sequential' ? sequentialConfig(model) : functionalConfig(model)
  const frozen = model.asLayer().trainable ? {} : { trainable: false }
  return { class_name: model.className, config: { name: model.name, ...config, ...frozen } }
}

function sequentialConfig(model: Model): JsonRecord {
  const layers = model.layers.map(layer => ({ ...serializedLayer(layer) }))
  const tellsInput = model.layers[0] === undefined || tellsItsInput(model.layers[0])
  return {
    layers,
    ...(!tellsInput && model.isBuilt && { build_input_shape: model.inputs[0]!.shape }),
  }
}

/** Whether its configuration says the shape of the input. */
function tellsItsInput(layer: Layer): boolean {
  if (layer.kind.serialized !== undefined) return true
  return layer.getConfig().batch_input_shape !== undefined
}

function functionalConfig({ network }: Model): JsonRecord {
  const number = numbersOf(network)
  const place = (x: SymbolicTensor) => [x.node.layer.name, number.get(x.node)!, x.index] as const
  const uses = (layer: Layer) =>
    network.nodes
      .filter(node => node.layer === layer && !isInput(node.layer))
      .map(node => node.inputs.map(x => [...place(x), {}]))
  return {
    layers: network.layers.map(layer => ({
      name: layer.name,
      ...serializedLayer(layer),
      inbound_nodes: uses(layer),
    })),
    input_layers: network.inputs.map(place),
    output_layers: network.outputs.map(place),
  }
}

/** Which use of its layer a node is, of those within the model. Keras counts those of nested models from 1 on. */
function numbersOf({ nodes }: Network): ReadonlyMap<LayerNode, number> {
  const counts = new Map<Layer, number>()
  return new Map(
    nodes.map(node => {
      const first = node.layer.kind.serialized === undefined ? 0 : 1
      const count = counts.get(node.layer) ?? first
      counts.set(node.layer, count + 1)
      return [node, count]
    }),
  )
}
