/** Taps together with what else a scan can do: stopping early, truncated gradients, names of what may be closed over. */

import type { Variable } from '@arignote/graph'
import { grad, scalar, scan, square, stopGradient, sum, tanh, taps, until, vector } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { checkGradient, close, run, ways } from './scan-cases.js'

describe.each(ways)('taps with other options, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })
  const x = vector('x', type('time'))
  const first = vector('first', type(2))
  const p = scalar('p', dtype)
  const xs = [0.3, -0.2, 0.5, 0.1, -0.4, 0.6, 0.2]
  const start = [0.5, -0.4]

  test.each([false, true])('a loop that stops early, and its gradient; reverse: %s', reverse => {
    const { h, y } = scan(
      ({ x: [before, here], h: [older, newer] }) => {
        const next = older.mul(p).add(newer).add(before.mul(here)).add(1)
        return until(next.gt(3), { h: next, y: older })
      },
      { sequences: { x: taps(x, [-1, 0]) }, state: { h: taps(first, [-2, -1]) }, reverse },
    )
    const values = [...start]
    const ys: number[] = []
    for (let s = 1; s < xs.length; s++) {
      const at = (k: number) => (reverse ? xs[xs.length - 1 - s - k]! : xs[s + k]!)
      ys.push(values.at(-2)!)
      values.push(values.at(-2)! * 0.7 + values.at(-1)! + at(-1) * at(0) + 1)
      if (values.at(-1)! > 3) break
    }
    const made = values.slice(2)
    expect(made.length).toBeLessThan(xs.length - 1)
    const order = (list: number[]) => (reverse ? list.toReversed() : list)
    close(way, run(way, [x, first, p], [h.all, h.last, y.all, y.last], [xs, start, 0.7]), [
      order(made),
      made.at(-1)!,
      order(ys),
      ys.at(-1)!,
    ])
    checkGradient(way, sum(square(h.all)).add(h.last), [x, first, p], [x, first, p], [xs, start, 0.7])
  })

  test.each([{ truncate: 2 }, { truncate: { last: 2 } }])(
    'a truncated gradient takes all that is remembered as constant; %j',
    ({ truncate }) => {
      const { h } = scan(({ h: [older, newer] }) => ({ h: tanh(older.mul(p).add(newer)) }), {
        state: { h: taps(first, [-2, -1]) },
        steps: 5,
        truncate,
      })
      let state: readonly [Variable, Variable] = [first.at(0), first.at(1)]
      const all: Variable[] = []
      for (let t = 0; t < 5; t++) {
        if (truncate === 2 && t > 0 && t % 2 === 0) state = [stopGradient(state[0]), stopGradient(state[1])]
        const next: Variable = tanh(state[0].mul(p).add(state[1]))
        const value = truncate !== 2 && t < 3 ? stopGradient(next) : next
        all.push(value)
        state = [state[1], value]
      }
      const cost = sum(square(h.all)).add(h.last)
      const expected = all
        .map(v => square(v))
        .reduce((a, b) => a.add(b))
        .add(all.at(-1)!)
      const of = (v: Variable) => grad(v as never, p, { disconnectedInputs: 'ignore' }) as Variable
      const [got, byHand] = run(way, [first, p], [of(cost), of(expected)], [start, 0.7])
      close(way, got!, byHand!)
    },
  )

  test('strict lists what the step closes over; what taps are of needs no listing', () => {
    const build = (strict: readonly string[]) =>
      scan(({ x: [a, b], h: [older] }) => ({ h: older.mul(p).add(a).sub(b) }), {
        sequences: { x: taps(x, [-1, 1]) },
        state: { h: taps(first, [-2]) },
        strict,
      }).h.last
    expect(run(way, [x, first, p], [build(['p'])], [[1, 2, 4], [3, 5], 2])).toEqual([2 * 3 + 1 - 4])
    expect(() => build([])).toThrow(/"p", which strict does not list/)
  })
})
