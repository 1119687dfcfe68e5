/** Random numbers written down once more, in plain JavaScript, and what is asked of samples. */
import { compile } from '@arignote/compiler'
import { type RandomStream, toNested, type Variable } from '@arignote/graph'

type Words = readonly [number, number]

const rotations = [13, 15, 26, 6, 17, 29, 16, 24]

/** Threefry2x32 with 20 rounds. */
export function threefry([k0, k1]: Words, [c0, c1]: Words): Words {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda]
  let [x, y] = [(c0 + k0) | 0, (c1 + k1) | 0]
  for (let round = 0; round < 20; round++) {
    x = (x + y) | 0
    const by = rotations[round % 8]!
    y = ((y << by) | (y >>> (32 - by))) ^ x
    if (round % 4 !== 3) continue
    const group = (round + 1) / 4
    x = (x + keys[group % 3]!) | 0
    y = (y + keys[(group + 1) % 3]! + group) | 0
  }
  return [x, y]
}

export interface Place {
  readonly seed: number
  /** The number of the draw in its stream, and of the call. */
  readonly site?: number
  readonly call?: number
  /** Of the scans around the draw, outermost first. */
  readonly trips?: readonly number[]
}

/** What a float32 uniform draw is at a position. */
export function uniformAt({ seed, site = 0, call = 0, trips = [] }: Place, position: number): number {
  let key = threefry([seed | 0, Math.floor(seed / 2 ** 32) | 0], [site, call])
  for (const trip of trips.slice(0, -1)) key = threefry(key, [trip, 0])
  const [word] = threefry(key, [position, trips.at(-1) ?? 0])
  return (word >>> 8) / 2 ** 24
}

/** One call's values, of a stream that starts anew. */
export function sample(stream: RandomStream, x: Variable, seed = 1): readonly number[] {
  stream.seed(seed)
  return [toNested(compile([], x)())].flat(9) as number[]
}

export function mean(xs: readonly number[], power = 1, centre = 0): number {
  return xs.reduce((sum, x) => sum + (x - centre) ** power, 0) / xs.length
}

/** Pearson's coefficient, in units of its standard error: 4 is suspicious. */
export function correlation(xs: readonly number[], ys: readonly number[]): number {
  const [mx, my] = [mean(xs), mean(ys)]
  const covariance = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i]! - my), 0) / xs.length
  return (covariance / Math.sqrt(mean(xs, 2, mx) * mean(ys, 2, my))) * Math.sqrt(xs.length)
}

/** χ² of counts against expected counts, as standard deviations from its mean: 4 is suspicious. */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  const sum = counts.reduce((total, n, i) => total + (n - expected[i]!) ** 2 / expected[i]!, 0)
  const freedom = counts.length - 1
  return (sum - freedom) / Math.sqrt(2 * freedom)
}

/** How many fall into each of `bins` equal parts of 0 … 1. */
export function histogram(xs: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const x of xs) counts[Math.floor(x * bins)]!++
  return counts
}

/** The distribution function of the normal distribution (Abramowitz and Stegun 26.2.17, 7.5·10⁻⁸). */
export function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    series.reduce((sum, b, i) => sum + b * t ** (i + 1), 0)
  return x > 0 ? 1 - tail : tail
}
