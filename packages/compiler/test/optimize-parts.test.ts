/** What is read in part is computed in part: rows of products, sums and loops. And loops of no step and of one. */

import {
  type Apply,
  add,
  contract,
  dim,
  type FamilyKind,
  grad,
  type Lambda,
  lambda,
  mul,
  printDim,
  type ScanParams,
  scan,
  sum,
  tanh,
  tensor,
  topologicalOrder,
  type Variable,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { compile } from '../src/compile.js'
import { sameValues } from './same-values.js'

const of = (name: string, shape: readonly (string | number)[], dtype = 'float32'): Variable =>
  tensor(name, { shape, dtype } as never)
const [x, h0, W] = [of('x', ['T', 3]), of('h0', [3]), of('W', [3, 3])]

type Step = (v: Record<string, Variable>) => Record<string, Variable>
const run = (step: Step, options: object) =>
  scan(step as never, options as never) as unknown as Record<string, { all: Variable; last: Variable }>
const dot = (a: Variable, b: Variable) => contract(a, b, { left: [0, 1], right: [1, 2], out: [0, 2] })
const slice = (v: Variable, ...specs: unknown[]): Variable => v.slice(...(specs as [never])) as Variable

const optimized = (params: readonly Variable[], results: readonly Variable[], sizes = [4, 5, 9]): Lambda =>
  sameValues(
    lambda(params, results),
    sizes.map(T => ({ T })),
  )
const nodesOf = (fn: Lambda, kind: FamilyKind): readonly Apply[] =>
  topologicalOrder(fn.results).filter(node => node.op.family.kind === kind)
const shapes = (fn: Lambda, kind: FamilyKind) =>
  nodesOf(fn, kind).map(node => node.outputs.map(v => v.shape.map(n => printDim(n)).join())[0])
const lengths = (fn: Lambda) => nodesOf(fn, 'scan').map(node => printDim((node.params as ScanParams).length))

describe('products, sums and maps of them', () => {
  const logits = tanh(add(dot(x, W), 1))

  test('a row of a product is the product of a row', () => {
    expect(shapes(optimized([x, W], [slice(logits, 2)]), 'contract')).toEqual(['1,3'])
    expect(shapes(optimized([x, W], [slice(logits, -1, { stop: 2 })]), 'contract')).toEqual(['1,2'])
  })

  test('several rows that lie together are one product', () => {
    const ten = of('ten', [10, 3])
    const all = tanh(dot(ten, W))
    const fn = optimized([ten, W], [slice(all, 1), slice(all, { start: 2, stop: 4 })])
    expect(shapes(fn, 'contract')).toEqual(['3,3'])
  })

  test('through several products, and sums', () => {
    const fn = optimized([x, W], [slice(sum(dot(tanh(dot(x, W)), W), 1), 0)])
    expect(shapes(fn, 'contract')).toEqual(['1,3', '1'])
    const sums = optimized([x], [slice(sum(tanh(x), 1), { stop: 3 })])
    expect(shapes(sums, 'reduce')).toEqual(['min(T, 3)'])
  })

  test('what is read as a whole too is computed once', () => {
    expect(shapes(optimized([x, W], [slice(logits, 2), sum(logits)]), 'contract')).toEqual(['T,3'])
    const parts = [0, 1, 2].map(k => slice(logits, null, { start: k, stop: k + 1 }))
    expect(shapes(optimized([x, W], parts), 'contract')).toEqual(['T,3'])
  })

  test('a map that nothing dear is below stays as it is', () => {
    const fn = lambda([x], [slice(tanh(x), 1)])
    const names = topologicalOrder(optimized([x], fn.results).results).map(node => node.op.name)
    expect(names).toEqual(['tanh', 'slice', 'squeeze'])
  })
})

/** h ← tanh(h·W + x), in either direction. */
const rnn = (options: object = {}) =>
  run(
    ({ x, h }) => ({
      h: tanh(add(contract(h!, W, { left: [0], right: [0, 1], out: [1] }), x!)),
      y: mul(h!, 2),
    }),
    {
      sequences: { x },
      state: { h: h0 },
      ...options,
    },
  )

describe('44: of a loop of which only early rows are read, only those steps are left', () => {
  test('rows from the beginning, of states and outputs', () => {
    const { h, y } = rnn()
    expect(lengths(optimized([x, h0, W], [slice(h!.all, 1)]))).toEqual(['min(T, 2)'])
    expect(lengths(optimized([x, h0, W], [slice(h!.all, 0), slice(y!.all, { stop: 3 })]))).toEqual([
      'min(T, 3)',
    ])
    expect(lengths(optimized([x, h0, W], [slice(dot(y!.all, W), 2)]))).toEqual(['min(T, 3)'])
  })

  test('a known number of steps, a symbolic index', () => {
    const [k, ten] = [of('k', [], 'int32'), of('ten', [10, 3])]
    const { h } = rnn({ sequences: { x: ten } })
    expect(lengths(optimized([ten, h0, W], [slice(h!.all, 4)]))).toEqual(['5'])
    const fn = optimized([ten, h0, W, k], [slice(h!.all, k)])
    expect(lengths(fn)).toEqual(['10'])
    const f = compile([x, h0, W, k], slice(rnn().h!.all, k))
    const rows = [1, 2, 3, 4].map(n => [n, 0, 0])
    const weights = [0, 0, 0].map(() => [0, 0, 0])
    expect(f(rows, [0, 0, 0], weights, 1).data[0]).toBeCloseTo(Math.tanh(2))
    expect(f(rows, [0, 0, 0], weights, -1).data[0]).toBeCloseTo(Math.tanh(4))
  })

  test('in reverse the first steps make the last rows', () => {
    const { h, y } = rnn({ reverse: true })
    expect(lengths(optimized([x, h0, W], [slice(h!.all, 0)]))).toEqual(['T'])
    const ten = of('ten', [10, 3])
    const back = rnn({ sequences: { x: ten }, reverse: true })
    const fn = optimized([ten, h0, W], [slice(back.h!.all, -2), slice(back.y!.all, { start: -3 })])
    expect(lengths(fn)).toEqual(['3'])
    expect(y!.all.ndim).toBe(2)
  })

  test('not where something needs all: the end, a sum, a gradient', () => {
    const { h } = rnn()
    expect(lengths(optimized([x, h0, W], [slice(h!.all, 1), h!.last]))).toEqual(['T'])
    expect(lengths(optimized([x, h0, W], [slice(h!.all, 1), sum(h!.all)]))).toEqual(['T'])
    const gradient = grad(sum(slice(h!.all, 1)), W) as Variable
    expect(nodesOf(optimized([x, h0, W], [slice(h!.all, 1), gradient]), 'scan').length).toBeGreaterThan(0)
  })

  test('a row that does not exist is still an error', () => {
    const f = compile([x, h0, W], slice(rnn().h!.all, 2))
    const weights = [0, 0, 0].map(() => [0, 0, 0])
    expect(() => f([[1, 1, 1]], [0, 0, 0], weights)).toThrow(/\[E225\]/)
    const [k, s] = [of('k', [], 'int32'), of('s', [])]
    const counted = compile(
      [s, k],
      slice(run(({ s }) => ({ s: tanh(s!) }), { state: { s }, steps: k }).s!.all, 2),
    )
    expect(() => counted(1, 2)).toThrow(/\[E225\]/)
    expect(counted(0, 3).data[0]).toBe(0)
  })
})

describe('no step, and one', () => {
  test.each([false, true])('a loop of one step is an expression, reverse: %s', reverse => {
    const { h, y } = rnn({ steps: 1, reverse })
    const fn = optimized([x, h0, W], [h!.all, h!.last, y!.all])
    expect(lengths(fn)).toEqual([])
    const { h: history } = rnn({ steps: 1, reverse })
    expect(lengths(optimized([x, h0, W], [grad(sum(history!.all), W) as Variable]))).toEqual([])
  })

  test('a loop of no step gives what it began with', () => {
    const { h, y } = rnn({ steps: 0 })
    const fn = optimized([x, h0, W], [h!.all, h!.last, y!.all])
    expect(lengths(fn)).toEqual([])
    expect(fn.results[1]).toBe(fn.params[1])
  })

  test('of an unknown number it stays a loop', () => {
    const k = of('k', [], 'int32')
    expect(
      lengths(lambda([h0, k], [run(({ h }) => ({ h: tanh(h!) }), { state: { h: h0 }, steps: k }).h!.last])),
    ).toHaveLength(1)
    expect(dim(x, 0).ndim).toBe(0)
  })
})
