/** What gradients may be asked for, and what may be said about them: the tools around `grad`. */
import { compile, optimize } from '@arignote/compiler'
import {
  constant,
  DTypeError,
  dot,
  exp,
  grad,
  gradClip,
  gradScale,
  Lop,
  lambda,
  mul,
  type NdArray,
  Rop,
  scan,
  shared,
  softmax,
  square,
  stopGradient,
  sum,
  type Tensor,
  take,
  tanh,
  topologicalOrder,
  type Value,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, jest, test } from '@jest/globals'
import { agree, modes } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { real } from './derivative-cases.js'
import { random } from './scan-cases.js'

const [x, y, W] = [real('x', 3), real('y', 3), real('W', 3, 3)]
const unused = { onUnusedInput: 'ignore' } as const
const at = (inputs: readonly Variable[], result: Variable, ...values: Value[]): NdArray =>
  agree(inputs, result, values, unused)
const opsOf = (v: Variable) => topologicalOrder([v]).map(node => node.op.name)

describe('variables that the cost does not depend on', () => {
  const cost = sum(square(x))

  test('are an error, a warning, or have zeros of their own shape and dtype', () => {
    const single = vector('single')
    expect(() => grad(cost, [x, y])).toThrow(/^grad: the cost does not depend on the variable\n.*\n {2}y /)
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const [g, none] = grad(cost, [x, W], { disconnectedInputs: 'warn' })
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
    const other = grad(cost, single, { disconnectedInputs: 'ignore' })
    const got = agree([x, W, single], [g, none, other], [[1, 2, 3], random(1, 3, 3), [1, 2]], unused)
    expectArray(got[0]!).toEqualArray([2, 4, 6])
    expectArray(got[1]!).toEqualArray(zerosArray([3, 3], 'float64'))
    expectArray(got[2]!).toEqualArray(Float32Array.of(0, 0))
  })

  test('are those beyond a stop, or beyond what is to be constant, on every path', () => {
    const middle = tanh(x)
    expect(() => grad(sum(stopGradient(x)), x)).toThrow(/\[E053\]$/)
    expect(() => grad(sum(square(middle)), x, { considerConstant: [middle] })).toThrow(/does not depend/)
    expect(() => Lop(stopGradient(x), x, y)).toThrow(/^Lop: the result does not depend on the variable/)
    expectArray(at([x], grad(sum(mul(stopGradient(middle), x)), x), [0, 0, 0])).toEqualArray([0, 0, 0])
    const past = grad(sum(mul(middle, x)), x, { considerConstant: [middle] })
    const [a, b] = agree([x], [past, middle], [[0.1, 0.2, 0.3]])
    expectArray(a!).toEqualArray(b!)
  })

  test('are not those whose gradient happens to be zero', () => {
    expectArray(at([x], grad(sum(mul(x, 0)), x), [1, 2, 3])).toEqualArray([0, 0, 0])
    expectArray(at([x], grad(sum(x.round()), x), [1.2, 2, 3])).toEqualArray([0, 0, 0])
  })
})

describe('integers', () => {
  const ids = vector('ids', 'int32')

  test('have no gradient, but stand beside what has', () => {
    expect(() => grad(sum(mul(x, 2)), ids)).toThrow(/^grad: there is no gradient with respect to int32/)
    expect(() => Rop(take(x, ids), ids, ids)).toThrow(/^Rop: there is no gradient with respect to int32/)
    expect(() => grad(sum(ids), x)).toThrow(/^grad: a cost of int32 has no gradient/)
    const picked = grad(sum(mul(take(x, ids), ids)), x)
    expectArray(at([x, ids], picked, [1, 2, 3], Int32Array.of(2, 0, 2))).toEqualArray([0, 0, 4])
  })

  test('that are mixed with floats pass nothing on', () => {
    const counted = sum(mul(x.gt(0).cast('float64'), x))
    expectArray(at([x], grad(counted, x), [-1, 2, 3])).toEqualArray([0, 1, 1])
  })
})

describe('forms and sizes', () => {
  test('a variable may be asked about twice', () => {
    const [a, b] = grad(sum(square(x)), [x, x])
    expect(a).toBe(b)
    const both = grad(sum(square(x)), { first: x, second: x })
    expectArray(at([x], both.second, [1, 2, 3])).toEqualArray([2, 4, 6])
  })

  test('nothing at all has a gradient of nothing', () => {
    const [u, M] = [real('u', null), real('M', null, 3)]
    const cost = sum(square(u)).add(sum(softmax(dot(M, W))))
    const [gu, gM, gW] = grad(cost, [u, M, W])
    const empty = [zerosArray([0], 'float64'), zerosArray([0, 3], 'float64'), random(1, 3, 3)]
    const got = agree([u, M, W], [gu, gM, gW], empty, unused)
    expect(got.map(g => g.shape)).toEqual([[0], [0, 3], [3, 3]])
    expectArray(got[2]!).toEqualArray(zerosArray([3, 3], 'float64'))
  })

  test('of a record is a record, typed', () => {
    const cost = sum(dot(W, x))
    const found: { w: Tensor<'float64', number>; x: Tensor<'float64', number> } = grad(cost, { w: W, x })
    expect([found.w.ndim, found.x.ndim]).toEqual([2, 1])
  })
})

describe('known gradients', () => {
  test('say where the gradient starts, layer by layer', () => {
    const [first, second] = [tanh(dot(W, x)), sum(square(dot(W, tanh(dot(W, x)))))]
    const upper = grad(second, first)
    const lower = grad(null, x, { knownGrads: new Map([[first as Variable, upper as Variable]]) })
    const [a, b] = agree([x, W], [lower, grad(second, x)], [[0.1, -0.2, 0.3], random(2, 3, 3)])
    expectArray(a!).toBeCloseToArray(b!, { scaled: 1e-14 })
  })

  test('must be there, and of the right type', () => {
    expect(() => grad(null, x)).toThrow(/^grad: there is neither a cost nor a known gradient/)
    const wrong = (g: Variable) => () => grad(null, x, { knownGrads: new Map([[tanh(x) as Variable, g]]) })
    expect(wrong(constant([1, 2], 'float64'))).toThrow(/^grad: a known gradient must have the type of its/)
    expect(wrong(constant([1, 2, 3], 'float32'))).toThrow(DTypeError)
  })

  test('cotangents and tangents too', () => {
    expect(() => Lop([tanh(x), x], x, [y])).toThrow(/^Lop: 1 cotangent for 2 results/)
    expect(() => Lop(tanh(x), x, W)).toThrow(/^Lop: a cotangent must have the type of its result/)
    expect(() => Rop(mul(x, y), { x, y }, { x: y } as never)).toThrow(/^Rop: 1 tangent for 2 variables/)
    expect(() => Rop(tanh(x), x, constant([1, 2, 3], 'float32'))).toThrow(
      /^Rop: a tangent must have the type of its variable/,
    )
  })
})

describe('on the way back only', () => {
  const [s, t] = [real('s'), real('t')]

  test('gradClip clips what flows through it, and nothing else', () => {
    const clipped = sum(mul(gradClip(s, -1, 1), 4)).add(mul(s, 0))
    expectArray(at([s], clipped, 3)).toEqualArray(12)
    expectArray(at([s], grad(mul(s, 4), s), 3)).toEqualArray(4)
    expectArray(at([s], grad(clipped, s), 3)).toEqualArray(1)
    const each = grad(sum(mul(x.gradClip(-1, 2), [-5, 1.5, 5])), x)
    expectArray(at([x], each, [0, 0, 0])).toEqualArray([-1, 1.5, 2])
  })

  test('gradScale scales it: reversed, or by a number that changes', () => {
    expectArray(at([x], grad(sum(square(x.gradScale(-1))), x), [1, 2, 3])).toEqualArray([-2, -4, -6])
    const factor = shared(0.5, 'factor')
    const scaled = grad(sum(square(gradScale(x, factor))), x)
    expectArray(at([x], scaled, [1, 2, 3])).toEqualArray([1, 2, 3])
    factor.setValue(2)
    expectArray(at([x], scaled, [1, 2, 3])).toEqualArray([4, 8, 12])
  })

  test('infinities are bounds, and distinct from one another', () => {
    const open = Number.POSITIVE_INFINITY
    const one = grad(sum(mul(gradClip(x, -open, 1), 4)), x)
    const other = grad(sum(mul(gradClip(x, 5, open), 4)), x)
    const got = agree([x], [one, other], [[0, 0, 0]], unused)
    expectArray(got[0]!).toEqualArray([1, 1, 1])
    expectArray(got[1]!).toEqualArray([5, 5, 5])
  })

  test('they vanish from the compiled function', () => {
    const marked = exp(gradScale(gradClip(mul(x, 2), -1, 1), 3))
    expect(opsOf(marked)).toEqual(expect.arrayContaining(['gradClip', 'gradScale']))
    const fn = optimize(lambda([x], [marked]))
    expect(fn.results[0]).toBe(optimize(lambda([x], [exp(mul(x, 2))])).results[0])
    for (const { options } of modes)
      expectArray(compile([x], marked, options)([0, 1, 2])).toBeCloseToArray([1, Math.exp(2), Math.exp(4)])
  })

  test('in a scan they act at every step', () => {
    const steps = (f: (h: Variable) => Variable) =>
      scan(({ h }) => ({ h: f(mul(h, 3)) }), { state: { h: s }, steps: 3 }).h.last
    expectArray(
      at(
        [s],
        steps(h => gradClip(h, -2, 2)),
        1,
      ),
    ).toEqualArray(27)
    expectArray(
      at(
        [s],
        grad(
          steps(h => h),
          s,
        ),
        1,
      ),
    ).toEqualArray(27)
    expectArray(
      at(
        [s],
        grad(
          steps(h => gradClip(h, -2, 2)),
          s,
        ),
        1,
      ),
    ).toEqualArray(6)
    expectArray(
      at(
        [s],
        grad(
          steps(h => gradScale(h, 0.5)),
          s,
        ),
        1,
      ),
    ).toEqualArray(27 / 8)
  })

  test('their own derivative is that of what they do', () => {
    const first = grad(gradClip(square(s), 0, 10).mul(square(t)), s)
    const got = agree([s, t], [first, grad(first, t)], [3, 2])
    expectArray(got[0]!).toEqualArray(24)
    expectArray(got[1]!).toEqualArray(24)
    const cut = grad(gradClip(square(s), 0, 1).mul(square(t)), s)
    expectArray(at([s, t], grad(cut, t), 3, 2)).toEqualArray(0)
  })

  test('of integers they are nothing; their bounds are scalars in order', () => {
    const i = vector('i', 'int32')
    expect(gradClip(i, 0, 1)).toBe(i)
    expect(() => gradClip(x, 1, -1)).toThrow(/^gradClip: from 1 to -1/)
    expect(() => gradScale(x, y)).toThrow(/^gradScale: wrong number of axes/)
  })
})
