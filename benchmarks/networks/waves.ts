/**
 * The network of W4: GRU(32) on 50 numbers → Dense(1), mean squared error, Adam. A step is a batch of 32 waves. The reset
 * gate acts before the product, which is all that TensorFlow.js's GRU can do.
 */
import { dim, dot, grad, scan, square, tensor3, vector, zeros } from 'arignote'
import { uniform } from '../lib/random.js'
import { adam } from './adam.js'
import { dense, gru, gruStep } from './cells.js'

export const sizes = { units: 32, batch: 32, time: 50 }

/** Waves (batch, time, 1), and what comes next (batch). */
export interface Batch {
  readonly waves: Float32Array
  readonly next: Float32Array
}

export function batch(step: number): Batch {
  return {
    waves: uniform(2 * step, sizes.batch * sizes.time),
    next: uniform(2 * step + 1, sizes.batch),
  }
}

export function parameters() {
  const { units } = sizes
  return {
    cell: gru({ inputs: 1, units, seed: 2 }),
    out: dense({ inputs: units, units: 1, seed: 4, name: 'out' }),
  }
}

/** What `compile` is given. */
export function graph({ cell, out }: ReturnType<typeof parameters>) {
  const waves = tensor3('waves')
  const next = vector('next')
  const { h } = scan(({ x, h }) => ({ h: gruStep(cell, dot(x, cell.W).add(cell.b), h) }), {
    sequences: { x: waves.transpose([1, 0, 2]) },
    state: { h: zeros([dim(waves, 0), cell.units]) },
  })
  const loss = square(dot(h.last, out.W).add(out.b).flatten().sub(next)).mean()
  const all = [cell.W, cell.U, cell.b, out.W, out.b]
  return { inputs: [waves, next] as const, loss, updates: adam(grad(loss, all), all) }
}
