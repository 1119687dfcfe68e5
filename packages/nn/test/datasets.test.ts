import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { toNested } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { datasets } from '../src/index.js'

const { csvSeries, imdb, opinions, textLines, texts } = datasets

const folder = mkdtempSync(join(tmpdir(), 'datasets-'))
/** A file with this text or these bytes; its path. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

describe('textLines', () => {
  const pos = file('pos.txt', 'Good good film\nA fine, fine film\r\n\ngreat\n')
  const neg = file('neg.txt', 'bad film\nso bad')
  const all = { validationShare: 0, seed: 1 }

  test('every line that is not empty is a text, with its label', () => {
    const { train, validation, tokenizer } = textLines(pos, neg, all)
    const rows = tokenizer.sequencesToTexts(toNested(train.x) as number[][])
    const found = rows.map((text, i) => [text.replace(/<oov> ?/g, ''), train.y.data[i]])
    expect(found.sort()).toEqual([
      ['a fine fine film', 1],
      ['bad film', 0],
      ['good good film', 1],
      ['great', 1],
      ['so bad', 0],
    ])
    expect(validation.x.shape).toEqual([0, 4])
  })
  test('0 fills up at the beginning, 1 is a word that nobody counted, 2 the most frequent one', () => {
    const { train, tokenizer, wordIndex } = textLines(pos, neg, { ...all, maxlen: 3 })
    expect(wordIndex.get('film')).toBe(2)
    expect(tokenizer.textsToSequences(['strange film'])).toEqual([[1, 2]])
    expect(train.x.shape).toEqual([5, 3])
    expect((toNested(train.x) as number[][]).filter(row => row[0] === 0)).toHaveLength(3)
  })
  test('the words of what is held out are not counted', () => {
    const lines = Array.from({ length: 50 }, (_, i) => `word${i}`)
    const { train, validation, wordIndex } = texts(lines.slice(25), lines.slice(0, 25), {
      validationShare: 0.2,
    })
    expect([train.x.shape, validation.x.shape]).toEqual([
      [40, 1],
      [10, 1],
    ])
    expect(wordIndex.size).toBe(41)
    expect([...validation.x.data].every(index => index === 1)).toBe(true)
  })
  test('the same seed gives the same data, another one another part', () => {
    const order = (seed: number) => [...textLines(pos, neg, { ...all, seed }).train.y.data].join('')
    expect(order(3)).toBe(order(3))
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBeGreaterThan(1)
  })
  test('paths may be URLs', () => {
    expect(textLines(pathToFileURL(pos), pathToFileURL(neg), all).train.x.shape).toEqual([5, 4])
  })
  test('what is wrong with a file is said with its name and line', () => {
    const latin = file('latin1.txt', Uint8Array.from([...'plain\ncaf\u00e9\n'].map(c => c.charCodeAt(0))))
    expect(() => textLines(pos, latin)).toThrow(/latin1\.txt:2: not a text in utf-8/)
    expect(textLines(pos, latin, { ...all, encoding: 'latin1' }).wordIndex.has('café')).toBe(true)
    expect(() => textLines(pos, neg, { encoding: 'klingon' })).toThrow(/no encoding "klingon"/)
    expect(() => textLines(join(folder, 'none.txt'), neg)).toThrow(/none\.txt cannot be read\n.*ENOENT/)
    expect(() => textLines(folder, neg)).toThrow(/E406/)
    expect(() => textLines(pos, file('empty.txt', ''))).toThrow(/empty\.txt: there is nothing in it/)
    expect(() => textLines(pos, file('blank.txt', ' \n\n'))).toThrow(/blank\.txt: there is nothing in it/)
    expect(() => textLines(pos, neg, { validationshare: 0.1 } as never)).toThrow(/"validationShare"/)
    expect(() => textLines(pos, neg, { validationShare: 1 })).toThrow(/to below 1/)
  })
})

describe('imdb', () => {
  const reviews = {
    'train/pos/0_9.txt': 'Good film, good film.<br />',
    'train/neg/1_2.txt': 'A bad film',
    'test/pos/0_8.txt': 'good',
    'test/neg/1_1.txt': 'not a good film',
  }
  const root = join(folder, 'aclImdb')
  for (const [name, text] of Object.entries(reviews)) file(join('aclImdb', name), text)

  test('words have their rank among all reviews, and three more', () => {
    const { train, test, wordIndex } = imdb.load(root, { numWords: 100 })
    expect([...wordIndex!]).toEqual([
      ['film', 1],
      ['good', 2],
      ['a', 3],
      ['bad', 4],
      ['br', 5],
      ['not', 6],
    ])
    const found = (part: typeof train) => part.x.map((words, i) => [part.y.data[i], ...words]).sort()
    expect(found(train)).toEqual([
      [0, 1, 6, 7, 4],
      [1, 1, 5, 4, 5, 4, 8],
    ])
    expect(found(test)).toEqual([
      [0, 1, 9, 6, 5, 4],
      [1, 1, 5],
    ])
  })
  test('reviews that are too long leave their own part', () => {
    const { train, test } = imdb.load(root, { maxlen: 5 })
    expect([train.x.length, test.x.length, train.y.data[0], test.y.data[0]]).toEqual([1, 1, 0, 1])
    expect(() => imdb.load(root, { maxlen: 2 })).toThrow(/E412/)
  })
  test('a folder of something else is refused by name', () => {
    expect(() => imdb.load(folder)).toThrow(/train.neg: there are no reviews in it/)
    expect(() => imdb.load(join(folder, 'none'))).toThrow(/E406/)
    expect(() => imdb.load(root, { num_words: 3 } as never)).toThrow(/did you mean "numWords"/)
    expect(() => imdb.load(root, { skipTop: -1 })).toThrow(/skipTop/)
  })
})

describe('csvSeries', () => {
  const csv = (text: string, name = 'series.csv') => file(name, text)
  test('the last column is the series, the first one has labels', () => {
    const { values, labels, columns } = csvSeries(csv('"Month","Sunspots"\n"1749-01",58.0\n"1749-02",62.5\n'))
    expect([...values.data]).toEqual([58, 62.5])
    expect(labels).toEqual(['1749-01', '1749-02'])
    expect(columns).toEqual(['Month', 'Sunspots'])
  })
  test('a column has a name or a number', () => {
    const path = csv('day;low; high\r\nmon;1;2\r\n"t;""u""\nw";3;4')
    const found = csvSeries(path, { column: 'high', separator: ';' })
    expect([...found.values.data, ...found.labels]).toEqual([2, 4, 'mon', 't;"u"\nw'])
    expect([...csvSeries(path, { column: 1, separator: ';' }).values.data]).toEqual([1, 3])
    expect(() => csvSeries(path, { column: 'hgih', separator: ';' })).toThrow(/did you mean "high"/)
    expect(() => csvSeries(path, { column: 3, separator: ';' })).toThrow(/no column 3/)
  })
  test('there need not be a header', () => {
    expect([...csvSeries(csv('1,2\n3,-4e1\n'), { header: false }).values.data]).toEqual([2, -40])
  })
  test('what is no number is an error with its line', () => {
    expect(() => csvSeries(csv('d,t\n"a\nb",1\nc,?0.2\n'))).toThrow(/series\.csv:4: "\?0\.2" is no number/)
    expect(() => csvSeries(csv('d,t\na,1\n\nsome footer\n'))).toThrow(/series\.csv:4: one field\n.*2, as in/)
    expect(() => csvSeries(csv('d,t\na,\n'))).toThrow(/series\.csv:2: "" is no number/)
    expect(() => csvSeries(csv('d,t\na,1\nb,"2\n'))).toThrow(/series\.csv:3: a quote that is not closed/)
    expect(() => csvSeries(csv('d,t\n'))).toThrow(/E409/)
    expect(() => csvSeries(csv('d,t\na,1'), { separator: '' })).toThrow(/one character/)
  })
})

test('what is no list of texts, no number of waves or opinions is told', () => {
  expect(() => texts('good' as never, ['bad'])).toThrow(/texts: positive: the string "good" is not a list/)
  expect(() => texts(['good'], undefined as never)).toThrow(/texts: negative: undefined is not a list/)
  expect(() => datasets.sineWave({ length: 0, samples: 2 })).toThrow(/sineWave: length/)
  expect(() => datasets.sineWave({ length: 2, sample: 2 } as never)).toThrow(/did you mean "samples"/)
  expect(() => datasets.sineWave(undefined as never)).toThrow(/sineWave: length: undefined/)
  expect(() => opinions(undefined as never)).toThrow(/opinions: samples: undefined/)
})

describe('opinions', () => {
  test('the same seed gives the same, and about half are good', () => {
    const { positive, negative } = opinions({ samples: 400, seed: 1 })
    expect(opinions({ samples: 400, seed: 1 })).toEqual({ positive, negative })
    expect(positive.length + negative.length).toBe(400)
    expect(Math.abs(positive.length - 200)).toBeLessThan(40)
  })
  test('every word is as frequent among good ones as among bad ones', () => {
    const { positive, negative } = opinions({ samples: 20_000, seed: 2 })
    const share = (list: readonly string[], word: RegExp) =>
      list.filter(text => word.test(text)).length / list.length
    for (const word of [/\bnot\b/, /\bgood\b/, /\bbad\b/, /\bplot\b/, /in my opinion/])
      expect(Math.abs(share(positive, word) - share(negative, word))).toBeLessThan(0.02)
  })
  test('they become data', () => {
    const { positive, negative } = opinions({ samples: 100, seed: 3 })
    expect(texts(positive, negative, { maxlen: 12 }).train.x.shape).toEqual([90, 12])
  })
})

// Real files are no part of the repository: ARIGNOTE_DATA is a folder that has them.
const data = process.env['ARIGNOTE_DATA'] ?? join(__dirname, '../../../../shared/data')
const describeData = existsSync(data) ? describe : describe.skip
describeData('real files (skipped where there is no folder ARIGNOTE_DATA)', () => {
  test('sentences of Pang and Lee', () => {
    const path = (kind: string) => join(data, 'rt-polarity', `${kind}.txt`)
    const { train, validation } = textLines(path('pos'), path('neg'), { numWords: 20_000, maxlen: 100 })
    expect([train.x.shape, validation.x.shape]).toEqual([
      [9596, 100],
      [1066, 100],
    ])
    const mean = train.y.data.reduce((a, b) => a + b) / 9596
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01)
  })
  test('series', () => {
    const sunspots = csvSeries(join(data, 'monthly-sunspots.csv'), { column: 'Sunspots' })
    expect(sunspots.values.shape).toEqual([2820])
    expect(sunspots.labels[0]).toBe('1749-01')
    expect(csvSeries(join(data, 'daily-min-temperatures.csv')).values.shape).toEqual([3650])
  })
})
