/** No steps at all: the state is the initial one, the stacks are empty, the gradient goes straight through. */
import { grad, matrix, randn, scalar, scan, square, sum, tanh } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const h0 = matrix('h0', { shape: ['batch', 8] })
  const k = scalar('k', 'int32')
  const { h, y } = scan(({ h }) => ({ h: tanh(h), y: h.mul(2) }), { state: { h: h0 }, steps: k })
  const loss = sum(square(h.last)).add(sum(y.all))
  return {
    inputs: [h0, k],
    outputs: [h.last, h.all, y.all, grad(loss, h0)],
    args: [randn([3, 8], { seed: 1 }), 0],
    kernels: 4,
  }
}
