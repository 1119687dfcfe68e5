/**
 * Every layer there is: `layers.lstm({ units: 128 })`. A new kind is one more row.
 */
import { activation, eLU, leakyReLU, pReLU, reLU, softmaxLayer, thresholdedReLU } from './activations.js'
import { conv1D } from './convolution.js'
import { dense } from './dense.js'
import { alphaDropout, dropout, gaussianDropout, gaussianNoise, spatialDropout1D } from './dropout.js'
import { embedding } from './embedding.js'
import { inputLayer } from './input.js'
import type { LayerKind } from './kind.js'
import { lambdaLayer } from './lambda.js'
import { Layer, type LayerOptions } from './layer.js'
import {
  addLayer,
  average,
  concatenateLayer,
  dotLayer,
  maximumLayer,
  minimumLayer,
  multiply,
  subtract,
} from './merge.js'
import { batchNormalization, layerNormalization } from './normalization.js'
import type { OptionTable } from './option.js'
import { activityRegularization } from './penalty.js'
import { averagePooling1D, globalAveragePooling1D, globalMaxPooling1D, maxPooling1D } from './pooling.js'
import { gru, lstm, rnn, simpleRNN } from './recurrent.js'
import { registerKinds } from './registry.js'
import { flatten, masking, permute, repeatVector, reshape } from './reshape.js'
import { bidirectional, timeDistributed } from './wrappers.js'

/** Options may be left out where none is required. */
type Given<O> = Record<never, never> extends O ? [options?: O] : [options: O]

const maker = <T extends OptionTable>(kind: LayerKind<T>) =>
  Object.assign(
    (...given: Given<LayerOptions<T>>): Layer<T> => new Layer(kind, (given[0] ?? {}) as LayerOptions<T>),
    { kind },
  )

/** The layers by our names. What each does stands at its kind. */
export const layers = {
  simpleRNN: maker(simpleRNN),
  lstm: maker(lstm),
  gru: maker(gru),
  rnn: maker(rnn),
  bidirectional: maker(bidirectional),
  timeDistributed: maker(timeDistributed),
  embedding: maker(embedding),
  dense: maker(dense),
  conv1D: maker(conv1D),
  dropout: maker(dropout),
  spatialDropout1D: maker(spatialDropout1D),
  gaussianNoise: maker(gaussianNoise),
  gaussianDropout: maker(gaussianDropout),
  alphaDropout: maker(alphaDropout),
  activityRegularization: maker(activityRegularization),
  activation: maker(activation),
  leakyReLU: maker(leakyReLU),
  pReLU: maker(pReLU),
  elu: maker(eLU),
  thresholdedReLU: maker(thresholdedReLU),
  softmax: maker(softmaxLayer),
  reLU: maker(reLU),
  lambda: maker(lambdaLayer),
  masking: maker(masking),
  flatten: maker(flatten),
  reshape: maker(reshape),
  permute: maker(permute),
  repeatVector: maker(repeatVector),
  add: maker(addLayer),
  subtract: maker(subtract),
  multiply: maker(multiply),
  average: maker(average),
  maximum: maker(maximumLayer),
  minimum: maker(minimumLayer),
  concatenate: maker(concatenateLayer),
  dot: maker(dotLayer),
  batchNormalization: maker(batchNormalization),
  layerNormalization: maker(layerNormalization),
  globalMaxPooling1D: maker(globalMaxPooling1D),
  globalAveragePooling1D: maker(globalAveragePooling1D),
  maxPooling1D: maker(maxPooling1D),
  averagePooling1D: maker(averagePooling1D),
}

registerKinds([inputLayer, ...Object.values(layers).map(make => make.kind)] as readonly LayerKind[])
