/** The gradient of a tensor read in slices is one value, put together from a part for each slice. */
import { optimize } from '@arignote/compiler'
import {
  add,
  concatenate,
  grad,
  lambda,
  matrix,
  mul,
  pad,
  randn,
  sum,
  tanh,
  tensor,
  topologicalOrder,
  type Variable,
} from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'

/** Σ of products of neighbours in the order given, so that every row has a gradient of its own. */
function costOf(x: Variable, rows: readonly number[]): Variable {
  const parts = rows.map(row => tanh(x.at(row)) as Variable)
  return parts.reduce((total, part, i) => add(total, mul(sum(part), i + 1)), sum(x.at(0)) as Variable)
}

function gradientOf(
  rows: readonly number[],
  size: number | string = 24,
): { x: Variable; gradient: Variable } {
  const x = tensor('x', { shape: [size, 3] }) as Variable
  return { x, gradient: grad(costOf(x, rows), x) }
}

const count = (v: Variable, op: object) => topologicalOrder([v]).filter(node => node.op === op).length
const all = Array.from({ length: 24 }, (_, i) => i)

test.each<[string, readonly number[], number]>([
  ['in order', all, 0],
  ['in any order', all.map(i => (i * 7) % 24), 0],
  ['with holes', all.filter(i => i % 3 === 1), 1],
  ['some of them twice', [...all, 5, 6], 0],
])('%s', (_, rows, pads) => {
  const { x, gradient } = gradientOf(rows)
  expect(count(gradient, concatenate.op)).toBe(1)
  expect(count(gradient, pad.op)).toBeLessThanOrEqual(pads + 1)
  agree([x], gradient, [randn([24, 3], { seed: 1 })])
})

test('a few rows far apart stay a sum of pads: zeros between them would be parts too', () => {
  const { x, gradient } = gradientOf([2, 9, 17])
  expect(count(gradient, concatenate.op)).toBe(0)
  agree([x], gradient, [randn([24, 3], { seed: 2 })])
})

test('the tensor may be longer than anybody knows', () => {
  const { x, gradient } = gradientOf(all, 'rows')
  expect(count(gradient, concatenate.op)).toBe(1)
  for (const rows of [24, 30]) agree([x], gradient, [randn([rows, 3], { seed: 3 })])
})

test('columns too, and slices of several rows', () => {
  const x = matrix('x', { shape: [4, 30] })
  const parts = [20, 0, 10].map(start => x.slice(null, { start, stop: start + 10 }))
  const cost = parts
    .map((part, k): Variable => sum(tanh(part).mul(k + 1)))
    .reduce((a, b) => a.add(b) as Variable)
  const gradient = grad(cost, x)
  expect([count(gradient, concatenate.op), count(gradient, pad.op)]).toEqual([1, 0])
  agree([x], gradient, [randn([4, 30], { seed: 4 })])
})

test('of a recurrence of two hundred steps written out there is one assembled gradient', () => {
  const x = tensor('x', { shape: [200, 2, 3] }) as Variable
  let h: Variable = x.at(0)
  for (let t = 1; t < 200; t++) h = tanh(add(h, x.at(t)))
  const gradient = grad(sum(h), x)
  expect(count(gradient, pad.op)).toBe(0)
  expect(topologicalOrder(optimize(lambda([x], [gradient])).results).length).toBeLessThan(2500)
})
