/** What the rows of the rule tables do together, on graphs without loops. */

import {
  add,
  cast,
  concatenate,
  constant,
  contract,
  div,
  expand,
  expandDims,
  grad,
  type Lambda,
  lambda,
  mul,
  neg,
  slice,
  square,
  squeeze,
  stopGradient,
  sub,
  sum,
  tanh,
  tensor,
  topologicalOrder,
  transpose,
  type Variable,
  zeros,
} from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { optimize } from '../src/1-optimize/optimize.js'
import { sameValues } from './same-values.js'

const of = (name: string, shape: readonly (string | number)[]): Variable => tensor(name, { shape } as never)
const x = of('x', ['B', 3])
const y = of('y', ['B', 3])
const bindings = [{ B: 4 }, { B: 1 }]

const optimized = (params: readonly Variable[], ...results: readonly Variable[]) =>
  sameValues(lambda(params, results), bindings)
const names = (fn: Lambda) => topologicalOrder(fn.results).map(node => node.op.name)

test('a name, and what acts on gradients only, cost nothing', () => {
  expect(optimized([x], stopGradient(x.named('h')).add(0)).results).toEqual([x])
  expect(optimized([x], x.gradClip(-1, 1).gradScale(0.5)).results).toEqual([x])
})

test('constants are computed now', () => {
  const fn = optimized([x], mul(x, add(mul(constant(2), 3), tanh(zeros(x.shape)))))
  expect(names(fn)).toEqual(['constant', 'expandDims', 'expand', 'mul'])
})

test('signs move out of products and disappear in sums', () => {
  expect(optimized([x, y], add(x, mul(neg(x), y))).results).toEqual([sub(x, mul(x, y))])
  expect(optimized([x, y], neg(sub(x, mul(y, -1)))).results[0]!.owner!.op).toBe(neg.op)
})

test('in floating point nothing is assumed of zero times x', () => {
  expect(names(optimized([x], mul(x, 0)))).toContain('mul')
  expect(names(optimized([x], sub(x, x)))).toContain('sub')
})

test('a broadcast waits until after the arithmetic', () => {
  const k = of('k', [])
  const spread = (v: Variable) => expand(expandDims(v, [0, 1]), x.shape)
  const fn = optimized([x, k], add(x, mul(spread(k), spread(tanh(k)))))
  expect(topologicalOrder(fn.results).find(node => node.op === mul.op)!.outputs[0]!.shape).toEqual([])
})

test('views compose, and those that undo each other vanish', () => {
  expect(optimized([x], transpose(transpose(x))).results).toEqual([x])
  expect(optimized([x], squeeze(transpose(expandDims(transpose(x), 1)), 1)).results).toEqual([x])
  expect(optimized([x, y], slice(concatenate([x, y], 1), null, { start: 3, stop: 6 })).results).toEqual([y])
})

test('slices put together again are the tensor', () => {
  const parts = [0, 1, 2].map(k => slice(x, null, { start: k, stop: k + 1 }))
  expect(optimized([x], concatenate(parts, 1)).results).toEqual([x])
})

test('a contraction takes in transposes and sums', () => {
  const [A, B] = [of('A', [3, 4]), of('B', [5, 4])]
  const product = contract(A, transpose(B), { left: [0, 1], right: [1, 2], out: [0, 2] })
  expect(names(optimized([A, B], product))).toEqual(['contract'])
  const summed = optimized([A, B], sum(product, 1))
  expect(names(summed)).toEqual(['sum', 'contract'])
})

test('a sum of products of broadcasts is a contraction', () => {
  const [a, b] = [of('a', [5, 3]), of('b', [5, 4])]
  const pairs = mul(expand(expandDims(a, 2), [5, 3, 4]), expand(expandDims(b, 1), [5, 3, 4]))
  expect(names(optimized([a, b], sum(pairs, 0)))).toEqual(['contract'])
})

test('the gradient of neighbouring slices is one concatenation', () => {
  const [p, q, r] = [0, 1, 2].map(k => slice(x, null, { start: k, stop: k + 1 })) as [
    Variable,
    Variable,
    Variable,
  ]
  const loss = sum(add(add(mul(p, q), square(r)), tanh(p)))
  const fn = optimized([x], ...(grad(loss, [x]) as readonly Variable[]))
  expect(names(fn).filter(name => name === 'pad' || name === 'concatenate')).toEqual(['concatenate'])
})

test('casts that keep every value are one', () => {
  const i = tensor('i', { shape: ['B'], dtype: 'int32' } as never) as Variable
  expect(optimized([i], cast(cast(i, 'float64'), 'int32')).results).toEqual([i])
})

test('divisions by powers of two are products', () => {
  expect(names(optimized([x], div(x, 4)))).not.toContain('div')
  expect(names(optimized([x], div(x, 3)))).toContain('div')
})

test('optimising twice changes nothing', () => {
  const once = optimize(lambda([x, y], [sum(square(sub(x, mul(y, 2))), 0)]))
  expect(optimize(once)).toBe(once)
})

test('each rule that is applied is traced', () => {
  const lines: string[] = []
  optimize(lambda([x], [add(neg(neg(x)), 0)]), { trace: line => lines.push(line) })
  expect(lines).toEqual(['neg: −−x → x', 'add: x + 0 → x'])
})

test('a chain of a hundred thousand nodes', () => {
  let v = x
  for (let i = 0; i < 50_000; i++) v = tanh(add(v, y))
  const fn = lambda([x, y], [v])
  expect(optimize(fn)).toBe(fn)
}, 60_000)
