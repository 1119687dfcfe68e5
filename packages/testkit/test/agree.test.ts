import { verifyGrad } from '@arignote/compiler'
import { add, apply1, array, mul, type Op, shared, sum, type Variable, vector } from '@arignote/graph'
import { s } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import * as A from 'arignote'
import { agree, expectArray, mismatch } from '../src/index.js'

describe('arrays are alike', () => {
  test('when shapes are equal and elements close, NaN being NaN', () => {
    expect(mismatch([1, Number.NaN], [1 + 1e-7, Number.NaN])).toBeNull()
    expect(mismatch([1], [[1]])).toBe('the shape is [1], expected [1,1]')
    expect(mismatch([1, 2], [1, Number.NaN])).toMatch(/^at \[1\] 2, expected NaN/)
    expect(mismatch([1e9], [Number.POSITIVE_INFINITY])).toMatch(/expected Infinity/)
    expect(mismatch([[0, 1, 5, 6, 7]], [[0, 0, 0, 0, 0]])).toMatch(/^at \[0, 1\] 1, .*; 1 more of 5/)
  })

  test('in scale with the greatest element, or each with itself', () => {
    expect(mismatch([1000.0005, 0.0005], [1000, 0], { scaled: 1e-6 })).toBeNull()
    expect(mismatch([0.5 + 1e-5], [0.5], { scaled: 1e-6 })).not.toBeNull()
    expect(mismatch([1.001e-20], [1e-20], { scaled: 0, relative: 0.01 })).toBeNull()
  })

  test('as expectations', () => {
    expectArray(array([[1, 2]])).toBeCloseToArray([[1, 2.0000001]])
    expect(() => expectArray([1]).toEqualArray([1.0000001])).toThrow(/expected 1\.0000001/)
  })
})

const x = vector('x')

describe('agree', () => {
  test('gives what the reference gives, and leaves states as it does', () => {
    const w = shared([1, 2], 'w')
    const { out } = agree([x], { out: mul(w, x) }, [[3, 4]], { updates: [[w, add(w, x)]], calls: 2 })
    expectArray(out).toEqualArray([12, 24])
    expectArray(w.getValue()).toEqualArray([7, 10])
  })

  /** Deliberately not a function: a different value at each compilation. */
  test('names the mode and the result that differ', () => {
    let drift = 0
    const drifting: Op<null> = {
      name: 'drifting',
      family: { kind: 'map', body: ([a]) => s.add(a!, drift++) },
      infer: ([a]) => ({ outputs: [a!] }),
    }
    expect(() => agree([x], [apply1(drifting, [x], null)], [[1, 2]])).toThrow(
      /^reference: result 0: at \[0\] \d, expected 1/,
    )
  })
})

describe('verifyGrad', () => {
  const square = (slope: number) => {
    const op: Op<null> = {
      name: `square${slope}`,
      family: { kind: 'map', body: ([a]) => s.mul(a!, a!) },
      infer: ([a]) => ({ outputs: [a!] }),
      grad: ({ inputs: [a], cotangents: [g] }) => [mul(mul(g!, a!), slope) as Variable],
    }
    return (a: Variable) => apply1(op, [a], null)
  }

  test('is content with a right gradient', () => {
    verifyGrad(square(2), [
      [
        [1, -2],
        [3, 0.5],
      ],
    ])
    verifyGrad(
      (a, b) => sum(mul(a, b)),
      [
        [1, 2],
        [3, 4],
      ],
    )
    verifyGrad((a, i) => mul(a, i), [[1, 2], Int32Array.of(3, 4)])
  })

  test('tells input, index and both numbers of a wrong one', () => {
    expect(() =>
      verifyGrad(
        (_, b) => square(3)(b),
        [
          [1],
          [
            [1, 2],
            [3, 4],
          ],
        ],
      ),
    ).toThrow(/gradient of input 1 is wrong at \[0, 0\]\n {2}grad gives \d\.\d+, differences give \d\.\d+/)
  })
})

test('puts back a random stream that only the number of steps hangs on', () => {
  const random = A.randomStream(7)
  const start = A.scalar('start')
  const { h } = A.scan(({ h }) => A.until(random.bernoulli([], 0.3), { h }), {
    state: { h: start },
    steps: 2,
  })
  // The elements are all 0, whatever was drawn; the fourth call has fewer of them than the first three.
  const zeros = A.zerosLike(h.all)
  const counts = [1, 2, 3, 4, 5, 6].map(() => agree([start], zeros, [1]).shape[0])
  expect(new Set(counts).size).toBeGreaterThan(1)
})
