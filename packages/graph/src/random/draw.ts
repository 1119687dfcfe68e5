/**
 * Which random words a draw gets: a pure function of the stream's state, the number of the draw, the steps of the scans
 * around it, and the position of the element.
 *
 *   key    = threefry(seed, (site, call))          different for any two draws of a stream and calls of a function
 *   key    = threefry(key, (trip, 0))              for each scan around it but the innermost
 *   words  = threefry(key, (position, trip))       of the innermost scan; trip 0 where there is none
 *
 * Trip numbers are a sequence of their scan (`scan/trips.ts`), so a draw varies from step to step like any other value of
 * the step, and no pass has to know that it is random.
 */
import type { Dim } from '../dim.js'
import { add, mul } from '../ops/arithmetic.js'
import { constant } from '../ops/constant.js'
import { at } from '../ops/indexing.js'
import {
  type Distribution,
  distributed,
  type FloatType,
  position,
  threefry,
  wordCount,
} from '../ops/random.js'
import { presentTrips } from '../scan/trips.js'
import type { Variable } from '../variable.js'

/** Random words for each element of a shape, as many as wanted. */
export type Draw = (shape: readonly Dim[], count: number) => readonly Variable[]

/** The state's elements. */
export const stateWords = { seedLow: 0, seedHigh: 1, calls: 2 } as const

/** One draw, here and now. */
export function drawFrom(state: Variable, site: number): Draw {
  const word = (index: number): Variable => at(state, index)
  const seed = [word(stateWords.seedLow), word(stateWords.seedHigh)] as const
  const trips = presentTrips()
  const zero = constant(0, 'int32')
  const first = threefry(seed, [constant(site, 'int32'), word(stateWords.calls)])
  const key = trips.slice(0, -1).reduce((k, trip) => threefry(k, [trip, zero]), first)
  const trip = trips.at(-1) ?? zero
  return (shape, count) => {
    const element = position(shape)
    if (count <= 2) return threefry(key, [element, trip]).slice(0, count)
    const even = mul(element, 2)
    return [...threefry(key, [even, trip]), ...threefry(key, [add(even, 1), trip])]
  }
}

/** Numbers of a distribution for each element of a shape. */
export function drawNumbers(draw: Draw, shape: readonly Dim[], distribution: Distribution, dtype: FloatType) {
  const kind = { distribution, dtype }
  return distributed(draw(shape, wordCount(kind)), kind)
}
