/** What the scan rules make of recurrences: structure, and the same values as before, for no, one and several steps. */

import {
  type Apply,
  add,
  contract,
  exp,
  type FamilyKind,
  grad,
  type Lambda,
  lambda,
  mul,
  type ScanParams,
  scan,
  sigmoid,
  slice,
  square,
  sub,
  sum,
  take,
  tanh,
  tensor,
  topologicalOrder,
  type Variable,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { sameValues } from './same-values.js'

const dot = (a: Variable, b: Variable) => contract(a, b, { left: [0, 1], right: [1, 2], out: [0, 2] })
const outer = (a: Variable, b: Variable) => contract(a, b, { left: [0], right: [1], out: [0, 1] })
const of = (
  name: string,
  shape: readonly (string | number)[],
  dtype: 'float32' | 'int32' = 'float32',
): Variable => tensor(name, { shape, dtype } as never)

const x = of('x', ['T', 'B', 8])
const h0 = of('h0', ['B', 4])
const [W, U, V] = [of('W', [8, 4]), of('U', [4, 4]), of('V', [4, 6])]
const b = of('b', [4])

/** Optimises, and checks the values. */
function optimized(params: readonly Variable[], results: readonly Variable[]): Lambda {
  return sameValues(lambda(params, results), [
    { T: 5, B: 3 },
    { T: 1, B: 1 },
    { T: 0, B: 2 },
  ])
}

const nodesOf = (fn: Lambda) => topologicalOrder(fn.results)
const scansOf = (fn: Lambda): readonly Apply[] => nodesOf(fn).filter(node => node.op.family.kind === 'scan')
const paramsOf = (node: Apply) => node.params as ScanParams
const count = (fn: Lambda, kind: FamilyKind) =>
  nodesOf(fn).filter(node => node.op.family.kind === kind).length
const inside = (fn: Lambda, kind: FamilyKind) => scansOf(fn).map(node => count(paramsOf(node).body, kind))

function lstm(reverse: boolean) {
  const [Wx, Uh, bias] = [of('Wx', [8, 16]), of('Uh', [4, 16]), of('bias', [16])]
  const c0 = of('c0', ['B', 4])
  const states = scan(
    ({ x, h, c }) => {
      const z = add(add(dot(x, Wx), dot(h, Uh)), bias)
      const gate = (k: number) => slice(z, null, { start: 4 * k, stop: 4 * k + 4 })
      const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))))
      return { h: mul(sigmoid(gate(3)), tanh(next)), c: next }
    },
    { sequences: { x }, state: { h: h0, c: c0 }, reverse },
  )
  const loss = add(sum(square(states.h.all)), sum(states.c.last))
  return { loss, params: [x, Wx, Uh, bias, h0, c0] }
}

const run = (step: (v: Record<string, Variable>) => Record<string, Variable>, options: object) =>
  scan(step as never, options as never) as unknown as Record<string, { all: Variable; last: Variable }>

describe.each([false, true])('an LSTM training graph, reverse: %s', reverse => {
  const { loss, params } = lstm(reverse)
  const fn = optimized(params, [loss, ...(grad(loss, params.slice(1)) as readonly Variable[])])

  test('is two loops with one contraction each', () => {
    expect(scansOf(fn)).toHaveLength(2)
    expect(inside(fn, 'contract')).toEqual([1, 1])
    expect(inside(fn, 'reduce')).toEqual([0, 0])
  })

  test('the input projection and both weight gradients are contractions over all steps', () => {
    expect(count(fn, 'contract')).toBe(3)
  })

  test('the backward loop carries the cotangents of the states and nothing else', () => {
    expect(scansOf(fn).map(node => paramsOf(node).counts.carries)).toEqual([2, 2])
  })

  test('the gradient of the sliced gates is put together, not added up', () => {
    const backward = paramsOf(scansOf(fn)[1]!).body
    expect(nodesOf(backward).filter(node => node.op.name === 'pad')).toHaveLength(0)
    expect(nodesOf(backward).filter(node => node.op.name === 'concatenate')).toHaveLength(1)
  })
})

test('35: a body that never varies is no loop, its value is repeated', () => {
  const { y } = run(() => ({ y: tanh(add(U, 1)) }), { sequences: { x } })
  const fn = optimized([x, U], [y!.all])
  expect(scansOf(fn)).toHaveLength(0)
  expect(fn.results[0]!.owner!.op.name).toBe('expand')
})

test('36: a sum of weights leaves the loop', () => {
  const U2 = of('U2', [4, 4])
  const { h } = run(({ h }) => ({ h: dot(h!, add(U, U2)) }), { state: { h: h0 }, steps: 4 })
  const fn = optimized([h0, U, U2], [h!.all])
  expect(nodesOf(paramsOf(scansOf(fn)[0]!).body).map(node => node.op.name)).toEqual(['contract'])
})

test('38: what depends on sequences only is done for all steps; a state is not', () => {
  const { h, y, z } = run(
    ({ x, h }) => ({
      h: tanh(add(h!, sum(tanh(x!), 1, { keepdims: true }))),
      y: exp(x!),
      z: add(mul(x!, 2), 1),
    }),
    { sequences: { x }, state: { h: h0 } },
  )
  const fn = optimized([x, h0], [h!.all, y!.all, z!.all])
  const [loop] = scansOf(fn)
  expect(paramsOf(loop!).body.results).toHaveLength(1)
  expect(inside(fn, 'reduce')).toEqual([0])
  expect(nodesOf(paramsOf(loop!).body).filter(node => node.op.name === 'tanh')).toHaveLength(1)
})

test('38: a loop without a state is none', () => {
  const { y } = run(({ x }) => ({ y: sigmoid(add(dot(x!, W), b)) }), { sequences: { x } })
  const fn = optimized([x, W, b], [y!.all])
  expect(nodesOf(fn).map(node => node.op.family.kind)).not.toContain('scan')
})

test('39, 41: outer products added to a start become one contraction', () => {
  const [a, c, start] = [of('a', ['T', 4]), of('c', ['T', 5]), of('m0', [4, 5])]
  const { m } = run(({ a, c, m }) => ({ m: add(m!, outer(a!, c!)) }), {
    sequences: { a, c },
    state: { m: start },
  })
  const fn = optimized([a, c, start], [m!.last])
  expect(nodesOf(fn).map(node => node.op.name)).toEqual(['contract', 'add'])
})

test('signs, factors, views and several contributions of an accumulator', () => {
  const [A, c, k, start] = [of('A', ['T', 4, 5]), of('c', [5, 2]), of('k', []), of('m0', [4, 2])]
  const step = ({ A, m }: Record<string, Variable>) => ({
    m: sub(add(m!, mul(dot(A!, c), k)), contract(c, A!, { left: [0, 1], right: [2, 0], out: [2, 1] })),
  })
  const { m } = run(step, { sequences: { A }, state: { m: start } })
  const fn = optimized([A, c, k, start], [m!.last])
  expect(count(fn, 'scan')).toBe(0)
  expect(
    nodesOf(fn).filter(node => node.outputs[0]!.ndim > 2 && node.op.family.kind !== 'reduce'),
  ).toHaveLength(0)
})

test('40: a GRU has no weight gradient in its loops', () => {
  const names = ['Wz', 'Wr', 'Wh', 'Uz', 'Ur', 'Uh']
  const weights = names.map(name => of(name, name.startsWith('W') ? [8, 4] : [4, 4]))
  const [Wz, Wr, Wh, Uz, Ur, Uh] = weights as [Variable, Variable, Variable, Variable, Variable, Variable]
  const { h } = run(
    ({ x, h }) => {
      const z = sigmoid(add(dot(x!, Wz), dot(h!, Uz)))
      const r = sigmoid(add(dot(x!, Wr), dot(h!, Ur)))
      const candidate = tanh(add(dot(x!, Wh), dot(mul(r, h!), Uh)))
      return { h: add(mul(sub(1, z), h!), mul(z, candidate)) }
    },
    { sequences: { x }, state: { h: h0 } },
  )
  const loss = sum(square(h!.all))
  const fn = optimized(
    [x, h0, ...weights],
    [loss, ...(grad(loss, [...weights, x, h0]) as readonly Variable[])],
  )
  // h·Uz and h·Ur are one.
  expect(inside(fn, 'contract')).toEqual([2, 3])
  expect(scansOf(fn).map(node => paramsOf(node).counts.carries)).toEqual([1, 1])
  expect(count(fn, 'contract')).toBe(3 + 6 + 3)
})

test('42: the input projection leaves with its bias; embedding and logits too', () => {
  const [E, ids] = [of('E', [3, 8]), of('ids', ['T', 'B'], 'int32')]
  const { h, logits } = run(
    ({ ids, h }) => {
      const next = tanh(add(add(dot(take(E, ids!), W), b), dot(h!, U)))
      return { h: next, logits: dot(next, V) }
    },
    { sequences: { ids }, state: { h: h0 } },
  )
  const loss = sum(square(logits!.all))
  const fn = optimized(
    [ids, E, h0, W, U, V, b],
    [h!.last, loss, ...(grad(loss, [E, W, U, V, b]) as readonly Variable[])],
  )
  expect(inside(fn, 'contract')).toEqual([1, 1])
  expect(inside(fn, 'gather')).toEqual([0, 0])
  expect(inside(fn, 'scatter')).toEqual([0, 0])
  expect(paramsOf(scansOf(fn)[0]!).counts.constants).toBe(1)
})

test('47: unread states go, in cycles too; what a read one needs stays', () => {
  const step = ({ x, h, p, q }: Record<string, Variable>) => ({
    h: tanh(add(h!, dot(x!, W))),
    p: add(q!, 1),
    q: mul(p!, h!),
  })
  const states = run(step, { sequences: { x }, state: { h: h0, p: h0, q: h0 } })
  expect(paramsOf(scansOf(optimized([x, h0, W], [states.h!.all]))[0]!).counts.carries).toBe(1)
  expect(paramsOf(scansOf(optimized([x, h0, W], [states.p!.last]))[0]!).counts.carries).toBe(3)
})

test('a state that keeps its value is a constant, and equal states are one', () => {
  const step = ({ x, h, k, same }: Record<string, Variable>) => ({
    h: tanh(add(mul(h!, k!), dot(x!, W))),
    k: k!,
    same: tanh(add(mul(same!, k!), dot(x!, W))),
  })
  const states = run(step, { sequences: { x }, state: { h: h0, k: mul(h0, 2), same: h0 } })
  const fn = optimized([x, h0, W], [states.h!.all, states.same!.all, states.k!.all, states.k!.last])
  expect(paramsOf(scansOf(fn)[0]!).counts).toEqual({ constants: 1, carries: 1, sequences: 1 })
})

test('only the end of a trajectory is read as the final value', () => {
  const { h } = run(({ h }) => ({ h: dot(h!, U) }), { state: { h: h0 }, steps: 4 })
  const fn = optimized([h0, U], [slice(h!.all, 3)])
  expect(fn.results[0]!.index).toBe(0)
  expect(fn.results[0]!.owner!.op.family.kind).toBe('scan')
})

test('nested scans: weight gradients leave both loops', () => {
  const { h } = run(
    ({ x, h }) => {
      const inner = run(({ k }) => ({ k: tanh(add(dot(k!, mul(U, U)), dot(x!, W))) }), {
        state: { k: h! },
        steps: 3,
      })
      return { h: inner.k!.last }
    },
    { sequences: { x }, state: { h: h0 } },
  )
  const loss = sum(square(h!.last))
  const fn = optimized([x, h0, W, U], [loss, ...(grad(loss, [W, U, h0]) as readonly Variable[])])
  expect(inside(fn, 'contract')).toEqual([0, 0])
  expect(count(fn, 'contract')).toBe(3)
})

test('the second derivative has the same values', () => {
  const { h } = run(({ x, h }) => ({ h: tanh(add(add(dot(x!, W), dot(h!, U)), b)) }), {
    sequences: { x },
    state: { h: h0 },
  })
  const loss = sum(square(h!.all))
  const [g] = grad(loss, [U]) as readonly [Variable]
  optimized([x, h0, W, U, b], [...(grad(sum(square(g)), [W, U, b]) as readonly Variable[])])
})
