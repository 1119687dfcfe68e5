/**
 * Batches of an iterable, epoch after epoch. A function begins anew each time, and so does an iterable that can be gone
 * through again; an iterator (a running generator) goes on where the epoch before left it.
 */
import type { BatchSource } from './batches.js'
import { noBatches } from './errors.js'

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

const iteratorOf = (iterable: Iterable<unknown> | AsyncIterable<unknown>): AnyIterator =>
  Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()

export class BatchFeed {
  constructor(
    readonly operation: string,
    readonly source: BatchSource,
  ) {}

  /** The next batches, `steps` of them at most. @throws ArgumentError if there is none */
  async *next(steps = Number.POSITIVE_INFINITY): AsyncGenerator<unknown> {
    const iterable = typeof this.source === 'function' ? this.source() : this.source
    const iterator = iteratorOf(iterable)
    let count = 0
    try {
      while (count < steps) {
        const { done, value } = await iterator.next()
        if (done) break
        count++
        yield value
      }
    } finally {
      const goesOn = (iterator as unknown) === this.source
      if (!goesOn) await iterator.return?.()
    }
    if (count === 0) throw noBatches(this.operation)
  }
}
