/** The kinds of layers by Keras's name of the class: layers to and from their configuration. */
import type { JsonRecord, Serialized } from '../json.js'
import { entryNamed, snakeCase } from '../names.js'
import type { LayerKind } from './kind.js'
import { Layer, type LayerOptions } from './layer.js'
import type { OptionTable } from './option.js'

const kinds: Record<string, LayerKind> = {}

/** Makes kinds known; done once, where all of them are listed. */
export function registerKinds(list: readonly LayerKind[]): void {
  for (const kind of list) kinds[kind.className] = kind
}

export const serializedLayer = (layer: Layer): Serialized => ({
  class_name: layer.kind.className,
  config: layer.getConfig(),
})

/** A layer from Keras 2's configuration of it. @throws ArgumentError for a class or an option that is not known */
export function layerFromConfig({ class_name, config }: Serialized): Layer {
  const { entry: kind } = entryNamed('fromJSON', 'layer', class_name, kinds)
  return new Layer(kind, { ...commonFrom(config), ...ownFrom(kind, config) } as LayerOptions<OptionTable>)
}

function commonFrom({ name, trainable, batch_input_shape, dtype }: JsonRecord) {
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof trainable === 'boolean' && { trainable }),
    ...(Array.isArray(batch_input_shape) && { batchInputShape: batch_input_shape }),
    ...((dtype === 'float32' || dtype === 'float64') && { dtype }),
  }
}

/** What the kind has options for; a configuration may say more, of other times and libraries. */
function ownFrom({ options }: LayerKind, config: JsonRecord) {
  const names = Object.keys(options).filter(name => config[snakeCase(name)] !== undefined)
  return Object.fromEntries(names.map(name => [name, config[snakeCase(name)]]))
}
