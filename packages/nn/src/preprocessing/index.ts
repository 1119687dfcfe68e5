/** `preprocessing`: from texts and series to arrays, as Keras's module of this name. */
import { padSequences, toCategorical } from './sequences.js'
import { makeSamplingTable, skipgrams } from './skipgrams.js'
import { hashingTrick, oneHot, textToWordSequence } from './text.js'
import { timeseriesGenerator, timeseriesWindows } from './timeseries.js'
import { Tokenizer } from './tokenizer.js'

export type { CategoricalOptions, PadOptions, Sequence } from './sequences.js'
export type { SamplingTableOptions, SkipgramOptions, Skipgrams } from './skipgrams.js'
export type { HashingOptions, TextOptions } from './text.js'
export type { TimeseriesGenerator, TimeseriesOptions, WindowOptions } from './timeseries.js'
export type { MatrixMode, MatrixOptions, Text, Tokenizer, TokenizerOptions } from './tokenizer.js'

export const preprocessing = {
  padSequences,
  toCategorical,
  textToWordSequence,
  Tokenizer,
  hashingTrick,
  oneHot,
  skipgrams,
  makeSamplingTable,
  timeseriesGenerator,
  timeseriesWindows,
} as const
