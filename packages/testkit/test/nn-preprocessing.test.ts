/** Preprocessing against golden numbers, which agree with keras_preprocessing 1.1.0. */
import { type NdArray, toNested } from '@arignote/graph'
import { datasets, preprocessing, type TokenizerOptions } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { type Golden, golden, unread, worstDifference } from '../src/golden.js'

const all = golden('preprocessing')
const {
  padSequences,
  Tokenizer,
  textToWordSequence,
  hashingTrick,
  skipgrams,
  makeSamplingTable,
  toCategorical,
  timeseriesGenerator,
} = preprocessing

const camel = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase())
/** The arguments of Keras, as options. */
const options = (args: Golden) =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [camel(name), value]))
const nested = (a: NdArray) => toNested(a)
const named = (cases: readonly Golden[]): [string, Golden][] => cases.map(c => [JSON.stringify(c.args), c])

describe('padSequences', () => {
  const { sequences, cases, vector_sequences, vector_cases, float_case } = all.pad_sequences
  test.each(named(cases))('%s', (_, { args, expected }) => {
    const padded = padSequences(sequences, options(args))
    expect(nested(padded)).toEqual(expected)
    expect(padded.dtype).toBe('int32')
  })
  test.each(named(vector_cases))('vectors: %s', (_, { args, expected }) => {
    expect(nested(padSequences(vector_sequences, options(args)))).toEqual(expected)
  })
  test('floats', () => {
    const padded = padSequences(float_case.sequences, options(float_case.args))
    expect(nested(padded)).toEqual(float_case.expected)
    expect(padded.dtype).toBe('float32')
  })
})

test.each<Golden>(all.text_to_word_sequence)('textToWordSequence: $text', ({ text, expected }) => {
  expect(textToWordSequence(text)).toEqual(expected)
})

describe('Tokenizer', () => {
  const { texts, unseen, cases } = all.tokenizer
  const stored = (c: Golden) => {
    const tokenizer = new Tokenizer(options(c.args) as TokenizerOptions)
    tokenizer.fitOnTexts(texts)
    return Tokenizer.fromJSON(JSON.stringify(tokenizer))
  }
  const fitted = (c: Golden) => {
    const tokenizer = new Tokenizer(options(c.args) as TokenizerOptions)
    tokenizer.fitOnTexts(texts)
    return tokenizer
  }
  const each: [string, Golden, (c: Golden) => InstanceType<typeof Tokenizer>][] = named(cases).flatMap(
    ([name, c]) => [
      [name, c, fitted],
      [`${name}, stored and read`, c, stored],
    ],
  )

  test.each(each)('%s: counts and numbers', (_, c, make) => {
    const tokenizer = make(c)
    expect([...tokenizer.wordIndex]).toEqual(Object.entries(c.word_index))
    expect([...tokenizer.wordCounts]).toEqual(Object.entries(c.word_counts))
    expect(Object.fromEntries(tokenizer.wordDocs)).toEqual(c.word_docs)
    expect(tokenizer.documentCount).toBe(c.document_count)
  })
  test.each(each)('%s: sequences', (_, c, make) => {
    expect(make(c).textsToSequences(texts)).toEqual(c.texts_to_sequences)
    expect(make(c).textsToSequences(unseen)).toEqual(c.unseen_texts_to_sequences)
  })
  const modes = ['binary', 'count', 'freq', 'tfidf'] as const
  test.each(each.filter(([, c]) => c.matrix !== null))('%s: matrices', (_, c, make) => {
    for (const mode of modes) {
      const matrix = make(c).textsToMatrix(texts, { mode, dtype: 'float64' })
      expect({ mode, off: worstDifference(nested(matrix), c.matrix[mode]) < 1e-14 }).toEqual({
        mode,
        off: true,
      })
    }
  })
})

test.each<Golden>(all.hashing_trick_md5)('hashingTrick: $text', ({ text, n, expected }) => {
  expect(hashingTrick(text, n)).toEqual(expected)
  expect(preprocessing.oneHot(text, n)).toEqual(expected)
})

test.each<Golden>(all.skipgrams)('skipgrams of $sequence', c => {
  const { sequence, window_size, negative_samples, shuffle } = c
  const found = skipgrams(sequence, 10, {
    windowSize: window_size,
    negativeSamples: negative_samples,
    shuffle,
  })
  expect(nested(found.couples)).toEqual(c.couples)
  expect(nested(found.labels)).toEqual(c.labels)
})

test('makeSamplingTable', () => {
  const { size, sampling_factor, expected } = all.make_sampling_table
  const table = makeSamplingTable(size, { samplingFactor: sampling_factor })
  expect(worstDifference(nested(table), expected)).toBeLessThan(1e-14)
})

test.each<Golden>(all.to_categorical)('toCategorical of $y', ({ y, num_classes, expected }) => {
  expect(nested(toCategorical(y, { numClasses: num_classes }))).toEqual(expected)
})

describe('timeseriesGenerator', () => {
  const { data, targets, cases } = all.timeseries_generator
  test.each(named(cases))('%s', (_, { args, batches }) => {
    const generator = timeseriesGenerator(data, targets, options(args) as never)
    expect(generator.length).toBe(batches.length)
    const found = [...generator].map(([x, y]) => ({ samples: nested(x), targets: nested(y) }))
    expect(found).toEqual(batches)
  })
})

describe('imdb.encode', () => {
  const { ranks, cases } = all.review_encoding
  test.each(named(cases))('%s', (_, { args, expected }) => {
    expect(datasets.imdb.encode(ranks, options(args))).toEqual(expected)
  })
})

test('every golden number of preprocessing was looked at', () => {
  expect(
    unread('preprocessing', [
      'pad_sequences',
      'text_to_word_sequence',
      'tokenizer',
      'hashing_trick_md5',
      'skipgrams',
      'make_sampling_table',
      'to_categorical',
      'review_encoding',
      'timeseries_generator',
    ]),
  ).toEqual([])
})
