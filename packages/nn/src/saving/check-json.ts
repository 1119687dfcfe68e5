/**
 * Whether something has the form of a configuration: layers with a class and a configuration each, places of tensors that are places.
 * What options say is checked where they are read.
 */
import { isRecord } from '../json.js'
import { notAConfig } from './errors.js'

const wrong = (where: string, wanted: string) =>
  notAConfig('modelFromJSON', `${where} is damaged, or of another time`, wanted)

/** @throws ArgumentError for what has another form, with where it is */
export function checkModelJson(json: unknown, where = 'the configuration'): void {
  if (!isRecord(json) || typeof json.class_name !== 'string')
    throw wrong(where, 'a layer or a model: { class_name, config }')
  const { class_name, config } = json
  const own = `${where}, ${class_name}`
  if (class_name === 'Sequential') {
    checkLayers(isRecord(config) ? config.layers : config, own)
    return
  }
  if (!isRecord(config)) throw wrong(own, '{ class_name, config }')
  // Inputs that every step of a loop sees: read as initial states they would be something else.
  if (typeof config.num_constants === 'number' && config.num_constants > 0)
    throw notAConfig('modelFromJSON', `${own} has constants`, 'a layer without: num_constants: null')
  if (class_name === 'Model' || class_name === 'Functional') {
    checkLayers(config.layers, own)
    for (const name of ['input_layers', 'output_layers'] as const)
      checkPlaces(config[name], `${own}, ${name}`)
  }
  // The branches that a Merge of 1.x joins.
  if (class_name === 'Merge' && config.layers !== undefined) checkLayers(config.layers, own)
  if (isRecord(config.layer)) checkModelJson(config.layer, own)
}

function checkLayers(layers: unknown, where: string): void {
  if (!Array.isArray(layers)) throw wrong(where, 'a list of layers')
  for (const [i, layer] of layers.entries()) {
    const own = `${where}: layer ${i}`
    checkModelJson(layer, own)
    const { inbound_nodes: nodes } = layer as { readonly inbound_nodes?: unknown }
    if (nodes === undefined) continue
    if (!Array.isArray(nodes)) throw wrong(`${own}, inbound_nodes`, 'a list with the inputs of each use')
    for (const node of nodes) checkPlaces(node, `${own}, inbound_nodes`)
  }
}

/** Of several tensors, or of one. */
function checkPlaces(places: unknown, where: string): void {
  if (!Array.isArray(places)) throw wrong(where, 'places: [["layer", 0, 0], …]')
  for (const place of isPlace(places) ? [places] : places)
    if (!isPlace(place)) throw wrong(where, 'places: [["layer", 0, 0], …]')
}

const isPlace = (x: unknown): boolean =>
  Array.isArray(x) && typeof x[0] === 'string' && Number.isInteger(x[1]) && Number.isInteger(x[2])
