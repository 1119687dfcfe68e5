/** Timing for benchmarks: warm up, then keep the best of several runs. Knows nothing of what it measures. */

export interface Measured {
  readonly bestMs: number
  readonly medianMs: number
  readonly runs: number
}

/** Times `run`: first `warmUp` calls that do not count, then `runs` that do. */
export function measure(run: () => void, { warmUp = 3, runs = 15 } = {}): Measured {
  for (let i = 0; i < warmUp; i++) run()
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    run()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { bestMs: times[0]!, medianMs: times[runs >> 1]!, runs }
}
