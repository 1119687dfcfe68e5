/**
 * Tokenizer: texts  →  sequences of numbers, more frequent words having smaller ones.
 *
 * As in Keras, a tokenizer counts all words and uses the numWords − 1 most frequent; 0 is no word. What it counts is kept in
 * maps: an object would put "1984" before the other words, and has a "constructor".
 */
import { badArgument, checkName, checkOptions, describeGiven, type NdArray, ndarrayOf } from '@arignote/graph'
import { allocate, type DType } from '@arignote/loops'
import type { Serialized } from '../json.js'
import { notAnElement, notFitted } from './errors.js'
import { checkText, defaultFilters, splitter, type TextOptions } from './text.js'
import { readStored, type StoredTokenizer, storedTokenizer } from './tokenizer-json.js'

export interface TokenizerOptions extends TextOptions {
  /** Only numbers below this are used, so at most numWords − 1 words. By default all. */
  readonly numWords?: number | null
  /** Every character is a word; default false. */
  readonly charLevel?: boolean
  /** What stands for words that have no number; it has the number 1. By default they are left out. */
  readonly oovToken?: string | null
}

/** A text, or its words. */
export type Text = string | readonly string[]

export type MatrixMode = 'binary' | 'count' | 'freq' | 'tfidf'

export interface MatrixOptions<D extends DType = DType> {
  /**
   * What an element says of its word: whether it is there (`binary`, the default), how often (`count`), its share (`freq`), or
   * (1 + ln count) · ln(1 + documents / (1 + documents with the word)) (`tfidf`).
   */
  readonly mode?: MatrixMode
  /** Default float32. */
  readonly dtype?: D
}

const modes: readonly MatrixMode[] = ['binary', 'count', 'freq', 'tfidf']
const names = ['numWords', 'filters', 'lower', 'split', 'charLevel', 'oovToken']

/** Texts to sequences of numbers, and back (Keras: `Tokenizer`). */
export class Tokenizer {
  readonly numWords: number | null
  readonly filters: string
  readonly lower: boolean
  readonly split: string
  readonly charLevel: boolean
  readonly oovToken: string | null
  /** How often each word was there, in the order in which they came first. */
  readonly wordCounts = new Map<string, number>()
  /** In how many texts each word was. */
  readonly wordDocs = new Map<string, number>()
  /** In how many texts the word of each number was. */
  readonly indexDocs = new Map<number, number>()
  /** The number of each word, all words among them, whatever numWords is. */
  wordIndex: ReadonlyMap<string, number> = new Map()
  /** The word of each number. */
  indexWord: ReadonlyMap<number, string> = new Map()
  /** How many texts were counted. */
  documentCount = 0
  readonly #words: (text: string) => string[]

  constructor(options: TokenizerOptions = {}) {
    checkOptions('Tokenizer', options, names)
    const { numWords = null, filters = defaultFilters, lower = true, split = ' ' } = options
    if (numWords !== null && !(Number.isInteger(numWords) && numWords >= 1))
      throw badArgument(
        'Tokenizer: numWords',
        `${describeGiven(numWords).what} will not do`,
        'an integer, at least 1',
      )
    this.#words = splitter('Tokenizer', { filters, lower, split })
    this.numWords = numWords
    this.filters = filters
    this.lower = lower
    this.split = split
    this.charLevel = options.charLevel ?? false
    this.oovToken = options.oovToken ?? null
  }

  /** Counts the words of the texts, in addition to those before, and numbers them: by count, then by who came first. */
  fitOnTexts(texts: Iterable<Text>): void {
    // All of them first: a text that is none changes nothing.
    const all = this.#split('fitOnTexts', texts)
    for (const words of all) {
      this.documentCount++
      for (const word of words) this.wordCounts.set(word, (this.wordCounts.get(word) ?? 0) + 1)
      for (const word of new Set(words)) this.wordDocs.set(word, (this.wordDocs.get(word) ?? 0) + 1)
    }
    const counted = [...this.wordCounts].sort(([, a], [, b]) => b - a).map(([word]) => word)
    const ordered = this.oovToken === null ? counted : [this.oovToken, ...counted]
    this.wordIndex = new Map(ordered.map((word, i) => [word, i + 1]))
    this.indexWord = new Map([...this.wordIndex].map(([word, index]) => [index, word]))
    for (const [word, count] of this.wordDocs) this.indexDocs.set(this.wordIndex.get(word)!, count)
  }

  /** Counts in how many sequences each number is; for `sequencesToMatrix` without texts. */
  fitOnSequences(sequences: Iterable<readonly number[]>): void {
    const all = checkedSequences('fitOnSequences', sequences)
    this.documentCount += all.length
    for (const sequence of all)
      for (const index of new Set(sequence)) this.indexDocs.set(index, (this.indexDocs.get(index) ?? 0) + 1)
  }

  /** The number of each word; words without one are left out, or are the `oovToken`. */
  textsToSequences(texts: Iterable<Text>): number[][] {
    const limit = this.numWords ?? Number.POSITIVE_INFINITY
    const other = this.#other
    return this.#split('textsToSequences', texts).map(words =>
      words.flatMap(word => {
        const index = this.wordIndex.get(word)
        return index !== undefined && index < limit ? index : other === null ? [] : other
      }),
    )
  }

  /** The words of the numbers, with blanks between; numbers without a word are left out, or are the `oovToken`. */
  sequencesToTexts(sequences: Iterable<readonly number[]>): string[] {
    const limit = this.numWords ?? Number.POSITIVE_INFINITY
    const other = this.#other === null ? [] : [this.indexWord.get(this.#other)!]
    return checkedSequences('sequencesToTexts', sequences).map(sequence =>
      sequence.flatMap(index => (index < limit ? (this.indexWord.get(index) ?? other) : other)).join(' '),
    )
  }

  /** A row for each text, a column for each number; see `MatrixOptions`. */
  textsToMatrix<D extends DType = 'float32'>(
    texts: Iterable<Text>,
    options: MatrixOptions<D> = {},
  ): NdArray<D, 2> {
    return this.#matrix('textsToMatrix', this.textsToSequences(texts), options)
  }

  /** The same for sequences; numbers beyond the columns are passed over, as in Keras. */
  sequencesToMatrix<D extends DType = 'float32'>(
    sequences: Iterable<readonly number[]>,
    options: MatrixOptions<D> = {},
  ): NdArray<D, 2> {
    return this.#matrix('sequencesToMatrix', checkedSequences('sequencesToMatrix', sequences), options)
  }

  /** What Keras's `to_json` writes: `JSON.stringify(tokenizer)` is such a text. */
  toJSON(): Serialized {
    return storedTokenizer(this)
  }

  /** A tokenizer from what Keras's `to_json`, or `JSON.stringify(tokenizer)`, wrote. @throws ArgumentError */
  static fromJSON(stored: string | object): Tokenizer {
    const found: StoredTokenizer = readStored(stored)
    const tokenizer = new Tokenizer(found.options)
    for (const [word, count] of found.wordCounts) tokenizer.wordCounts.set(word, count)
    for (const [word, count] of found.wordDocs) tokenizer.wordDocs.set(word, count)
    for (const [index, count] of found.indexDocs) tokenizer.indexDocs.set(index, count)
    tokenizer.wordIndex = found.wordIndex
    tokenizer.indexWord = found.indexWord
    tokenizer.documentCount = found.documentCount
    return tokenizer
  }

  get #other(): number | null {
    return this.oovToken === null ? null : (this.wordIndex.get(this.oovToken) ?? null)
  }

  #split(operation: string, texts: Iterable<Text>): (readonly string[])[] {
    if (typeof texts === 'string' || typeof texts?.[Symbol.iterator] !== 'function')
      throw badArgument(
        operation,
        `${describeGiven(texts).what} is not a list of texts`,
        "['a text', 'another']",
      )
    return Array.from(texts, (text, i) => {
      const place = `text ${i}`
      if (Array.isArray(text)) {
        for (const [k, word] of text.entries()) checkText(operation, `${place}, word ${k}`, word)
        return this.lower ? text.map((word: string) => word.toLowerCase()) : text
      }
      checkText(operation, place, text)
      const whole = text as string
      return this.charLevel ? [...(this.lower ? whole.toLowerCase() : whole)] : this.#words(whole)
    })
  }

  #matrix<D extends DType>(
    operation: string,
    sequences: readonly (readonly number[])[],
    options: MatrixOptions<D>,
  ): NdArray<D, 2> {
    checkOptions(operation, options, ['mode', 'dtype'])
    const { mode = 'binary' } = options
    checkName(operation, 'mode', mode, modes)
    if (this.numWords === null && this.wordIndex.size === 0)
      throw notFitted(operation, 'how many words there are')
    if (mode === 'tfidf' && this.documentCount === 0)
      throw notFitted(operation, 'in how many texts the words are')
    const width = this.numWords ?? this.wordIndex.size + 1
    const data = allocate(options.dtype ?? 'float32', sequences.length * width)
    sequences.forEach((sequence, row) => {
      const counts = new Map<number, number>()
      for (const index of sequence) if (index < width) counts.set(index, (counts.get(index) ?? 0) + 1)
      for (const [index, count] of counts)
        data[row * width + index] = this.#weight(mode, index, count, sequence.length)
    })
    return ndarrayOf(data, [sequences.length, width]) as never
  }

  #weight(mode: MatrixMode, index: number, count: number, length: number): number {
    switch (mode) {
      case 'binary':
        return 1
      case 'count':
        return count
      case 'freq':
        return count / length
      case 'tfidf': {
        const documents = this.indexDocs.get(index) ?? 0
        return (1 + Math.log(count)) * Math.log(1 + this.documentCount / (1 + documents))
      }
    }
  }
}

function checkedSequences(operation: string, sequences: Iterable<readonly number[]>): (readonly number[])[] {
  if (typeof sequences === 'string' || typeof sequences?.[Symbol.iterator] !== 'function')
    throw badArgument(
      operation,
      `${describeGiven(sequences).what} is not a list of sequences`,
      '[[1, 2], [3]]',
    )
  return Array.from(sequences, (sequence, i) => {
    if (!Array.isArray(sequence))
      throw notAnElement(operation, `sequence ${i}`, describeGiven(sequence).what, 'a list of numbers')
    sequence.forEach((index: unknown, t) => {
      if (!Number.isInteger(index) || (index as number) < 0)
        throw notAnElement(
          operation,
          `sequence ${i}, step ${t}`,
          describeGiven(index).what,
          'an integer from 0 on',
        )
    })
    return sequence
  })
}
