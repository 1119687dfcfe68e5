/** What becomes one kernel, what never may, and formulas that stay right where they are written naively. */
import { formsOf } from '@arignote/compiler'
import {
  add,
  dot,
  exp,
  log1p,
  matrix,
  mul,
  neg,
  outer,
  randn,
  sigmoid,
  softmax,
  softplus,
  square,
  sub,
  sum,
  tanh,
  transpose,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'
import { outline } from '../src/samples.js'
import { close, run, ways } from './scan-cases.js'

/** What the program does, once its values are checked in every mode. */
function checked(
  inputs: readonly Variable[],
  outputs: readonly Variable[],
  args: readonly unknown[],
): string {
  agree(inputs, outputs, args as never)
  return outline(formsOf(inputs, outputs, args as never).program.steps)
}

describe('fusion', () => {
  const [x, y] = [matrix('x', { shape: ['n', 5] }), matrix('y', { shape: ['n', 5] })]
  const args = [randn([4, 5], { seed: 1 }), randn([4, 5], { seed: 2 })]

  test('a diamond is one kernel', () => {
    const top = exp(x)
    expect(checked([x], [add(tanh(top), mul(top, 2))], [args[0]])).toBe('map')
  })

  test('results of one computation share a kernel', () => {
    const shared = exp(add(x, y))
    expect(checked([x, y], [shared, neg(shared), mul(shared, x)], args)).toBe('map')
  })

  test('what a reduction stands between is never joined in a circle', () => {
    const rows = sum(exp(x), 1, { keepdims: true })
    expect(checked([x], [mul(x, rows), add(x, 1)], [args[0]]).split(' ')).toHaveLength(2)
    const total = sum(mul(x, rows))
    checked([x], [add(mul(x, 2), total), total, sub(x, total)], [args[0]])
  })

  test('a dear value that is repeated along an axis is computed once', () => {
    const v = vector('v', { shape: [5] })
    const value = tanh(exp(v))
    const program = checked([x, v], [add(x, value)], [args[0], randn([5], { seed: 3 })])
    expect(program).toBe('map map')
  })

  test('a chain of hundreds is a few kernels', () => {
    let v: Variable = x
    for (let i = 0; i < 400; i++) v = i % 2 === 0 ? tanh(v) : add(mul(v, 0.5), y)
    const kernels = checked([x, y], [v], args).split(' ')
    expect(kernels.length).toBeLessThanOrEqual(6)
  })
})

describe('products', () => {
  const [A, B, C] = [
    matrix('A', { shape: [13, 17] }),
    matrix('B', { shape: [17, 11] }),
    matrix('C', { shape: [13, 11] }),
  ]
  const args = [
    randn([13, 17], { seed: 1 }),
    randn([17, 11], { seed: 2 }),
    randn([13, 11], { seed: 3 }),
  ] as const

  test('a·A·B + b·C is one, signs and all', () => {
    expect(checked([A, B, C], [add(mul(dot(A, B), 0.7), mul(C, 2))], args)).toBe('contract')
    expect(checked([A, B, C], [sub(C, mul(dot(A, B), 0.5))], args)).toBe('contract')
  })

  test('two products added to a matrix are two, unless they differ in a factor only', () => {
    const sumOfBoth = (D: Variable) => add(add(C, dot(A, B)), mul(dot(A, D), 0.5))
    expect(checked([A, B, C], [sumOfBoth(square(B))], args).match(/contract/g)).toHaveLength(2)
    expect(checked([A, B, C], [sumOfBoth(mul(B, 2))], args).match(/contract/g)).toHaveLength(1)
  })

  test('transposes, of operands and of operands of operands, cost nothing', () => {
    const program = checked(
      [A, B, C],
      [dot(transpose(B), transpose(A)), dot(transpose(C), A), dot(C, transpose(B))],
      args,
    )
    expect(program).toBe('contract contract contract')
  })

  test('a product with a vector, and of two vectors, take part', () => {
    const [v, w] = [vector('v', { shape: [17] }), vector('w', { shape: [13] })]
    const values = [randn([17], { seed: 4 }), randn([13], { seed: 5 })] as const
    expect(checked([A, v, w], [add(mul(dot(A, v), 2), w)], [args[0], ...values])).toBe('contract')
    expect(checked([A, v, w], [add(A, outer(w, v))], [args[0], ...values]).split(' ')).toHaveLength(1)
  })
})

describe.each(ways)('formulas at extreme values, $name', way => {
  const { dtype } = way
  const x = vector('x', { dtype })
  const given = [[-200, -30, 0, 1e-12, 30, 200]]
  const of = (v: Variable) => run(way, [x], [v], given)[0] as number[]

  test('softplus and log1p do not overflow and keep what is small', () => {
    const wanted = given[0]!.map(v => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))))
    close(way, of(softplus(x)), wanted)
    const tiny = run(way, [x], [log1p(x)], [[1e-12, 1e-3, 0]])[0] as number[]
    close(way, tiny.map(v => v / 1e-12).slice(0, 1), [1])
  })

  test('sigmoid saturates at 0 and 1', () => {
    close(
      way,
      of(sigmoid(x)),
      given[0]!.map(v => 1 / (1 + Math.exp(-v))),
    )
  })

  test('softmax and the logarithm of a sum of exponentials do not overflow', () => {
    const m = matrix('m', { dtype })
    const rows = [
      [1000, 1001, 999],
      [-1000, -1000, -1000],
    ]
    const [p, top] = run(way, [m], [softmax(m), m.logSumExp(1)], [rows]) as [number[][], number[]]
    const total = 1 + Math.E ** -1 + Math.E ** -2
    close(way, p, [[1, 0, 2].map(k => (k === 0 ? 1 : Math.exp(-k)) / total), [1 / 3, 1 / 3, 1 / 3]])
    close(way, top, [1001 + Math.log(total), -1000 + Math.log(3)])
  })
})
