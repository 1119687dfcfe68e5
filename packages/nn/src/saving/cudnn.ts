/** Layers that Keras had for cuDNN alone: they compute what LSTM, and GRU with resetAfter, compute. */
import type { JsonRecord } from '../json.js'
import { type LayerReader, layerFromConfig } from '../layers/registry.js'

const read =
  (class_name: string, more: JsonRecord): LayerReader =>
  config =>
    layerFromConfig({ class_name, config: { ...more, ...config } })

const gates = { activation: 'tanh', recurrent_activation: 'sigmoid' }

export const cudnnReaders: Readonly<Record<string, LayerReader>> = {
  CuDNNLSTM: read('LSTM', gates),
  CuDNNGRU: read('GRU', { ...gates, reset_after: true }),
}
