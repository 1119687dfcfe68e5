/**
 * Visits: the trips of the loops around a place  →  the steps of scans that people know.
 *
 * A scan in segments (`remat: { every }`) or written out (`unroll`) is loops of other lengths; each tells by its numbering
 * which steps of the whole its trips make.
 */
import type { Dim, Numbering, Part } from '@arignote/graph'

/** A step of a scan, counted as it is visited. */
export interface Visit {
  readonly scan: string
  readonly step: number
  /** Where all that is known is that it is one of several: the last of them. */
  readonly last?: number
}

/** A loop, and the number of its trip. */
export interface Passed {
  readonly scan: string
  readonly trip: number
  readonly numbering: Numbered | null
}

/** How the steps of a loop are numbered, in numbers: see `Numbering`. */
export type Numbered = readonly [before: number, each: number, part: Part]

/** The numbering for given sizes. */
export const numberedBy = (numbering: Numbering | null, evaluate: (dim: Dim) => number): Numbered | null =>
  numbering && [evaluate(numbering.before), evaluate(numbering.each), numbering.part]

/** The loops, outermost first, as steps. */
export function visitsOf(passed: readonly Passed[]): readonly Visit[] {
  const visits: Visit[] = []
  let around: Part = 'whole'
  for (const { scan, trip, numbering } of passed) {
    const [before, each, part] = numbering ?? ([0, 1, 'whole'] as const)
    // A loop of one trip is none: then it is the first segment.
    const begin = part === 'segment' && around === 'segments' ? visits.pop()!.step : 0
    const step = begin + before + each * trip
    visits.push(each === 1 ? { scan, step } : { scan, step, last: step + each - 1 })
    around = part
  }
  return visits
}

/** `step 3 of rnn`, `one of the steps 3 to 5 of rnn`. */
export const visitText = ({ scan, step, last }: Visit): string =>
  last === undefined ? `step ${step} of ${scan}` : `one of the steps ${step} to ${last} of ${scan}`
