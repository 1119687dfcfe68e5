/** Which scans become one: structure, and the same values as before, for no, one and several steps. */

import {
  type Apply,
  add,
  dim,
  grad,
  type Lambda,
  lambda,
  mul,
  type ScanParams,
  scan,
  square,
  sum,
  tanh,
  tensor,
  topologicalOrder,
  type Variable,
} from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { optimize } from '../src/1-optimize/optimize.js'
import { sameValues } from './same-values.js'

const of = (name: string, shape: readonly (string | number)[]): Variable => tensor(name, { shape } as never)
const [x, other, h0] = [of('x', ['T', 3]), of('other', ['T', 3]), of('h0', [3])]
const [a, b] = [of('a', [3]), of('b', [3])]

type Step = (v: Record<string, Variable>) => Record<string, Variable>
const run = (step: Step, options: object) =>
  scan(step as never, options as never) as unknown as Record<string, { all: Variable; last: Variable }>
/** h ← tanh(w·h + x) over the rows of xs. */
const leaky = (w: Variable, xs = x, options: object = {}) =>
  run(({ x, h }) => ({ h: tanh(add(mul(w, h!), x!)) }), {
    sequences: { x: xs },
    state: { h: h0 },
    ...options,
  }).h!

const optimized = (params: readonly Variable[], results: readonly Variable[]): Lambda =>
  sameValues(
    lambda(params, results),
    [0, 1, 2, 3, 7].map(T => ({ T, U: T })),
  )
const scansOf = (fn: Lambda): readonly Apply[] =>
  topologicalOrder(fn.results).filter(node => node.op.family.kind === 'scan')
const carries = (fn: Lambda) => scansOf(fn).map(node => (node.params as ScanParams).counts.carries)

test('recurrences over one sequence are one loop', () => {
  const fn = optimized([x, h0, a, b], [leaky(a).all, leaky(b).last])
  expect(carries(fn)).toEqual([2])
  expect((scansOf(fn)[0]!.params as ScanParams).counts.sequences).toBe(1)
})

test('so are those over different rows of it, and those that do the same to two starts', () => {
  const rows = (start: number, stop: number | null) => x.slice({ start, stop } as never) as Variable
  expect(
    carries(optimized([x, h0, a, b], [leaky(a, rows(1, null)).last, leaky(b, rows(0, -1)).last])),
  ).toEqual([2])
  expect(
    carries(optimized([x, h0, a], [leaky(a).last, leaky(a, x, { state: { h: mul(h0, 2) } }).last])),
  ).toEqual([2])
})

test('loops that have nothing in common stay apart', () => {
  expect(carries(optimized([x, other, h0, a, b], [leaky(a).last, leaky(b, other).last]))).toEqual([1, 1])
})

test('loops over different steps stay apart: another direction, a length that is only perhaps the same', () => {
  expect(carries(optimized([x, h0, a, b], [leaky(a).last, leaky(b, x, { reverse: true }).last]))).toEqual([
    1, 1,
  ])
  const u = of('u', ['U'])
  const short = leaky(b, x, { steps: dim(u, 0) })
  expect(carries(optimized([x, u, h0, a, b], [leaky(a).last, short.last]))).toEqual([1, 1])
})

test('a loop that waits for another stays behind it', () => {
  const first = leaky(a)
  const second = leaky(b, x, { state: { h: first.last } })
  const third = leaky(b, mul(x, first.last))
  expect(carries(optimized([x, h0, a, b], [second.last]))).toEqual([1, 1])
  expect(carries(optimized([x, h0, a, b], [third.last, first.all]))).toEqual([1, 1])
})

test('of three, where the first merges with either of two that depend on each other, no circle comes to be', () => {
  const first = leaky(a)
  const second = leaky(b)
  const third = leaky(a, x, { state: { h: second.last } })
  expect(carries(optimized([x, h0, a, b], [first.last, third.last])).toSorted()).toEqual([1, 2])
  // Two pairs that cross: each pair alone could merge, not both.
  const [p, q] = [leaky(a), leaky(b, other)]
  const [r, s] = [leaky(b, other, { state: { h: p.last } }), leaky(a, x, { state: { h: q.last } })]
  expect(carries(optimized([x, other, h0, a, b], [r.last, s.last])).toSorted()).toEqual([1, 1, 2])
})

test('two losses of one recurrence: their gradients are one loop', () => {
  const h = leaky(a)
  const losses = [sum(square(h.all)), sum(mul(h.last, b))]
  const gradients = losses.flatMap(loss => grad(loss, [a, h0]) as readonly Variable[])
  const fn = optimized([x, h0, a, b], gradients)
  expect(scansOf(fn)).toHaveLength(2)
})

test('a recurrence with more states than another takes that one in', () => {
  const both = run(({ x, h, k }) => ({ h: tanh(add(mul(a, h!), x!)), k: tanh(add(k!, h!)) }), {
    sequences: { x },
    state: { h: h0, k: h0 },
  })
  expect(carries(optimized([x, h0, a], [leaky(a).all, both.k!.last]))).toEqual([2])
})

test('loops of a few numbers are one, with nothing to walk over', () => {
  const [u, v] = [of('u', []), of('v', [])]
  const power = (w: Variable) => run(({ s }) => ({ s: mul(tanh(s!), w) }), { state: { s: u }, steps: 5 }).s!
  expect(carries(optimized([u, v], [power(u).last, power(v).last]))).toEqual([2])
})

test('within a step, too', () => {
  const { y } = run(
    ({ row, s }) => {
      const walk = (w: Variable) =>
        run(({ z, k }) => ({ k: tanh(add(mul(w, k!), z!)) }), { sequences: { z: row! }, state: { k: s! } }).k!
          .last
      return { s: tanh(s!), y: add(walk(of0), walk(of1)) }
    },
    { sequences: { row: x }, state: { s: of0 } },
  )
  const fn = optimized([x, of0, of1], [y!.all])
  const inner = topologicalOrder((scansOf(fn)[0]!.params as ScanParams).body.results)
  expect(inner.filter(node => node.op.family.kind === 'scan')).toHaveLength(1)
})
const [of0, of1] = [of('s0', []), of('s1', [])]

test('a rule may be left out by name', () => {
  const fn = lambda([x, h0, a, b], [leaky(a).all, leaky(b).last])
  expect(carries(optimize(fn, { without: ['scan ∪ scan, over the same rows'] }))).toEqual([1, 1])
})
