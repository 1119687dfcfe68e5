/** Batching over time computes what a loop over the steps computes. */
import {
  batchExpression,
  concatenate,
  constant,
  dot,
  expandDims,
  freeVariables,
  matrix,
  pad,
  reshape,
  scan,
  scatterAdd,
  slice,
  substitute,
  sum,
  take,
  tanh,
  tensor,
  transpose,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { random } from './scan-cases.js'

const x = matrix('x', { dtype: 'float64', shape: [2, 3] })
const W = matrix('W', { dtype: 'float64', shape: [3, 4] })
const ids = vector('ids', { dtype: 'int32', shape: [2] })
const xs = tensor('xs', { dtype: 'float64', shape: ['time', 2, 3] })
const Ws = tensor('Ws', { dtype: 'float64', shape: ['time', 3, 4] })
const idss = matrix('idss', { dtype: 'int32', shape: ['time', 2] })
const stacked = new Map<Variable, Variable>([
  [x, xs],
  [W, Ws],
  [ids, idss],
])
const values = new Map<Variable, never>([
  [x, random(1, 2, 3)],
  [W, random(2, 3, 4)],
  [ids, [2, 0] as never],
  [xs, random(3, 5, 2, 3)],
  [Ws, random(4, 5, 3, 4)],
  [
    idss,
    [
      [0, 1],
      [2, 2],
      [1, 0],
      [2, 1],
      [0, 0],
    ] as never,
  ],
])

describe('all steps at once are the steps one by one', () => {
  test.each<[string, Variable, readonly Variable[]]>([
    ['maps and broadcasts', tanh(x.mul(2).add(sum(x, 1, { keepdims: true }))), [x]],
    ['a contraction with a varying left', dot(x, W), [x]],
    ['a contraction with a varying right', dot(x, W), [W]],
    ['a contraction of two that vary', dot(x, W), [x, W]],
    ['reductions', sum(x, 0), [x]],
    ['reductions of all axes', sum(x), [x]],
    ['reshape and transpose', transpose(reshape(x, [3, 2])), [x]],
    ['slice', slice(W, { start: 2, stop: 0, step: -1 }, 1), [W]],
    ['pad', pad(expandDims(x, 1), 1, { value: 3 }), [x]],
    ['concatenate with what does not vary', concatenate([W, transpose(x).mul(2)], 1), [W]],
    ['gather by varying ids', take(W, ids, 1), [ids]],
    ['gather of varying rows', take(W, ids, 0), [W]],
    ['scatter of varying updates', scatterAdd(ids, x, 0, 4), [x]],
    ['what does not vary', W, [x]],
  ])('%s', (_, result, leaves) => {
    const sequences = Object.fromEntries(leaves.map((v, i) => [`s${i}`, stacked.get(v)!]))
    const looped = scan(
      slices => ({
        y: substitute(
          [result],
          new Map(leaves.map((v, i) => [v, (slices as Record<string, Variable>)[`s${i}`]!])),
        )[0]!,
      }),
      { sequences },
    ).y.all
    const [batched] = batchExpression([result], new Map(leaves.map(v => [v, stacked.get(v)!])), xs.shape[0]!)!
    const inputs = freeVariables([batched!, looped])
    const [a, b] = agree(
      inputs,
      [batched!, looped],
      inputs.map(v => values.get(v)!),
    )
    expectArray(a!).toBeCloseToArray(b!, { scaled: 1e-12 })
  })

  test('is not tried where it would hide an index out of range', () => {
    expect(batchExpression([take(W, ids)], stacked, xs.shape[0]!)).toBeNull()
    expect(batchExpression([take(W, constant([1], 'int32'))], stacked, xs.shape[0]!)).not.toBeNull()
  })
})
