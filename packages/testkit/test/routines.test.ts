/** What every routine gets from its family: its place among kernels, in memory, in loops, and in batches. */
import { compile, formsOf } from '@arignote/compiler'
import {
  array,
  concatenate,
  cumsum,
  inv,
  jacobian,
  matrix,
  randn,
  scan,
  shared,
  solve,
  sort,
  tanh,
  tensor,
  toNested,
  type Value,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { random } from './scan-cases.js'

const x = matrix('x', { dtype: 'float64', shape: ['rows', 6] })
const program = (inputs: readonly Variable[], outputs: Variable | Variable[], args: readonly Value[]) =>
  formsOf(inputs, outputs, args, { onUnusedInput: 'ignore' }).texts.program
const kernels = (text: string) => text.split('\n').filter(line => line.includes('←'))

describe('a routine', () => {
  test('is one kernel: what is before it is stored, what is after it is not fused', () => {
    expect(kernels(program([x], sort(tanh(x)).mul(2), [random(1, 4, 6)]))).toHaveLength(3)
    expect(kernels(program([x], sort(x), [random(1, 4, 6)]))).toHaveLength(1)
  })

  test('reads where its input lies, whatever the strides', () => {
    const every = x.transpose().slice({ step: 2 }, { step: -1 })
    expect(kernels(program([x], cumsum(every), [random(1, 4, 6)]))).toHaveLength(1)
    agree(
      [x],
      [cumsum(every), sort(every), sort(x.sum(0, { keepdims: true }).broadcastTo([3, 6]))],
      [random(1, 4, 6)],
    )
  })

  test('writes where its result belongs: a part of a whole, a state, a shared variable', () => {
    const whole = concatenate([sort(x), cumsum(x)], 1)
    expect(kernels(program([x], whole, [random(1, 4, 6)]))).toHaveLength(2)
    agree([x], whole, [random(1, 4, 6)])
    const W = shared(randn([3, 6], { seed: 1, dtype: 'float64' }), 'W')
    agree([], W.sum(), [], { updates: [[W, cumsum(sort(W), 1)]], calls: 3 })
    agree([], sort(W), [], { updates: [[W, sort(W, 0, { descending: true }).mul(-1)]], calls: 3 })
    const { h } = scan(({ h }) => ({ h: cumsum(h).mul(0.5) }), { state: { h: x }, steps: 5 })
    agree([x], [h.last, h.all], [random(2, 4, 6)])
    const last = scan(({ h }) => ({ h: cumsum(h) }), { state: { h: x }, steps: 5 }).h.last
    agree([x], last, [random(2, 4, 6)])
  })

  test('over a large batch runs in pieces', () => {
    const many = matrix('many')
    agree([many], [sort(many), cumsum(many)], [randn([20_000, 3], { seed: 5 })])
    const deep = tensor('deep', { shape: ['a', 1, 'b', 3] })
    agree([deep], [sort(deep, 0), cumsum(deep, 2)], [randn([100, 1, 70, 3], { seed: 5 })])
  })

  test('of what does not change leaves the loop', () => {
    const A = matrix('A', { dtype: 'float64', shape: [6, 6] })
    const { h } = scan(({ h }) => ({ h: h.dot(inv(A)).tanh() }), { state: { h: x }, steps: 4 })
    const text = program([A, x], h.last, [random(1, 6, 6), random(2, 4, 6)])
    expect(text.indexOf('← inv')).toBeGreaterThan(0)
    expect(text.indexOf('← inv')).toBeLessThan(text.indexOf('repeat'))
  })

  test('of sequences alone is done for all steps at once', () => {
    const xs = tensor('xs', { dtype: 'float64', shape: ['time', 4, 6] })
    const { y } = scan(({ x }) => ({ y: sort(x).mul(2) }), { sequences: { x: xs } })
    expect(program([xs], y.all, [random(1, 3, 4, 6)])).not.toContain('repeat')
    agree([xs], y.all, [random(1, 3, 4, 6)])
  })
})

describe('one matrix and many right-hand sides', () => {
  const A = matrix('A', { dtype: 'float64', shape: ['n', 'n'] })
  const b = vector('b', { dtype: 'float64', shape: ['n'] })
  /** The scratch memory of an elimination: rows times columns, and a batch before them. */
  const scratch = (text: string) => /solve scratch: (.*)/.exec(text)![1]

  test('of all steps are columns side by side', () => {
    const bs = matrix('bs', { dtype: 'float64', shape: ['time', 'n'] })
    const { y } = scan(({ x }) => ({ y: solve(A, x) }), { sequences: { x: bs } })
    const args = [random(1, 3, 3), random(2, 5, 3)] as const
    const text = program([A, bs], y.all, args)
    expect(text).not.toContain('repeat')
    expect(scratch(text)).toBe('scratch f64[n·time + n·n]')
    agree([A, bs], y.all, args)
  })

  test('of a Jacobian are, too', () => {
    const J = jacobian(solve(A, b), b)
    const args = [random(1, 3, 3), random(2, 3)] as const
    expect(scratch(program([A, b], J, args))).toBe('scratch f64[2·n·n]')
    const f = compile([A, b], [J, inv(A)], { onUnusedInput: 'ignore' })
    const [got, inverse] = f(...args).map(toNested) as [number[][], number[][]]
    got.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(inverse[i]![j]!, 9)
      })
    })
  })

  test('many matrices with one right-hand side are a batch', () => {
    const As = tensor('As', { dtype: 'float64', shape: ['time', 3, 3] })
    const { y } = scan(({ a }) => ({ y: solve(a, array([1, 2, 3], 'float64')) }), { sequences: { a: As } })
    agree([As], y.all, [random(1, 5, 3, 3)])
  })
})
