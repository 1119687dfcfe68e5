/** map, reduce, foldl, foldr. */
import { compile } from '@arignote/compiler'
import {
  constant,
  dot,
  foldl,
  foldr,
  grad,
  map,
  matrix,
  reduce,
  scalar,
  square,
  sum,
  tanh,
  taps,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

describe.each(ways)('folds, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })
  const xs = vector('xs', type('n'))
  const ys = vector('ys', type('n'))

  test('map stacks what the step makes of each row, of one sequence or of several side by side', () => {
    const A = matrix('A', type('n', 2))
    const w = scalar('w', dtype)
    expect(run(way, [xs], [map(x => x.mul(x), xs)], [[1, 2, 3]])).toEqual([[1, 4, 9]])
    expect(
      run(
        way,
        [xs, A, w],
        [map((x, a) => a.mul(x).add(w), [xs, A])],
        [
          [1, 10],
          [
            [1, 2],
            [3, 4],
          ],
          5,
        ],
      ),
    ).toEqual([
      [
        [6, 7],
        [35, 45],
      ],
    ])
    const [twice, cubes] = map(x => [x.mul(2), x.mul(x).mul(x)], xs)
    expect(run(way, [xs], [twice, cubes], [[1, 2]])).toEqual([
      [2, 4],
      [1, 8],
    ])
    expect(run(way, [xs], [map(([a, b]) => b.sub(a), taps(xs, [-1, 0]))], [[1, 4, 9]])).toEqual([[3, 5]])
    expect(run(way, [xs], [map(x => x.mul(2), xs)], [[]])).toEqual([[]])
  })

  test('reduce is the last state, or the initial one where there are no rows', () => {
    const total = reduce((x, sum) => sum.add(x), xs, constant(0, dtype))
    expect(run(way, [xs], [total], [[1, 2, 3]])).toEqual([6])
    expect(run(way, [xs], [total], [[]])).toEqual([0])
    const [s, p] = reduce(
      (x, y, s, p) => [s.add(x.mul(y)), p.mul(x)],
      [xs, ys],
      [constant(1, dtype), constant(1, dtype)],
    )
    expect(
      run(
        way,
        [xs, ys],
        [s, p],
        [
          [2, 3],
          [10, 20],
        ],
      ),
    ).toEqual([81, 6])
  })

  test('foldl begins with the first row, foldr with the last', () => {
    const zero = constant(0, dtype)
    const left = foldl((x, n) => n.mul(10).add(x), xs, zero)
    const right = foldr((x, n) => n.mul(10).add(x), xs, zero)
    expect(run(way, [xs], [left, right], [[1, 2, 3]])).toEqual([123, 321])
    const before = foldr(([next, here], n) => n.mul(10).add(next).sub(here), taps(xs, [-1, 0]), zero)
    expect(run(way, [xs], [before], [[1, 2, 4]])).toEqual([21])
  })

  test('they have gradients', () => {
    const U = matrix('U', type(2, 2))
    const h0 = vector('h0', type(2))
    const A = matrix('A', type('n', 2))
    const last = foldr((a, h) => tanh(dot(h, U).add(a)), A, h0)
    const list = [A, h0, U]
    checkGradient(way, sum(square(last)), list, list, [random(1, 4, 2), random(2, 2), random(3, 2, 2)])
    close(
      way,
      run(
        way,
        [xs],
        [
          grad(
            reduce((x, p) => p.mul(x), xs, constant(1, dtype)),
            xs,
          ),
        ],
        [[2, 3, 4]],
      ),
      [[12, 8, 6]],
    )
  })
})

test('a fold needs one row of memory, one that looks back as many as it looks back; its gradient one history', () => {
  const X = matrix('X', { shape: ['n', 8] })
  const [h, first] = [vector('h', { shape: [8] }), matrix('first', { shape: [3, 8] })]
  const once = foldl((x, h) => h.mul(0.5).add(x), X, h)
  const back = foldr((x, [third, last]) => third.mul(0.5).sub(last).add(x), X, taps(first, [-3, -1]))
  const curved = foldl(
    (x, [older, newer]) => tanh(older.mul(newer)).add(x),
    X,
    taps(first.slice({ stop: 2 }), [-2, -1]),
  )
  const row = 64
  for (const n of [5, 5000]) {
    const given = new Array(n).fill(new Array(8).fill(1))
    const [one, three] = [new Array(8).fill(0), new Array(3).fill(new Array(8).fill(0))]
    const f = compile([X, h], once)
    f(given, one)
    expect(f.memory()).toMatchObject({ states: row, histories: 0 })
    const g = compile([X, first], back)
    g(given, three)
    expect(g.memory()).toMatchObject({ states: 3 * 32 + 32, histories: 0 })
    const d = compile([X, first], grad(sum(curved), first))
    d(given, three)
    expect(d.memory().histories).toBe(Math.ceil(((n + 2) * 32) / 64) * 64)
  }
})

test('what a fold cannot be', () => {
  const [a, b] = [vector('a'), vector('b')]
  expect(() => reduce((x, s, t) => [s.add(x), t] as never, a, [b.sum(), b.sum(), b.sum()])).toThrow(
    /returned a list of 2/,
  )
  expect(() => reduce((x, s) => [s.add(x)] as never, a, b.sum())).toThrow(/returned a list of 1/)
  expect(() => map(a as never, b)).toThrow(/cannot be the step/)
  expect(() => foldl((x, s) => s.add(x), a, b.sum(), { reverse: true } as never)).toThrow(
    /no option "reverse"/,
  )
  expect(() => map(x => x, a, { sequences: [] } as never)).toThrow(/no option "sequences"/)
  expect(() => map(x => x.add(constant(1)), a.sum())).toThrow(/sequence "sequence" has no axis/)
})
