/** The network of W1 in TensorFlow.js, as one would write it there; its weights begin where ours do. */
import { layers, type Sequential, sequential, tf, trainOnBatch } from '../lib/tfjs.js'
import { type Batch, parameters, sizes } from './sentiment.js'

export function sentimentModel(): Sequential {
  const { vocabulary, width, units, words } = sizes
  const model = sequential()
  model.add(layers.embedding({ inputDim: vocabulary, outputDim: width, inputLength: words }))
  // The default initialisation, orthogonal, takes seconds; the weights are set below.
  model.add(layers.lstm({ units, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotUniform' }))
  model.add(layers.dense({ units: 1, activation: 'sigmoid' }))
  return model
}

export function compileModel(model: Sequential): void {
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
}

export function setWeights(model: Sequential): void {
  const { embedding, cell, out } = parameters()
  const values = [embedding, cell.W, cell.U, cell.b, out.W, out.b].map(p => p.getValue())
  model.setWeights(values.map(({ data, shape }) => tf.tensor(data as Float32Array, shape)))
}

export const train = (model: Sequential, { texts, labels }: Batch): Promise<number[]> =>
  trainOnBatch(
    model,
    tf.tensor2d(texts, [sizes.batch, sizes.words], 'int32'),
    tf.tensor2d(labels, [sizes.batch, 1]),
  )
