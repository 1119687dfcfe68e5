/** Parts that are put side by side are computed where they belong: no kernel copies. */
import { concatenate, exp, matrix, randn, tanh } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['rows', 8] })
  const y = matrix('y', { shape: ['rows', 8] })
  return {
    inputs: [x, y],
    outputs: concatenate([tanh(x.mul(y)), exp(x), x.add(y)], 1),
    args: [randn([5, 8], { seed: 1 }), randn([5, 8], { seed: 2 })],
    kernels: 1,
  }
}
