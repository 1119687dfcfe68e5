/** Input for benchmarks: cheap, and the same for every subject. */

/** Numbers from 0 up to 1 (George Marsaglia's xorshift32). */
export function random(seed: number): () => number {
  let x = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

/** Numbers from −size up to size. */
export function uniform(seed: number, length: number, size = 1): Float32Array {
  const next = random(seed)
  const values = new Float32Array(length)
  for (let i = 0; i < length; i++) values[i] = (2 * next() - 1) * size
  return values
}

/** Whole numbers from 0 up to the limit. */
export function integers(seed: number, length: number, limit: number): Int32Array {
  const next = random(seed)
  const values = new Int32Array(length)
  for (let i = 0; i < length; i++) values[i] = Math.floor(next() * limit)
  return values
}
