/**
 * What cells of ours were made of, so that models can be stored. It is known of the object itself: what users make of it,
 * `{ ...cell, step }`, is another cell.
 */
import type { RecurrentCell } from './cell.js'

export interface CellOrigin {
  /** As Keras names it. */
  readonly className: 'SimpleRNNCell' | 'LSTMCell' | 'GRUCell' | 'StackedRNNCells'
  /** As they were given. */
  readonly options: object
}

const origins = new WeakMap<object, CellOrigin>()

export function madeOf<C extends RecurrentCell>(
  className: CellOrigin['className'],
  options: object,
  cell: C,
): C {
  origins.set(cell, { className, options })
  return cell
}

/** Null for a cell of the user's own. */
export const originOf = (cell: RecurrentCell): CellOrigin | null => origins.get(cell) ?? null
