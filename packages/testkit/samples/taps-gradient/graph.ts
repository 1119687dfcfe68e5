/**
 * The gradient of a recurrent net of order two over a window of its input: the three windows are views of x, and the states
 * that the backward steps read are one trajectory of time + 2 rows.
 */
import { dot, grad, randn, scan, shared, square, sum, tanh, taps, tensor3 } from 'arignote'
import { expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = tensor3('x', { shape: ['time', 'batch', 8] })
  const first = tensor3('first', { shape: [2, 'batch', 16] })
  const W = shared(randn([8, 16], { seed: 1, std: 0.3 }), 'W')
  const [U, V] = [
    shared(randn([16, 16], { seed: 2, std: 0.3 }), 'U'),
    shared(randn([16, 16], { seed: 3, std: 0.3 }), 'V'),
  ]
  const { h } = scan(
    ({ x: [before, here, after], h: [older, newer] }) => ({
      h: tanh(dot(before.add(here).add(after), W).add(dot(newer, U)).add(dot(older, V))),
    }),
    { sequences: { x: taps(x, [-1, 0, 1]) }, state: { h: taps(first, [-2, -1]) } },
  )
  const parameters = [W, U, V]
  const gradients = grad(sum(square(h.last)), parameters)
  return {
    inputs: [x, first],
    outputs: gradients,
    args: [randn([7, 8, 8], { seed: 4 }), randn([2, 8, 16], { seed: 5 })],
    kernels: 19,
    check({ program: { steps }, texts }) {
      expectEqual('loops', loopsOf(steps), ['contract contract', 'map contract map'])
      const histories = texts.program.match(/: history .*/g)
      expectEqual('histories', histories, [
        ': history f32[16·batch·time]',
        ': history f32[16·batch·time - 32·batch]',
      ])
    },
  }
}
