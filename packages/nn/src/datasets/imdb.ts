/**
 * The reviews of films of Maas et al. (2011), 25 000 to train on and as many to test, as Keras's `imdb.load_data` gives them. They
 * are read from the folder that is to be had from the authors, aclImdb, or from Keras's own file, imdb.npz; nothing is downloaded.
 */
import { badArgument, checkOptions, type NdArray, ndarrayOf } from '@arignote/graph'
import { shuffled, uniformDraws } from '../draws.js'
import { Tokenizer } from '../preprocessing/tokenizer.js'
import { badWordIndex, notReviews } from './errors.js'
import { isFolder, joined, namesIn, pathOf, type Reader, readBytes, readText } from './files.js'
import { reviewsOfNpz } from './imdb-npz.js'
import { encodeReviews, type Review, type ReviewOptions, reviewOptions } from './reviews.js'

export interface ImdbOptions extends ReviewOptions {
  /** Of the order of the reviews; default 113. */
  readonly seed?: number
  /** Keras's imdb_word_index.json, for imdb.npz, which has no words in it. */
  readonly wordIndex?: string | URL
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
  /** The rank of each word, to which indexFrom is added in the sequences; null for imdb.npz without the option wordIndex. */
  readonly wordIndex: ReadonlyMap<string, number> | null
}

const reader: Reader = {
  operation: 'imdb.load',
  instead: 'preprocessing.Tokenizer and datasets.imdb.encode make sequences of texts',
}
const { operation } = reader
const parts = ['train', 'test'] as const

/**
 * The reviews of a folder aclImdb, or of Keras's imdb.npz. Words of a folder are ranked by all 50 000 of them, as Keras's are. What is
 * left out by `maxlen` is left out of its own part (Keras moves reviews from one part to the other then).
 * @throws ArgumentError for a folder or a file with anything else in it, and for options that leave nothing over
 */
export function load(path: string | URL, options: ImdbOptions = {}): ImdbData {
  checkOptions(operation, options, [...reviewOptions, 'seed', 'wordIndex'])
  const { seed = 113, wordIndex: words, ...encoding } = options
  const file = pathOf(reader, path)
  const { lists, wordIndex } = isFolder(reader, file) ? fromFolder(file, words) : fromNpz(file, words)
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

function fromNpz(file: string, words: string | URL | undefined): Found {
  const lists = reviewsOfNpz(reader, file, readBytes(reader, file, 'a zip file of arrays'))
  return { lists, wordIndex: words === undefined ? null : wordsOf(pathOf(reader, words)) }
}

/** The words of a JSON text { word: rank }, the most frequent one first. */
function wordsOf(file: string): ReadonlyMap<string, number> {
  let json: unknown
  try {
    json = JSON.parse(readText(reader, file, 'a JSON text'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw badWordIndex(operation, file, error.message)
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badWordIndex(operation, file, 'it is no object')
  const ranks = Object.entries(json)
  const wrong = ranks.find(([, rank]) => !Number.isInteger(rank))
  if (wrong !== undefined)
    throw badWordIndex(
      operation,
      file,
      `${JSON.stringify(wrong[0])} has the rank ${JSON.stringify(wrong[1])}`,
    )
  return new Map(ranks.sort(([, a], [, b]) => a - b))
}

function fromFolder(folder: string, words: string | URL | undefined): Found {
  if (words !== undefined)
    throw badArgument(`${operation}: wordIndex`, 'a folder has its own words', 'it is for imdb.npz')
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
