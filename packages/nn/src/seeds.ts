/** Seeds from a seed, so that one number decides everything that is random in a model. */

/** A seed that nobody chose. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31)
}

/** Other seeds, always the same sequence: SplitMix32 (after Steele, Lea and Flood 2014). */
export function seedsFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 1
  }
}
