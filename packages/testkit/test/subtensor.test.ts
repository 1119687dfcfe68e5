/** Functional writes: setSubtensor and incSubtensor against plain loops, on every back end, and their gradients. */
import { compile, verifyGrad } from '@arignote/compiler'
import {
  add,
  arange,
  diag,
  grad,
  incSubtensor,
  matrix,
  type NdArray,
  scalar,
  scan,
  setSubtensor,
  shared,
  type Tensor,
  take,
  toNested,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'

const x = matrix('x', { dtype: 'float64', shape: ['rows', 4] })
const grid = [
  [0, 1, 2, 3],
  [10, 11, 12, 13],
  [20, 21, 22, 23],
]
/** The grid after a plain JavaScript function has written to it. */
const written = (write: (rows: number[][]) => void) => {
  const rows = grid.map(row => [...row])
  write(rows)
  return rows
}
/** Calls a function for each, whatever it returns. */
function each<T>(list: readonly T[], call: (x: T, k: number) => unknown): void {
  list.forEach((x, k) => {
    call(x, k)
  })
}
const of = (result: Variable, ...more: readonly (readonly [Variable, number | number[]])[]) =>
  toNested(
    agree([x, ...more.map(m => m[0])], result, [grid, ...more.map(m => m[1])], { onUnusedInput: 'ignore' }),
  )

const i = scalar('i', 'int32')
const y = vector('y', { dtype: 'float64', shape: [null] })

describe('setSubtensor gives the tensor with', () => {
  test.each<[string, () => Variable, (rows: number[][]) => void]>([
    ['a row', () => setSubtensor(x.at(1), -1), rows => rows[1]!.fill(-1)],
    ['the last row', () => setSubtensor(x.at(-1), [5, 6, 7, 8]), rows => (rows[2] = [5, 6, 7, 8])],
    ['one element', () => setSubtensor(x.slice(2, 1), 9), rows => (rows[2]![1] = 9)],
    [
      'a column',
      () => setSubtensor(x.slice(null, 2), [7, 8, 9]),
      rows => each(rows, (row, k) => (row[2] = 7 + k)),
    ],
    [
      'a block',
      () => setSubtensor(x.slice({ start: 1 }, { start: 1, stop: 3 }), [[1, 2]]),
      rows => each(rows.slice(1), row => row.splice(1, 2, 1, 2)),
    ],
    [
      'every other element',
      () => setSubtensor(x.slice(null, { start: 1, step: 2 }), 0),
      rows => each(rows, row => (row[1] = row[3] = 0)),
    ],
    [
      'elements backwards',
      () => setSubtensor(x.slice(null, { start: 3, stop: 0, step: -2 }), [1, 2]),
      rows => each(rows, row => ([row[3], row[1]] = [1, 2])),
    ],
    ['the diagonal', () => setSubtensor(diag(x), 5), rows => each(rows, (row, k) => (row[k] = 5))],
    [
      'a diagonal below',
      () => setSubtensor(diag(x, -1), [5, 6]),
      rows => ([rows[1]![0], rows[2]![1]] = [5, 6]),
    ],
    [
      'rows by index',
      () =>
        setSubtensor(take(x, [2, 0]), [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ]),
      rows =>
        ([rows[2], rows[0]] = [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ]),
    ],
    [
      'columns by index',
      () => setSubtensor(take(x, [3, 1], 1), [-1, -2]),
      rows => each(rows, row => ([row[3], row[1]] = [-1, -2])),
    ],
    [
      'rows by a matrix of indices',
      () => setSubtensor(take(x, [[1], [0]]), [[[4]], [[5]]]),
      rows => [rows[1]!.fill(4), rows[0]!.fill(5)],
    ],
    ['no rows', () => setSubtensor(x.slice({ start: 1, stop: 1 }), 7), () => {}],
    ['no rows by index', () => setSubtensor(take(x, new Int32Array(0)), 7), () => {}],
    [
      'part of a part',
      () => setSubtensor(x.at(1).slice({ stop: 2 }), 7, { of: x }),
      rows => rows[1]!.fill(7, 0, 2),
    ],
    [
      'part of its transpose',
      () => setSubtensor(x.transpose().at(0), [7, 8, 9], { of: x }),
      rows => each(rows, (row, k) => (row[0] = 7 + k)),
    ],
    [
      'part of it, flat',
      () => setSubtensor(x.flatten().slice({ start: 0, step: 5 }), [1, 2, 3], { of: x }),
      rows => each(rows, (row, k) => (row[k] = k + 1)),
    ],
  ])('%s set', (_, make, write) => {
    expect(of(make())).toEqual(written(write))
  })

  test('a row at a symbolic index set, counted from the end where it is negative', () => {
    const at = setSubtensor(x.at(i), y)
    expect(of(at, [i, 1], [y, [1, 2, 3, 4]])).toEqual(written(rows => (rows[1] = [1, 2, 3, 4])))
    expect(of(at, [i, -1], [y, [1, 2, 3, 4]])).toEqual(written(rows => (rows[2] = [1, 2, 3, 4])))
    const inner = setSubtensor(x.slice(i, { stop: i }), 0)
    expect(of(inner, [i, 2])).toEqual(written(rows => rows[2]!.fill(0, 0, 2)))
  })

  test('of indices that are equal the last one counting', () => {
    const ids = vector('ids', 'int32')
    const set = setSubtensor(take(x.slice(null, 0), ids), y)
    const set1 = agree([x, ids, y], set, [grid, [1, 0, 1, 0, 1], [1, 2, 3, 4, 5]])
    expect([...set1.data]).toEqual([4, 5, 20])
    expect([...agree([x, ids, y], set, [grid, [], []]).data]).toEqual([0, 10, 20])
  })
})

describe('incSubtensor adds', () => {
  test.each<[string, () => Variable, (rows: number[][]) => void]>([
    ['to a row', () => incSubtensor(x.at(0), 1), rows => (rows[0] = [1, 2, 3, 4])],
    [
      'to a block',
      () => incSubtensor(x.slice({ stop: 1 }, { start: 2 }), [[5, 6]]),
      rows => (rows[0] = [0, 1, 7, 9]),
    ],
    ['to a diagonal', () => incSubtensor(diag(x, 1), 1), rows => each(rows, (row, k) => (row[k + 1]! += 1))],
    ['to the last element', () => incSubtensor(x.slice(-1, -1), 7), rows => (rows[2]![3] = 30)],
    [
      'to rows, once for each time an index names them',
      () => incSubtensor(take(x, [1, 1, 0]), [[1], [2], [4]]),
      rows => each(rows, (row, k) => each(row, (v, j) => (row[j] = v + [4, 3, 0][k]!))),
    ],
    [
      'through steps',
      () => incSubtensor(x.transpose().at(3), 1, { of: x }),
      rows => each(rows, row => (row[3]! += 1)),
    ],
  ])('%s', (_, make, write) => {
    expect(of(make())).toEqual(written(write))
  })

  test('and wraps as addition does', () => {
    const u = vector('u', { dtype: 'uint8', shape: [3] })
    expect([...agree([u], incSubtensor(u.at(1), 200), [[100, 100, 100]]).data]).toEqual([100, 44, 100])
  })
})

describe('the gradients of writing', () => {
  const points = [Float64Array.from({ length: 12 }, (_, k) => Math.sin(k)), Float64Array.of(0.3, -0.4)]
  type V = Tensor<'float64', number>
  const square = (v: V) => (v as Variable).reshape([3, 4])
  test.each<[string, (x: Variable, y: Variable) => Variable]>([
    ['a window', (a, b) => setSubtensor(a.slice({ start: 1 }, 2), b)],
    ['a window with steps', (a, b) => setSubtensor(a.slice(1, { start: 3, step: -2 }), b)],
    [
      'rows, one of them twice',
      (a, b) => setSubtensor(take(a, [2, 1, 2], 1), b.slice(0).add(b.at(1).mul(arange(3)))),
    ],
    ['a diagonal', (a, b) => setSubtensor(diag(a, 2), b)],
    ['sums in a window', (a, b) => incSubtensor(a.slice(0, { stop: 2 }), b.square())],
    ['sums in rows', (a, b) => incSubtensor(take(a, [0, 0]), b.expandDims(1))],
  ])('of %s are right, for both arguments', (_, write) => {
    verifyGrad((a: V, b: V) => write(square(a), b).mul(square(a).sin().add(2)) as V, points)
  })

  test('nothing of what was overwritten comes through, not even NaN', () => {
    const v = vector('v', { shape: [3] })
    const g = grad(setSubtensor(v.log().at(0), 1).sum(), v)
    expect([...agree([v], g, [[0, 2, 4]]).data]).toEqual([0, 0.5, 0.25])
  })
})

test('a table is updated in some rows: Theano’s idiom for embeddings', () => {
  const table = shared(
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    'table',
  )
  const ids = vector('ids', 'int32')
  const rows = take(table, ids)
  const step = grad(rows.square().sum(), rows).mul(0.25)
  for (const write of [setSubtensor(rows, rows.sub(step)), incSubtensor(rows, step.neg())]) {
    table.setValue([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    compile([ids], [], { updates: [[table, write as Tensor<'float32', 2>]] })([0, 2])
    expect(toNested(table.getValue())).toEqual([
      [0.5, 0.5],
      [2, 2],
      [1.5, 1.5],
    ])
  }
  table.setValue([
    [1, 1],
    [2, 2],
    [3, 3],
  ])
  agree([ids], [], [[2, 1]], {
    updates: [[table, incSubtensor(rows, step.neg()) as Tensor<'float32', 2>]],
    calls: 3,
  })
})

test('a state of a scan is written to, a row per step, forward and back', () => {
  const v = vector('v', { dtype: 'float64', shape: ['n'] })
  const h0 = vector('h0', { dtype: 'float64', shape: [2] })
  const { h } = scan(({ v, k, h }) => ({ h: setSubtensor(h.at(k), add(h.at(k), v).square(), { of: h }) }), {
    sequences: { v, k: arange(v.shape[0]!).mod(2) },
    state: { h: h0 },
  })
  const outputs = { h: h.all, g: grad(h.last.sum(), v) }
  const { h: all, g } = agree([v, h0], outputs, [
    [0.5, 2, 1],
    [0, 0],
  ]) as Record<string, NdArray>
  expect(toNested(all!)).toEqual([
    [0.25, 0],
    [0.25, 4],
    [1.5625, 4],
  ])
  expect([...g!.data]).toEqual([2 * 1.25 * 2 * 0.5, 4, 2.5])
})

describe('what cannot be written', () => {
  test.each<[string, () => unknown, string, RegExp]>([
    ['what is no part', () => setSubtensor(x, 0), 'E040', /"x"\)|x is not a part of anything/],
    [
      'what is no part of the other',
      () => setSubtensor(y.at(0), 0, { of: x }),
      'E040',
      /no view of the other/,
    ],
    [
      'a float into integers',
      () => setSubtensor(arange(3).at(0), y.at(0)),
      'E020',
      /cast the new value to int32/,
    ],
    ['a fraction into integers', () => setSubtensor(arange(3).at(0), 0.5), 'E032', /does not fit into int32/],
    ['another size', () => setSubtensor(x.at(0), [1, 2, 3]), 'E005', /must have the same size, or 1: 4 ≠ 3/],
    ['more axes', () => incSubtensor(x.at(0), [[1, 2, 3, 4]]), 'E004', /no more axes than/],
    ['sums of bools', () => incSubtensor(x.gt(0).at(0), true), 'E020', /setSubtensor/],
  ])('%s', (_, make, code, text) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }))
  })

  test('a row that is not there: nothing has changed then', () => {
    const ids = vector('ids', 'int32')
    const f = compile([x, ids], setSubtensor(take(x, ids), 0))
    expect(() => f(grid, [3])).toThrow(expect.objectContaining({ code: 'E240' }))
  })
})
