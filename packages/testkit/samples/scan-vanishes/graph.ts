/** A step without state is a map: it is done for all steps at once, and so is its gradient. */
import { dot, grad, randn, scan, shared, square, sum, tanh, tensor3 } from 'arignote'
import { expectEqual, loopsOf, type Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = tensor3('x', { shape: ['time', 'batch', 12] })
  const W = shared(randn([12, 16], { seed: 1, std: 0.3 }), 'W')
  const { y } = scan(({ x }) => ({ y: tanh(dot(x, W)) }), { sequences: { x } })
  const loss = sum(square(y.all))
  return {
    inputs: [x],
    outputs: loss,
    updates: [[W, W.sub(grad(loss, W).mul(0.01))]],
    args: [randn([5, 8, 12], { seed: 2 })],
    kernels: 6,
    check: ({ program: { steps } }) => expectEqual('loops', loopsOf(steps), []),
  }
}
