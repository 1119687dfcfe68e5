/** `theano.sandbox`. */
export * as rng_mrg from './rng-mrg.js'
