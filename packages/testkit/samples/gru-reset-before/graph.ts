/** A GRU whose reset gate acts on the state: two products per step, forward and backward, since one waits for the other. */
import { dot, grad, mean, randn, shared, square, tensor3 } from 'arignote'
import { contractionsOutside, expectEqual, loopsOf, type Sample } from '../../src/samples.js'
import { gruResetBefore, weights } from '../cells.js'

const units = 16

export function sample(): Sample {
  const x = tensor3('x', { shape: ['time', 'batch', 12] })
  const target = tensor3('target', { shape: ['time', 'batch', 4] })
  const cell = weights(12, units, 3, 1)
  const V = shared(randn([units, 4], { seed: 4, std: 0.3 }), 'V')
  const { h } = gruResetBefore(x, cell, units)
  const loss = mean(square(dot(h.all, V).sub(target)))
  const parameters = [cell.W, cell.U, cell.b, V]
  const gradients = grad(loss, parameters)
  return {
    inputs: [x, target],
    outputs: loss,
    updates: parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.1))] as const),
    args: [randn([5, 8, 12], { seed: 5 }), randn([5, 8, 4], { seed: 6 })],
    kernels: 28,
    check({ program: { steps } }) {
      expectEqual('loops', loopsOf(steps), ['contract map contract map', 'map contract map contract'])
      expectEqual('contractions outside', contractionsOutside(steps), 7)
    },
  }
}
