/**
 * A recurrent network as Theano's tutorial has it: x, h0 and a target per step, trained by gradient descent.
 *
 * Forward a step is one kernel, the product with everything behind it; backward it is the derivative and the product
 * with the transpose.
 */
import { dot, grad, matrix, mean, randn, scan, shared, square, tanh, tensor3, zerosArray } from 'arignote'
import { contractionsOutside, expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = tensor3('x', { shape: ['time', 'batch', 12] })
  const target = tensor3('target', { shape: ['time', 'batch', 4] })
  const h0 = matrix('h0', { shape: ['batch', 16] })
  const W = shared(randn([12, 16], { seed: 1, std: 0.3 }), 'W')
  const U = shared(randn([16, 16], { seed: 2, std: 0.3 }), 'U')
  const b = shared(zerosArray([16]), 'b')
  const V = shared(randn([16, 4], { seed: 3, std: 0.3 }), 'V')
  const { h } = scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U)).add(b)) }), {
    sequences: { x },
    state: { h: h0 },
  })
  const loss = mean(square(dot(h.all, V).sub(target)))
  const parameters = [W, U, b, V]
  const gradients = grad(loss, parameters)
  return {
    inputs: [x, target, h0],
    outputs: loss,
    updates: parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.1))] as const),
    args: [randn([5, 8, 12], { seed: 4 }), randn([5, 8, 4], { seed: 5 }), randn([8, 16], { seed: 6 })],
    kernels: 18,
    check({ program: { steps } }) {
      expectEqual('loops', loopsOf(steps), ['contract', 'map contract'])
      // x·W, h·V, its transpose backward, and the gradients of W, U and V.
      expectEqual('contractions outside', contractionsOutside(steps), 6)
    },
  }
}
