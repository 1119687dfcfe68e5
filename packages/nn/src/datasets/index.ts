/** `datasets`: data from local files, and data that is made. */
import { csvSeries } from './csv-series.js'
import { encode, load } from './imdb.js'
import { opinions } from './opinions.js'
import { sineWave } from './sine-wave.js'
import { textLines } from './text-lines.js'
import { texts } from './texts.js'

export type { CsvSeries, CsvSeriesOptions } from './csv-series.js'
export type { ImdbData, ImdbOptions, ReviewSequences } from './imdb.js'
export type { Opinions, OpinionsOptions } from './opinions.js'
export type { ReviewOptions } from './reviews.js'
export type { SineWaveOptions } from './sine-wave.js'
export type { TextLinesOptions } from './text-lines.js'
export type { LabelledSequences, TextData, TextsOptions } from './texts.js'

export const datasets = {
  imdb: { load, encode },
  textLines,
  texts,
  csvSeries,
  opinions,
  sineWave,
} as const
