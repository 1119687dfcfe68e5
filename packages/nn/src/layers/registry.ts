/** The kinds of layers by Keras's name of the class: layers to and from their configuration. */
import { isRecord, type Json, type JsonRecord, type Serialized } from '../json.js'
import { snakeCase } from '../names.js'
import { unknownLayer } from '../saving/errors.js'
import type { LayerKind } from './kind.js'
import { Layer, type LayerOptions } from './layer.js'
import type { OptionTable } from './option.js'

const kinds: Record<string, LayerKind> = {}

/** Makes kinds known; done once, where all of them are listed. */
export function registerKinds(list: readonly LayerKind[]): void {
  for (const kind of list) kinds[kind.className] = kind
}

/** Reads what is stored of a layer otherwise than by options: a nested model, a layer of the user's own. */
export type LayerReader = (config: JsonRecord) => Layer

const readers: Record<string, LayerReader> = {}

/** Makes readers of classes known that are no kinds. */
export function registerReaders(list: Readonly<Record<string, LayerReader>>): void {
  Object.assign(readers, list)
}

/** While `run` runs, these classes are read by these readers. */
export function withReaders<R>(own: Readonly<Record<string, LayerReader>>, run: () => R): R {
  const before = { ...readers }
  registerReaders(own)
  try {
    return run()
  } finally {
    for (const name of Object.keys(readers)) delete readers[name]
    registerReaders(before)
  }
}

export const serializedLayer = (layer: Layer): Serialized =>
  layer.kind.serialized?.() ?? { class_name: layer.kind.className, config: layer.getConfig() }

/** A layer from Keras 2's configuration of it. @throws ArgumentError for a class or an option that is not known */
export function layerFromConfig({ class_name, config }: Serialized): Layer {
  if (Object.hasOwn(readers, class_name)) return readers[class_name]!(config)
  const known = Object.keys(kinds).find(name => name === class_name)
  if (known === undefined) throw unknownLayer(class_name, Object.keys(kinds))
  const kind = kinds[known]!
  return new Layer(kind, {
    ...commonFrom(config),
    ...optionsFrom(kind.options, config),
  } as LayerOptions<OptionTable>)
}

function commonFrom({ name, trainable, batch_input_shape, dtype }: JsonRecord) {
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof trainable === 'boolean' && { trainable }),
    ...(Array.isArray(batch_input_shape) && { batchInputShape: batch_input_shape }),
    ...((dtype === 'float32' || dtype === 'float64') && { dtype }),
  }
}

/** What a table has options for; a configuration may say more, of other times and libraries. */
export function optionsFrom(options: OptionTable, config: JsonRecord): Readonly<Record<string, unknown>> {
  const names = Object.keys(options).filter(name => config[snakeCase(name)] !== undefined)
  return Object.fromEntries(names.map(name => [name, plainValue(config[snakeCase(name)]!)]))
}

/** Keras 2 stored some numbers as arrays: { type: 'ndarray', value: 0.3 }. */
const plainValue = (value: Json): Json => (isRecord(value) && value.type === 'ndarray' ? value.value! : value)
