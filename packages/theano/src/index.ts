/**
 * Theano's names for what `arignote` does, so that an old program ports line by line: `import { T, theano } from
 * 'arignote/theano'`. docs/porting-from-theano.md has the table of names, and says what is different.
 */
import * as module_ from './module.js'
import { named } from './names.js'
import * as tensor from './tensor.js'
import { type Constructors, constructors } from './variables.js'

/** `theano.tensor`, by the name that everybody gave it. A name that it lacks is an error that tells the nearest. */
export const T: typeof tensor & Constructors = named('T', { ...tensor, ...constructors })

/** `theano`; `theano.tensor` is `T`. */
export const theano: typeof module_ & { readonly tensor: typeof T } = named('theano', {
  ...module_,
  tensor: T,
})

export type { Config, FloatX } from './config.js'
export type { DTypeName } from './dtype.js'
export { type FunctionKeywords, In, type Mode, Out, type TheanoFunction } from './function.js'
export { ifelse } from './ifelse.js'
export {
  RandomStreams,
  RandomStreams as MRG_RandomStreams,
  type TheanoRandomStream,
} from './random.js'
export type { ScanKeywords, ScanUpdates } from './scan-types.js'
export type { TheanoShared } from './shared.js'
export { until } from './until.js'
