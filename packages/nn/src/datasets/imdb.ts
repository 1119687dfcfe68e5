/**
 * The reviews of films of Maas et al. (2011), 25 000 to train on and as many to test, as Keras's `imdb.load_data` gives them. They
 * are read from the folder that is to be had from the authors, aclImdb; nothing is downloaded.
 */
import { checkOptions, type NdArray, ndarrayOf } from '@arignote/graph'
import { shuffled, uniformDraws } from '../draws.js'
import { Tokenizer } from '../preprocessing/tokenizer.js'
import { notReviews } from './errors.js'
import { isFolder, joined, namesIn, pathOf, type Reader, readText } from './files.js'
import { encodeReviews, type Review, type ReviewOptions, reviewOptions } from './reviews.js'

export interface ImdbOptions extends ReviewOptions {
  /** Of the order of the reviews; default 113. */
  readonly seed?: number
}

/** Sequences of unlike lengths: `padSequences` makes arrays of them. */
export interface ReviewSequences {
  readonly x: readonly (readonly number[])[]
  /** 1 for a good review, 0 for a bad one: (reviews). */
  readonly y: NdArray<'int32', 1>
}

export interface ImdbData {
  readonly train: ReviewSequences
  readonly test: ReviewSequences
  /** The rank of each word, to which indexFrom is added in the sequences; null for imdb.npz, which has no words in it. */
  readonly wordIndex: ReadonlyMap<string, number> | null
}

const reader: Reader = {
  operation: 'imdb.load',
  instead: 'preprocessing.Tokenizer and datasets.imdb.encode make sequences of texts',
}
const { operation } = reader
const parts = ['train', 'test'] as const

/**
 * The reviews of a folder aclImdb. Words are ranked by all 50 000 of them, as Keras's are. What is left out by `maxlen` is left out
 * of its own part (Keras moves reviews from one part to the other then).
 * @throws ArgumentError for a folder with anything else in it, and for options that leave nothing over
 */
export function load(path: string | URL, options: ImdbOptions = {}): ImdbData {
  checkOptions(operation, options, [...reviewOptions, 'seed'])
  const { seed = 113, ...encoding } = options
  const file = pathOf(reader, path)
  const { lists, wordIndex } = fromFolder(file)
  const uniform = uniformDraws(seed)
  const encoded = encodeReviews(
    operation,
    lists.map(list => shuffled(list, uniform)),
    encoding,
  )
  return { train: sequencesOf(encoded[0]!), test: sequencesOf(encoded[1]!), wordIndex }
}

function sequencesOf(reviews: readonly Review[]): ReviewSequences {
  const labels = Int32Array.from(reviews, ({ label }) => label)
  return { x: reviews.map(({ words }) => words), y: ndarrayOf(labels, [reviews.length]) }
}

/** Ranks of words, 1 for the most frequent one, to the numbers that `load` gives; reviews of maxlen numbers or more are left out. */
export function encode(
  ranks: readonly (readonly number[])[],
  options: ReviewOptions = {},
): readonly (readonly number[])[] {
  checkOptions('imdb.encode', options, reviewOptions)
  const [reviews] = encodeReviews('imdb.encode', [ranks.map(words => ({ words, label: 0 }))], options)
  return reviews!.map(({ words }) => words)
}

interface Found {
  /** Of each part, with ranks of words. */
  readonly lists: readonly (readonly Review[])[]
  readonly wordIndex: ReadonlyMap<string, number> | null
}

function fromFolder(folder: string): Found {
  if (!isFolder(reader, folder)) throw notReviews(operation, folder, 'it is no folder')
  const texts = parts.map(part =>
    ['neg', 'pos'].flatMap((kind, label) => {
      const place = joined(reader, folder, part, kind)
      const names = namesIn(reader, place)?.filter(name => name.endsWith('.txt')) ?? []
      if (names.length === 0) throw notReviews(operation, place, 'there are no reviews in it')
      return names.map(name => ({ text: readText(reader, joined(reader, place, name), 'a review'), label }))
    }),
  )
  const tokenizer = new Tokenizer()
  const all = texts.flat()
  tokenizer.fitOnTexts(all.map(({ text }) => text))
  const ranks = tokenizer.textsToSequences(all.map(({ text }) => text))
  const reviews = all.map(({ label }, i) => ({ words: ranks[i]!, label }))
  const count = texts[0]!.length
  return { lists: [reviews.slice(0, count), reviews.slice(count)], wordIndex: tokenizer.wordIndex }
}
