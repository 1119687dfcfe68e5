import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { mat4 } from 'gl-matrix'
import ndarray from 'ndarray'
import { charRnn, corpusOf, readText } from './char-rnn.js'
import { adding, COPIED, COPY_LINES, copying, drawer } from './lib/tasks.js'
import { parseOptions, UsageError } from './lib/terminal.js'
import { memory, tableOf } from './memory.js'
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
      expect([marked[0]! < 4, marked[1]! < 20]).toEqual([true, true])
      expect(y.get(i)).toBeCloseTo(x.get(i, marked[0]!, 0) + x.get(i, marked[1]!, 0), 6)
    }
  })
  test('in copying the symbols come first, and are asked for last', () => {
    const { x, y } = copying(drawer(1), 20, 10)
    for (let i = 0; i < 20; i++)
      for (let t = 0; t < 10; t++) {
        const on = Array.from({ length: COPY_LINES }, (_, k) => k).filter(k => x.get(i, t, k) === 1)
        const isAsked = t >= 10 - COPIED
        const line = isAsked ? COPY_LINES - 10 + t : y.get(i, t) + t * 4
        expect(on).toEqual(t < COPIED || isAsked ? [line] : [])
      }
  })
  test('LSTM and GRU learn what a simple network does not, even of 30 steps', () => {
    const reports = memory({ time: 30, steps: 300, units: 16 })
    const errors = reports.map(r => r.adding.result)
    expect(errors[0]!).toBeGreaterThan(0.05)
    expect(Math.max(errors[1]!, errors[2]!)).toBeLessThan(0.03)
    expect(reports.map(r => r.adding.feltAfter.length)).toEqual([30, 30, 30])
    expect(tableOf(reports, { time: 30 })).toMatch(/^gates +0 +3 +2$/m)
  }, 120_000)
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
  test('they have the kind of their defaults', () => {
    const defaults = { steps: 10, rate: 0.5, text: '' }
    expect(parseOptions(['--steps', '3', '--rate=0.25', '--text', 'x'], defaults)).toEqual({
      steps: 3,
      rate: 0.25,
      text: 'x',
    })
    expect(parseOptions([], defaults)).toEqual(defaults)
  })
  test('what is none is refused', () => {
    expect(() => parseOptions(['--steps', '2.5'], { steps: 10 })).toThrow(UsageError)
    expect(() => parseOptions(['--steps', 'many'], { steps: 10 })).toThrow(
      '--steps takes a whole number, not "many"',
    )
    expect(() => parseOptions(['--speed', '3'], { steps: 10 })).toThrow(/The options are --steps/)
  })
})
