/** Softmax is a composition: the greatest of a row, the sum of the exponentials, the quotient. */
import { matrix, randn, softmax } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['rows', 10] })
  return { inputs: [x], outputs: softmax(x), args: [randn([6, 10], { seed: 1, std: 3 })], kernels: 4 }
}
