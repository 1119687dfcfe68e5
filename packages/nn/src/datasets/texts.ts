/**
 * Texts of two kinds  →  sequences of one length with labels, and a part of them held out.
 *
 * The words are numbered by the texts that are trained on: nothing of the others is used. 0 fills up, 1 is a word that was not
 * counted, 2 the most frequent one.
 */
import { badArgument, checkOptions, describeGiven, type NdArray, ndarrayOf } from '@arignote/graph'
import { shuffled, uniformDraws } from '../draws.js'
import { padSequences } from '../preprocessing/sequences.js'
import { type Text, Tokenizer } from '../preprocessing/tokenizer.js'

export interface TextsOptions {
  /** The share of all texts that is held out, of each kind as many as chance has it; default 0.1. */
  readonly validationShare?: number
  /** Only numbers below this are used; by default all. */
  readonly numWords?: number | null
  /** Words of each text that are kept, the last ones; by default as many as the longest text has. */
  readonly maxlen?: number | null
  /** Of the order of the texts, and so of which are held out; default 113, as Keras has it for its reviews. */
  readonly seed?: number
  readonly filters?: string
  readonly lower?: boolean
}

/** Sequences (samples, maxlen) and their labels (samples). */
export interface LabelledSequences {
  readonly x: NdArray<'int32', 2>
  readonly y: NdArray<'int32', 1>
}

export interface TextData {
  readonly train: LabelledSequences
  readonly validation: LabelledSequences
  /** From words to numbers, and what makes sequences of other texts. */
  readonly tokenizer: Tokenizer
  readonly wordIndex: ReadonlyMap<string, number>
}

export const textsOptions = ['validationShare', 'numWords', 'maxlen', 'seed', 'filters', 'lower']

/** Texts that are positive, with the label 1, and such that are negative, with 0. */
export function labelledTexts(
  operation: string,
  positive: readonly Text[],
  negative: readonly Text[],
  options: TextsOptions,
): TextData {
  const { validationShare = 0.1, numWords = null, maxlen = null, seed = 113, ...splitting } = options
  if (!(validationShare >= 0 && validationShare < 1))
    throw badArgument(
      `${operation}: validationShare`,
      `${describeGiven(validationShare).what} will not do`,
      'a number from 0 to below 1',
    )
  for (const [what, list] of [
    ['positive', positive],
    ['negative', negative],
  ] as const)
    if (!Array.isArray(list))
      throw badArgument(
        operation,
        `${what}: ${describeGiven(list).what} is not a list of texts`,
        "['a text', 'another']",
      )
  const all = shuffled(
    [...positive.map(text => ({ text, label: 1 })), ...negative.map(text => ({ text, label: 0 }))],
    uniformDraws(seed),
  )
  const count = all.length - Math.round(all.length * validationShare)
  const parts = [all.slice(0, count), all.slice(count)] as const
  const { filters, lower } = splitting
  const tokenizer = new Tokenizer({
    numWords,
    oovToken: '<oov>',
    ...(filters === undefined ? {} : { filters }),
    ...(lower === undefined ? {} : { lower }),
  })
  tokenizer.fitOnTexts(parts[0].map(({ text }) => text))
  const sequences = parts.map(part => tokenizer.textsToSequences(part.map(({ text }) => text)))
  const length = maxlen ?? sequences.flat().reduce((longest, s) => Math.max(longest, s.length), 1)
  const [train, validation] = parts.map((part, i) => ({
    x: padSequences(sequences[i]!, { maxlen: length }),
    y: ndarrayOf(
      Int32Array.from(part, ({ label }) => label),
      [part.length],
    ),
  })) as [LabelledSequences, LabelledSequences]
  return { train, validation, tokenizer, wordIndex: tokenizer.wordIndex }
}

/**
 * Positive and negative texts as data for a network: shuffled, a part held out, words numbered, sequences padded at their
 * beginning. The same seed gives the same data.
 */
export function texts(
  positive: readonly Text[],
  negative: readonly Text[],
  options: TextsOptions = {},
): TextData {
  checkOptions('texts', options, textsOptions)
  return labelledTexts('texts', positive, negative, options)
}
