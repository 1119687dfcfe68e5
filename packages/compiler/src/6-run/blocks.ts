/**
 * Blocks: which byte ranges of a growing memory are free. Best fit, neighbours coalesce. Knows nothing of what is stored.
 */

/** Addresses and sizes are multiples of this, so that vectors never straddle a cache line. */
export const alignment = 64

export const alignUp = (bytes: number): number =>
  Math.max(alignment, Math.ceil(bytes / alignment) * alignment)

interface Block {
  start: number
  bytes: number
}

export class Blocks {
  /** Sorted by address; no two touch. */
  readonly #free: Block[] = []
  #end: number

  /** The range from `begin` on is managed; all of it is taken until `extend` says that there is more. */
  constructor(begin: number) {
    this.#end = begin
  }

  /** Free bytes at the very end, which an extension would enlarge. */
  get tail(): number {
    const last = this.#free.at(-1)
    return last !== undefined && last.start + last.bytes === this.#end ? last.bytes : 0
  }

  get freeBytes(): number {
    return this.#free.reduce((sum, block) => sum + block.bytes, 0)
  }

  /** The memory now reaches up to `end`. */
  extend(end: number): void {
    const from = this.#end
    this.#end = end
    if (end > from) this.release(from, end - from)
  }

  /** The address of a range of `bytes` (aligned), or null where none is free. */
  take(bytes: number): number | null {
    const size = alignUp(bytes)
    let best: Block | null = null
    for (const block of this.#free) {
      if (block.bytes >= size && (best === null || block.bytes < best.bytes)) best = block
    }
    if (best === null) return null
    const { start } = best
    best.start += size
    best.bytes -= size
    if (best.bytes === 0) this.#free.splice(this.#free.indexOf(best), 1)
    return start
  }

  /** Gives a range back. */
  release(start: number, bytes: number): void {
    const size = alignUp(bytes)
    let at = this.#free.findIndex(block => block.start > start)
    if (at < 0) at = this.#free.length
    const before = this.#free[at - 1]
    const after = this.#free[at]
    const joinsBefore = before !== undefined && before.start + before.bytes === start
    const joinsAfter = after !== undefined && start + size === after.start
    if (joinsBefore) {
      before.bytes += size + (joinsAfter ? after.bytes : 0)
      if (joinsAfter) this.#free.splice(at, 1)
    } else if (joinsAfter) {
      after.start = start
      after.bytes += size
    } else this.#free.splice(at, 0, { start, bytes: size })
  }
}
