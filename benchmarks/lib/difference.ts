/** Whether different systems computed the same. */
import { random } from './random.js'
import type { Reading } from './workload.js'

const SAMPLE = 1000

/** All numbers of a reading, or some of many: always those at the same places. */
export function sampled(reading: Reading): number[] {
  if (reading.length <= SAMPLE) return Array.from(reading)
  const place = random(1)
  return Array.from({ length: SAMPLE }, () => reading[Math.floor(place() * reading.length)]!)
}

/**
 * The greatest difference of the readings of any step, relative to the greatest number read in it. NaN where there is
 * nothing to compare.
 */
export function apart(
  expected: readonly (readonly number[])[],
  readings: readonly (readonly number[])[],
): number {
  let worst = Number.NaN
  for (let step = 0; step < Math.min(expected.length, readings.length); step++) {
    const [a, b] = [expected[step]!, readings[step]!]
    const size = Math.max(...a.map(Math.abs), Number.MIN_VALUE)
    const difference =
      a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / size : Infinity
    worst = Number.isNaN(worst) || !(difference <= worst) ? difference : worst
  }
  return worst
}
