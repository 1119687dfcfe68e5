/**
 * Batches of an iterable, epoch after epoch. A function begins anew each time, and so does an iterable that can be gone
 * through again; an iterator (a running generator) goes on where the epoch before left it.
 */
import { badArgument, describeGiven } from '@arignote/graph'
import type { BatchSource } from './batches.js'
import { noBatches } from './errors.js'

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** @throws ArgumentError for what cannot be gone through */
function iteratorOf(operation: string, given: unknown): AnyIterator {
  const iterable = given as Iterable<unknown> & AsyncIterable<unknown>
  if (typeof iterable?.[Symbol.asyncIterator] === 'function') return iterable[Symbol.asyncIterator]()
  if (typeof iterable?.[Symbol.iterator] === 'function') return iterable[Symbol.iterator]()
  throw badArgument(
    operation,
    `the function gave ${describeGiven(given).what}, which is no iterable`,
    'a generator function, or one that returns a list of batches',
  )
}

/** What a promise comes to; null if the signal comes before. */
async function unlessAborted<T>(promise: T | Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (signal === undefined || typeof (promise as Promise<T> | undefined)?.then !== 'function') return promise
  let onAbort = () => {}
  const aborted = new Promise<null>(resolve => {
    onAbort = () => resolve(null)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

export class BatchFeed {
  constructor(
    readonly operation: string,
    readonly source: BatchSource,
  ) {}

  /**
   * The next batches, `steps` of them at most; none is waited for once the signal has come.
   * @throws ArgumentError if there is none
   */
  async *next(steps = Number.POSITIVE_INFINITY, signal?: AbortSignal): AsyncGenerator<unknown> {
    const iterable: unknown = typeof this.source === 'function' ? await this.source() : this.source
    const iterator = iteratorOf(this.operation, iterable)
    let count = 0
    try {
      while (count < steps) {
        const next = await unlessAborted(iterator.next(), signal)
        if (next === null) return
        if (next.done) break
        count++
        yield next.value
      }
    } finally {
      const goesOn = (iterator as unknown) === this.source
      // One that is still waited for would close only after it.
      if (!goesOn) await unlessAborted(iterator.return?.() as Promise<unknown>, signal)
    }
    if (count === 0) throw noBatches(this.operation)
  }
}
