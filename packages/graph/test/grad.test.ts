import type { DType } from '@arignote/loops'
import { describe, expect, jest, test } from '@jest/globals'
import { backward, grad, Lop } from '../src/grad.js'
import { add, mul, square } from '../src/ops/arithmetic.js'
import { cast } from '../src/ops/cast.js'
import { gt } from '../src/ops/comparison.js'
import { sum } from '../src/ops/reduce.js'
import { stopGradient, where } from '../src/ops/select.js'
import { constant, zerosLike } from '../src/ops/source.js'
import { substitute, topologicalOrder } from '../src/traverse.js'
import { type AxisSpec, dimOf, printType, tensorType } from '../src/type.js'
import { type Tensor, Variable, withOrigins } from '../src/variable.js'

const input = <D extends DType, const S extends readonly AxisSpec[]>(dtype: D, shape: S, name: string) =>
  new Variable(tensorType(dtype, shape.map(dimOf)), null, 0, name) as Tensor<D, S['length']>

const x = input('float32', ['n', 3], 'x')
const y = input('float32', ['n', 3], 'y')
const z = input('float64', [], 'z')
const ids = input('int32', ['n'], 'ids')
const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    const lines = (error as Error).message.split('\n').map(line => line.replace(/\s*\[E\d+\]$/, '').trimEnd())
    return lines.filter(line => line !== '' && !line.includes('created at')).join('\n')
  }
  throw new Error('nothing was thrown')
}

describe('what a gradient looks like', () => {
  test('it has the form and the types of what was asked about', () => {
    const cost = sum(mul(mul(x, y), cast(z, 'float32')))
    const one: Tensor<'float32', 2> = grad(cost, x)
    const [a, b]: [Tensor<'float32', 2>, Tensor<'float64', 0>] = grad(cost, [x, z])
    const record: { x: Tensor<'float32', 2>; z: Tensor<'float64', 0> } = grad(cost, { x, z })
    expect([one, a, b].map(v => printType(v.type))).toEqual(['f32[n, 3]', 'f32[n, 3]', 'f64[]'])
    expect(record).toEqual({ x: a, z: b })
    expect(grad(cost, [])).toEqual([])
  })

  test('only nodes between the variable and the cost are differentiated', () => {
    const other = sum(square(y))
    const gradient = grad(sum(mul(x, other)), x)
    expect(topologicalOrder([gradient]).filter(node => node.op === square.op)).toHaveLength(1)
  })

  test('of a computed variable is its own, and goes on to what it depends on', () => {
    const middle = square(x)
    const [gx, gm] = grad(sum(mul(middle, y)), [x, middle])
    expect(topologicalOrder([gm]).map(node => node.op.name)).not.toContain('square')
    expect(gx).toBe(Lop(middle, x, gm))
  })

  test('a deep graph is no deeper than the stack', () => {
    let deep: Variable = x
    for (let i = 0; i < 10_000; i++) deep = mul(deep, x)
    expect(printType(grad(sum(deep), x).type)).toBe('f32[n, 3]')
  })

  test('new nodes say where the node that they differentiate was made', () => {
    const first = square(x)
    const origins = first.owner!.origins
    const gradient = withOrigins([], () => grad(sum(first), x))
    const product = topologicalOrder([gradient]).find(node => node.op === mul.op && node.inputs.includes(x))!
    expect(product.origins).toEqual(origins.slice(0, product.origins.length))
    expect(product.origins.length).toBeGreaterThan(0)
  })
})

describe('where gradients stop', () => {
  test('at variables that are to be constant', () => {
    const middle = square(x)
    const cost = (v: Variable) => sum(mul(v, x))
    expect(grad(cost(middle), x, { considerConstant: [middle] })).toBe(
      substitute([grad(cost(y), x)], new Map([[y as Variable, middle]]))[0],
    )
  })

  test('at known gradients, which replace the computed ones', () => {
    const middle = square(x)
    expect(grad(sum(middle), middle, { knownGrads: new Map([[middle, y]]) })).toBe(y)
    const flowing = grad(null, x, { knownGrads: new Map([[middle, y]]) })
    expect(flowing).toBe(Lop(middle, x, y))
    expect(flowing).toBe(grad(sum(middle), x, { knownGrads: new Map([[middle, y]]) }))
  })

  test('at integers and bools; the gradient is zero there', () => {
    const counted = sum(where(gt(x, 0), constant(1), constant(2)))
    expect(grad(counted, x)).toBe(zerosLike(x))
    expect(grad(sum(cast(cast(x, 'int32'), 'float32')), x)).toBe(zerosLike(x))
  })

  test('of several results with cotangents the products are added, also where one result is made of another', () => {
    const middle = square(x)
    const [separate] = backward([middle, mul(middle, 3)], [y, y], [x])
    expect(Lop([middle, mul(middle, 3)], x, [y, y])).toBe(separate)
  })

  test('null is a cotangent that is zero by structure', () => {
    expect(backward([square(x), square(y)], [null, x], [x, y]).map(v => v === null)).toEqual([true, false])
  })
})

describe('questions without an answer', () => {
  test('a cost that is not a scalar, or not a float', () => {
    expect(messageOf(() => grad(square(x), x))).toMatchInlineSnapshot(`
"grad: the cost is not a scalar
  cost : f32[n, 3]   (result of square)
  a gradient is taken of a single number: sum() or mean() it first"
`)
    expect(messageOf(() => grad(sum(ids), x))).toMatchInlineSnapshot(`
"grad: a cost of int32 has no gradient
  cost : i32[]   (result of sum)
  the cost must be float32 or float64"
`)
  })

  test('a gradient with respect to integers', () => {
    expect(messageOf(() => grad(sum(x), ids as never))).toMatchInlineSnapshot(`
"grad: there is no gradient with respect to int32
  ids : i32[n]   (input "ids")
  only float32 and float64 can be varied by a little"
`)
  })

  test('a variable that the cost does not depend on', () => {
    const cost = sum(x)
    expect(messageOf(() => grad(cost, [x, y]))).toMatchInlineSnapshot(`
"grad: the cost does not depend on the variable
  cost : f32[]       (result of sum)
  y    : f32[n, 3]   (input "y")
  if zeros are what you want, pass disconnectedInputs: 'ignore'"
`)
    expect(messageOf(() => grad(sum(stopGradient(x)), x))).toMatchInlineSnapshot(`
"grad: the cost does not depend on the variable
  cost : f32[]       (result of sum)
  x    : f32[n, 3]   (input "x")
  if zeros are what you want, pass disconnectedInputs: 'ignore'"
`)
    expect(grad(cost, y, { disconnectedInputs: 'ignore' })).toBe(zerosLike(y))
    expect(() => grad(sum(add(x, stopGradient(x))), x)).not.toThrow()
  })

  test('which may be a warning', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    expect(grad(sum(x), y, { disconnectedInputs: 'warn' })).toBe(zerosLike(y))
    expect(warn.mock.calls).toMatchInlineSnapshot(`
[
  [
    "grad: the cost does not depend on y : f32[n, 3]   (input "y"); cost : f32[]   (result of sum): its gradient is zeros",
  ],
]
`)
    warn.mockRestore()
  })
})
