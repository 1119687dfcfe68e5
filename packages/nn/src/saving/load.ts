/** One file  →  the model that was saved in it, trained as far, and compiled as it was. */
import { checkOptions } from '@arignote/graph'
import { pathOf, readFile } from '@arignote/save/files'
import type { Serialized } from '../json.js'
import type { Model } from '../models/model.js'
import type { ModelCompileOptions } from '../training/compiled-model.js'
import { readCompileJson } from './compile-json.js'
import { missingPart, needsHdf5, notAModelFile } from './errors.js'
import { decodeModel } from './file.js'
import { type FromJsonOptions, modelFromJSON } from './from-json.js'
import { isHdf5 } from './hdf5.js'
import { kerasModel } from './keras.js'
import type { KerasOptions } from './keras-weights.js'
import { memoryOf, slotsOf, weightsOf } from './parts.js'
import { assignInOrder } from './weights.js'

export interface LoadModelOptions extends Pick<FromJsonOptions, 'layers'>, KerasOptions {
  /** What the model is compiled with instead of what the file says, functions above all; false: it is not compiled. */
  readonly compile?: Partial<ModelCompileOptions> | false
}

export const loadModelOptions = ['layers', 'compile', 'backend'] as const

/**
 * The model of a file that `model.save` wrote, or of Keras's .h5 files (1.x and 2.x). Training goes on where it was, to the bit: with the optimiser's state, the
 * random streams and the states of stateful layers.
 * @throws ArgumentError for files that are missing, foreign or damaged, and for what has to be given
 */
export async function loadModel(path: string | URL, options: LoadModelOptions = {}): Promise<Model> {
  const operation = 'loadModel'
  const file = pathOf(operation, path)
  const bytes = readFile({ operation, file })
  return isHdf5(bytes)
    ? kerasModel(operation, file, bytes, options)
    : modelFrom(operation, file, bytes, options)
}

/** The same, of the bytes of a file that `model.save` wrote. */
export function modelFromBytes(bytes: Uint8Array | ArrayBuffer, options: LoadModelOptions = {}): Model {
  return modelFrom('modelFromBytes', null, new Uint8Array(bytes), options)
}

function modelFrom(
  operation: string,
  file: string | null,
  bytes: Uint8Array,
  options: LoadModelOptions,
): Model {
  checkOptions(operation, options, loadModelOptions)
  if (isHdf5(bytes)) throw needsHdf5(operation, file, 'await modelFromHDF5(bytes) reads it')
  const { layers = {}, compile = {} } = options
  const contents = decodeModel(operation, file, bytes)
  if (contents.model === null) throw notAModelFile(operation, file, 'the file has weights, but no model')
  const model = modelFromJSON(contents.model, { layers })
  const put = (what: string, variables: typeof contents.weights, into: ReturnType<typeof weightsOf>) =>
    assignInOrder(
      operation,
      file,
      into.map(([, variable]) => variable),
      variables,
      what,
    )
  put('weights', contents.weights, weightsOf(model))
  put('states', contents.memory, memoryOf(model))
  if (compile === false) return model
  if (contents.compiled === null) {
    if (isComplete(compile)) model.compile(compile)
    return model
  }
  const { options: stored, missing } = readCompileJson(operation, contents.compiled)
  const lacking = missing.filter(name => !(name in compile))
  if (lacking.length > 0) throw missingPart(operation, file, lacking)
  model.compile({ ...stored, ...compile })
  const saved = contents.compiled.optimizer_config as unknown as Serialized
  if (saved.class_name === model.optimizer.class_name) put('accumulators', contents.optimizer, slotsOf(model))
  return model
}

/** Whether what was given says enough to compile a model that was not. */
export const isComplete = (compile: Partial<ModelCompileOptions>): compile is ModelCompileOptions =>
  compile.loss !== undefined && compile.optimizer !== undefined
