/** A history of which only the end is read has that many rows (PyTensor scan/rewriting/test_trace.py, `test_store_steps`). */

import { matrix, scan, type Variable, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { compile } from '../src/compile.js'

const width = 16
const rowBytes = 4 * width

const rows = (length: number) =>
  Array.from({ length }, (_, t) => Array.from({ length: width }, (_, i) => Math.sin(t * width + i)))

/** Every state of h ← 0.5·h + x, by hand. */
function states(x: readonly (readonly number[])[]): number[][] {
  let h = new Array<number>(width).fill(0)
  return x.map(row => {
    h = h.map((value, i) => Math.fround(Math.fround(0.5 * value) + Math.fround(row[i]!)))
    return h
  })
}

const x = matrix('x', { shape: [null, width] })
const start = vector('start', { shape: [width] })
const { h } = scan(({ x, h }) => ({ h: h.mul(0.5).add(x) }), { sequences: { x }, state: { h: start } })

const cases: readonly [string, Variable, number, (all: number[][]) => number[][]][] = [
  ['[-1]', h.all.at(-1), 2, all => all.slice(-1)],
  ['[-7]', h.all.at(-7), 7, all => all.slice(-7, -6)],
  ['[-3:-1]', h.all.slice({ start: -3, stop: -1 }), 3, all => all.slice(-3, -1)],
  ['[-6:]', h.all.slice({ start: -6 }), 6, all => all.slice(-6)],
  [
    '[-2] and [-4:-1:2]',
    h.all.at(-2).add(h.all.slice({ start: -4, stop: -1, step: 2 })),
    4,
    all => {
      const picked = [all.at(-4)!, all.at(-2)!]
      return picked.map(row => row.map((value, i) => Math.fround(value + all.at(-2)![i]!)))
    },
  ],
]

for (const [name, output, kept, expected] of cases) {
  test(`${name} of a state's history keeps at most ${kept} rows, however many steps there are`, () => {
    const f = compile([x, start], output)
    for (const length of [8, 50, 33]) {
      const given = rows(length)
      const result = f(given, new Array<number>(width).fill(0))
      expect([...result.data]).toEqual(expected(states(given)).flat())
      const { histories, states: rings } = f.memory()
      expect(histories + rings).toBeLessThanOrEqual(Math.max(64, kept * rowBytes))
    }
  })
}

test('fewer steps than the rows that are kept give all there are', () => {
  const f = compile([x, start], h.all.slice({ start: -6 }))
  const given = rows(4)
  expect([...f(given, new Array<number>(width).fill(0)).data]).toEqual(states(given).flat())
})

test("the last row of a step's output keeps one row", () => {
  const { y } = scan(({ x, h }) => ({ h: h.mul(0.5).add(x), y: h.mul(2) }), {
    sequences: { x },
    state: { h: start },
  })
  const f = compile([x, start], y.last, { optimize: false })
  const given = rows(20)
  const result = f(given, new Array<number>(width).fill(0))
  expect([...result.data]).toEqual(
    states(given)
      .at(-2)!
      .map(value => Math.fround(2 * value)),
  )
  expect(f.memory().histories).toBeLessThanOrEqual(2 * rowBytes)
})

test('a history that is read from its beginning, or backwards in time, is kept whole', () => {
  const given = rows(20)
  const zeros = new Array<number>(width).fill(0)
  const whole = compile([x, start], [h.all.at(0), h.all.at(-1)])
  expect([...whole(given, zeros)[0].data]).toEqual(states(given)[0])
  const back = scan(({ x, h }) => ({ h: h.mul(0.5).add(x) }), {
    sequences: { x },
    state: { h: start },
    reverse: true,
  })
  const f = compile([x, start], back.h.all.slice({ start: -2 }))
  expect([...f(given, zeros).data]).toEqual(
    states([...given].reverse())
      .slice(0, 2)
      .reverse()
      .flat(),
  )
})
