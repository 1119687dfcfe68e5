/** Forward mode through scan, and Gauss–Newton products made of it. */
import { optimize } from '@arignote/compiler'
import * as graph from '@arignote/graph'
import {
  concatenate,
  dot,
  grad,
  jacobian,
  Lop,
  lambda,
  logSumExp,
  Rop,
  type ScanParams,
  scan,
  square,
  sum,
  tanh,
  tensordot,
  topologicalOrder,
  transpose,
  type Value,
  type Variable,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

describe('through scan', () => {
  const [x, h0, W, U] = [
    real('x', 'time', 'batch', 2),
    real('h0', 'batch', 3),
    real('W', 2, 3),
    real('U', 3, 3),
  ]
  const inputs = [x, h0, W, U]
  const values: Value[] = [random(1, 4, 2, 2), random(2, 2, 3), random(3, 2, 3), random(4, 3, 3)]
  const directions: Value[] = [random(5, 4, 2, 2), random(6, 2, 3), random(7, 2, 3), random(8, 3, 3)]
  const network = (how: { readonly reverse?: boolean; readonly unroll?: number } = {}) =>
    scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))), y: square(h) }), {
      sequences: { x },
      state: { h: h0 },
      ...how,
    })
  const scansIn = (v: Variable) =>
    topologicalOrder([v]).flatMap(node => (node.op.family.kind === 'scan' ? [node.params as ScanParams] : []))

  test.each([{}, { reverse: true }, { unroll: 2 }])('it is measured; %j', how => {
    const { h, y } = network(how)
    checkPush(inputs, h.all, values, directions)
    checkPush(inputs, y.all, values, directions)
    checkPush(inputs, sum(h.last).add(sum(y.all)), values, directions)
  })

  test('no steps', () => {
    checkPush(
      inputs,
      network().h.last,
      values.with(0, zerosOf(0, 2, 2)),
      directions.with(0, zerosOf(0, 2, 2)),
    )
  })

  test('it equals two pull-backs written by hand, and the Jacobian times the vector', () => {
    const { all } = network().h
    const [v, u] = [real('v', 3, 3), real('u', 'time', 'batch', 3)]
    const pushed = Rop(all, U, v)
    const twice = Lop(Lop(all, U, u), u, v)
    const product = tensordot(jacobian(all, U), v, [
      [3, 4],
      [0, 1],
    ])
    const given = [...values, directions[3]!, random(9, 4, 2, 3)]
    const got = agree([...inputs, v, u], [pushed, twice, product], given, { onUnusedInput: 'ignore' })
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-12 })
    expectArray(got[0]!).toBeCloseToArray(got[2]!, { scaled: 1e-12 })
  })

  test('it runs in the direction of the scan, and costs what a tangent written by hand costs', () => {
    const v = real('v', 3, 3)
    const { h } = network()
    const fn = optimize(lambda([...inputs, v], [Rop(h.all, U, v)]))
    expect(scansIn(fn.results[0]!).map(({ reverse }) => reverse)).toEqual([false, false])

    const started = concatenate([graph.expandDims(h0, 0), h.all.slice({ stop: -1 })], 0)
    const byHand = scan(
      ({ before, after, t }) => {
        const next = dot(t, U)
          .add(dot(before, v))
          .mul(graph.sub(1, square(after)))
        return { t: next }
      },
      { sequences: { before: started, after: h.all }, state: { t: zeros(h0.shape as never, 'float64') } },
    )
    const other = optimize(lambda([...inputs, v], [byHand.t.all]))
    const contractions = (v: Variable): number =>
      topologicalOrder([v]).reduce((n, { op, params }) => {
        if (op.family.kind === 'scan')
          return n + (params as ScanParams).body.results.slice(0, 1).reduce((m, r) => m + contractions(r), 0)
        return n + (op.family.kind === 'contract' ? 1 : 0)
      }, 0)
    expect(contractions(fn.results[0]!)).toBe(contractions(other.results[0]!))
    const [a, b] = agree([...inputs, v], [Rop(h.all, U, v), byHand.t.all], [...values, directions[3]!])
    expectArray(a!).toBeCloseToArray(b!, { scaled: 1e-12 })
  })

  test('scans in scans, and twice', () => {
    const [w, c, v] = [real('w', 2, 2), real('c', 2), real('v', 2, 2)]
    const A = real('A', 2, 3, 2)
    const outer = scan(
      ({ a, s }) => ({
        s: scan(({ x, c }) => ({ c: tanh(dot(c, w).add(x)) }), { sequences: { x: a }, state: { c: s } }).c
          .last,
      }),
      { sequences: { a: A }, state: { s: c } },
    ).s.all
    const given: Value[] = [random(1, 2, 3, 2), random(2, 2, 2), random(3, 2)]
    checkPush([A, w, c], outer, given, [random(4, 2, 3, 2), random(5, 2, 2), random(6, 2)])
    checkPush(
      [A, w, c, v],
      Rop(outer, w, v),
      [...given, random(7, 2, 2)],
      [random(4, 2, 3, 2), random(5, 2, 2), random(6, 2), random(8, 2, 2)],
    )
  })

  /** G·v = Jᵀ · (∂²loss/∂y²) · J · v for y = f(U). */
  const gaussNewton = (result: Variable, lossOf: (y: Variable) => Variable, wrt: Variable, v: Variable) => {
    const moved = Rop(result, wrt, v)
    const y = real('y', ...result.shape.map(n => (typeof n === 'number' ? n : null)))
    const curved = Rop(grad(lossOf(y), y), y, moved)
    return Lop(result, wrt, graph.substitute([curved], new Map([[y, result]]))[0]!)
  }

  test.each<[string, (y: Variable) => Variable]>([
    ['squares', y => sum(square(y))],
    ['cross-entropy', y => sum(graph.sub(logSumExp(y, -1), y.slice(null, null, 0)))],
  ])('Gauss–Newton products: %s', (_, lossOf) => {
    const v = real('v', 3, 3)
    const { all } = network().h
    const product = gaussNewton(all, lossOf, U, v)
    const outputs = graph.reshape(all, [-1])
    const J = graph.reshape(jacobian(outputs, U), [-1, 9])
    const flat = real('flat', null)
    const curvature = graph.substitute(
      [graph.hessian(lossOf(graph.reshape(flat, all.shape as never)), flat)],
      new Map([[flat as Variable, outputs]]),
    )[0]!
    const expected = graph.reshape(dot(transpose(J), dot(curvature, dot(J, graph.reshape(v, [9])))), [3, 3])
    const given = [...values, directions[3]!]
    const got = agree([...inputs, v], [product, expected], given)
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-11 })
  })
})

const zerosOf = (...shape: number[]) => graph.zerosArray(shape, 'float64')
