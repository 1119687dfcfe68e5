/** The network of W4 in TensorFlow.js; its weights begin where ours do. */
import { layers, type Sequential, sequential, tf, trainOnBatch } from '../lib/tfjs.js'
import { type Batch, parameters, sizes } from './waves.js'

export function wavesModel(): Sequential {
  const { units, time } = sizes
  const model = sequential()
  const recurrentInitializer = 'glorotUniform'
  model.add(
    layers.gru({ units, inputShape: [time, 1], recurrentActivation: 'sigmoid', recurrentInitializer }),
  )
  model.add(layers.dense({ units: 1 }))
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  const { cell, out } = parameters()
  const values = [cell.W, cell.U, cell.b, out.W, out.b].map(p => p.getValue())
  model.setWeights(values.map(({ data, shape }) => tf.tensor(data as Float32Array, shape)))
  return model
}

export const train = (model: Sequential, { waves, next }: Batch): Promise<number[]> =>
  trainOnBatch(model, tf.tensor3d(waves, [sizes.batch, sizes.time, 1]), tf.tensor2d(next, [sizes.batch, 1]))
