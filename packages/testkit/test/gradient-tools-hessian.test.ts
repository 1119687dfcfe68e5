/** Hessians and their products with vectors. */
import {
  dot,
  exp,
  grad,
  gradClip,
  gradScale,
  hessian,
  hvp,
  jacobian,
  scan,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensordot,
  transpose,
  type Value,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { measuredJacobian, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

const unused = { onUnusedInput: 'ignore' } as const

describe('the Hessian', () => {
  const [x, A] = [real('x', 3), real('A', 3, 3)]
  const values: Value[] = [random(1, 3), random(2, 3, 3)]
  const quadratic = dot(x, dot(A, x))

  test('of a quadratic form is the matrix and its transpose', () => {
    const H: Tensor<'float64', 2> = hessian(quadratic, x as Tensor<'float64', 1>)
    const [a, b] = agree([x, A], [H, A.add(transpose(A))], values, unused)
    expectArray(a!).toBeCloseToArray(b!, { scaled: 1e-14 })
  })

  test('of a linear cost is zero', () => {
    expectArray(agree([x], hessian(sum(x), x), [values[0]!], unused)).toEqualArray(
      zerosArray([3, 3], 'float64'),
    )
  })

  test('has the axes of its variable twice, and the form of the variables', () => {
    const { x: Hx, A: HA } = hessian(sum(square(dot(A, x))), { x, A })
    expect([Hx.ndim, HA.shape]).toEqual([2, [3, 3, 3, 3]])
    const gradient = grad(sum(square(dot(A, x))), A)
    const got = agree([x, A], { HA, Hx }, values)
    expectArray(got.HA).toBeCloseToArray(measuredJacobian([x, A], gradient, A, values))
  })

  const [xs, h0, W, U] = [real('xs', 'time', 2), real('h0', 3), real('W', 2, 3), real('U', 3, 3)]
  const inputs = [xs, h0, W, U]
  const given: Value[] = [random(1, 3, 2), random(2, 3), random(3, 2, 3), random(4, 3, 3)]
  const { h } = scan(({ xs, h }) => ({ h: tanh(dot(xs, W).add(dot(h, U))) }), {
    sequences: { xs },
    state: { h: h0 },
  })
  const loss = sum(square(sub(h.all, 0.3)))

  test('of the loss of a recurrent network', () => {
    const all = hessian(loss, inputs)
    const got = agree(inputs, all, given)
    inputs.forEach((v, i) => {
      const measured = measuredJacobian(inputs, grad(loss, v), v, given)
      expectArray(got[i]!).toBeCloseToArray(measured, { scaled: 1e-6 })
    })
    const oneByOne = hessian(loss, U, { vectorize: false })
    const [a, b] = agree(inputs, [oneByOne, all[3]!], given)
    expectArray(a!).toBeCloseToArray(b!, { scaled: 1e-12 })
  })

  test('times a vector', () => {
    const [v, w] = [real('v', 3), real('w', 3, 3)]
    const p = random(5, 3)
    const small = agree(
      [x, A, v],
      [hvp(quadratic, x, v), dot(hessian(quadratic, x), v)],
      [...values, p],
      unused,
    )
    expectArray(small[0]!).toBeCloseToArray(small[1]!, { scaled: 1e-13 })
    const product = tensordot(hessian(loss, U), w)
    const large = agree([...inputs, w], [hvp(loss, U, w), product], [...given, random(6, 3, 3)])
    expectArray(large[0]!).toBeCloseToArray(large[1]!, { scaled: 1e-12 })
  })

  test('times a vector of several variables counts their mixed derivatives', () => {
    const [v, w] = [real('v', 3), real('w', 3, 3)]
    const cost = sum(exp(dot(A, x)))
    const { x: atX, A: atA } = hvp(cost, { x, A }, { A: w, x: v })
    const gx = grad(cost, x)
    const gA = grad(cost, A)
    const two = [
      [0, 1],
      [0, 1],
    ] as const
    const wantedX = dot(jacobian(gx, x), v).add(tensordot(jacobian(gx, A), w, [[1, 2], two[1]]))
    const wantedA = dot(jacobian(gA, x), v).add(tensordot(jacobian(gA, A), w, [[2, 3], two[1]]))
    const got = agree([x, A, v, w], [atX, wantedX, atA, wantedA], [...values, random(7, 3), random(8, 3, 3)])
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-12 })
    expectArray(got[2]!).toBeCloseToArray(got[3]!, { scaled: 1e-12 })
  })

  test('sees what acts on cotangents, as gradients do', () => {
    const got = agree(
      [x],
      [jacobian(gradClip(square(x), 0, 0.5), x), jacobian(gradScale(square(x), -1), x)],
      [[1, 2, 3]],
    )
    expectArray(got[0]!).toEqualArray([
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 3],
    ])
    expectArray(got[1]!).toEqualArray([
      [-2, 0, 0],
      [0, -4, 0],
      [0, 0, -6],
    ])
  })

  test('of a tensor, or of integers, is an error', () => {
    expect(() => hessian(x, x)).toThrow(/^hessian: the cost is not a scalar/)
    expect(() => hvp(x.argmax(), x, x)).toThrow(/^hvp: a cost of int32 has no gradient/)
    expect(() => hessian(sum(x), A)).toThrow(/^hessian: the cost does not depend on the variable/)
    expect(() => hvp(sum(x), A, A)).toThrow(/^hvp: the cost does not depend on the variable/)
  })
})
