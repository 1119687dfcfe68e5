/**
 * What lies where in Keras's .h5 files: weights alone, or a whole model with its configuration, what it was compiled with,
 * and the optimiser's state. Reads every layout there was; nothing is converted here.
 */
import type { Tensor } from '@arignote/save/files'
import { notAModelFile } from './errors.js'

/** A file that is open for reading. */
export interface Hdf5 {
  /** The text of an attribute; null if there is none. */
  text(group: string, attribute: string): string | null
  /** A list of names; null if there is none. */
  names(group: string, attribute: string): readonly string[] | null
  has(path: string): boolean
  /** Numbers in our dtypes: 64-bit integers as int32. */
  array(path: string): Tensor
}

export interface KerasLayer {
  readonly name: string
  readonly arrays: readonly StoredArray[]
}

export interface StoredArray extends Tensor {
  /** Null in files that number them. */
  readonly name: string | null
}

export interface KerasWeights {
  /** 1 or 2; files that do not say it are of 1.x. */
  readonly version: number
  /** Whole, as the file has it: `2.0.4`. */
  readonly release: string | null
  readonly backend: string | null
  readonly layers: readonly KerasLayer[]
}

export interface KerasModelFile {
  /** JSON; null in a file of weights alone. */
  readonly model: string | null
  readonly training: string | null
  readonly weights: KerasWeights
  /** Null where there is none. */
  readonly optimizer: readonly Tensor[] | null
}

export function readKerasFile(operation: string, file: string | null, h5: Hdf5): KerasModelFile {
  const root = h5.has('model_weights') ? 'model_weights' : ''
  const weights = readWeights(root, h5)
  if (weights === null) throw notAModelFile(operation, file, 'the file has no layers of Keras')
  const slots = h5.has('optimizer_weights') ? h5.names('optimizer_weights', 'weight_names') : null
  return {
    model: h5.text('', 'model_config'),
    training: h5.text('', 'training_config'),
    weights,
    optimizer: slots?.map(name => h5.array(`optimizer_weights/${name}`)) ?? null,
  }
}

function readWeights(root: string, h5: Hdf5): KerasWeights | null {
  const below = (name: string) => (root === '' ? name : `${root}/${name}`)
  const said = (attribute: string) => h5.text(root, attribute) ?? h5.text('', attribute)
  const release = said('keras_version')
  const version = Number.parseInt(release ?? '1', 10)
  const backend = said('backend')
  const names = h5.names(root, 'layer_names')
  if (names !== null) {
    const layers = names.map(name => {
      const arrays = h5.names(below(name), 'weight_names') ?? []
      return {
        name,
        arrays: arrays.map(array => ({ ...h5.array(`${below(name)}/${array}`), name: array })),
      }
    })
    return { version, release, backend, layers }
  }
  // Keras 1.0 and before: layers and arrays by number.
  const count = h5.text(root, 'nb_layers')
  if (count === null) return null
  const layers = Array.from({ length: Number(count) }, (_, i) => {
    const name = `layer_${i}`
    const arrays = Number(h5.text(below(name), 'nb_params') ?? 0)
    const paths = Array.from({ length: arrays }, (_, k) => `${below(name)}/param_${k}`)
    return { name, arrays: paths.map(path => ({ ...h5.array(path), name: null })) }
  })
  return { version, release, backend, layers }
}
