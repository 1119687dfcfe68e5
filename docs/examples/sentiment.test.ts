import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { datasets } from 'arignote/nn'
import { bagOfWords } from './lib/bag-of-words.js'
import { corpusOf, madeUp, ofTexts, sentiment } from './sentiment.js'

const best = (history: Readonly<Record<string, readonly number[]>>) => Math.max(...history['val_accuracy']!)

describe('sentiment', () => {
  const small = { words: 64, units: 32 }
  test.each(['lstm', 'gru', 'simple'] as const)(
    '%s learns that what is said last counts',
    async cell => {
      const { history } = await sentiment(madeUp({ samples: 2000, seed: 1 }), { cell, epochs: 6, ...small })
      expect(best(history)).toBeGreaterThan(0.85)
    },
    60_000,
  )
  test('a bag of words learns next to nothing of that', () => {
    const { train, validation } = madeUp({ samples: 5000, seed: 1 })
    expect(bagOfWords(train, validation)).toBeLessThan(0.6)
  })
  test('a bag of words learns what single words say', () => {
    const { train, validation } = ofTexts(
      datasets.texts(Array(50).fill('a good film'), Array(50).fill('a bad film'), { seed: 1 }),
    )
    expect(bagOfWords(train, validation)).toBe(1)
  })
  test('the same seed gives the same numbers, another seed others', async () => {
    const losses = async (seed: number) => {
      const { history } = await sentiment(madeUp({ samples: 60, seed: 1 }), { epochs: 2, seed, ...small })
      return history['loss']
    }
    const first = await losses(1)
    expect(await losses(1)).toEqual(first)
    expect(await losses(2)).not.toEqual(first)
  }, 60_000)

  const folder = mkdtempSync(join(tmpdir(), 'sentiment-'))
  const file = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const sources = { pos: '', neg: '', data: '', words: '', seed: 1 }

  test('it reads lines of two files', () => {
    const pos = file('pos.txt', 'good\n'.repeat(10))
    const neg = file('neg.txt', 'bad\n'.repeat(10))
    const { train, validation, encode } = corpusOf({ ...sources, pos, neg })
    expect([train.x.shape, validation.x.shape]).toEqual([
      [18, 100],
      [2, 100],
    ])
    expect(encode!('good or bad').shape).toEqual([1, 100])
    expect(() => corpusOf({ ...sources, pos })).toThrow(/Both are needed/)
    expect(() => corpusOf({ ...sources, pos, neg, data: folder })).toThrow(/One or the other/)
  })
  test('of two lines none can be held out', () => {
    const [pos, neg] = [file('one.txt', 'good'), file('other.txt', 'bad\n')]
    expect(() => corpusOf({ ...sources, pos, neg })).toThrow(/^Of 2 texts a tenth is none/)
  })
  test('it reads the folder of reviews', () => {
    for (const part of ['train', 'test'])
      for (const kind of ['pos', 'neg']) file(`aclImdb/${part}/${kind}/0_1.txt`, `a ${kind} film`)
    const { train, validation, encode } = corpusOf({ ...sources, data: join(folder, 'aclImdb') })
    expect([train.x.shape, validation.x.shape]).toEqual([
      [2, 100],
      [2, 100],
    ])
    // "a" and "film" are the most frequent words, 1 and 2; 3 more are those of Keras; "strange" is no word.
    expect([...encode!('a strange film').data.slice(-4)]).toEqual([1, 4, 2, 5])
  })
  test('it reads the file of Keras', () => {
    const data = join(__dirname, '../../packages/nn/test/imdb/protocol2.npz')
    const { train, encode } = corpusOf({ ...sources, data })
    expect([train.x.shape, encode]).toEqual([[3, 100], null])
    const words = file('words.json', '{"a": 3, "film": 19}')
    expect([...corpusOf({ ...sources, data, words }).encode!('a strange film').data.slice(-4)]).toEqual([
      1, 6, 2, 22,
    ])
  })
})
