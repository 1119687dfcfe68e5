/**
 * Trips: the number of the step that is being traced, for what must be different at every step, as random draws must.
 *
 * It is one more sequence of the scan, 0, 1, 2 …, in sequence order as all sequences, made only where somebody asks.
 */
import { Variable } from '../variable.js'
import { insideBody } from './inside.js'

interface Frame {
  trip: Variable | null
}

/** The scans whose steps are being traced, outermost first. */
const frames: Frame[] = []

/** Calls the step; `trips` is its trip number, if the step made use of it. */
export function traceStep<T>(step: () => T): { readonly returned: T; readonly trips: readonly Variable[] } {
  const frame: Frame = { trip: null }
  frames.push(frame)
  try {
    const returned = insideBody(step)
    return { returned, trips: frame.trip === null ? [] : [frame.trip] }
  } finally {
    frames.pop()
  }
}

/** The int32 scalar numbers of the present steps, of the outermost scan first. None outside of scans. */
export function presentTrips(): readonly Variable[] {
  return frames.map(frame => {
    frame.trip ??= tripParameter()
    return frame.trip
  })
}

/** A number of a step. */
export const tripParameter = (): Variable => new Variable({ dtype: 'int32', shape: [] }, null, 0, 'trip')
