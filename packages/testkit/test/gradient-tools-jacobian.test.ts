/** Jacobians, all rows at once and one by one. */
import { optimize } from '@arignote/compiler'
import {
  apply1,
  concatenate,
  constant,
  dot,
  exp,
  eye,
  grad,
  jacobian,
  lambda,
  logSoftmax,
  matmul,
  mean,
  mul,
  type Op,
  prod,
  type ScanParams,
  scan,
  scatterAdd,
  sigmoid,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  topologicalOrder,
  transpose,
  type Value,
  type Variable,
  where,
  zerosArray,
} from '@arignote/graph'
import { s } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { measuredJacobian, real } from './derivative-cases.js'
import { random } from './scan-cases.js'

/** Both ways in every mode, against differences. */
function checkJacobian(
  inputs: readonly Variable[],
  expression: Variable,
  wrt: Variable,
  values: readonly Value[],
): void {
  const both = [true, false].map(vectorize => jacobian(expression, wrt, { vectorize }))
  const [atOnce, oneByOne] = agree(inputs, both, values, unused)
  const measured = measuredJacobian(inputs, expression, wrt, values)
  expectArray(atOnce!).toBeCloseToArray(measured, { scaled: 1e-6 })
  expectArray(oneByOne!).toBeCloseToArray(measured, { scaled: 1e-6 })
}

const unused = { onUnusedInput: 'ignore' } as const

const scansIn = (results: readonly Variable[]) =>
  topologicalOrder(results).flatMap(node =>
    node.op.family.kind === 'scan' ? [node.params as ScanParams] : [],
  )

describe('the Jacobian', () => {
  const [x, y, A] = [real('x', 3), real('y', 'n'), real('A', 2, 3)]
  const values: Value[] = [random(1, 3), random(2, 3), random(3, 2, 3)]

  test.each<[string, Variable, Variable]>([
    ['of what is elementwise is a diagonal', tanh(x), x],
    ['of sizes that are not known', exp(mul(y, y)), y],
    ['of two that are combined', mul(x, y), y],
    ['of a matrix times a vector', dot(A, x), x],
    ['of a vector by the matrix', dot(A, x), A],
    ['of a matrix by a matrix has four axes', matmul(A, transpose(A)), A],
    ['of softmax', softmax(A), A],
    ['of log-softmax', logSoftmax(x), x],
    ['of reductions', concatenate([sum(A, 0), prod(A, 1), mean(A, 1)], 0), A],
    ['of a scalar is the gradient', sum(square(A)), A],
    ['of views', transpose(A).slice({ step: -1 }, 1).reshape([3, 1]), A],
    ['of gathered and scattered rows', scatterAdd(constant([1, 1, 0], 'int32'), take(x, [2, 0, 2]), 0, 4), x],
    ['of what is chosen', where(x.gt(0), x.square(), x.mul(3)), x],
  ])('%s', (_, expression, wrt) => {
    checkJacobian([x, y, A], expression, wrt, values)
  })

  test('has the axes of the expression, then those of the variable', () => {
    const J: Tensor<'float64', 4> = jacobian(
      dot(A, transpose(A)) as Tensor<'float64', 2>,
      A as Tensor<'float64', 2>,
    )
    expect(J.shape).toEqual([2, 2, 2, 3])
    const { a, b } = jacobian(dot(A, x), { a: A, b: x })
    expect([a.shape, b.shape]).toEqual([
      [2, 2, 3],
      [2, 3],
    ])
    expect(jacobian(dot(A, x), [x, x]).map(v => v.ndim)).toEqual([2, 2])
    expect(jacobian(x, [])).toEqual([])
  })

  test('has known values', () => {
    const s = sigmoid(x)
    const got = agree([x], [jacobian(s, x), mul(eye(3, 3, 0, 'float64'), mul(s, sub(1, s)))], [values[0]!])
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-14 })
    const p = softmax(x)
    const known = sub(mul(eye(3, 3, 0, 'float64'), p), mul(p.expandDims(1), p))
    const soft = agree([x], [jacobian(p, x), known], [values[0]!])
    expectArray(soft[0]!).toBeCloseToArray(soft[1]!, { scaled: 1e-14 })
    expectArray(agree([A], jacobian(dot(A, x), x), [values[2]!], unused)).toEqualArray(values[2]!)
  })

  test('all rows at once are no loop; one op without a batched form makes them one', () => {
    const f = tanh(dot(A, x))
    expect(scansIn([jacobian(f, x)])).toEqual([])
    expect(scansIn([jacobian(f, x, { vectorize: false })])).toHaveLength(1)
    const turnedOp: Op<null> = {
      name: 'turned',
      family: { kind: 'view', read: ([i]) => [{ input: 0, index: [s.sub(2, i!)] }] },
      infer: ([type]) => ({ outputs: [type!] }),
      grad: ({ cotangents: [g] }) => [turned(g!)],
    }
    const turned = (v: Variable) => apply1(turnedOp, [v], null)
    expect(scansIn([jacobian(turned(tanh(x)), x)])).toHaveLength(1)
    checkJacobian([x], turned(tanh(x)), x, [values[0]!])
  })

  test('of nothing, and by nothing', () => {
    const empty = zerosArray([0], 'float64')
    for (const vectorize of [true, false]) {
      const byItself = jacobian(tanh(y), y, { vectorize })
      expectArray(agree([y], byItself, [empty])).toEqualArray(zerosArray([0, 0], 'float64'))
      const byNone = jacobian(x.mul(sum(y)), y, { vectorize })
      expectArray(agree([x, y], byNone, [values[0]!, empty])).toEqualArray(zerosArray([3, 0], 'float64'))
    }
  })

  test('of what does not depend on the variable is an error, or zeros', () => {
    expect(() => jacobian(tanh(x), y)).toThrow(/^jacobian: the result does not depend on the variable/)
    const zero = jacobian(tanh(x), y, { disconnectedInputs: 'ignore' })
    const got = agree([x, y], zero, values.slice(0, 2), unused)
    expectArray(got).toEqualArray(zerosArray([3, 3], 'float64'))
    expect(() => jacobian(x.argmax(), x)).toThrow(/^jacobian: a result of int32 has no gradient/)
  })

  test('keeps what an infinite derivative says of an element away from the others', () => {
    const root = jacobian(x.sqrt(), x)
    expectArray(agree([x], root, [[0, 1, 4]])).toEqualArray([
      [Number.POSITIVE_INFINITY, 0, 0],
      [0, 0.5, 0],
      [0, 0, 0.25],
    ])
  })
})

describe('the Jacobian of a scan', () => {
  const [x, h0, W, U] = [real('x', 'time', 2), real('h0', 3), real('W', 2, 3), real('U', 3, 3)]
  const inputs = [x, h0, W, U]
  const values: Value[] = [random(1, 3, 2), random(2, 3), random(3, 2, 3), random(4, 3, 3)]
  const network = (reverse = false) =>
    scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))), y: mul(sum(h), x) }), {
      sequences: { x },
      state: { h: h0 },
      reverse,
    })

  test.each([false, true])('is measured; reverse: %s', reverse => {
    const { h, y } = network(reverse)
    for (const wrt of inputs) checkJacobian(inputs, h.all, wrt, values)
    checkJacobian(inputs, h.last, U, values)
    checkJacobian(inputs, y.all, x, values)
  })

  test('is one scan backwards of all rows at once', () => {
    const fn = optimize(lambda(inputs, [jacobian(network().h.all, U)]))
    expect(scansIn(fn.results).map(({ reverse }) => reverse)).toEqual([false, true])
  })

  test('of a scan with a state of its own that does not vary, and integer states', () => {
    const { h } = scan(
      ({ x, h, n, decay }) => ({ h: mul(h, decay).add(mul(x, n)), n: n.add(1), decay: mul(decay, 0.5) }),
      {
        sequences: { x },
        state: { h: h0.slice({ stop: 2 }), n: constant(1, 'int32'), decay: constant(0.9, 'float64') },
      },
    )
    checkJacobian(inputs, h.all, x, values)
    checkJacobian(inputs, h.last, h0, values)
  })

  test('of a scan in a scan, and of its gradient', () => {
    const [A, w] = [real('A', 2, 2, 2), real('w', 2, 2)]
    const outer = scan(
      ({ a, s }) => ({
        s: scan(({ x, c }) => ({ c: tanh(dot(c, w).add(x)) }), { sequences: { x: a }, state: { c: s } }).c
          .last,
      }),
      { sequences: { a: A }, state: { s: constant([0.1, -0.2], 'float64') } },
    ).s
    const given: Value[] = [random(5, 2, 2, 2), random(6, 2, 2)]
    checkJacobian([A, w], outer.all, w, given)
    checkJacobian([A, w], grad(sum(square(outer.last)), A), w, given)
  })
})
