/** Values whose place in memory has a size that a loop tells: they are stored when it is known, and not before. */
import {
  add,
  concatenate,
  constant,
  grad,
  mul,
  scalar,
  scan,
  sin,
  square,
  sum,
  tanh,
  until,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'

const x = vector('x', 'float64')
const h0 = scalar('h0', 'float64')
const flat = (a: { readonly data: ArrayLike<number> }) => Array.from(a.data)

/** Sums until more than 2.5. */
const sums = (rows: Variable<'float64', 1>, from: Variable<'float64', 0>) =>
  scan(({ s, h }) => until(add(h, s).gt(2.5), { h: add(h, s) }), {
    sequences: { s: rows },
    state: { h: from },
  }).h

/** What a loop makes of the rows that another one made, from the last to the first. */
const squares = (rows: Variable<'float64', 1>, from: Variable<'float64', 0>) =>
  scan(({ r, g }) => ({ g: add(g, square(r)) }), {
    sequences: { r: rows },
    state: { g: from },
    reverse: true,
  }).g

describe('places with a size that a loop tells', () => {
  test('a sequence of the loop beside its history', () => {
    const rows = mul(x, 2)
    const { all } = sums(rows, constant(0, 'float64'))
    const [after, before] = agree(
      [x],
      [concatenate([all, rows], 0), concatenate([rows, all], 0)],
      [[1, 2, 4]],
    )
    expect(flat(after!)).toEqual([2, 6, 2, 4, 8])
    expect(flat(before!)).toEqual([2, 4, 8, 2, 6])
  })

  test.each([
    ['a constant', constant(0.5, 'float64')],
    ['an input', h0],
    ['computed', sin(h0)],
  ] as const)('the initial value of a loop over the history, in reverse, is %s', (_, from) => {
    const { all } = sums(x, constant(0.5, 'float64'))
    agree([x, h0], [squares(all, from).all, all, h0.add(1)], [[1, 1, 1, 1], 0.5])
  })

  test('one value is the initial value of both loops', () => {
    const from = sin(h0)
    const { all } = sums(x, from)
    agree([x, h0], [squares(all, from).all, all], [[1, 1, 1, 1], 0.5])
  })

  test('second derivatives of the last value of an output', () => {
    const { o } = scan(
      ({ x, h }) => {
        const next = tanh(add(h, x))
        return until(next.gt(0.75), { h: next, o: square(next) })
      },
      { sequences: { x }, state: { h: h0 } },
    )
    const g = grad(add(o.last, sum(o.all)), x)
    agree([x, h0], [g, grad(sum(square(g)), x)], [[0.1, 0.2, 0.3, 0.4, 0.5], 0.1])
  })
})
