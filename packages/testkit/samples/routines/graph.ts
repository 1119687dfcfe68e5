/** Algorithms on lanes and on matrices: a kernel each, whose scratch memory is planned like any other. */
import { cumsum, grad, inv, matrix, randn, square, sum, tensor, topK } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['rows', 8] })
  const a = tensor('a', { shape: ['batch', 'n', 'n'] })
  const best = topK(x, 3).values
  return {
    inputs: [x, a],
    outputs: [best, grad(sum(square(best)), x), cumsum(x), inv(a)],
    args: [randn([5, 8], { seed: 1 }), randn([2, 3, 3], { seed: 2 })],
    kernels: 6,
  }
}
