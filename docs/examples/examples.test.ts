import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { datasets } from 'arignote/nn'
import { mat4 } from 'gl-matrix'
import ndarray from 'ndarray'
import { charRnn, corpusOf, readText } from './char-rnn.js'
import {
  flag,
  helpOf,
  oneOf,
  parseOptions,
  path,
  positive,
  reading,
  UsageError,
  whole,
} from './lib/command-line.js'
import { tableOf } from './lib/memory-report.js'
import { adding, COPIED, COPY_LINES, copying, drawer } from './lib/tasks.js'
import { memory } from './memory.js'
import { compileOrbit, orbitByHand, view } from './rotation.js'
import { columns, simpleRnn } from './simple-rnn.js'
import { sineWaves } from './sine-wave.js'

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

describe('sine-wave', () => {
  const short = () => sineWaves({ steps: 200, units: 16, ahead: 10 })

  test('the loss falls, and the network goes on with a wave it never saw', () => {
    const { losses, truth, song } = short()
    expect(mean(losses.slice(-5))).toBeLessThan(0.01 * losses[0]!)
    expect(song).toHaveLength(10)
    for (const [k, value] of song.entries()) expect(Math.abs(value - truth[k]!)).toBeLessThan(0.15)
  })
  test('the same seed gives the same numbers, another seed others', () => {
    expect(short()).toEqual(short())
    expect(sineWaves({ steps: 1, seed: 2 }).losses).not.toEqual(sineWaves({ steps: 1, seed: 3 }).losses)
  })
})

describe('char-rnn', () => {
  const corpus = corpusOf('the quick brown fox jumps over the lazy dog.\n'.repeat(60))
  const small = { steps: 60, units: 32, batch: 4, time: 16, length: 40 }

  test('it learns a text, and the part it never saw with it', () => {
    const { losses, heldOut, sample } = charRnn(corpus, { ...small, steps: 150 })
    expect(losses[0]).toBeCloseTo(Math.log(corpus.characters.length), 0)
    expect(mean(losses.slice(-5))).toBeLessThan(1)
    expect(heldOut).toBeLessThan(1)
    expect(sample).toHaveLength(40)
  })
  test('two layers learn too', () => {
    const { losses } = charRnn(corpus, { ...small, layers: 2 })
    expect(mean(losses.slice(-5))).toBeLessThan(0.6 * losses[0]!)
  })
  test('the same seed gives the same numbers and the same text', () => {
    const short = { ...small, steps: 5 }
    expect(charRnn(corpus, short)).toEqual(charRnn(corpus, short))
    expect(charRnn(corpus, { ...short, seed: 2 }).heldOut).not.toBe(charRnn(corpus, short).heldOut)
  })
  test('the last tenth is held out', () => {
    const { characters, train, heldOut } = corpusOf('aaaaaaaaab')
    expect([characters, [...train], [...heldOut]]).toEqual([['a', 'b'], [0, 0, 0, 0, 0, 0, 0, 0, 0], [1]])
  })
  test('a text that cannot be read is an error that says why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'char-rnn-'))
    const short = join(folder, 'short.txt')
    writeFileSync(short, 'too short')
    expect(() => readText('')).toThrow(/^Which text\?/)
    expect(() => readText(join(folder, 'none.txt'))).toThrow(/none\.txt": there is no such file/)
    expect(() => readText(folder)).toThrow(/it is a folder/)
    expect(() => readText(short)).toThrow(/has 9 characters; 1000 are the least/)
  })
})

describe('simple-rnn', () => {
  test('it learns to add, also numbers longer than those it learned from', () => {
    const { losses, sums, longSums, states, felt } = simpleRnn({ steps: 400 })
    expect(mean(losses.slice(-5))).toBeLessThan(0.02)
    for (const { a, b, said } of [...sums, ...longSums]) expect(said).toBe(a + b)
    expect([states.length, felt.length]).toEqual([9, 33])
  })
  test('numbers are columns of bits, the last one first', () => {
    const { x, y } = columns([[3, 1]], 2)
    expect([[...x.data], [...y.data]]).toEqual([
      [1, 1, 1, 0, 0, 0],
      [0, 0, 1],
    ])
  })
})

describe('memory', () => {
  test('in the adding problem the last answer is the sum of what is marked, far back', () => {
    const { x, y } = adding(drawer(1), 50, 40)
    for (let i = 0; i < 50; i++) {
      const marked = Array.from({ length: 40 }, (_, t) => t).filter(t => x.get(i, t, 1) === 1)
      expect(marked).toHaveLength(2)
      expect([marked[0]! < 20, marked[1]! >= 20]).toEqual([true, true])
      expect(y.get(i)).toBeCloseTo(x.get(i, marked[0]!, 0) + x.get(i, marked[1]!, 0), 6)
    }
  })
  test('in copying the symbols come first, and are asked for last', () => {
    const time = 7
    const { x, y } = copying(drawer(1), 20, time)
    expect(x.shape).toEqual([20, time + 2 * COPIED, COPY_LINES])
    for (let i = 0; i < 20; i++) {
      const heard = Array.from({ length: x.shape[1]! }, (_, t) =>
        Array.from({ length: COPY_LINES }, (_, k) => k).filter(k => x.get(i, t, k) === 1),
      )
      const said = heard.map((_, t) => y.get(i, t))
      expect(heard.slice(COPIED)).toEqual([...Array(time - 1).fill([8]), [9], ...Array(COPIED).fill([8])])
      expect(said).toEqual([...Array(time + COPIED).fill(8), ...heard.slice(0, COPIED).flat()])
    }
  })
  test('LSTM and GRU learn what a simple network does not, even of 30 steps', () => {
    const reports = memory({ time: 30, steps: 500, units: 16 })
    const errors = reports.map(r => r.adding.result)
    expect(errors[0]!).toBeGreaterThan(0.05)
    expect(Math.max(errors[1]!, errors[2]!)).toBeLessThan(0.02)
    expect(reports.map(r => r.adding.solvedAfter === null)).toEqual([true, false, false])
    expect(reports.map(r => r.adding.feltAfter.length)).toEqual([30, 30, 30])
    expect(tableOf(reports, { time: 30 })).toMatch(/^gates +0 +3 +2$/m)
  }, 120_000)
  test('with --long they copy too', () => {
    const reports = memory({ time: 2, steps: 40, units: 8, long: true })
    for (const { copying } of reports) {
      expect(copying!.losses).toHaveLength(200)
      expect(mean(copying!.losses.slice(-20))).toBeLessThan(0.7 * copying!.losses[0]!)
      expect(copying!.feltBefore).toHaveLength(2 + 2 * COPIED)
    }
    expect(tableOf(reports, { time: 2 })).toMatch(/^copying: symbols right( +[\d.]+ %){3}$/m)
  }, 60_000)
})

describe('rotation', () => {
  const orbit = compileOrbit()
  const m = new Float32Array(16)
  const point = [0.5, -2, 3, 1] as [number, number, number, number]
  const path = (steps: number) => {
    const found = orbit(view(m), ndarray(Float32Array.from(point), [4, 1]), steps)
    return Array.from({ length: steps }, (_, k) => [0, 1, 2, 3].map(axis => found.get(k, axis, 0)))
  }

  test('the scan turns a point as gl-matrix does, step by step', () => {
    mat4.fromRotation(m, 0.7, [1, 2, 3])
    const [byScan, byHand] = [path(10), orbitByHand(m, point, 10)]
    for (const [k, p] of byScan.entries())
      for (const [axis, value] of p.entries()) expect(value).toBeCloseTo(byHand[k]![axis]!, 5)
  })
  test('the view follows the matrix', () => {
    mat4.identity(m)
    expect(path(1)).toEqual([point])
    mat4.fromTranslation(m, [1, 1, 1])
    expect(path(2)).toEqual([
      [1.5, -1, 4, 1],
      [2.5, 0, 5, 1],
    ])
  })
})

describe('options', () => {
  const options = {
    steps: whole(10, 'how many'),
    rate: positive(0.5, 'how fast'),
    cell: oneOf(['lstm', 'gru'], 'which'),
    text: path('what'),
    long: flag('more of it'),
  }
  const parsed = (...args: string[]) => parseOptions(args, options)

  test('they are what was given, or their defaults', () => {
    const given = parsed('--steps', '3', '--rate=0.25', '--text', '/x', '--cell', 'GRU', '--long')
    expect(given).toEqual({ steps: 3, rate: 0.25, cell: 'gru', text: '/x', long: true })
    expect(parsed()).toEqual({ steps: 10, rate: 0.5, cell: 'lstm', text: '', long: false })
  })
  test.each([
    [['--steps', '2.5'], '--steps takes a whole number from 1 on, not "2.5"'],
    [['--steps', '0'], '--steps takes a whole number from 1 on, not "0"'],
    [['--steps', ''], '--steps takes a whole number from 1 on, not ""'],
    [['--rate', 'fast'], '--rate takes a number above 0, not "fast"'],
    [['--cell', 'lsmt'], '--cell takes one of lstm, gru, not "lsmt"'],
    [['--text', ''], '--text takes the name of a file'],
    [
      ['--speed', '3'],
      "Unknown option '--speed'.\nThe options are --steps --rate --cell --text --long; --help says",
    ],
    [['--steps'], "Option '--steps <value>' argument missing.\nThe options are"],
    [['more'], "Unexpected argument 'more'.\nThe options are"],
  ])('%j is refused', (args, message) => {
    expect(() => parsed(...args)).toThrow(UsageError)
    expect(() => parsed(...args)).toThrow(message)
  })
  test('--help says what they mean, and what holds where nothing is said', () => {
    const lines = helpOf({ name: 'sing', says: 'It sings.', options }).split('\n')
    expect(lines[0]).toBe('It sings.')
    expect(lines).toContain('  --steps N        how many (10)')
    expect(lines).toContain('  --cell lstm|gru  which (lstm)')
    expect(lines).toContain('  --long           more of it')
  })
  test('a file that cannot be read is said without a place in the program', () => {
    expect(() => reading(() => datasets.csvSeries('/no/such.csv'))).toThrow(UsageError)
    expect(() => reading(() => datasets.csvSeries('/no/such.csv'))).not.toThrow(/called at/)
  })
})
