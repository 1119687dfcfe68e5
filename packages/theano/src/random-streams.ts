/** `theano.tensor.shared_randomstreams`. */
export { RandomStreams } from './random.js'
