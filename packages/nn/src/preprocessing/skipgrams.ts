/** Pairs of words that stand near each other, and pairs that do not: what word vectors are trained on (Mikolov et al. 2013). */
import {
  badArgument,
  checkOptions,
  convert,
  describeGiven,
  isNdArray,
  type NdArray,
  ndarrayOf,
  type Value,
} from '@arignote/graph'
import { shuffled, uniformDraws } from '../draws.js'
import { randomSeed } from '../seeds.js'
import { beyondVocabulary, notAnElement } from './errors.js'
import { wholeFrom } from './whole.js'

export interface SkipgramOptions {
  /** Pairs are at most so many places apart; default 4. */
  readonly windowSize?: number
  /** Pairs with a random word for each pair that was found; default 1. */
  readonly negativeSamples?: number
  /** Default true. */
  readonly shuffle?: boolean
  /** Labels as [0, 1] and [1, 0]; default false, 1 and 0. */
  readonly categorical?: boolean
  /** With which probability a word is taken, by its number: `makeSamplingTable`. By default always. */
  readonly samplingTable?: ArrayLike<number> | { readonly data: ArrayLike<number> } | null
  readonly seed?: number
}

export interface Skipgrams {
  /** (pairs, 2). */
  readonly couples: NdArray<'int32', 2>
  /** 1 for words that stood near each other, 0 for others: (pairs), or (pairs, 2) if categorical. */
  readonly labels: NdArray<'int32'>
}

const names = ['windowSize', 'negativeSamples', 'shuffle', 'categorical', 'samplingTable', 'seed']

/**
 * Pairs of a sequence of word numbers (Keras: `skipgrams`). 0 is no word and is passed over. The same seed gives the same pairs.
 * @throws ArgumentError for what is no number of a word, or one beyond the vocabulary
 */
export function skipgrams(
  sequence: ArrayLike<number> | NdArray,
  vocabularySize: number,
  options: SkipgramOptions = {},
): Skipgrams {
  const operation = 'skipgrams'
  checkOptions(operation, options, names)
  const { windowSize = 4, negativeSamples = 1, shuffle = true, categorical = false } = options
  const { samplingTable = null, seed = randomSeed() } = options
  wholeFrom(1, operation, 'vocabularySize', vocabularySize)
  wholeFrom(0, operation, 'windowSize', windowSize)
  if (!(negativeSamples >= 0 && negativeSamples < Number.POSITIVE_INFINITY))
    throw badArgument(
      `${operation}: negativeSamples`,
      `${describeGiven(negativeSamples).what} will not do`,
      'a number, at least 0',
    )
  const words = wordsOf(operation, sequence)
  words.forEach((word, i) => {
    if (!Number.isInteger(word) || word < 0)
      throw notAnElement(operation, `word ${i}`, describeGiven(word).what, 'the number of a word')
    if (word >= vocabularySize)
      throw beyondVocabulary(
        operation,
        `word ${i}`,
        word,
        vocabularySize,
        'vocabularySize counts 0, which is no word',
      )
  })
  const table = samplingTable === null ? null : 'data' in samplingTable ? samplingTable.data : samplingTable
  if (table !== null && words.some(word => !(table[word]! >= 0)))
    throw badArgument(
      `${operation}: samplingTable`,
      `${table.length} numbers for ${vocabularySize} words`,
      `makeSamplingTable(${vocabularySize}) has one for each`,
    )
  const uniform = uniformDraws(seed)

  const found: [word: number, other: number, label: number][] = []
  words.forEach((word, i) => {
    if (word === 0 || (table !== null && table[word]! < uniform())) return
    const end = Math.min(words.length, i + windowSize + 1)
    for (let j = Math.max(0, i - windowSize); j < end; j++)
      if (j !== i && words[j] !== 0) found.push([word, words[j]!, 1])
  })
  const centres = shuffled(found, uniform)
  const count = Math.floor(found.length * negativeSamples)
  if (vocabularySize > 1)
    for (let i = 0; i < count; i++)
      found.push([centres[i % centres.length]![0], 1 + Math.floor(uniform() * (vocabularySize - 1)), 0])
  const pairs = shuffle ? shuffled(found, uniform) : found

  const couples = Int32Array.from(pairs.flatMap(pair => pair.slice(0, 2)))
  const labels = Int32Array.from(pairs.flatMap(([, , label]) => (categorical ? [1 - label, label] : label)))
  return {
    couples: ndarrayOf(couples, [pairs.length, 2]),
    labels: ndarrayOf(labels, categorical ? [pairs.length, 2] : [pairs.length]) as NdArray<'int32'>,
  }
}

function wordsOf(operation: string, given: unknown): readonly number[] {
  const { data, shape } =
    isNdArray(given) || Array.isArray(given) || ArrayBuffer.isView(given)
      ? convert(given as Value, null, `${operation}: the sequence`)
      : { data: [], shape: [] }
  if (shape.length === 1) return Array.from(data)
  throw badArgument(
    `${operation}: the sequence`,
    shape.length === 0 ? describeGiven(given).what : `an array of ${shape.length} axes`,
    'the numbers of the words of one text: [5, 1, 7]',
  )
}

export interface SamplingTableOptions {
  /** Default 1e-5; larger ones take frequent words more often. */
  readonly samplingFactor?: number
}

/**
 * With which probability the word of each rank is taken, if words are as frequent as Zipf's law has it: min(1, √f), f the factor
 * over the word's frequency, about 1 / (r (ln r + 0.577) + 1/2 − 1/(12 r)) (Keras: `make_sampling_table`). Rank 0 counts as 1.
 */
export function makeSamplingTable(size: number, options: SamplingTableOptions = {}): NdArray<'float64', 1> {
  const operation = 'makeSamplingTable'
  checkOptions(operation, options, ['samplingFactor'])
  wholeFrom(0, operation, 'size', size)
  const { samplingFactor = 1e-5 } = options
  const eulerGamma = 0.577
  const table = Float64Array.from({ length: size }, (_, i) => {
    const rank = Math.max(1, i)
    const f = samplingFactor * (rank * (Math.log(rank) + eulerGamma) + 0.5 - 1 / (12 * rank))
    return Math.min(1, f / Math.sqrt(f))
  })
  return ndarrayOf(table, [size])
}
