/** `datasets`: data from local files, and data that is made. */
import { textLines } from './text-lines.js'
import { texts } from './texts.js'

export type { TextLinesOptions } from './text-lines.js'
export type { LabelledSequences, TextData, TextsOptions } from './texts.js'

export const datasets = {
  textLines,
  texts,
} as const
