/** `theano.ifelse`. */
export { ifElse as ifelse } from '@arignote/graph'
