/** What is said of a list of times. */

export interface Summary {
  readonly median: number
  readonly min: number
  /** Half of the times lie in a range this wide, relative to the median. */
  readonly spread: number
  readonly count: number
}

export function summary(times: readonly number[]): Summary {
  const sorted = [...times].sort((a, b) => a - b)
  const median = quantile(sorted, 0.5)
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median
  return { median, min: sorted[0]!, spread, count: sorted.length }
}

function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return low + (high - low) * (place - Math.floor(place))
}
