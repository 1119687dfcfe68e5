/** Acceptance: lazy conditionals, as the tests of Theano's and PyTensor's `ifelse` ask for them. */
import { formsOf } from '@arignote/compiler'
import { grad, ifElse, print, scalar, scan, type Variable, vector } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { agree } from '../src/index.js'

const c = scalar('c', 'int32')
const [x1, x2, y1, y2] = ['x1', 'x2', 'y1', 'y2'].map(name => vector(name, { shape: ['n'] })) as [
  Variable<'float32', 1>,
  Variable<'float32', 1>,
  Variable<'float32', 1>,
  Variable<'float32', 1>,
]
const values = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
]
const lists = (results: readonly { readonly data: ArrayLike<number> }[]) =>
  results.map(r => [...Array.from(r.data)])

test('test_lazy_if: either branch, any number as the condition', () => {
  const z = ifElse(c, x1, y1)
  expect(lists([agree([c, x1, y1], z, [1, [1, 2], [3, 4]])])).toEqual([[1, 2]])
  expect(lists([agree([c, x1, y1], z, [0, [1, 2], [3, 4]])])).toEqual([[3, 4]])
  expect(lists([agree([c, x1, y1], z, [-2, [1, 2], [3, 4]])])).toEqual([[1, 2]])
})

test('test_grad_lazy_if: ones for the branch that is taken, zeros for the other', () => {
  const gradients = grad(ifElse(c, x1, y1).sum(), [x1, y1])
  const run = (value: number) =>
    lists(agree([c, x1, y1], gradients, [value, [1, 2], [3, 4]], { onUnusedInput: 'ignore' }))
  expect(run(1)).toEqual([
    [1, 1],
    [0, 0],
  ])
  expect(run(0)).toEqual([
    [0, 0],
    [1, 1],
  ])
})

test('test_multiple_out and test_multiple_out_grad', () => {
  const [p, q] = ifElse(c, [x1, x2], [y1, y2])
  expect(lists(agree([c, x1, x2, y1, y2], [p, q], [1, ...values]))).toEqual(values.slice(0, 2))
  const gradients = grad(p.sum().add(q.mul(3).sum()), [x1, x2, y1, y2])
  const run = (value: number) =>
    lists(agree([c, x1, x2, y1, y2], gradients, [value, ...values], { onUnusedInput: 'ignore' }))
  const [ones, threes, zeros] = [
    [1, 1],
    [3, 3],
    [0, 0],
  ]
  expect(run(1)).toEqual([ones, threes, zeros, zeros])
  expect(run(0)).toEqual([zeros, zeros, ones, threes])
})

test('test_multiple_out_crash: values change places', () => {
  const swapped = ifElse(c, [x1, x2, y1, y2], [y2, y1, x2, x1])
  expect(lists(agree([c, x1, x2, y1, y2], swapped, [0, ...values]))).toEqual(values.toReversed())
})

test('test_merge and test_remove_useless_inputs: one branch, and no value twice', () => {
  const optimized = (outputs: readonly Variable[]) =>
    formsOf([c, x1, y1], outputs, [1, [1, 2], [3, 4]]).texts.optimized
  const merged = optimized([ifElse(c, x1, y1), ifElse(c, y1, x1.exp()), ifElse(c.cast('bool'), x1.sin(), y1)])
  expect(merged.match(/ifElse/g)).toHaveLength(1)
  expect(optimized(ifElse(c, [x1, x1], [y1, y1]))).toMatch(/^\w:f32\[n\] = ifElse \w x1 y1$/m)
})

test('test_dtype_mismatch, test_ndim_mismatch, test_broadcast_mismatch', () => {
  expect(() => ifElse(c, x1, vector('i', 'int32'))).toThrow('the branches have different dtypes')
  expect(() => ifElse(c, x1, x1.sum())).toThrow('the branches have different shapes')
  expect(() => ifElse(c, vector('a', { shape: [2] }), vector('b', { shape: [1] }))).toThrow(
    'the branches have different shapes',
  )
})

test('a step that needs no state of its own still chooses: the branch of each element of a sequence', () => {
  const lines: string[] = []
  const { y } = scan(({ x1 }) => ({ y: ifElse(x1.gt(2), print(x1, 'big').mul(10), print(x1, 'small')) }), {
    sequences: { x1 },
  })
  const told = (optimize: boolean) => {
    lines.length = 0
    const [all] = lists([
      agree([x1], y.all, [[1, 3, 2, 4]], {
        modes: [{ name: 'wasm', options: { backend: 'wasm', optimize } }],
        onPrint: ({ label, steps }) => lines.push(`${label} ${steps[0]!.step}`),
      }),
    ])
    expect(all).toEqual([1, 30, 2, 40])
    return lines.slice(lines.length / 2)
  }
  expect(told(true)).toEqual(['small 0', 'big 1', 'small 2', 'big 3'])
  expect(told(false)).toEqual(['small 0', 'big 1', 'small 2', 'big 3'])
})
