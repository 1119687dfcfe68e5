/** Work that does not change from step to step is done once, before the loop: W1 + W2, and b·c with its exponential. */
import { dot, exp, matrix, randn, scan, shared, tanh, vector } from 'arignote'
import { expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const h0 = matrix('h0', { shape: ['batch', 16] })
  const b = vector('b', { shape: [16] })
  const W1 = shared(randn([16, 16], { seed: 1, std: 0.3 }), 'W1')
  const W2 = shared(randn([16, 16], { seed: 2, std: 0.3 }), 'W2')
  const { h } = scan(({ h }) => ({ h: tanh(dot(h, W1.add(W2)).add(exp(b.mul(0.5)))) }), {
    state: { h: h0 },
    steps: 6,
  })
  return {
    inputs: [h0, b],
    outputs: h.all,
    args: [randn([8, 16], { seed: 3 }), randn([16], { seed: 4 })],
    kernels: 5,
    check({ program: { steps }, texts }) {
      expectEqual('loops', loopsOf(steps), ['contract'])
      expectEqual('exponentials in the loop', /exp\(/.test(texts.kernels.split('kernel contract')[1]!), false)
    },
  }
}
