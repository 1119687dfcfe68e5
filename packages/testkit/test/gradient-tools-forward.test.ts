/** Forward mode: the Jacobian times a vector, without the Jacobian. */
import * as graph from '@arignote/graph'
import {
  concatenate,
  dot,
  freeVariables,
  gradScale,
  logSumExp,
  mul,
  Rop,
  reshape,
  scan,
  scatterAdd,
  softmax,
  square,
  stopGradient,
  sum,
  take,
  tanh,
  transpose,
  type Value,
  type Variable,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, real } from './derivative-cases.js'
import { meanings } from './elementwise.js'
import { random } from './scan-cases.js'

const builders = graph as unknown as Record<string, (...args: readonly Variable[]) => Variable>

const differentiable = Object.entries(meanings).filter(([, { points }]) => points !== undefined)

describe('of every elementwise operation', () => {
  test.each(differentiable)('%s', (name, { points }) => {
    const inputs = points!.map((xs, i) => real(`x${i}`, xs.length))
    const directions = points!.map((xs, i) => xs.map((x, k) => x && 0.5 + ((3 * k + i) % 4) * 0.4))
    checkPush(inputs, builders[name]!(...inputs), points as Value[], directions as Value[])
  })
})

describe('of the other families', () => {
  const [x, w] = [real('x', 3, 4), real('w', 4, 2)]
  const ids = graph.constant([2, 0, 2], 'int32')
  test.each<[string, (x: Variable, w: Variable) => Variable]>([
    ['a product of matrices', (x, w) => dot(x, w)],
    ['reductions', (x, w) => concatenate([sum(x, 0), graph.prod(w, 1), graph.max(x, 1)], 0)],
    ['softmax', (x, w) => softmax(dot(x, w))],
    ['log-sum-exp', (x, w) => logSumExp(dot(x, w), 0)],
    ['views', (x, w) => mul(reshape(transpose(x), [6, 2]), graph.pad(w, [[1, 1], 0]))],
    ['slices', (x, w) => mul(graph.slice(x, { step: -2 }, { stop: 2 }), graph.slice(w, { start: 2 }, null))],
    ['gather and scatter', (x, w) => dot(take(x, ids), scatterAdd(ids, w.slice({ stop: 3 }), 0, 4))],
    ['norms and statistics', (x, w) => graph.norm(x, 1).sum().mul(graph.std(w, 0))],
    ['what is chosen', (x, w) => graph.where(graph.gt(x, 0), graph.log(graph.abs(x)), dot(x, w).sum())],
  ])('%s', (_, f) => {
    checkPush([x, w], f(x, w), [random(1, 3, 4), random(2, 4, 2)], [random(3, 3, 4), random(4, 4, 2)])
  })
})

describe('the form', () => {
  const [x, y, v, u] = [real('x', 3), real('y', 3), real('v', 3), real('u', 3)]
  const rows: Value[] = [
    [1, 2, 3],
    [4, 5, 6],
    [0.1, 0.2, 0.3],
    [1, -1, 2],
  ]

  test('is that of the results; tangents have that of the variables', () => {
    const { product, total } = Rop({ product: mul(x, y), total: sum(x) }, { x, y }, { y: u, x: v })
    const [square_] = Rop([square(x)], [x], [v])
    const got = agree([x, y, v, u], { product, total, square_ }, rows)
    expectArray(got.product).toBeCloseToArray([1.4, -1, 7.8])
    expectArray(got.total).toBeCloseToArray(0.6)
    expectArray(got.square_).toBeCloseToArray([0.2, 0.8, 1.8])
  })

  test('a variable that is asked about twice moves along both tangents', () => {
    const pushed = Rop(square(x), [x, x], [v, u])
    const [once] = agree([x, v, u], [pushed], [rows[0]!, rows[2]!, rows[3]!])
    expectArray(once!).toBeCloseToArray([2.2, -3.2, 13.8])
  })

  test('a result that does not depend on the variables does not move', () => {
    const [, still] = Rop([mul(x, y), square(y)], x, v)
    expectArray(agree([y], still!, [rows[1]!], { onUnusedInput: 'ignore' })).toEqualArray([0, 0, 0])
    expect(() => Rop(square(y), x, v)).toThrow(/^Rop: the result does not depend on the variable/)
    expect(freeVariables([Rop(square(y), x, v, { disconnectedInputs: 'ignore' })])).toEqual([])
  })

  test('by a computed variable, and past what is constant', () => {
    const middle = tanh(x)
    expectArray(
      agree([x, v], Rop(mul(middle, 3), middle, v), [rows[0]!, rows[2]!], { onUnusedInput: 'ignore' }),
    ).toBeCloseToArray([0.3, 0.6, 0.9])
    const half = Rop(mul(x, stopGradient(x)), x, v)
    const other = Rop(mul(x, middle), x, v, { considerConstant: [middle] })
    const got = agree([x, v], [half, other, mul(v, middle)], [rows[0]!, rows[2]!])
    expectArray(got[0]!).toBeCloseToArray([0.1, 0.4, 0.9])
    expectArray(got[1]!).toBeCloseToArray(got[2]!)
  })

  test('what acts on cotangents has no part in it, in a scan neither', () => {
    const scanned = (f: (v: Variable) => Variable) =>
      scan(({ x, h }) => ({ h: f(mul(x, h)) }), {
        sequences: { x },
        state: { h: graph.constant(1, 'float64') },
      }).h.all
    const plain = Rop(
      scanned(h => h),
      x,
      v,
    )
    expect(
      Rop(
        scanned(h => gradScale(h, 7).gradClip(-1e-9, 1e-9)),
        x,
        v,
      ),
    ).toBe(plain)
    const scaled = gradScale(x, 7)
    expectArray(agree([v], Rop(mul(scaled, 2), scaled, v), [rows[2]!])).toBeCloseToArray([0.2, 0.4, 0.6])
  })
})
