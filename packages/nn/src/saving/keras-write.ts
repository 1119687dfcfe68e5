/** Models  →  .h5 files as Keras 2.x wrote them, which it reads. */
import type { NdArray } from '@arignote/graph'
import type { Weight } from '../layers/kind.js'
import type { Layer } from '../layers/layer.js'
import type { Model } from '../models/model.js'
import { compileJson } from './compile-json.js'
import { type Hdf5Writer, writeHdf5 } from './hdf5-write.js'
import { trainedOf } from './parts.js'
import { modelJson } from './to-json.js'

/** Convolutions are TensorFlow's: Theano's Keras turns their kernels round when it reads. */
const madeBy = { backend: 'tensorflow', keras_version: '2.3.1' }

export function kerasWeightsToBytes(model: Model, file: string): Promise<Uint8Array> {
  return writeHdf5('saveWeights', file, h5 => putWeights(h5, '', model))
}

export function kerasModelToBytes(
  model: Model,
  file: string,
  includeOptimizer: boolean,
): Promise<Uint8Array> {
  return writeHdf5('save', file, h5 => {
    const texts = { ...madeBy, model_config: JSON.stringify(modelJson(model)) }
    for (const [name, text] of Object.entries(texts)) h5.text('', name, text)
    h5.group('model_weights')
    putWeights(h5, 'model_weights', model)
    const compiled = includeOptimizer ? compileJson(model) : null
    if (compiled === null) return
    h5.text('', 'training_config', JSON.stringify(compiled))
    const { optimizer } = model
    optimizer.build(trainedOf(model))
    const slots = optimizer.getWeights()
    const names = slots.map((_, i) => `${optimizer.class_name}/${i === 0 ? 'iterations' : `slot_${i}`}`)
    h5.group('optimizer_weights')
    h5.names('optimizer_weights', 'weight_names', names)
    slots.forEach((slot, i) => {
      h5.array(`optimizer_weights/${names[i]}`, slot)
    })
  })
}

function putWeights(h5: Hdf5Writer, root: string, model: Model): void {
  const below = (name: string) => (root === '' ? name : `${root}/${name}`)
  for (const [name, text] of Object.entries(madeBy)) h5.text(root, name, text)
  h5.names(
    root,
    'layer_names',
    model.layers.map(({ name }) => name),
  )
  for (const layer of model.layers) {
    h5.group(below(layer.name))
    const arrays = namedArrays(layer)
    h5.names(
      below(layer.name),
      'weight_names',
      arrays.map(([name]) => name),
    )
    for (const [name, value] of arrays) h5.array(below(`${layer.name}/${name}`), value)
  }
}

/** What is trained first, also where layers lie within. */
function namedArrays(layer: Layer): readonly (readonly [string, NdArray])[] {
  const all: readonly Weight[] = [
    ...layer.weights.filter(w => w.trainable),
    ...layer.weights.filter(w => !w.trainable),
  ]
  const taken = new Set<string>()
  return all.map(({ name, variable }) => {
    let unique = variable.name ?? `${layer.name}/${name}`
    while (taken.has(unique)) unique = `${unique}_`
    taken.add(unique)
    return [unique, variable.getValue()]
  })
}
