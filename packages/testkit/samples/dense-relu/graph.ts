/** Bias and activation ride on the product: they are done while the tile is in registers. */
import { dot, matrix, randn, relu, shared } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['batch', 20] })
  const W = shared(randn([20, 16], { seed: 1 }), 'W')
  const b = shared(randn([16], { seed: 2 }), 'b')
  return {
    inputs: [x],
    outputs: relu(dot(x, W).add(b)),
    args: [randn([9, 20], { seed: 3 })],
    kernels: 1,
  }
}
