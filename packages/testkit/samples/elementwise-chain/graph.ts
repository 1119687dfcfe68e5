/** A chain of elementwise operations with a broadcast row, and a second result of the same reads: one kernel. */
import { exp, matrix, mul, randn, tanh, vector } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['rows', 12] })
  const y = matrix('y', { shape: ['rows', 12] })
  const b = vector('b', { shape: [12] })
  const h = tanh(mul(x, y).add(b))
  return {
    inputs: [x, y, b],
    outputs: [exp(h.neg()).add(1).mul(0.5), x.sub(y).maximum(0)],
    args: [randn([5, 12], { seed: 1 }), randn([5, 12], { seed: 2 }), randn([12], { seed: 3 })],
    kernels: 1,
  }
}
