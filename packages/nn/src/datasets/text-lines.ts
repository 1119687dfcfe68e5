/** A file of positive and one of negative texts, a text in each line: such as the sentences of Pang and Lee (2005). */
import { checkOptions } from '@arignote/graph'
import { nothingIn } from './errors.js'
import { linesOf, pathOf, type Reader, readText } from './files.js'
import { labelledTexts, type TextData, type TextsOptions, textsOptions } from './texts.js'

export interface TextLinesOptions extends TextsOptions {
  /** Of the files, as the Encoding Standard calls it; default utf-8. */
  readonly encoding?: string
}

const reader: Reader = { operation: 'textLines', instead: 'datasets.texts takes lists of texts' }

/**
 * The lines of two files as data for a network; see `texts`. Empty lines are left out.
 * @throws ArgumentError for a file that cannot be read, that is empty, or in another encoding, with the line
 */
export function textLines(
  positiveFile: string | URL,
  negativeFile: string | URL,
  options: TextLinesOptions = {},
): TextData {
  checkOptions(reader.operation, options, [...textsOptions, 'encoding'])
  const { encoding = 'utf-8', ...others } = options
  const [positive, negative] = [positiveFile, negativeFile].map(path => {
    const file = pathOf(reader, path)
    const wanted = 'a text in each line'
    const lines = linesOf(readText(reader, file, wanted, encoding)).filter(line => line.trim() !== '')
    if (lines.length === 0) throw nothingIn(reader.operation, file, wanted)
    return lines
  })
  return labelledTexts(reader.operation, positive!, negative!, others)
}
