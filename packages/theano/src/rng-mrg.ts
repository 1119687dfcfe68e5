/** `theano.sandbox.rng_mrg`. */
export { RandomStreams as MRG_RandomStreams } from './random.js'
