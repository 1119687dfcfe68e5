/** A multilayer perceptron trained with momentum: every update goes straight to the shared variable's address. */
import {
  crossentropyCategoricalSparse,
  dot,
  grad,
  matrix,
  mean,
  randn,
  relu,
  type Shared,
  shared,
  type Variable,
  vector,
  zerosArray,
} from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const x = matrix('x', { shape: ['batch', 20] })
  const y = vector('y', { dtype: 'int32', shape: ['batch'] })
  const W1 = shared(randn([20, 16], { seed: 1, std: 0.3 }), 'W1')
  const b1 = shared(zerosArray([16]), 'b1')
  const W2 = shared(randn([16, 10], { seed: 2, std: 0.3 }), 'W2')
  const b2 = shared(zerosArray([10]), 'b2')
  const hidden = relu(dot(x, W1).add(b1))
  const loss = mean(crossentropyCategoricalSparse(dot(hidden, W2).add(b2), y, { fromLogits: true }))
  const parameters: Shared[] = [W1, b1, W2, b2]
  const updates = parameters.flatMap((p, i): [Shared, Variable][] => {
    const velocity = shared(zerosArray(p.cell.shape), `${p.name}.velocity`)
    const next = velocity.mul(0.9).sub(grad(loss, parameters)[i]!.mul(0.1))
    return [
      [velocity, next],
      [p, p.add(next)],
    ]
  })
  return {
    inputs: [x, y],
    outputs: loss,
    updates,
    args: [randn([8, 20], { seed: 3 }), Int32Array.from([0, 1, 2, 3, 4, 5, 6, 9])],
    kernels: 21,
  }
}
