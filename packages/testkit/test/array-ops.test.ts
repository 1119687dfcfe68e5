/** Operations made of others – diagonals, rearrangements, indexing by tensors, padding, numbers – against their definitions. */
import { compile, verifyGrad } from '@arignote/compiler'
import {
  allClose,
  arange,
  constant,
  diag,
  diff,
  grad,
  isClose,
  linspace,
  logAddExp,
  matrix,
  meshgrid,
  type NdArray,
  norm,
  type PadMode,
  pad,
  scalar,
  specifyShape,
  type Tensor,
  takeAlongAxis,
  tensor3,
  toNested,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'

const x = matrix('x', { dtype: 'float64', shape: ['rows', 'columns'] })
const v = vector('v', { dtype: 'float64', shape: ['n'] })
const grid = [
  [0, 1, 2],
  [10, 11, 12],
]
const of = (result: Variable, value: unknown = grid) =>
  toNested(agree([x], result, [value as number[][]], { onUnusedInput: 'ignore' }))
const ofVector = (result: Variable, value: readonly number[]) =>
  toNested(agree([v], result, [[...value]], { onUnusedInput: 'ignore' }))

describe('diag', () => {
  test('of a matrix is the diagonal, wherever it begins', () => {
    expect([-2, -1, 0, 1, 2, 3].map(offset => of(diag(x, offset)))).toEqual([
      [],
      [10],
      [0, 11],
      [1, 12],
      [2],
      [],
    ])
  })

  test('of a vector is a matrix with nothing else', () => {
    expect(ofVector(diag(v), [1, 2])).toEqual([
      [1, 0],
      [0, 2],
    ])
    expect(ofVector(diag(v, 1), [1, 2])).toEqual([
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ])
    expect(ofVector(diag(v, -1), [1])).toEqual([
      [0, 0],
      [1, 0],
    ])
    expect(ofVector(diag(v), [])).toEqual([])
  })

  test('undoes itself, also for the last two axes of more', () => {
    expect(ofVector(diag(diag(v, -2), -2), [1, 2, 3])).toEqual([1, 2, 3])
    const t = tensor3('t', { shape: [2, 2, 2] })
    expect([
      ...agree([t], diag(t), [
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      ]).data,
    ]).toEqual([1, 4, 5, 8])
  })

  test('takes no memory: the sum of a diagonal reads its elements where they are', () => {
    const f = compile([x], diag(x).sum())
    f(grid)
    expect(f.kernels()).toHaveLength(1)
  })

  test('has gradients', () => {
    const points = [Float64Array.of(0.3, -0.2, 0.9, 0.4, 0.7, -0.5)]
    type V = Tensor<'float64', number>
    verifyGrad((a: V) => diag((a as Variable).reshape([2, 3]), 1).square() as V, points)
    verifyGrad(
      (a: V) =>
        diag(a as Variable, -1)
          .sin()
          .mul(arange(49).reshape([7, 7])) as V,
      points,
    )
  })
})

describe('rearrangements', () => {
  const t = tensor3('t', { shape: ['a', 3, 4] })
  test('swapaxes and moveaxis are transpositions', () => {
    expect(t.swapaxes(0, -1)).toBe(t.transpose([2, 1, 0]))
    expect(t.moveaxis(0, -1)).toBe(t.transpose([1, 2, 0]))
    expect(t.moveaxis([0, 1], [2, 0])).toBe(t.transpose([1, 2, 0]))
    expect(t.moveaxis([], [])).toBe(t)
    expect(() => t.moveaxis([0, 0], [1, 2])).toThrow(expect.objectContaining({ code: 'E003' }))
    expect(() => t.moveaxis([0], [1, 2])).toThrow(expect.objectContaining({ code: 'E040' }))
  })

  test('specifyShape tells sizes, which every call is held to', () => {
    const known = specifyShape(x, [null, 3])
    expect(known.shape[1]).toBe(3)
    expect(of(known)).toEqual(grid)
    expect(specifyShape(known, [null, 3])).toBe(known)
    expect(of(grad(known.square().sum(), x))).toEqual(grid.map(row => row.map(n => 2 * n)))
    expect(() => compile([x], known)([[1, 2]])).toThrow(
      expect.objectContaining({
        code: 'E225',
        message: expect.stringMatching(/must have the specified size/),
      }),
    )
    expect(() => specifyShape(known, [null, 4])).toThrow(expect.objectContaining({ code: 'E005' }))
    expect(() => specifyShape(x, [3])).toThrow(expect.objectContaining({ code: 'E004' }))
  })

  test('diff subtracts neighbours', () => {
    expect(ofVector(diff(v), [1, 4, 9, 16])).toEqual([3, 5, 7])
    expect(ofVector(diff(v, 2), [1, 4, 9, 16])).toEqual([2, 2])
    expect(ofVector(diff(v, 0), [1])).toEqual([1])
    expect(of(diff(x, 1, 0))).toEqual([[10, 10, 10]])
  })

  test('meshgrid repeats vectors over each other', () => {
    const [a, b] = [constant([1, 2]), constant([3, 4, 5])]
    const rows = (indexing: 'xy' | 'ij') => compile([], meshgrid([a, b], { indexing }))().map(toNested)
    expect(rows('ij')).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [3, 4, 5],
        [3, 4, 5],
      ],
    ])
    expect(rows('xy')).toEqual([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [
        [3, 3],
        [4, 4],
        [5, 5],
      ],
    ])
    expect(compile([], meshgrid([a]))().map(toNested)).toEqual([[1, 2]])
  })
})

describe('indexing by tensors', () => {
  const t = tensor3('t', { dtype: 'float64', shape: [2, 3, 4] })
  const box = [0, 1].map(i => [0, 1, 2].map(j => [0, 1, 2, 3].map(k => 100 * i + 10 * j + k)))
  const i = vector('i', { dtype: 'int32', shape: [null] })
  const j = vector('j', { dtype: 'int32', shape: [null] })
  const pick = (result: Variable) =>
    toNested(agree([t, i, j], result, [box, [1, 0, 1], [2, 0, 1]], { onUnusedInput: 'ignore' }))

  test('picks element by element where several tensors index', () => {
    expect(pick(t.slice(i, j))).toEqual([
      [120, 121, 122, 123],
      [0, 1, 2, 3],
      [110, 111, 112, 113],
    ])
    expect(pick(t.slice(i, j, i))).toEqual([121, 0, 111])
    expect(pick(t.slice(null, i, j))).toEqual([
      [12, 0, 11],
      [112, 100, 111],
    ])
  })

  test('puts the indexed axes in front where they are not neighbours, as NumPy does', () => {
    expect(pick(t.slice(i, null, j))).toEqual([
      [102, 112, 122],
      [0, 10, 20],
      [101, 111, 121],
    ])
    expect(pick(t.slice(0, null, j))).toEqual([
      [2, 12, 22],
      [0, 10, 20],
      [1, 11, 21],
    ])
    expect(pick(t.slice(i, { stop: 1 }, j))).toEqual([[102], [0], [101]])
  })

  test('broadcasts the tensors, scalars and numbers among them', () => {
    expect(pick(t.slice(i.expandDims(1), j, -1))).toEqual([
      [123, 103, 113],
      [23, 3, 13],
      [123, 103, 113],
    ])
    expect(pick(t.slice(i.at(0), j))).toEqual([
      [120, 121, 122, 123],
      [100, 101, 102, 103],
      [110, 111, 112, 113],
    ])
  })

  test('refuses an index that is out of range of its own axis', () => {
    const f = compile([t, i, j], t.slice(i, j))
    expect(() => f(box, [0], [3])).toThrow(expect.objectContaining({ code: 'E240' }))
    expect(() => f(box, [0], [-1])).toThrow(expect.objectContaining({ code: 'E240' }))
    expect(() => t.slice(vector('y'))).toThrow(expect.objectContaining({ code: 'E020' }))
    expect(() => t.at(i)).toThrow(expect.objectContaining({ code: 'E020' }))
  })

  test('has gradients that add up', () => {
    const g = grad(t.slice(i, j, 0).mul([1, 2, 4]).sum(), t)
    const values = [box, [1, 1, 0], [2, 2, 0]]
    const { data } = agree([t, i, j], g, values, { onUnusedInput: 'ignore' })
    // At [1, 2, 0] and at [0, 0, 0].
    expect([data[20], data[0], [...data].reduce((a, b) => a + b)]).toEqual([3, 4, 7])
  })

  test('takeAlongAxis picks in each row', () => {
    const ids = matrix('ids', { dtype: 'int32', shape: [null, null] })
    const along = (axis: number, list: number[][]) =>
      toNested(agree([x, ids], takeAlongAxis(x, ids, axis), [grid, list], { onUnusedInput: 'ignore' }))
    expect(
      along(1, [
        [2, 0],
        [1, 1],
      ]),
    ).toEqual([
      [2, 0],
      [11, 11],
    ])
    expect(along(0, [[1, 0, 1]])).toEqual([[10, 1, 12]])
    expect(of(takeAlongAxis(x, x.argmin(1, { keepdims: true })))).toEqual([[0], [10]])
    expect(() => takeAlongAxis(x, [0])).toThrow(expect.objectContaining({ code: 'E004' }))
  })
})

describe('pad', () => {
  /** By the definition: element by element, walking. */
  function padded(list: readonly number[], before: number, after: number, mode: PadMode): number[] {
    const n = list.length
    const fold = (k: number, period: number, last: number) => {
      const m = ((k % period) + period) % period
      return m <= last ? m : last === n - 1 && period === 2 * n ? period - 1 - m : period - m
    }
    const place: Record<PadMode, (k: number) => number> = {
      constant: k => (k >= 0 && k < n ? k : Number.NaN),
      edge: k => Math.min(Math.max(k, 0), n - 1),
      wrap: k => ((k % n) + n) % n,
      reflect: k => (n === 1 ? 0 : fold(k, 2 * n - 2, n - 1)),
      symmetric: k => fold(k, 2 * n, n - 1),
    }
    return Array.from({ length: before + n + after }, (_, k) => list[place[mode](k - before)] ?? 0)
  }

  test.each(['constant', 'edge', 'reflect', 'symmetric', 'wrap'] as const)('%s', mode => {
    for (const list of [[1, 2, 3, 4], [1, 2], [7]]) {
      for (const [before, after] of [
        [2, 1],
        [0, 3],
        [7, 9],
        [0, 0],
      ] as const)
        expect(ofVector(pad(v, [[before, after]], { mode }), list)).toEqual(padded(list, before, after, mode))
    }
  })

  test('goes axis by axis', () => {
    expect(
      of(
        pad(
          x,
          [
            [0, 1],
            [1, 0],
          ],
          { mode: 'reflect' },
        ),
      ),
    ).toEqual([
      [1, 0, 1, 2],
      [11, 10, 11, 12],
      [1, 0, 1, 2],
    ])
  })

  test('of nothing by itself is refused', () => {
    expect(() => pad(vector('e', { shape: [0] }), 1, { mode: 'edge' })).toThrow(
      expect.objectContaining({ code: 'E040' }),
    )
    expect(() => pad(v, 1, { mode: 'mean' as 'edge' })).toThrow(/modes are/)
  })

  test('has gradients', () => {
    for (const mode of ['edge', 'reflect', 'symmetric', 'wrap'] as const)
      verifyGrad(
        (a: Tensor<'float64', number>) => pad(a, 3, { mode }).square().mul(arange(9)) as typeof a,
        [Float64Array.of(0.5, 1, 2)],
      )
  })
})

describe('numbers', () => {
  test('norms of every order', () => {
    const list = [3, -4, 0]
    const sums = (ord: number) => Math.abs(3) ** ord + 4 ** ord
    expect([0, 1, 2, 3, Infinity, -Infinity].map(ord => ofVector(norm(v, null, { ord }), list))).toEqual([
      2,
      7,
      5,
      expect.closeTo(sums(3) ** (1 / 3), 12),
      4,
      0,
    ])
    expect(of(norm(x.sub(1), 1, { ord: 1, keepdims: true }))).toEqual([[2], [30]])
    expect(ofVector(grad(norm(v, null, { ord: 3 }), v), [0, 0])).toEqual([0, 0])
    verifyGrad(
      (a: Tensor<'float64', number>) => norm(a, null, { ord: 3 }) as typeof a,
      [Float64Array.of(0.5, -1, 2)],
    )
  })

  test('ddof of variance and std', () => {
    expect(ofVector(v.variance(null, { ddof: 1 }), [1, 2, 3, 4])).toBeCloseTo(5 / 3, 12)
    expect(of(x.std(1, { ddof: 1 }))).toEqual([1, 1])
  })

  test('ptp is the distance of the extremes', () => {
    expect(of(x.ptp())).toBe(12)
    expect(of(x.ptp(1, { keepdims: true }))).toEqual([[2], [2]])
  })

  test('reciprocal, deg2rad and rad2deg', () => {
    expect(ofVector(v.reciprocal(), [2, -0.5])).toEqual([0.5, -2])
    expect(ofVector(v.deg2rad(), [180, 90])).toEqual([Math.PI, Math.PI / 2])
    expect(ofVector(v.rad2deg(), [Math.PI])).toEqual([180])
    expect(vector('i', 'int32').reciprocal().dtype).toBe('float32')
  })

  test('logAddExp keeps what would overflow or vanish', () => {
    const pairs = [
      [1000, 1000, 1000 + Math.LN2],
      [-1000, 0, 0],
      [Infinity, Infinity, Infinity],
      [-Infinity, -Infinity, -Infinity],
      [-Infinity, 3, 3],
      [1, 2, Math.log(Math.E + Math.E ** 2)],
    ] as const
    const y = vector('y', { dtype: 'float64', shape: ['n'] })
    const sums = agree([v, y], logAddExp(v, y), [pairs.map(p => p[0]), pairs.map(p => p[1])])
    expect([...sums.data]).toEqual(pairs.map(p => (Number.isFinite(p[2]) ? expect.closeTo(p[2], 12) : p[2])))
    const points = [Float64Array.of(0.3, -1, 2), Float64Array.of(1, -0.5, 2.5)]
    verifyGrad((a: Tensor<'float64', number>, b: Tensor<'float64', number>) => logAddExp(a, b), points)
  })

  test('isClose and allClose', () => {
    const y = vector('y', { dtype: 'float64', shape: ['n'] })
    const close = agree(
      [v, y],
      {
        is: isClose(v, y),
        nan: isClose(v, y, { equalNaN: true }),
        all: allClose(v, y),
        wide: allClose(v.at(0), y.at(0), { rtol: 0.5 }),
      },
      [
        [1, 1, 0, Infinity, Infinity, Number.NaN, 5],
        [1 + 1e-6, 1.1, 1e-9, Infinity, 1, Number.NaN, Infinity],
      ],
    ) as Record<string, NdArray>
    expect([...close.is!.data]).toEqual([1, 0, 1, 1, 0, 0, 0])
    expect([...close.nan!.data]).toEqual([1, 0, 1, 1, 0, 1, 0])
    expect([toNested(close.all!), toNested(close.wide!)]).toEqual([0, 1])
  })

  test('linspace ends where it should', () => {
    const numbers = (...args: Parameters<typeof linspace>) => [...agree([], linspace(...args), []).data]
    expect(numbers(0, 1, 5)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(numbers(0, 1, 4, { endpoint: false })).toEqual([0, 0.25, 0.5, 0.75])
    expect(numbers(3, -3, 3)).toEqual([3, 0, -3])
    expect([numbers(2, 5, 1), numbers(2, 5, 0)]).toEqual([[2], []])
    expect(numbers(0, 0.1, 48, { dtype: 'float64' }).at(-1)).toBe(0.1)
    const [n, end] = [scalar('n', 'int32'), scalar('end')]
    expect([...agree([n, end], linspace(0, end, n), [3, 4]).data]).toEqual([0, 2, 4])
    expect(() => linspace(0, 1, 3, { dtype: 'int32' })).toThrow(expect.objectContaining({ code: 'E040' }))
  })
})
