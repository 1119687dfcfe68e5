/** One row of a place along its first axis: fixed, or moving on with a trip. */
import { addDim, type Dim, equalDim, mulDim } from '@arignote/graph'
import type { BufferRef, Place, Trip } from '../program.js'

export function row(whole: Place, index: Dim): Place {
  return {
    ref: shifted(whole.ref, mulDim(index, whole.strides[0]!)),
    shape: whole.shape.slice(1),
    strides: whole.strides.slice(1),
    scope: whole.scope,
  }
}

/** The row that a step visits: `first` at trip 0, then the next or, in reverse, the one before. */
export function rowAt(whole: Place, first: Dim, reverse: boolean, trip: Trip, scope: readonly Trip[]): Place {
  const at = row(whole, first)
  const stride = mulDim(whole.strides[0]!, reverse ? -1 : 1)
  if (equalDim(stride, 0)) return { ...at, scope }
  return {
    ...at,
    ref: { ...at.ref, perTrip: [...at.ref.perTrip, { trip, stride, ring: null, phase: 0 }] },
    scope,
  }
}

function shifted(ref: BufferRef, by: Dim): BufferRef {
  return { ...ref, offset: addDim(ref.offset, by) }
}
