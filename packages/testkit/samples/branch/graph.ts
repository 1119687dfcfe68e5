/**
 * Of two layers one runs, and one has a gradient; what both need is computed before. The gradient reads what the layer that ran
 * has handed out.
 */
import { dot, grad, ifElse, matrix, randn, scalar, shared, tanh } from 'arignote'
import { expectEqual, outline, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const deep = scalar('deep', 'bool')
  const x = matrix('x', { shape: ['batch', 8] })
  const W = shared(randn([8, 8], { seed: 1 }), 'W')
  const V = shared(randn([8, 8], { seed: 2 }), 'V')
  const h = dot(x, W)
  const y = ifElse(deep, tanh(dot(h, V)), h)
  const loss = y.square().sum()
  return {
    inputs: [deep, x],
    outputs: loss,
    updates: [[V, V.sub(grad(loss, V).mul(0.1))]],
    args: [true, randn([4, 8], { seed: 3 })],
    kernels: 8,
    check({ program }) {
      expectEqual('outline', outline(program.steps), 'contract {contract | map} {map contract | map} map map')
    },
  }
}
