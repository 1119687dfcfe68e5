/** Keras's imdb.npz: files that Python and NumPy made, see imdb/generate.py. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npzEntries, readNpy } from '@arignote/save/files'
import { describe, expect, test } from '@jest/globals'
import { unpickledArray } from '../src/datasets/pickle.js'
import { datasets } from '../src/index.js'

const { imdb } = datasets
const made = (name: string) => join(__dirname, 'imdb', name)
const folder = mkdtempSync(join(tmpdir(), 'imdb-'))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
/** Reviews in an order of their own, each behind its label. */
const sorted = ({ x, y }: { x: readonly (readonly number[])[]; y: { data: Int32Array } }) =>
  x.map((words, i) => [y.data[i]!, ...words]).sort((a, b) => a.length - b.length)

const long = Array.from({ length: 1200 }, (_, i) => i + 4)

describe('imdb.npz', () => {
  test.each(['protocol2', 'protocol3', 'protocol4', 'python2'])('as NumPy wrote it: %s', name => {
    const { train, test: rest, wordIndex } = imdb.load(made(`${name}.npz`), { numWords: 100_000 })
    expect(sorted(train)).toEqual([
      [1, 1, 17, 25, 19],
      [0, 1, 4, 303, 70_003, 8],
      [1, 1, ...long],
    ])
    expect(sorted(rest)).toEqual([
      [0, 1],
      [1, 1, 5, 17],
    ])
    expect(wordIndex).toBeNull()
  })
  test('options are those of the folder', () => {
    const npz = made('protocol2.npz')
    expect(sorted(imdb.load(npz).train)[1]).toEqual([0, 1, 4, 303, 2, 8])
    expect(sorted(imdb.load(npz, { numWords: 20, skipTop: 10, maxlen: 6 }).train)).toEqual([
      [1, 2, 17, 2, 19],
      [0, 2, 2, 2, 2, 2],
    ])
    const bare = { numWords: 100, startChar: null, oovChar: null, indexFrom: 0 }
    expect(sorted(imdb.load(npz, bare).train)[1]).toEqual([1, 14, 22, 16])
    const order = (seed: number) => imdb.load(npz, { seed }).train.y.data.join()
    expect(order(5)).toBe(order(5))
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map(order)).size).toBeGreaterThan(1)
  })
  test('of matrices, 0 fills up', () => {
    const { train, test: rest } = imdb.load(made('padded.npz'), { numWords: 100 })
    expect(sorted(train)).toEqual([
      [1, 1, 17],
      [1, 1, 6, 7],
      [0, 1, 4, 25, 19],
    ])
    expect(sorted(rest)).toEqual([
      [0, 1, 10],
      [1, 1, 5, 17],
    ])
  })
  test('imdb_word_index.json has the words', () => {
    const json = file('words.json', '{"film": 14, "__proto__": 22, "the": 1, "1984": 16}')
    const { wordIndex } = imdb.load(made('protocol2.npz'), { wordIndex: json })
    expect([...wordIndex!]).toEqual([
      ['the', 1],
      ['film', 14],
      ['1984', 16],
      ['__proto__', 22],
    ])
    const load = (text: string) => () =>
      imdb.load(made('protocol2.npz'), { wordIndex: file('bad.json', text) })
    expect(load('{"film": 14')).toThrow(/bad\.json: .*E413/s)
    expect(load('["film"]')).toThrow(/bad\.json: it is no object/)
    expect(load('{"film": "14"}')).toThrow(/"film" has the rank "14"/)
    expect(() => imdb.load(folder, { wordIndex: json })).toThrow(/a folder has its own words/)
  })
})

describe('what is no imdb.npz', () => {
  const refused = (name: string) => () => imdb.load(made(name))
  test('says what is wrong, with the file', () => {
    expect(refused('other.npz')).toThrow(/other\.npz: there is no array x_train in it, but W, y_train.*E411/s)
    expect(refused('words.npz')).toThrow(/words\.npz: x_train: number 0 of review 0 is no rank of a word/)
    expect(refused('arrays.npz')).toThrow(/arrays\.npz: x_train: review 0 is no list of numbers/)
    expect(refused('generate.py')).toThrow(/generate\.py: not a npz file/)
    expect(refused('none.npz')).toThrow(/none\.npz cannot be read.*E406/s)
    expect(() => imdb.load(file('empty.npz', ''))).toThrow(/empty\.npz: there is nothing in it/)
  })
  test('a file that is cut off or changed anywhere', () => {
    const whole = readFileSync(made('protocol2.npz'))
    for (let at = 0; at < whole.length; at += 31) {
      expect(() => imdb.load(file('cut.npz', whole.subarray(0, at)))).toThrow(/cut\.npz/)
      const changed = Uint8Array.from(whole)
      changed[at]! ^= 0x55
      let found: unknown = null
      try {
        found = imdb.load(file('changed.npz', changed))
      } catch (error) {
        expect(String(error)).toMatch(/changed\.npz/)
      }
      // Some bytes of a zip file say nothing of what is in it.
      if (found !== null) expect(found).toEqual(imdb.load(made('protocol2.npz')))
    }
  })
})

describe('pickles', () => {
  const pickleOf = (name: string) => {
    const task = { operation: 'test', file: null }
    const bytes = npzEntries(readFileSync(made(name)), task).get('x_train')!
    return readNpy(bytes, { task, name: 'x_train' }).data
  }
  /** The bytes of text, operations by their letters. */
  const pickle = (text: string) => Uint8Array.from(text, c => c.charCodeAt(0))

  test('what a pickle calls is not run, but an error that names it', () => {
    expect(() => imdb.load(made('command.npz'))).toThrow(
      /command\.npz: x_train: its Python objects cannot be read: it calls for posix\.system/,
    )
    const calls = ["cos\nsystem\n(S'ls'\ntR.", '(cbuiltins\neval\nS"1"\no.', 'cconstructor\nconstructor\n.']
    for (const text of calls) expect(() => unpickledArray(pickle(text))).toThrow(/calls for/)
    expect(() => unpickledArray(pickle('(S"1"\niglobalThis\neval\n.'))).toThrow(/globalThis\.eval/)
    expect(() => unpickledArray(pickle('Pprocess\n.'))).toThrow(/persistent/)
    expect(() => unpickledArray(pickle('\x82\x01.'))).toThrow(/extension/)
  })
  test('what a pickle sets stays in it', () => {
    const reach = [
      'cnumpy\ndtype\n(S"__proto__"\n}S"polluted"\nI1\nssd.',
      '(S"__proto__"\n(S"polluted"\nI1\ndd.',
      '}S"__proto__"\n}S"polluted"\nI1\nss.',
      'cnumpy.core.multiarray\n_reconstruct\n}S"__setstate__"\nI1\nsb.',
      'cnumpy\nndarray\n}S"call"\nI1\nsb.',
    ]
    for (const text of reach) expect(() => unpickledArray(pickle(text))).toThrow()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(unpickledArray(pickleOf('protocol2.npz')).shape).toEqual([3])
  })
  test('lengths that go back, lists of lists and pickles without an end come to an end', () => {
    expect(() => unpickledArray(pickle('NB\xfa\xff\xff\xff.'))).toThrow(/a length of -6/)
    expect(() => unpickledArray(pickle(']q\x00h\x00a.'))).toThrow(/no array/)
    expect(() => unpickledArray(pickle('N'))).toThrow(/end of file/)
    expect(() => unpickledArray(pickle('N.N'))).toThrow(/behind byte 2/)
    expect(() => unpickledArray(new Uint8Array(0))).toThrow(/end of file/)
  })
  test.each(['protocol2.npz', 'protocol4.npz', 'python2.npz'])(
    '%s with any byte changed is an error or an array',
    name => {
      const whole = pickleOf(name)
      for (let at = 0; at < Math.min(whole.length, 400); at++)
        for (const value of [0, 0x28, 0x2e, 0x52, 0x62, 0x71, 0xff, whole[at]! ^ 1]) {
          const changed = whole.slice()
          changed[at] = value
          try {
            expect(Array.isArray(unpickledArray(changed).elements)).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
    },
  )
})
