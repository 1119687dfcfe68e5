/** The order of samples in each epoch: each shuffles the order of the one before, as Keras does. */
import { seedsFrom } from '../seeds.js'

export class Permutation {
  #order: Int32Array
  #done = 0
  #next: () => number

  /** @param block samples that stay together; the last ones, if they fill no block, stay at the end */
  constructor(
    readonly count: number,
    readonly seed: number,
    readonly block = 1,
  ) {
    this.#order = Int32Array.from({ length: count }, (_, i) => i)
    this.#next = seedsFrom(seed)
  }

  /** Of an epoch not before the last one asked for; those between are gone through, so a run may go on where it stopped. */
  ofEpoch(epoch: number): Int32Array {
    for (; this.#done <= epoch; this.#done++) this.#shuffle()
    return this.#order
  }

  /** Fisher and Yates 1938, by blocks. */
  #shuffle(): void {
    const blocks = Math.floor(this.count / this.block)
    const order = this.#order
    for (let i = blocks - 1; i > 0; i--) {
      const j = Math.floor((this.#next() / 2 ** 31) * (i + 1))
      for (let k = 0; k < this.block; k++) {
        const [a, b] = [i * this.block + k, j * this.block + k]
        const kept = order[a]!
        order[a] = order[b]!
        order[b] = kept
      }
    }
  }
}
