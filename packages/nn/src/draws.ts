/** Random numbers one after another: the same seed gives the same sequence. */
import { randomBits } from '@arignote/graph'

/** Uniform, from 0 to below 1. */
export function uniformDraws(seed: number): () => number {
  let counter = 0
  return () => randomBits(seed, counter++) / 2 ** 32
}

/** The items in a new order (Fisher and Yates 1938); a list of its own. */
export function shuffled<T>(items: readonly T[], uniform: () => number): T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1))
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}

/** Normally distributed, mean 0 and standard deviation 1, two of each pair of uniform ones (Box and Muller 1958). */
export function normalDraws(seed: number): () => number {
  const uniform = uniformDraws(seed)
  let spare: number | null = null
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
