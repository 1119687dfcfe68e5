/** Compiled functions: updates, givens, memory that is taken over, errors in steps; the same in every mode. */
import { compile, formsOf } from '@arignote/compiler'
import {
  add,
  array,
  concatenate,
  constant,
  dot,
  grad,
  matrix,
  mul,
  randn,
  scalar,
  scan,
  shared,
  sub,
  sum,
  take,
  toNested,
  transpose,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'
import { run, ways } from './scan-cases.js'

describe('memory is taken over only where nobody looks any more', () => {
  const w = (...shape: number[]) => shared(randn(shape, { seed: shape.length }), 'w')

  test('a new value in the memory of a gradient still reaches its variable', () => {
    const [E, ids] = [w(6, 4), vector('ids', 'int32')]
    const cost = sum(take(E, ids).square())
    agree([ids], cost, [[1, 2, 2]], { updates: [[E, E.sub(grad(cost, E).mul(0.1))]], calls: 3 })
  })

  test('a matrix plus its own transpose', () => {
    const W = w(9, 9)
    agree([], [], [], { updates: [[W, W.add(transpose(W))]], calls: 2 })
  })

  test('a state plus its own transpose', () => {
    const s0 = matrix('s0', { shape: [9, 9] })
    const { s } = scan(({ s }) => ({ s: s.add(transpose(s)) }), { state: { s: s0 }, steps: 4 })
    agree([s0], [s.last, s.all], [randn([9, 9], { seed: 1 })])
  })

  test('a buffer shifted by new rows, and one that turns its halves', () => {
    const [W, x] = [w(10), vector('x', { shape: [5] })]
    const old = W.slice({ start: 3, stop: 8 })
    const [first, second] = [W.slice({ stop: 5 }), W.slice({ start: 5 })]
    for (const next of [
      concatenate([old.mul(2), old.mul(x)]),
      concatenate([second.mul(x), first.mul(x)]),
      concatenate([x, first]),
      concatenate([W.slice({ start: 3 }), x.slice({ stop: 3 })]),
    ])
      agree([x], [], [[1, 2, 3, 4, 5]], { updates: [[W, next]], calls: 3 })
  })

  test('a sum, or a product, that reads what it is added to', () => {
    const [v, U, x] = [w(9), w(9, 9), matrix('x', { shape: ['n', 9] })]
    const updates = [
      [v, v.add(sum(x.mul(v), 0))],
      [U, U.add(dot(U, dot(transpose(x), x)).mul(0.01))],
    ] as const
    agree([x], sum(U), [randn([5, 9], { seed: 3 })], { updates, calls: 3 })
  })

  test('a variable whose old value is read by what is computed last', () => {
    const [a, b] = [w(4), shared([1, 2, 3, 4], 'b')]
    const { texts } = formsOf([], sum(mul(a, b)), [], { updates: [[a, a.add(1)]] })
    expect(texts.program).toContain('a := new a in place'.replaceAll(/\ba\b/g, 'w'))
    const swap = [
      [a, b.mul(2)],
      [b, a.add(1)],
    ] as const
    agree([], [sum(mul(a, b)), a], [], { updates: swap, calls: 3 })
  })
})

describe.each(ways)('$name', way => {
  const { dtype, options } = way

  test('updates that are simplified to the variable itself, and equal updates of several', () => {
    const [a, b, c] = [1, 2, 3].map(n => shared([n, n], `v${n}`, { dtype }))
    const x = vector('x', dtype)
    const f = compile([x], add(a!, x), {
      ...options,
      updates: [
        [a!, a!.add(0)],
        [b!, x.mul(2)],
        [c!, x.mul(2)],
      ],
    })
    f([5, 6])
    f([7, 8])
    expect([a, b, c].map(v => toNested(v!.getValue()))).toEqual([
      [1, 1],
      [14, 16],
      [14, 16],
    ])
  })

  test('updates are computed from the old values, in whatever order they stand', () => {
    const [a, b] = [shared([1, 2], 'a', { dtype }), shared([3, 4], 'b', { dtype })]
    const f = compile([], [a, b], {
      ...options,
      updates: [
        [b, a.add(b)],
        [a, a.sub(b)],
      ],
    })
    f()
    expect(f().map(toNested)).toEqual([
      [-2, -2],
      [4, 6],
    ])
    expect([toNested(a.getValue()), toNested(b.getValue())]).toEqual([
      [-6, -8],
      [2, 4],
    ])
  })

  test('what is given replaces a shared variable, which then plays no part', () => {
    const w = shared([1, 2], 'w', { dtype })
    const data = shared(
      [
        [1, 2],
        [3, 4],
      ],
      'data',
      { dtype },
    )
    const i = scalar('i', 'int32')
    const f = compile([i], sum(mul(w, 10)), { ...options, givens: [[w, data.at(i)]] })
    expect(toNested(f(1))).toBe(70)
    w.setValue([5, 5])
    expect(toNested(f(0))).toBe(30)
  })

  test('outputs may be constants, or what was passed in', () => {
    const x = vector('x', dtype)
    const given = array([1, 2], dtype)
    const f = compile([x], [constant([3, 4], dtype), x, constant(7, 'int32')], options)
    const [fixed, same] = f(given)
    expect([toNested(fixed), toNested(same)]).toEqual([
      [3, 4],
      [1, 2],
    ])
    fixed.data[0] = 9
    same.data[0] = 9
    expect(f(given).map(toNested)).toEqual([[3, 4], [1, 2], 7])
    expect(toNested(given)).toEqual([1, 2])
  })

  test('an index out of range inside a step is told with its operation, and changes nothing', () => {
    const next = vector('next', 'int32')
    const count = shared(1, 'count', { dtype })
    const k = scalar('k', 'int32')
    const { at } = scan(({ at }) => ({ at: take(next, at) }), {
      state: { at: constant(0, 'int32') },
      steps: k,
    })
    const f = compile([next, k], at.last, { ...options, updates: [[count, count.add(1)]] })
    expect(toNested(f([1, 2, 7], 3))).toBe(7)
    expect(() => f([1, 2, 7], 4)).toThrow(
      /index 7 is out of range for an axis of size 3.*in step 3 of scan .*created at .*acceptance-functions/s,
    )
    expect(toNested(count.getValue())).toBe(2)
  })

  test('an index beyond the steps is not looked at', () => {
    const [table, ids, k] = [vector('table', dtype), vector('ids', 'int32'), scalar('k', 'int32')]
    const { y } = scan(({ i }) => ({ y: take(table, i) }), { sequences: { i: ids }, steps: k })
    const f = compile([table, ids, k], y.all, options)
    expect(toNested(f([5, 6], [1, 0, 99], 2))).toEqual([6, 5])
    expect(() => f([5, 6], [1, 0, 99], 3)).toThrow(/index 99 is out of range.*(in step 2 of|found at \[2\])/s)
  })

  test('an index that no step reads, since there is none, is not looked at', () => {
    const [table, at, k] = [vector('table', dtype), scalar('at', 'int32'), scalar('k', 'int32')]
    const { s } = scan(({ s }) => ({ s: s.add(take(table, at)) }), {
      state: { s: constant(0, dtype) },
      steps: k,
    })
    const f = compile([table, at, k], s.last, options)
    expect(() => f([5, 6], 9, 1)).toThrow(/index 9 is out of range/)
    expect(toNested(f([5, 6], 9, 0))).toBe(0)
  })

  test('nor where it chooses from a state, in a gradient, or behind another index', () => {
    const [table, at, k] = [vector('table', dtype), vector('at', 'int32'), scalar('k', 'int32')]
    const { s, y } = scan(({ s }) => ({ s: s.mul(2), y: take(s, take(at, 0)).mul(take(table, at)) }), {
      state: { s: table },
      steps: k,
    })
    const f = compile([table, at, k], [y.all, ...grad(sum(y.all).add(sum(s.last)), [table])], options)
    expect(f([5, 6], [9, 9], 0).map(toNested)).toEqual([[], [1, 1]])
    expect(f([5, 6], [1, 0], 2).map(toNested)).toEqual([
      [
        [36, 30],
        [72, 60],
      ],
      [22, 55],
    ])
    expect(() => f([5, 6], [1, 9], 1)).toThrow(/index 9 is out of range/)
  })

  test('outputs of a step that are its inputs, views of them, or one value twice', () => {
    const xs = matrix('xs', { dtype, shape: ['time', 2] })
    const s0 = vector('s0', { dtype, shape: [2] })
    const r = scan(
      ({ x, s }) => {
        const next = s.add(x)
        return { s: next, x, turned: x.slice({ step: -1 }), twice: next, again: next, old: s }
      },
      { sequences: { x: xs }, state: { s: s0 } },
    )
    const outputs = [r.s, r.x, r.turned, r.twice, r.again, r.old].map(v => v.all)
    const given = [
      [
        [1, 2],
        [3, 4],
      ],
      [10, 20],
    ]
    const sums = [
      [11, 22],
      [14, 26],
    ]
    expect(run(way, [xs, s0], outputs, given)).toEqual([
      sums,
      given[0],
      [
        [2, 1],
        [4, 3],
      ],
      sums,
      sums,
      [
        [10, 20],
        [11, 22],
      ],
    ])
  })

  test('what a cost does not depend on has a gradient of zeros of its shape, where that is asked for', () => {
    const [x, y] = [matrix('x', { dtype }), matrix('y', { dtype, shape: ['n', 3] })]
    const cost = sum(sub(x, 1).square())
    const [gx, gy] = run(way, [x, y], grad(cost, [x, y], { disconnectedInputs: 'ignore' }), [
      [[1, 2]],
      [[1, 2, 3]],
    ])
    expect([gx, gy]).toEqual([[[0, 2]], [[0, 0, 0]]])
  })
})
