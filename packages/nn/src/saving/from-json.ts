/**
 * JSON of Keras, any version  →  models. What 1.x wrote is first brought into the form of 2.x.
 */
import { isRecord, isSerialized, type Json, type JsonRecord, type Serialized } from '../json.js'
import { input } from '../layers/input.js'
import type { Layer } from '../layers/layer.js'
import { type LayerReader, layerFromConfig, registerReaders, withReaders } from '../layers/registry.js'
import type { SymbolicTensor } from '../layers/symbolic.js'
import { Model, type ModelOptions } from '../models/model.js'
import { modelOf } from '../models/nested.js'
import { network } from '../models/network.js'
import { seedsFrom } from '../seeds.js'
import { checkModelJson } from './check-json.js'
import { cudnnReaders } from './cudnn.js'
import { notAConfig, unknownLayer } from './errors.js'
import { isKeras1, modernized } from './keras1.js'

export interface FromJsonOptions {
  /** How layers are read that are not ours: their class to a function of the configuration. */
  readonly layers?: Readonly<Record<string, LayerReader>>
  /** For every layer: the same seed, the same first weights. */
  readonly seed?: number
}

/**
 * The model that a configuration describes, with new weights: what `toJSON` gives, or Keras's `to_json` of any version, as
 * an object or as text.
 * @throws ArgumentError for what is no such configuration, and for layers that there are not
 */
export function modelFromJSON(
  config: string | object,
  { layers = {}, ...options }: FromJsonOptions = {},
): Model {
  const json: unknown = typeof config === 'string' ? parsed(config) : config
  if (!isSerialized(json)) throw wrong('this is no configuration of a model')
  checkModelJson(json)
  const modern = isKeras1(json) ? modernized(json) : json
  return withReaders(layers, () => modelFrom(modern, options))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrong('the text is no JSON')
  }
}

const wrong = (what: string) =>
  notAConfig('modelFromJSON', what, '{ class_name: "Sequential" or "Model", config: … }, as toJSON gives')

function modelFrom({ class_name, config }: Serialized, options: ModelOptions): Model {
  if (class_name === 'Sequential') return sequentialFrom(config, options)
  if (class_name === 'Model' || class_name === 'Functional') return functionalFrom(config, options)
  throw wrong(`${class_name} is no class of models`)
}

/** Until Keras 2.2.2 the list itself, later a record with it. */
function sequentialFrom(config: JsonRecord | readonly Json[], options: ModelOptions): Model {
  const record = isRecord(config) ? config : {}
  const list = Array.isArray(config) ? config : record.layers
  if (!Array.isArray(list) || !list.every(isSerialized)) throw wrong('a Sequential has no list of layers')
  const model = new Model('Sequential', [], { ...options, ...nameOf(record) })
  const made = new Map<string, Layer>()
  for (const stored of withoutInput(list)) {
    // A layer that stands in the list twice is one layer.
    const text = JSON.stringify(stored)
    const layer = made.get(text) ?? layerFromConfig(stored)
    made.set(text, layer)
    model.add(modelOf(layer) ?? layer)
  }
  const shape = record.build_input_shape
  if (Array.isArray(shape) && !model.isBuilt && list.length > 0)
    model.build(shape as readonly (number | null)[])
  return frozenIf(record, model)
}

const nameOf = ({ name }: JsonRecord) => (typeof name === 'string' ? { name } : {})

function frozenIf({ trainable }: JsonRecord, model: Model): Model {
  if (trainable === false) model.asLayer().trainable = false
  return model
}

/** Where the list begins with an InputLayer, what it says belongs to the layer behind it. */
function withoutInput([first, second, ...rest]: readonly Serialized[]): readonly Serialized[] {
  if (first?.class_name !== 'InputLayer' || second === undefined)
    return [first, second, ...rest].filter(stored => stored !== undefined)
  const { batch_input_shape, batch_shape } = first.config
  const shape = batch_input_shape ?? batch_shape
  return [
    { ...second, config: { ...(shape !== undefined && { batch_input_shape: shape }), ...second.config } },
    ...rest,
  ]
}

interface StoredLayer extends Serialized {
  readonly name?: string
  readonly inbound_nodes?: readonly (readonly Place[])[]
}

function functionalFrom(config: JsonRecord, options: ModelOptions): Model {
  const { layers, input_layers, output_layers } = config as Readonly<Record<string, unknown>>
  if (![layers, input_layers, output_layers].every(Array.isArray))
    throw wrong('a Model must have layers, input_layers and output_layers')
  const nextSeed = options.seed === undefined ? null : seedsFrom(options.seed)
  const uses = usesOf(layers as readonly StoredLayer[], nextSeed)
  const tensors = (places: unknown) =>
    placesOf(places).map(([name, node, index]) => found(uses, name, node, index))
  const inner = network(tensors(input_layers), tensors(output_layers))
  return frozenIf(config, new Model('Model', inner, { ...options, ...nameOf(config) }))
}

type Place = readonly [name: string, node: number, index: number]

/** tf.keras writes one place without a list around it. */
const placesOf = (places: unknown): readonly Place[] =>
  (typeof (places as readonly unknown[])[0] === 'string' ? [places] : places) as readonly Place[]

/** What each layer gives, by its name, then by use. */
type Uses = ReadonlyMap<string, readonly (readonly SymbolicTensor[])[]>

function found(uses: Uses, name: string, node: number, index: number): SymbolicTensor {
  const x = uses.get(name)?.[node]?.[index]
  if (x === undefined) throw wrong(`nothing is at ["${name}", ${node}, ${index}]`)
  return x
}

interface Waiting {
  readonly name: string
  readonly layer: Layer
  /** The inputs of its uses that are still to come. */
  readonly uses: (readonly Place[])[]
}

/** Applies every layer as often as it was; the order in the file need not be one of computation. */
function usesOf(stored: readonly StoredLayer[], nextSeed: (() => number) | null): Uses {
  const made = new Map<string, (readonly SymbolicTensor[])[]>()
  let waiting: readonly Waiting[] = stored.flatMap(entry => {
    const name = entry.name ?? String(entry.config.name)
    if (entry.class_name === 'InputLayer') {
      made.set(name, [[inputFrom(name, entry.config)]])
      return []
    }
    const layer = layerFromConfig(entry)
    if (nextSeed !== null) layer.suggestSeed(nextSeed())
    // Keras counts the uses of a nested model from 1 on: 0 is what it is itself.
    made.set(name, modelOf(layer) === null ? [] : [[]])
    return [{ name, layer, uses: (entry.inbound_nodes ?? []).map(placesOf) }]
  })
  const isMade = ([from, node, index]: Place) => made.get(from)?.[node]?.[index] !== undefined
  for (;;) {
    waiting = waiting.filter(({ uses }) => uses.length > 0)
    const ready = waiting.filter(({ uses }) => uses[0]!.every(isMade))
    if (ready.length === 0) break
    for (const { name, layer, uses } of ready) {
      const inputs = uses.shift()!.map(([from, node, index]) => found(made, from, node, index))
      made.get(name)!.push([layer.apply(inputs)].flat() as readonly SymbolicTensor[])
    }
  }
  const [stuck] = waiting
  if (stuck !== undefined)
    throw wrong(
      `"${stuck.name}" needs ${JSON.stringify(stuck.uses[0]!.find(place => !isMade(place)))}, which there is not`,
    )
  return made
}

function inputFrom(name: string, config: JsonRecord): SymbolicTensor {
  const shape = (config.batch_input_shape ?? config.batch_shape) as readonly (number | null)[] | undefined
  if (!Array.isArray(shape)) throw wrong(`the InputLayer "${name}" has no batch_input_shape`)
  const dtype = config.dtype ?? config.input_dtype ?? 'float32'
  return input({ batchShape: shape, dtype: dtype as 'float32', name })
}

registerReaders({
  Sequential: config => sequentialFrom(config, {}).asLayer(),
  Model: config => functionalFrom(config, {}).asLayer(),
  Functional: config => functionalFrom(config, {}).asLayer(),
  ...cudnnReaders,
  // Python's functions are stored as code of Python.
  Lambda: () => {
    throw unknownLayer('Lambda', [])
  },
})
