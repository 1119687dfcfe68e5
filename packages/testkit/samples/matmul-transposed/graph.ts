/** Transposed operands are read as they lie; the only rearrangement is the packing of panels. */
import { dot, matrix, randn, transpose } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const a = matrix('a', { shape: [24, 32] })
  const b = matrix('b', { shape: [40, 24] })
  return {
    inputs: [a, b],
    outputs: [dot(transpose(a), transpose(b)), transpose(dot(b, a))],
    args: [randn([24, 32], { seed: 1 }), randn([40, 24], { seed: 2 })],
    kernels: 5,
  }
}
