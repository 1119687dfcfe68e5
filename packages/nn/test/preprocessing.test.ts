import { array, toNested } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { preprocessing } from '../src/index.js'

const { padSequences, Tokenizer, textToWordSequence, hashingTrick, skipgrams, toCategorical } = preprocessing
const { timeseriesGenerator, timeseriesWindows } = preprocessing

describe('padSequences', () => {
  test('fractions are cut off where the dtype has none', () => {
    expect(toNested(padSequences([[1.9, -1.9]]))).toEqual([[1, -1]])
  })
  test('sequences may be typed arrays, and of no length at all', () => {
    expect(toNested(padSequences([Int32Array.of(1, 2), [], [3]], { padding: 'post' }))).toEqual([
      [1, 2],
      [0, 0],
      [3, 0],
    ])
    expect(padSequences([]).shape).toEqual([0, 0])
    expect(padSequences([[], []], { maxlen: 3 }).shape).toEqual([2, 3])
  })
  test('steps may be typed arrays, and sequences arrays of one or two axes', () => {
    const wanted = toNested(
      padSequences([
        [[1, 2]],
        [
          [3, 4],
          [5, 6],
        ],
      ]),
    )
    const typed = [[Float32Array.of(1, 2)], [Int32Array.of(3, 4), [5, 6]]]
    const arrays = [
      array([[1, 2]]),
      array([
        [3, 4],
        [5, 6],
      ]),
    ]
    for (const given of [typed, arrays]) expect(toNested(padSequences(given))).toEqual(wanted)
    expect(toNested(padSequences([array([1, 2]), [3]]))).toEqual([
      [1, 2],
      [0, 3],
    ])
  })
  test('what is no number is named by its place', () => {
    expect(() => padSequences([[1], [2, '3' as never]])).toThrow(/sequence 1, step 1 is the string "3"/)
    expect(() => padSequences([[1], [Number.NaN]])).toThrow(/sequence 1, step 0 is the number NaN/)
    expect(() => padSequences([[[1, 2]], [[1]]])).toThrow(
      /sequence 1, step 0 is a list of 1\n.*a list of 2 numbers/,
    )
    expect(() => padSequences([[300]], { dtype: 'uint8' })).toThrow(/E400/)
  })
  test('options that there are not have a nearest name', () => {
    expect(() => padSequences([[1]], { maxLen: 3 } as never)).toThrow(/did you mean "maxlen"/)
    expect(() => padSequences([[1]], { padding: 'left' as never })).toThrow(/no padding "left"/)
    expect(() => padSequences([[1]], { maxlen: 0 })).toThrow(/an integer, at least 1/)
    expect(() => padSequences('text' as never)).toThrow(/not a list of sequences/)
  })
})

describe('words', () => {
  test('each filtered character stands for what splits', () => {
    expect(textToWordSequence('A.B,c', { filters: '.', split: ',' })).toEqual(['a', 'b', 'c'])
    expect(textToWordSequence('ab]c^d\\e-f', { filters: ']^\\-' })).toEqual(['ab', 'c', 'd', 'e', 'f'])
    expect(textToWordSequence("don't\r\nstop")).toEqual(["don't\r", 'stop'])
  })
  test('hashes may be functions, also ones with negative results', () => {
    expect(hashingTrick('a bb', 10, { hashFunction: word => -word.length })).toEqual([9, 8])
    expect(hashingTrick('a bb', 10, { hashFunction: word => BigInt(-word.length) })).toEqual([9, 8])
    expect(() => hashingTrick('a', 10, { hashFunction: () => 0.5 })).toThrow(/the hash of "a"/)
    expect(() => hashingTrick('a', 1)).toThrow(/at least 2/)
  })
  test('md5 is that of UTF-8', () => {
    // int(hashlib.md5('größe'.encode()).hexdigest(), 16) % 9999 + 1
    expect(hashingTrick('größe', 10000)).toEqual([8036])
  })
})

describe('Tokenizer', () => {
  const fitted = (texts: readonly string[], options = {}) => {
    const tokenizer = new Tokenizer(options)
    tokenizer.fitOnTexts(texts)
    return tokenizer
  }
  test('words that are numbers, or names of JavaScript, are words', () => {
    const words = fitted(['zebra 1984 constructor __proto__ 7'], { filters: '' })
    expect([...words.wordIndex.keys()]).toEqual(['zebra', '1984', 'constructor', '__proto__', '7'])
    const read = Tokenizer.fromJSON(JSON.stringify(words))
    read.fitOnTexts([])
    expect([...read.wordIndex]).toEqual([...words.wordIndex])
  })
  test('a tokenizer that was read goes on counting', () => {
    const once = fitted(['b a', 'a "c" \\', 'é'], { filters: '', oovToken: '?' })
    const read = Tokenizer.fromJSON(JSON.parse(JSON.stringify(once)))
    for (const tokenizer of [once, read]) tokenizer.fitOnTexts(['b b'])
    expect(JSON.stringify(read)).toBe(JSON.stringify(once))
    expect(read.wordIndex.get('b')).toBe(2)
  })
  test('what Keras escaped is read', () => {
    const text = JSON.stringify(fitted(['é ü'])).replace('é', '\\\\u00e9')
    expect([...Tokenizer.fromJSON(text).wordCounts.keys()]).toEqual(['é', 'ü'])
  })
  test('sequences become texts again', () => {
    const tokenizer = fitted(['a a a b b c'], { numWords: 3 })
    expect(tokenizer.sequencesToTexts([[1, 2, 3, 9], []])).toEqual(['a b', ''])
    const other = fitted(['a a a b b c'], { numWords: 3, oovToken: '?' })
    expect(other.sequencesToTexts([[1, 2, 3, 9]])).toEqual(['? a ? ?'])
  })
  test('texts may be lists of words, which are not split', () => {
    const tokenizer = new Tokenizer()
    tokenizer.fitOnTexts([['New York', 'new york'], 'york'])
    expect([...tokenizer.wordIndex.keys()]).toEqual(['new york', 'york'])
  })
  test('counts can come of sequences alone', () => {
    const tokenizer = new Tokenizer({ numWords: 4 })
    tokenizer.fitOnSequences([[1, 1, 2], [1]])
    expect(toNested(tokenizer.sequencesToMatrix([[1, 3, 9]], { mode: 'freq' }))).toEqual([
      [0, Math.fround(1 / 3), 0, Math.fround(1 / 3)],
    ])
    const [row] = toNested(
      tokenizer.sequencesToMatrix([[1]], { mode: 'tfidf', dtype: 'float64' }),
    ) as number[][]
    expect(row![1]).toBeCloseTo(Math.log(1 + 2 / 3), 14)
    expect(() => new Tokenizer({ numWords: 4 }).sequencesToMatrix([[1]], { mode: 'tfidf' })).toThrow(/E402/)
  })
  test('a text that is none changes nothing', () => {
    const tokenizer = fitted(['a b'])
    expect(() => tokenizer.fitOnTexts(['c', 5 as never])).toThrow(/text 1 is the number 5/)
    expect(() => tokenizer.fitOnTexts('a text' as never)).toThrow(/not a list of texts/)
    expect([...tokenizer.wordIndex.keys()]).toEqual(['a', 'b'])
    expect(tokenizer.documentCount).toBe(1)
  })
  test('what is no tokenizer is refused', () => {
    const json = (change: object) => {
      const { config } = fitted(['a']).toJSON()
      return { class_name: 'Tokenizer', config: { ...config, ...change } }
    }
    expect(() => Tokenizer.fromJSON('{')).toThrow(/it is no JSON/)
    expect(() => Tokenizer.fromJSON(json({ word_counts: 3 }))).toThrow(/word_counts is 3/)
    expect(() => Tokenizer.fromJSON(json({ word_counts: '{"a": "b"}' }))).toThrow(/"a" has the value "b"/)
    expect(() => Tokenizer.fromJSON(json({ word_counts: '{"a": 1' }))).toThrow(/word_counts is no JSON/)
    expect(() => Tokenizer.fromJSON(json({ lower: 1 }))).toThrow(/lower is 1/)
    expect(() => new Tokenizer({ num_words: 3 } as never)).toThrow(/did you mean "numWords"/)
    expect(() => new Tokenizer({ split: '' })).toThrow(/not an empty one/)
  })
})

describe('skipgrams', () => {
  const sequence = [1, 2, 0, 3, 4, 2]
  test('the same seed gives the same pairs, another one others', () => {
    const pairs = (seed: number) => toNested(skipgrams(sequence, 20, { seed }).couples)
    expect(pairs(1)).toEqual(pairs(1))
    expect(pairs(1)).not.toEqual(pairs(2))
  })
  test('shuffling keeps labels with their pairs', () => {
    const options = { windowSize: 1, negativeSamples: 2, seed: 3 }
    const sorted = (shuffle: boolean) => {
      const { couples, labels } = skipgrams(sequence, 20, { ...options, shuffle })
      const all = toNested(couples) as number[][]
      return all
        .map((pair, i) => [...pair, labels.data[i]])
        .map(String)
        .sort()
    }
    expect(sorted(true)).toEqual(sorted(false))
  })
  test('there are so many negative ones for each, with random words but 0', () => {
    const { couples, labels } = skipgrams([1, 2, 3], 5, { windowSize: 1, negativeSamples: 25, seed: 1 })
    expect(labels.data.filter(label => label === 1)).toHaveLength(4)
    expect(labels.data.filter(label => label === 0)).toHaveLength(100)
    const others = (toNested(couples) as number[][]).map(([, other]) => other!)
    expect([...new Set(others)].sort()).toEqual([1, 2, 3, 4])
  })
  test('labels may be categorical', () => {
    const { labels } = skipgrams([1, 2], 3, { categorical: true, shuffle: false, seed: 1 })
    expect(toNested(labels)).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
      [1, 0],
    ])
  })
  test('a sampling table leaves words out', () => {
    const { couples } = skipgrams([1, 2, 1, 2], 3, { samplingTable: [0, 0, 1], negativeSamples: 0, seed: 1 })
    expect((toNested(couples) as number[][]).every(([word]) => word === 2)).toBe(true)
  })
  test('a sequence may be an array, not of arrays', () => {
    const options = { windowSize: 1, negativeSamples: 0, shuffle: false }
    const wanted = toNested(skipgrams([1, 2, 3], 5, options).couples)
    for (const given of [array([1, 2, 3], 'int32'), Int32Array.of(1, 2, 3), array([1, 2, 3])])
      expect(toNested(skipgrams(given, 5, options).couples)).toEqual(wanted)
    expect(() => skipgrams([[1, 2]] as never, 5)).toThrow(/the sequence: an array of 2 axes/)
    expect(() => skipgrams('a text' as never, 5)).toThrow(/the sequence: the string "a text"/)
  })
  test('a sampling table has a number for each word', () => {
    expect(() => skipgrams([1, 2, 4], 5, { samplingTable: [1, 1] })).toThrow(
      /samplingTable: 2 numbers for 5 words[\s\S]*makeSamplingTable\(5\)/,
    )
  })
  test('a word beyond the vocabulary is named by its place', () => {
    expect(() => skipgrams([1, 5], 5)).toThrow(/word 1 is 5, but 5 is the size/)
    expect(() => skipgrams([1, 0.5], 5)).toThrow(/word 1 is the number 0.5/)
  })
})

describe('toCategorical', () => {
  test('classes may be an array of any shape', () => {
    expect(toCategorical(Int32Array.of(2, 0)).shape).toEqual([2, 3])
    expect(toCategorical([[[0], [1]]]).shape).toEqual([1, 2, 2])
    expect(toCategorical([0, 1], { dtype: 'float64' }).dtype).toBe('float64')
  })
  test('what is no class is refused', () => {
    expect(() => toCategorical([0, -1])).toThrow(/label 1 is -1/)
    expect(() => toCategorical([0.5])).toThrow(/label 0 is 0.5/)
  })
})

describe('windows over a series', () => {
  const series = [0, 1, 2, 3, 4, 5, 6, 7]
  test('are arrays, or batches', () => {
    const { x, y } = timeseriesWindows(series, series, { length: 3, stride: 2 })
    expect(toNested(x)).toEqual([
      [0, 1, 2],
      [2, 3, 4],
      [4, 5, 6],
    ])
    expect(toNested(y)).toEqual([3, 5, 7])
    const [batch, ...others] = timeseriesGenerator(series, series, { length: 3, stride: 2 })
    expect(toNested(batch![0])).toEqual(toNested(x))
    expect(others).toEqual([])
  })
  test('steps may be vectors, targets too', () => {
    const vectors = series.map(v => [v, v + 10])
    const { x, y } = timeseriesWindows(vectors, vectors, { length: 2, reverse: true })
    expect(x.shape).toEqual([6, 2, 2])
    expect((toNested(x) as number[][][])[0]).toEqual([
      [1, 11],
      [0, 10],
    ])
    expect(y.shape).toEqual([6, 2])
  })
  test('with a sampling rate that does not divide the length, the window begins where it should', () => {
    const { x } = timeseriesWindows(series, series, { length: 5, samplingRate: 2 })
    expect((toNested(x) as number[][])[0]).toEqual([0, 2, 4])
    const { x: back } = timeseriesWindows(series, series, { length: 5, samplingRate: 2, reverse: true })
    expect((toNested(back) as number[][])[0]).toEqual([4, 2, 0])
  })
  test('shuffled batches are drawn anew in each iteration, and begin the same with the same seed', () => {
    const make = () =>
      timeseriesGenerator(series, series, { length: 2, shuffle: true, batchSize: 4, seed: 1 })
    const targets = (g: ReturnType<typeof make>) => [...g].map(([, y]) => toNested(y))
    const generator = make()
    const [first, second] = [targets(generator), targets(generator)]
    expect(first).not.toEqual(second)
    expect(targets(make())).toEqual(first)
    expect(first.flat().every(y => (y as number) >= 2)).toBe(true)
  })
  test('a series that is too short is an error, and so are targets of another length', () => {
    const make = (options: object) => () => timeseriesGenerator(series, series, { length: 3, ...options })
    expect(make({ startIndex: 5 })).toThrow(/the first window ends before step 8, the last step is 7/)
    expect(make({ endIndex: 8 })).toThrow(/endIndex/)
    expect(make({ batchsize: 8 })).toThrow(/did you mean "batchSize"/)
    expect(make({ length: 0 })).toThrow(/length/)
    expect(() => timeseriesGenerator(series, [1], { length: 3 })).toThrow(/8 steps and targets of 1/)
    expect(() => timeseriesGenerator(series, series, { length: 3 }).at(1)).toThrow(/no batch 1/)
  })
})
