/** Only the end of a loop is asked for: no history is kept, and memory does not grow with the number of steps. */
import { dot, matrix, randn, scalar, scan, shared, tanh, vector } from 'arignote'
import { expectEqual, formsOfSample, type Sample } from '../../src/samples.js'

export function sample(steps = 4): Sample {
  const h0 = matrix('h0', { shape: ['batch', 16] })
  const b = vector('b', { shape: [16] })
  const k = scalar('k', 'int32')
  const U = shared(randn([16, 16], { seed: 1, std: 0.3 }), 'U')
  const { h, n } = scan(({ h, n }) => ({ h: tanh(dot(h, U).add(b)), n: n.mul(0.5).add(h) }), {
    state: { h: h0, n: h0 },
    steps: k,
  })
  return {
    inputs: [h0, b, k],
    outputs: [h.last, n.last],
    args: [randn([8, 16], { seed: 2 }), randn([16], { seed: 3 }), steps],
    kernels: 4,
    check({ bytes, texts }) {
      expectEqual('bytes of 4 and of 4000 steps', bytes, formsOfSample(sample(4000)).bytes)
      expectEqual('histories', / history /.test(texts.program), false)
    },
  }
}
