/** Rows picked from a table, and the gradient added back to them: two checks of the same indices would be one too many. */
import { grad, matrix, randn, shared, square, sum, take } from 'arignote'
import type { Sample } from '../../src/samples.js'

export function sample(): Sample {
  const ids = matrix('ids', { dtype: 'int32', shape: ['batch', 'time'] })
  const E = shared(randn([10, 8], { seed: 1 }), 'E')
  const cost = sum(square(take(E, ids)))
  return {
    inputs: [ids],
    outputs: cost,
    updates: [[E, E.sub(grad(cost, E).mul(0.1))]],
    args: [
      [
        [1, 2, 3],
        [3, 3, 9],
      ],
    ],
    kernels: 4,
  }
}
