/** A loop in a loop: characters make a word, words a sentence; the weights' gradients leave both loops. */
import { dot, grad, randn, scan, shared, square, sum, tanh, tensor4, zeros } from 'arignote'
import { contractionsOutside, expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = tensor4('x', { shape: ['words', 'characters', 'batch', 8] })
  const W = shared(randn([8, 16], { seed: 1, std: 0.3 }), 'W')
  const U = shared(randn([16, 16], { seed: 2, std: 0.3 }), 'U')
  const V = shared(randn([16, 16], { seed: 3, std: 0.3 }), 'V')
  const { s } = scan(
    ({ word, s }) => {
      const { h } = scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))) }), {
        sequences: { x: word },
        state: { h: s },
        name: 'word',
      })
      return { s: tanh(dot(h.last, V)) }
    },
    { sequences: { word: x }, state: { s: zeros([x.dim(2), 16]) }, name: 'sentence' },
  )
  const loss = sum(square(s.last))
  const parameters = [W, U, V]
  const gradients = grad(loss, parameters)
  return {
    inputs: [x],
    outputs: loss,
    updates: parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.01))] as const),
    args: [randn([3, 4, 8, 8], { seed: 4 })],
    kernels: 23,
    check({ program: { steps } }) {
      expectEqual('loops', loopsOf(steps), [
        'map [contract] map contract map',
        'map contract [map contract] map map',
      ])
      // x·W, and the gradients of W, U and V.
      expectEqual('contractions outside', contractionsOutside(steps), 4)
    },
  }
}
