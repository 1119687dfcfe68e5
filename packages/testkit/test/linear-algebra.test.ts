/** Small dense matrices, against what defines each operation, and against gl-matrix. */
import { compile, verifyGrad } from '@arignote/compiler'
import {
  abs,
  add,
  array,
  cholesky,
  det,
  grad,
  gt,
  ifElse,
  inv,
  jacobian,
  matmul,
  matrix,
  scan,
  shared,
  solve,
  solveTriangular,
  sum,
  tensor,
  toNested,
  transpose,
  tril,
  triu,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { mat2, mat3, mat4 } from 'gl-matrix'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, measuredJacobian, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

type Rows = number[][]

const product = (a: Rows, b: Rows): Rows =>
  a.map(row => b[0]!.map((_, j) => row.reduce((total, x, k) => total + x * b[k]![j]!, 0)))
const turned = (a: Rows): Rows => a[0]!.map((_, j) => a.map(row => row[j]!))
const unit = (n: number): Rows =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))
/** Symmetric, with positive eigenvalues. */
const definite = (a: Rows): Rows =>
  product(a, turned(a)).map((row, i) => row.map((x, j) => x + Number(i === j)))
const square = (seed: number, n: number) => random(seed, n, n) as Rows
const expectClose = (actual: Rows, wanted: Rows, scaled = 1e-9) =>
  expectArray(array(actual, 'float64')).toBeCloseToArray(array(wanted, 'float64'), { scaled })

const x = matrix('x', { dtype: 'float64', shape: ['n', 'n'] })
const b = matrix('b', { dtype: 'float64', shape: ['n', 'k'] })

describe('what defines them', () => {
  test.each([1, 2, 3, 5, 8, 13])('inverses and solutions of %d rows', n => {
    const [a, right] = [square(n, n), random(n + 50, n, 3) as Rows]
    const [inverse, solution] = agree([x, b], [inv(x), solve(x, b)], [a, right]).map(y => toNested(y) as Rows)
    expectClose(product(a, inverse!), unit(n))
    expectClose(product(a, solution!), right)
  })

  test.each([1, 2, 3, 5, 8, 13])('Cholesky of %d rows', n => {
    const a = definite(square(n, n))
    const L = toNested(agree([x], cholesky(x), [a])) as Rows
    expectClose(product(L, turned(L)), a)
    L.forEach((row, i) => {
      expect(row[i]).toBeGreaterThan(0)
      expect(row.slice(i + 1).every(value => value === 0)).toBe(true)
    })
  })

  test.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('triangular equations, lower %s, transposed %s', (lower, transposeIt) => {
    const options = { lower, transpose: transposeIt }
    const [a, right] = [square(3, 5), random(4, 5, 2) as Rows]
    const half = a.map((row, i) => row.map((value, j) => ((lower ? j <= i : j >= i) ? value : 0)))
    const solution = agree([x, b], solveTriangular(x, b, options), [a, right])
    expectClose(product(transposeIt ? turned(half) : half, toNested(solution) as Rows), right)
  })

  test('determinants are multiplicative, and change sign with two rows', () => {
    const y = matrix('y', { dtype: 'float64', shape: ['n', 'n'] })
    for (const n of [1, 2, 3, 6]) {
      const [p, q] = [square(n, n), square(n + 9, n)]
      const got = agree([x, y], [det(x), det(y), det(matmul(x, y)), det(x.flip(0))], [p, q])
      const [a, c, both, flipped] = got.map(v => v.data[0]!) as [number, number, number, number]
      expect(both).toBeCloseTo(a * c, 9)
      expect(flipped).toBeCloseTo(a * (Math.floor(n / 2) % 2 === 0 ? 1 : -1), 9)
    }
    expect(
      agree([x], det(x), [
        [
          [0, 2],
          [3, 5],
        ],
      ]).data[0],
    ).toBe(-6)
    expect(
      agree([x], det(x), [
        [
          [1, 2],
          [2, 4],
        ],
      ]).data[0],
    ).toBeCloseTo(0, 12)
    expect(
      agree([x], det(x), [
        [
          [0, 0, 1],
          [0, 0, 2],
          [3, 4, 5],
        ],
      ]).data[0],
    ).toBeCloseTo(0, 12)
  })

  test('float32 is computed in double, and rounded once', () => {
    const y = matrix('y', { shape: ['n', 'n'] })
    const hilbert = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => 1 / (i + j + 1)))
    agree([y], [inv(y), cholesky(y), det(y), solve(y, [1, 2, 3, 4, 5, 6])], [hilbert], {
      tolerance: { float32: 1e-6 },
    })
  })
})

describe('gl-matrix', () => {
  const libraries = { 2: mat2, 3: mat3, 4: mat4 } as const
  test.each([2, 3, 4] as const)('of %d rows', n => {
    const library = libraries[n]
    const values = random(n, 20, n, n) as Rows[]
    const xs = tensor('xs', { dtype: 'float64', shape: ['batch', n, n] })
    const [inverses, determinants] = agree([xs], [inv(xs), det(xs)], [values])
    const wanted = values.map(rows => {
      const flat = rows.flat() as never
      const inverse = library.invert(new Array(n * n).fill(0) as never, flat) as never as number[]
      return { inverse, determinant: library.determinant(flat) }
    })
    const all = array(
      wanted.flatMap(w => w.inverse),
      'float64',
    ).data
    expectArray(inverses!).toBeCloseToArray({ ...inverses!, data: all } as never, { scaled: 1e-4 })
    expectArray(determinants!).toBeCloseToArray(
      array(
        wanted.map(w => w.determinant),
        'float64',
      ),
      { scaled: 1e-5 },
    )
  })
})

describe('shapes', () => {
  test('axes before the last two are a batch, and broadcast', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['t', 2, 3, 3] })
    const results = [inv(xs), det(xs), solve(xs, b), solve(x, xs)]
    const values = random(1, 4, 2, 3, 3) as never
    const got = agree([xs, x, b], results, [values, square(3, 3), random(2, 3, 5)])
    expect(got.map(y => y.shape)).toEqual([
      [4, 2, 3, 3],
      [4, 2],
      [4, 2, 3, 5],
      [4, 2, 3, 3],
    ])
  })

  test('a vector is one right-hand side', () => {
    const v = vector('v', 'float64')
    const xs = tensor('xs', { dtype: 'float64', shape: ['t', 'n', 'n'] })
    const got = agree(
      [x, xs, v],
      [solve(x, v), solve(xs, v), solveTriangular(x, v)],
      [square(1, 3), random(2, 4, 3, 3), [1, 2, 3]],
    )
    expect(got.map(y => y.shape)).toEqual([[3], [4, 3], [3]])
  })

  test('of no rows the determinant is 1, and the rest is empty', () => {
    const got = agree(
      [x, b],
      [det(x), inv(x), cholesky(x), solve(x, b)],
      [zerosArray([0, 0]), zerosArray([0, 2])],
    )
    expect(got.map(y => y.shape)).toEqual([[], [0, 0], [0, 0], [0, 2]])
    expect(got[0]!.data[0]).toBe(1)
    expect(agree([x, b], solve(x, b), [unit(2), zerosArray([2, 0])]).shape).toEqual([2, 0])
    const xs = tensor('xs', { dtype: 'float64', shape: ['t', 2, 2] })
    expect(agree([xs], inv(xs), [zerosArray([0, 2, 2])]).shape).toEqual([0, 2, 2])
  })

  test('integers become float32', () => {
    const y = matrix('y', 'int32')
    expect(inv(y).dtype).toBe('float32')
    expect(
      toNested(
        agree([y], inv(y), [
          [
            [0, 2],
            [1, 0],
          ],
        ]),
      ),
    ).toEqual([
      [0, 1],
      [0.5, 0],
    ])
    expect(solve(y, [1, 2]).dtype).toBe('float32')
    expect(solve(x, [1, 2]).dtype).toBe('float64')
  })

  test('what does not fit is refused where it is written', () => {
    expect(() => inv(vector('v'))).toThrow(/inv: wrong number of axes[\s\S]*E004/)
    expect(() => det(matrix('y', { shape: [2, 3] }))).toThrow(/a matrix must be square: 2 ≠ 3[\s\S]*E005/)
    expect(() => solve(matrix('y', { shape: [2, 2] }), [1, 2, 3])).toThrow(
      /b must have as many rows as the matrix: 3 ≠ 2[\s\S]*E005/,
    )
    expect(() => agree([matrix('y')].slice(0, 0), inv([[1, 2, 3]]), [])).toThrow(/square/)
    const y = matrix('y')
    expect(() =>
      agree([y], cholesky(y), [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ]),
    ).toThrow(/a matrix must be square/)
  })
})

describe('matrices for which there is no answer', () => {
  const xs = tensor('xs', { dtype: 'float64', shape: ['batch', 'n', 'n'] })
  const singular = [
    unit(2),
    [
      [1, 2],
      [2, 4],
    ],
    unit(2),
  ]

  test.each<[string, (x: Variable) => Variable]>([
    ['inv', inv],
    ['solve', x => solve(x, [1, 2])],
  ])('%s: a singular one is an error that tells which', (name, f) => {
    const message = new RegExp(`${name}: the matrix is singular[\\s\\S]*at \\[1\\] of the batch[\\s\\S]*E244`)
    expect(() => agree([xs], f(xs), [singular])).toThrow(message)
    for (const backend of ['reference', 'js', 'wasm', 'wasm-scalar'] as const)
      expect(() => compile([xs], f(xs), { backend })(singular)).toThrow(message)
  })

  test('and in which step', () => {
    const { y } = scan(({ x }) => ({ y: inv(x).mul(2) }), {
      sequences: { x: tensor('a', { dtype: 'float64', shape: ['batch', 2, 2] }) },
      name: 'walk',
    })
    const h0 = matrix('h0', { dtype: 'float64', shape: [2, 2] })
    const { h } = scan(({ h, x }) => ({ h: inv(h).add(x) }), {
      sequences: { x: xs },
      state: { h: h0 },
      name: 'walk',
    })
    expect(y.all.ndim).toBe(3)
    for (const backend of ['reference', 'js', 'wasm'] as const) {
      const f = compile([xs, h0], h.last, { backend })
      expect(() =>
        f(
          [
            unit(2),
            [
              [0.5, 0],
              [0, 1],
            ],
            unit(2),
          ],
          unit(2),
        ),
      ).not.toThrow()
      expect(() =>
        f(
          [
            [
              [-1, 0],
              [0, 1],
            ],
            unit(2),
          ],
          unit(2),
        ),
      ).toThrow(/singular[\s\S]*in step 1 of walk/)
    }
  })

  test('one that is not positive definite is an error of cholesky', () => {
    expect(() =>
      agree([x], cholesky(x), [
        [
          [1, 2],
          [2, 1],
        ],
      ]),
    ).toThrow(/cholesky: the matrix is not positive definite[\s\S]*E244/)
    for (const backend of ['js', 'wasm', 'wasm-scalar'] as const)
      expect(() =>
        compile([x], cholesky(x), { backend })([
          [0, 0],
          [0, 1],
        ]),
      ).toThrow(/not positive definite/)
  })

  test('a diagonal with a zero is an error of solveTriangular', () => {
    for (const backend of ['reference', 'js', 'wasm', 'wasm-scalar'] as const)
      expect(() =>
        compile([x], solveTriangular(x, [1, 2]), { backend })([
          [1, 0],
          [3, 0],
        ]),
      ).toThrow(/an element of its diagonal is 0/)
  })

  test('a failed call leaves shared variables as they were', () => {
    for (const backend of ['reference', 'js', 'wasm'] as const) {
      const W = shared(array(unit(2), 'float64'), 'W')
      const count = shared(0, 'count')
      const f = compile([x], [], {
        updates: [
          [W, inv(W).add(x)],
          [count, count.add(1)],
        ],
        backend,
      })
      f([
        [-1, 0],
        [0, 1],
      ])
      expect(toNested(W.getValue())).toEqual([
        [0, 0],
        [0, 2],
      ])
      expect(() => f(unit(2))).toThrow(/singular/)
      expect(toNested(W.getValue())).toEqual([
        [0, 0],
        [0, 2],
      ])
      expect(count.getValue().data[0]).toBe(1)
    }
  })

  test('where ifElse does not take the branch, nothing fails', () => {
    const guarded = ifElse(gt(abs(det(x)), 1e-9), inv(x), x)
    const of = (rows: Rows) => toNested(agree([x], guarded, [rows]))
    const singular = [unit(2)[0]!, unit(2)[0]!]
    expect(of(singular)).toEqual(singular)
    expect(of([...unit(2)].reverse())).toEqual([...unit(2)].reverse())
  })

  test('NaN goes in and comes out', () => {
    const results = [inv(x), det(x), cholesky(x), solve(x, [1, 2])]
    for (const y of agree([x], results, [
      [
        [Number.NaN, 1],
        [1, 3],
      ],
    ]))
      expect([...y.data]).toContainEqual(Number.NaN)
  })
})

describe('gradients', () => {
  const a = square(5, 4)
  const cases: readonly (readonly [string, (x: Variable, b: Variable) => Variable, Rows])[] = [
    ['det', x => det(x), a],
    ['inv', x => inv(x), a],
    ['solve', (x, b) => solve(x, b), a],
    ['solve of a vector', (x, b) => solve(x, b.slice(null, 0)), a],
    ['solveTriangular', (x, b) => solveTriangular(x, b), a],
    [
      'solveTriangular, upper, transposed',
      (x, b) => solveTriangular(x, b, { lower: false, transpose: true }),
      a,
    ],
    ['cholesky', x => cholesky(x), definite(a)],
    [
      'cholesky of a batch',
      (x, b) =>
        cholesky(
          add(
            x,
            matmul(b, transpose(b))
              .expandDims(0)
              .mul([[[1]], [[2]]]),
          ),
        ),
      definite(a),
    ],
    [
      'inv and det of a batch',
      x => {
        const xs = x.expandDims(0).mul([[[1]], [[2]]])
        return inv(xs).mul(det(xs).expandDims([1, 2]))
      },
      a,
    ],
  ]

  test.each(cases)('%s', (_, f, point) => {
    const right = random(6, 4, 2) as Rows
    const options = { tolerance: 1e-5 }
    verifyGrad((x, b) => sum(f(x, b).mul(1.5)).add(sum(b)), [point, right], options)
    verifyGrad((x, b) => f(x, b).square().add(sum(b)), [point, right], options)
  })

  test.each(cases)('%s, twice', (_, f, point) => {
    const right = random(6, 4, 2) as Rows
    verifyGrad((x, b) => grad(sum(f(x, b).square()), x).mul(sum(b)), [point, right], { tolerance: 1e-4 })
  })

  test.each(cases)('%s, forward and all at once', (_, f, point) => {
    const [y, c] = [real('y', 4, 4), real('c', 4, 2)]
    const result = f(y, c).add(sum(c))
    const right = random(6, 4, 2) as Rows
    checkPush([y, c], result, [point, right], [random(7, 4, 4), random(8, 4, 2)])
    const J = agree([y, c], jacobian(result, y), [point, right], { onUnusedInput: 'ignore' })
    expectArray(J).toBeCloseToArray(measuredJacobian([y, c], result, y, [point, right]), { scaled: 1e-5 })
  })

  test('in a scan, and leaving one', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 3, 3] })
    const h0 = matrix('h0', { dtype: 'float64', shape: [3, 3] })
    const { h, y } = scan(({ x, h }) => ({ h: solve(x, h).add(x), y: det(x) }), {
      sequences: { x: xs },
      state: { h: h0 },
    })
    const cost = h.last.square().sum().add(y.all.sum())
    agree([xs, h0], [h.all, y.all, ...grad(cost, [xs, h0])], [random(3, 4, 3, 3), random(4, 3, 3)], {
      tolerance: { float64: 1e-8 },
    })
  })

  test('that of det holds for singular matrices too', () => {
    const cofactors = (rows: Rows) => toNested(agree([x], grad(det(x), x), [rows]))
    expect(
      cofactors([
        [1, 2],
        [2, 4],
      ]),
    ).toEqual([
      [4, -2],
      [-2, 1],
    ])
    expect(cofactors([[0]])).toEqual([[1]])
    const ofRank = (rank: number) => product(random(rank, 4, rank) as Rows, random(rank + 1, rank, 4) as Rows)
    for (const rank of [1, 2, 3]) verifyGrad(v => det(v), [ofRank(rank)])
    agree([x], grad(det(x), x), [
      product(unit(3), [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 5],
      ]),
    ])
    agree([x], grad(det(x), x), [zerosArray([3, 3])])
    agree([x], grad(det(x), x), [zerosArray([0, 0])])
    const nilpotent = [
      [0, 3, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]
    expectClose(cofactors(nilpotent) as Rows, [
      [0, 0, 0],
      [0, 0, 0],
      [6, 0, 0],
    ])
  })

  test('triangles of what is given are all that is read', () => {
    const full = square(9, 3)
    const f = (v: Variable) => [
      solveTriangular(tril(v), [1, 2, 3]),
      solveTriangular(v, [1, 2, 3]),
      solveTriangular(triu(v), [1, 2, 3], { lower: false }),
      solveTriangular(v, [1, 2, 3], { lower: false }),
    ]
    const [lower, own, upper, other] = agree([x], f(x), [full])
    expect(toNested(own!)).toEqual(toNested(lower!))
    expect(toNested(other!)).toEqual(toNested(upper!))
  })
})
