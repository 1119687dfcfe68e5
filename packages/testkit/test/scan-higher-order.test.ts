/** Gradients of gradients of scans. */
import {
  constant,
  dot,
  grad,
  matrix,
  mul,
  scan,
  square,
  sum,
  tanh,
  tensor,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, test } from '@jest/globals'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

describe.each(ways.filter(way => way.dtype === 'float64'))('scan, higher orders, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })
  const x = matrix('x', type('time', 2))
  const h0 = vector('h0', type(3))
  const W = matrix('W', type(2, 3))
  const U = matrix('U', type(3, 3))
  const list = [x, h0, W, U]
  const given = [random(1, 3, 2), random(2, 3), random(3, 2, 3), random(4, 3, 3)]
  const rnn = (reverse = false, unroll: number | true = 1, sequence: Variable = x) =>
    scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))) }), {
      sequences: { x: sequence },
      state: { h: h0 },
      reverse,
      unroll,
    }).h

  const normOfGradient = (cost: Variable) =>
    grad(cost, list)
      .map(g => sum(square(g)))
      .reduce((a, b) => a.add(b))

  test.each([false, true])('the second derivative of a recurrent net; reverse: %s', reverse => {
    const h = rnn(reverse)
    checkGradient(way, normOfGradient(sum(square(h.all))), list, list, given)
    checkGradient(way, normOfGradient(sum(square(h.last))), list, list, given)
  })

  test('the second derivative by inputs that the first one left out', () => {
    const cost = sum(square(grad(sum(square(rnn().all)), U)))
    checkGradient(way, cost, list, list, given)
  })

  test('the third derivative of a recurrent net', () => {
    const second = (cost: Variable) => sum(square(grad(cost, U)))
    checkGradient(way, second(second(sum(square(rnn().last)))), [U, h0], list, given)
  })

  test('the second and third derivatives of an accumulated power', () => {
    const v = vector('v', type('time'))
    const c = scan(({ v, c }) => ({ c: mul(c, v).add(v.mul(v)) }), {
      sequences: { v },
      state: { c: constant(1, dtype) },
    }).c
    const first = sum(square(grad(sum(square(c.all)), v)))
    const second = sum(square(grad(first, v)))
    checkGradient(way, first, [v], [v], [[0.5, -0.7, 0.3]])
    checkGradient(way, second, [v], [v], [[0.5, -0.7, 0.3]])
  })

  test('are those of the loop written out', () => {
    const fixed = tensor('fixed', type(3, 2))
    const inputs = [fixed, h0, W, U]
    const hessianRow = (unroll: number | true) => {
      const first = grad(sum(square(rnn(false, unroll, fixed).all)), inputs)
      return grad(
        first.map(g => sum(g)).reduce((a, b) => a.add(b)),
        inputs,
      )
    }
    close(way, run(way, inputs, hessianRow(1), given), run(way, inputs, hessianRow(true), given))
  })

  test('the second derivative of a scan in a scan', () => {
    const A = tensor('A', type('m', 'n', 2))
    const w = matrix('w', type(2, 2))
    const c0 = vector('c0', type(2))
    const outer = scan(
      ({ a, s }) => ({
        s: scan(({ x, c }) => ({ c: tanh(dot(c, w).add(x)) }), { sequences: { x: a }, state: { c: s } }).c
          .last,
      }),
      { sequences: { a: A }, state: { s: c0 } },
    )
    const inputs = [A, w, c0]
    const cost = grad(sum(square(outer.s.all)), inputs)
      .map(g => sum(square(g)))
      .reduce((a, b) => a.add(b))
    checkGradient(way, cost, inputs, inputs, [random(1, 2, 2, 2), random(2, 2, 2), random(3, 2)])
  })
})
