/**
 * Theano's configuration: of its flags there is `floatX`. The others are options of a function here, see
 * docs/porting-from-theano.md.
 */
import { checkName } from '@arignote/graph'

/** What is known of a dtype that depends on `theano.config.floatX`. */
export type FloatX = 'float32' | 'float64'

export interface Config {
  /** The dtype of `T.matrix` and its like, of numbers and nested arrays in `theano.shared`, and of random draws. */
  floatX: FloatX
}

const flags: Config = { floatX: 'float32' }

/** Sealed: writing to a flag that there is not throws. */
export const config: Config = Object.seal({
  get floatX(): FloatX {
    return flags.floatX
  },
  set floatX(dtype: FloatX) {
    checkName('theano.config', 'floatX', dtype, ['float32', 'float64'])
    flags.floatX = dtype
  },
})
