/** A model  →  one file, from which training goes on to the bit: see `file.ts`. */
import { checkOptions } from '@arignote/graph'
import { pathOf, writeFile } from '@arignote/save/files'
import type { Model } from '../models/model.js'
import { compileJson } from './compile-json.js'
import { encodeModel } from './file.js'
import { memoryOf, slotsOf, weightsOf } from './parts.js'
import { modelJson } from './to-json.js'
import { isHdf5Path } from './weights.js'

export interface SaveModelOptions {
  /** Whether what the model was compiled with, and the optimiser's state, are saved too; default true. */
  readonly includeOptimizer?: boolean
}

/**
 * Writes a model to a file, which is replaced as a whole or not at all.
 * @throws ArgumentError where it cannot be written, and for layers that cannot be stored; an older file is then as it was
 */
export async function saveModel(model: Model, path: string | URL, options?: SaveModelOptions): Promise<void> {
  const operation = 'save'
  const file = pathOf(operation, path)
  checkOptions(operation, options, ['includeOptimizer'])
  const bytes = isHdf5Path(file)
    ? await (await import('./keras-write.js')).kerasModelToBytes(
        model,
        file,
        options?.includeOptimizer ?? true,
      )
    : modelToBytes(model, options)
  writeFile({ operation, file }, bytes)
}

/** The bytes of such a file, where there are no files. */
export function modelToBytes(model: Model, options: SaveModelOptions = {}): Uint8Array<ArrayBuffer> {
  checkOptions('save', options, ['includeOptimizer'])
  const { includeOptimizer = true } = options
  return encodeModel('save', {
    model: modelJson(model),
    compiled: includeOptimizer ? compileJson(model) : null,
    weights: weightsOf(model),
    optimizer: includeOptimizer ? slotsOf(model) : [],
    memory: memoryOf(model),
  })
}
