/** A recurrent network in both directions: one loop forward, one in reverse, the two halves written side by side. */
import { concatenate, dot, randn, scan, shared, tanh, tensor3, zeros } from 'arignote'
import { contractionsOutside, expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = tensor3('x', { shape: ['time', 'batch', 12] })
  const halves = [false, true].map(reverse => {
    const direction = reverse ? 'backward' : 'forward'
    const W = shared(randn([12, 16], { seed: reverse ? 1 : 2, std: 0.3 }), `${direction}.W`)
    const U = shared(randn([16, 16], { seed: reverse ? 3 : 4, std: 0.3 }), `${direction}.U`)
    return scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))) }), {
      sequences: { x },
      state: { h: zeros([x.dim(1), 16]) },
      reverse,
      name: direction,
    }).h
  })
  return {
    inputs: [x],
    outputs: [
      concatenate(
        halves.map(h => h.all),
        2,
      ),
      concatenate(
        halves.map(h => h.last),
        1,
      ),
    ],
    args: [randn([5, 8, 12], { seed: 5 })],
    kernels: 13,
    check({ program: { steps } }) {
      expectEqual('loops', loopsOf(steps), ['contract', 'contract'])
      expectEqual('contractions outside', contractionsOutside(steps), 2)
    },
  }
}
