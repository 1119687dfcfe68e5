/**
 * Gates side by side: what the cells of ours have in common. A matrix (batch, gates · units) holds, at each row, the
 * gates one after the other, as Keras has them.
 */
import { add, div, dot, einsum, mean, mul, sqrt, sub, type Variable, variance } from '@arignote/graph'
import type { CellMask } from './cell.js'

/** Blocks number `k` to `k + count` of columns, each so many wide. */
export const block = (z: Variable, k: number, units: number, count = 1): Variable =>
  z.slice(null, { start: k * units, stop: (k + count) * units })

/**
 * (x ∘ m)·W for every gate, side by side: (batch, gates · units).
 *
 * Without a mask, or with one for all gates, it is one product. With a mask for each gate, (gates, batch, features), every
 * gate sees an x of its own; that is one product too, batched over the gates: as fast as one for each, with fewer kernels.
 */
export function gateProduct(x: Variable, kernel: Variable, mask: Variable | null, gates: number): Variable {
  if (mask === null) return dot(x, kernel)
  if (gates === 1 || mask.shape[0] === 1) return dot(mul(x, mask.at(0)), kernel)
  const [features, columns] = kernel.shape as readonly [number, number]
  const units = columns / gates
  const blocks = einsum('gbi,igu->bgu', mul(mask, x), kernel.reshape([features, gates, units]))
  return blocks.reshape([-1, columns])
}

/** The mask of one gate of so many. */
export const maskOf = (mask: Variable | null, k: number): Variable | null =>
  mask === null ? null : mask.shape[0] === 1 ? mask.at(0) : mask.at(k)

/** x ∘ m; x where there is no mask. */
export const masked = (x: Variable, mask: Variable | null): Variable => (mask === null ? x : mul(x, mask))

/** The mask of a cell that is no stack: `recur` has checked that it is none. */
export const ownMask = (mask: CellMask | undefined): Variable | null => (mask ?? null) as Variable | null

/** The masks of the first gates. */
export const firstMasks = (mask: Variable | null, count: number): Variable | null =>
  mask === null || mask.shape[0] === 1 ? mask : mask.slice({ stop: count })

/** Every row less its mean, over its standard deviation. */
export function normalized(x: Variable, epsilon: number): Variable {
  const [center, spread] = [mean(x, -1, { keepdims: true }), variance(x, -1, { keepdims: true })]
  return div(sub(x, center), sqrt(add(spread, epsilon)))
}
