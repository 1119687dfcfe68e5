/**
 * An LSTM training function: embedding, LSTM, dense, binary cross-entropy, Adam; batch and time are symbols.
 *
 * A step is one product and one kernel of gates, forward and backward; every other product is done for all steps at once.
 */
import {
  crossentropyBinary,
  dot,
  grad,
  matrix,
  mean,
  randn,
  shared,
  take,
  transpose,
  vector,
  zerosArray,
} from 'arignote'
import { contractionsOutside, expectEqual, loopsOf, type Sample } from '../../src/samples.js'
import { adam } from '../adam.js'
import { lstm, weights } from '../cells.js'

const units = 16

export function sample(): Sample {
  const ids = matrix('ids', { dtype: 'int32', shape: ['batch', 'time'] })
  const y = vector('y', { shape: ['batch'] })
  const E = shared(randn([30, 12], { seed: 1, std: 0.3 }), 'E')
  const cell = weights(12, units, 4, 2)
  const V = shared(randn([units, 1], { seed: 4, std: 0.3 }), 'V')
  const c = shared(zerosArray([1]), 'c')
  const { h } = lstm(take(E, transpose(ids)), cell, units)
  const logits = dot(h.last, V).add(c).squeeze(1)
  const loss = mean(crossentropyBinary(logits, y, { fromLogits: true }))
  const parameters = [E, cell.W, cell.U, cell.b, V, c]
  return {
    inputs: [ids, y],
    outputs: loss,
    updates: adam(grad(loss, parameters), parameters),
    args: [
      Array.from({ length: 8 }, (_, i) => Array.from({ length: 5 }, (_, t) => (7 * i + 3 * t) % 30)),
      [0, 1, 1, 0, 1, 0, 0, 1],
    ],
    kernels: 32,
    check({ program: { steps, commits }, texts }) {
      expectEqual('loops', loopsOf(steps), ['contract map', 'map contract'])
      // x·W, h·V, its transpose backward, and the gradients of x, W, U and V.
      expectEqual('contractions outside', contractionsOutside(steps), 7)
      expectEqual('updates in place', texts.program.match(/ in place$/gm)?.length, commits.length)
      expectEqual('checks of indices', texts.program.match(/← check/g)?.length, 1)
      expectEqual('rings of more than one slot', / mod 2\)/.test(texts.program), false)
    },
  }
}
