/** Reductions along rows, along columns and of everything, with work before and after each. */
import { matrix, mean, randn, sqrt, square, sum, tanh } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['rows', 'columns'] })
  return {
    inputs: [x],
    outputs: [sqrt(sum(square(x), 1).add(1)), tanh(x.max(0)), mean(x.mul(2)), x.argmax(1)],
    args: [randn([7, 13], { seed: 1 })],
    kernels: 4,
  }
}
