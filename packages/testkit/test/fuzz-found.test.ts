/** What the fuzzer found: each program as it was shrunk and printed, with the bug's name. */
import { describe, expect, test } from '@jest/globals'
import * as A from 'arignote'
import { agree } from '../src/index.js'

test('nothing is rolled anywhere', () => {
  const x = A.tensor('x', { dtype: 'float32', shape: [0] })
  const y = A.tensor('y', { dtype: 'float32', shape: ['n'] })
  agree([x, y], [A.roll(x, -1), A.roll(y, -1)], [[], []], { further: [[[], [1, 2, 3]]] })
})

test('sizes that only a step mentions are known, and required of', () => {
  const n = A.scalar('n', 'int32')
  const x = A.scalar('x', 'float64')
  const inner = (h: A.Tensor) => A.scan(({ g }) => ({ g: A.add(h, g) }), { state: { g: x }, steps: n }).g.last
  const outer = (steps: number) => A.scan(({ h }) => ({ h: inner(h) }), { state: { h: x }, steps }).h
  agree([n, x], [outer(0).all, outer(2).last], [2, 3], { further: [[0, 1]] })
})

test('a row of a single row, and of a cut, is a part of just that', () => {
  const single = A.tensor('single', { shape: [1, 2] })
  const whole = A.tensor('whole', { shape: [3, 2] })
  const cut = whole.slice({ start: 1, stop: 2 })
  const written = [A.setSubtensor(single.at(0), 9), A.setSubtensor(cut.at(0), 9)]
  expect(written.map(v => v.shape)).toEqual([
    [1, 2],
    [1, 2],
  ])
  const rows = A.toNested(
    A.compile(
      [whole],
      A.incSubtensor(cut.at(0), 1),
    )([
      [0, 0],
      [1, 2],
      [0, 0],
    ]),
  )
  expect(rows).toEqual([[2, 3]])
})

test('the cosine of what turns out to be a number', () => {
  const x = A.tensor('x', { dtype: 'float32', shape: [0] })
  const y = A.tensor('y', { dtype: 'float64', shape: [2] })
  const cosine = A.cos(A.cast(A.dim(x, 0), 'float32'))
  const sine = A.sin(A.cast(A.dim(y, 0), 'float64'))
  agree([x, y], [cosine, sine], [[], [1, 2]], { onUnusedInput: 'ignore' })
})

test('nothing, read in steps of two, is nothing', () => {
  const a = A.tensor('a', { dtype: 'float32', shape: ['n', 2] })
  const b = A.tensor('b', { dtype: 'float32', shape: [2, 3] })
  const product = A.dot(a, b)
  const cut = (start: number, step: number) => product.slice({ start, stop: 0, step }, 0)
  const none = [cut(0, 2), cut(0, -2), product.slice({ step: 2 }, 0), product.slice({ step: -2 }, 0)]
  agree([a, b], none, [A.zerosArray([0, 2]), A.zerosArray([2, 3])], {
    further: [[A.zerosArray([3, 2]), A.zerosArray([2, 3])]],
  })
})

test('the sum of none is 0, whatever they are', () => {
  const x = A.scalar('x', 'float64')
  const v = A.tensor('v', { dtype: 'float64', shape: ['n'] })
  const none = A.sum(A.broadcastTo(A.log10(x), [0]))
  const some = A.sum(A.broadcastTo(A.log10(x), [v.shape[0]!]))
  const steps = A.scan(() => ({ y: x }), { sequences: { v } })
  agree([x, v], [none, some, A.sum(A.log10(steps.y.all))], [0, []], { further: [[0, [1, 2]]] })
})

test('behind padding, no row is taken by what lies where an empty index would be', () => {
  const [y, ids] = [A.vector('y'), A.vector('ids', { dtype: 'int32', shape: ['n'] })]
  const big = A.vector('big', { shape: [4096] })
  const litter = A.compile([big], A.cumsum(big.mul(-3e38)).max())
  const padded = A.pad(A.take(y, ids), [[3, 0]])
  for (const backend of ['wasm', 'wasm-scalar', 'js'] as const) {
    const f = A.compile([y, ids], padded, { backend })
    litter(new Float32Array(4096).fill(1))
    expect([...f([], []).data]).toEqual([0, 0, 0])
    expect([...f([1, 2], [1]).data]).toEqual([0, 0, 0, 2])
  }
})

test('a scan that may stop early, and makes one step at most', () => {
  const [stop, start] = [A.scalar('stop', 'bool'), A.scalar('start', 'int32')]
  const { h, y } = A.scan(({ h }) => A.until(stop, { h: h.add(1), y: h }), { state: { h: start }, steps: 1 })
  agree([stop, start], [h.all, h.last, y.all, y.last], [true, 3], { further: [[false, 4]] })
})

describe('a loop over as many steps as another one made', () => {
  const stop = A.scalar('stop', 'bool')

  test('starts from an input that passes through, in memory whose size the first loop tells', () => {
    const a = A.tensor('a', { dtype: 'float64', shape: [1, 1, 1] })
    const b = A.tensor('b', { dtype: 'float64', shape: [1, 1, 1] })
    const rows = A.scan(() => A.until(stop, { h: a }), { state: { h: b }, steps: 2 }).h.all
    const passed = A.scan(({ g }) => ({ g }), { sequences: { rows }, state: { g: a } }).g.all
    const [three] = agree([stop, a, b], [passed], [true, [[[3]]], [[[2]]]], { onUnusedInput: 'ignore' })
    expect(A.toNested(three!)).toEqual([[[[3]]]])
  })

  test('has a third one behind it, in reverse, of which only the number of steps matters', () => {
    const [c, i, s] = [A.scalar('c'), A.scalar('i', 'int32'), A.scalar('s')]
    const rows = A.scan(({ h }) => A.until(stop, { h }), { state: { h: s }, steps: 2 }).h.all
    const passed = A.scan(({ g }) => ({ g }), { sequences: { rows }, state: { g: i } }).g.all
    const last = A.scan(() => ({ k: c }), { sequences: { passed }, state: { k: c }, reverse: true }).k.all
    const args = { onUnusedInput: 'ignore', further: [[false, 3, 1, 3]] } as const
    const [threes] = agree([stop, c, i, s], [last], [true, 3, 1, 3], args)
    expect(A.toNested(threes!)).toEqual([3, 3])
  })

  test('is the derivative of a derivative', () => {
    const s = A.scalar('s')
    const step = ({ h }: { readonly h: A.Tensor }) => {
      const y = A.softsign(h)
      return A.until(stop, { h: y.mul(0), y })
    }
    const mean = A.mean(A.scan(step, { state: { h: s }, steps: 2 }).y.all)
    const second = A.hessian(mean, s, { disconnectedInputs: 'ignore' })
    agree([stop, s], [second], [true, 3], { further: [[false, 3]] })
  })
})

test('a branch whose sizes a loop tells is not merged with one that the loop waits for', () => {
  const p = A.scalar('p', 'bool')
  const [x, y] = [A.vector('x', { shape: [3] }), A.vector('y', { shape: [3] })]
  const [, rows] = A.ifElse(p, [x, y], [y, x])
  const { before } = A.scan(({ row, h: [h] }) => A.until(p, { h: row, before: h }), {
    sequences: { row: rows },
    state: { h: A.taps(x, [-3]) },
  })
  const slope = A.grad(A.sum(before.all), y, { disconnectedInputs: 'ignore' })
  const args = [true, [-2, 2, 1], [1, 3, 0]] as const
  agree([p, x, y], [slope], args, {
    further: [[false, [1, 2, 3], [4, 5, 6]]],
    onUnusedInput: 'ignore',
  })
})
