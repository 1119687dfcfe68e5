/** `theano.scan_module`, and `theano.scan_utils`. */
export { until } from './until.js'
