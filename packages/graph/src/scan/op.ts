/**
 * The scan op: constants, carries, sequences – and nothing richer. Taps, truncation and early exit are sugar above it.
 *
 *   inputs   [...constants, ...initial carries, ...sequences]
 *   body     params [...constants, ...carries, ...slices] → results [...next carries, ...ys]
 *   outputs  [...final carries, ...trajectories, ...stacked ys]
 *
 * Sequences have `length` rows (or more: only the first `length` are visited) along axis 0. A trajectory is the whole
 * history of one carry: length + 1 rows with the initial value among them, stored once, in sequence order.
 * Forward: row 0 is the initial value and step t writes row t + 1. Reverse: row `length` is the initial value, step t
 * (t from length − 1 down to 0) writes row t. So in both directions
 *   every step's new value, in sequence order:  forward rows 1 … length, reverse rows 0 … length − 1
 *   the value each step started from:           forward rows 0 … length − 1, reverse rows 1 … length
 * are views of one buffer. Ys have `length` rows in sequence order in both directions. An output nobody reads has no memory.
 */
import type { Dim } from '../dim.js'
import type { Lambda } from '../lambda.js'

export interface ScanCounts {
  readonly constants: number
  readonly carries: number
  readonly sequences: number
}

export interface ScanParams {
  readonly length: Dim
  /** Visit from the last step to the first. */
  readonly reverse: boolean
  readonly body: Lambda
  readonly counts: ScanCounts
  /** For people: the `name` option. */
  readonly name: string | null
}
