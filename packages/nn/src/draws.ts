/** Random numbers one after another: the same seed gives the same sequence. */
import { randomBits } from '@arignote/graph'

/** Normally distributed, mean 0 and standard deviation 1, two of each pair of uniform ones (Box and Muller 1958). */
export function normalDraws(seed: number): () => number {
  let counter = 0
  let spare: number | null = null
  const uniform = () => randomBits(seed, counter++) / 2 ** 32
  return () => {
    if (spare !== null) {
      const kept = spare
      spare = null
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

/** The same, without those beyond two standard deviations. */
export function truncatedDraws(seed: number): () => number {
  const normal = normalDraws(seed)
  return () => {
    for (;;) {
      const z = normal()
      if (Math.abs(z) <= 2) return z
    }
  }
}
