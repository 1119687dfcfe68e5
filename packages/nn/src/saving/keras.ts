/** Keras's .h5 files, 1.x and 2.x  →  weights of a model, or a whole model. */
import { ArignoteError, checkOptions, ndarrayOf } from '@arignote/graph'
import type { Serialized } from '../json.js'
import type { Model } from '../models/model.js'
import { readCompileJson } from './compile-json.js'
import { damagedFile, freshOptimizerText, notAModelFile } from './errors.js'
import { type FromJsonOptions, modelFromJSON } from './from-json.js'
import { withHdf5 } from './hdf5.js'
import { type KerasModelFile, readKerasFile } from './keras-file.js'
import { stateOf } from './keras-state.js'
import { type Match, matchesOf, pairsOf } from './keras-weights.js'
import { isComplete, type LoadModelOptions, loadModelOptions } from './load.js'
import { trainedOf } from './parts.js'
import { assign, checkLoadOptions, fitting, type LoadWeightsOptions } from './weights.js'

/** Sets the weights of a model to those of such a file: all, or none if one does not fit. */
export async function assignKerasWeights(
  operation: string,
  file: string | null,
  model: Model,
  bytes: Uint8Array,
  options: LoadWeightsOptions,
): Promise<void> {
  checkLoadOptions(operation, options)
  const { weights } = await withHdf5(operation, file, bytes, h5 => readKerasFile(operation, file, h5))
  const pairs = pairsOf(matchesOf(operation, file, model, weights, options), weights, options)
  assign(operation, file, options.skipMismatch === true ? fitting(operation, file, pairs) : pairs)
}

/**
 * Takes up the weights of the bytes of a .h5 file.
 * @throws ArgumentError, ShapeError as `model.loadWeights` does
 */
export async function weightsFromHDF5(
  model: Model,
  bytes: Uint8Array | ArrayBuffer,
  options: LoadWeightsOptions = {},
): Promise<void> {
  await assignKerasWeights('weightsFromHDF5', null, model, new Uint8Array(bytes), options)
}

/** The whole model of the bytes of a .h5 file. @throws as `loadModel` does */
export async function modelFromHDF5(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadModelOptions = {},
): Promise<Model> {
  return kerasModel('modelFromHDF5', null, new Uint8Array(bytes), options)
}

export async function kerasModel(
  operation: string,
  file: string | null,
  bytes: Uint8Array,
  options: LoadModelOptions,
): Promise<Model> {
  checkOptions(operation, options, loadModelOptions)
  const stored = await withHdf5(operation, file, bytes, h5 => readKerasFile(operation, file, h5))
  if (stored.model === null) throw notAModelFile(operation, file, 'the file has weights, but no model')
  const config = {
    keras_version: `${stored.weights.version}.0`,
    ...parsed(operation, file, 'model_config', stored.model),
  }
  const model = modelFromJSON(config, jsonOptions(options))
  const matches = matchesOf(operation, file, model, stored.weights)
  assign(operation, file, pairsOf(matches, stored.weights, options))
  compileAs(operation, file, model, stored, matches, options)
  return model
}

const jsonOptions = ({ layers = {} }: LoadModelOptions): FromJsonOptions => ({ layers })

function parsed(operation: string, file: string | null, attribute: string, text: string): object {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null) return json
  } catch {}
  throw damagedFile(operation, file, `its attribute ${attribute} is no JSON`)
}

/** As it was compiled, with the optimiser's state. */
function compileAs(
  operation: string,
  file: string | null,
  model: Model,
  { training, optimizer, weights }: KerasModelFile,
  matches: readonly Match[],
  { compile = {}, ...more }: LoadModelOptions,
): void {
  if (compile === false) return
  if (training === null) {
    if (isComplete(compile)) model.compile(compile)
    return
  }
  const { options } = readCompileJson(operation, parsed(operation, file, 'training_config', training))
  model.compile({ ...options, ...compile })
  const saved = options.optimizer as unknown as Serialized
  if (optimizer === null || saved.class_name !== model.optimizer.class_name) return
  model.optimizer.build(trainedOf(model))
  try {
    const state = stateOf(model, matches, weights, optimizer, more)
    if (state !== null) {
      model.optimizer.setWeights(state.map(({ data, shape }) => ndarrayOf(data, shape)))
      return
    }
  } catch (error) {
    if (!(error instanceof ArignoteError)) throw error
  }
  console.warn(freshOptimizerText(operation, file, model.optimizer.class_name))
}
