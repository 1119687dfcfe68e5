/**
 * Reviews as Keras has them: the rank of each word, 1 for the most frequent one  →  numbers for an embedding.
 *
 *     0 fills up · startChar (1) begins a review · oovChar (2) is a word left out · a word of rank r is r + indexFrom
 */
import { badArgument, describeGiven } from '@arignote/graph'
import { nothingLeft } from './errors.js'

export interface ReviewOptions {
  /** Only numbers below this are kept, which are numWords − indexFrom − 1 words; by default all below the largest one. */
  readonly numWords?: number | null
  /** Numbers below this are left out, the most frequent words; default 0. */
  readonly skipTop?: number
  /** Reviews of so many numbers or more are left out; by default none. */
  readonly maxlen?: number | null
  /** What every review begins with; default 1, null for nothing. */
  readonly startChar?: number | null
  /** What stands for words that are left out; default 2, null for nothing. */
  readonly oovChar?: number | null
  /** What is added to ranks; default 3. */
  readonly indexFrom?: number
}

export const reviewOptions = ['numWords', 'skipTop', 'maxlen', 'startChar', 'oovChar', 'indexFrom'] as const

export interface Review {
  readonly words: readonly number[]
  readonly label: number
}

/**
 * Lists of reviews with numbers in place of ranks; each keeps those that are shorter than maxlen. By default numbers go to the
 * largest one in any of the lists, which itself is left out, as in Keras.
 */
export function encodeReviews(
  operation: string,
  lists: readonly (readonly Review[])[],
  options: ReviewOptions,
): Review[][] {
  const { numWords = null, skipTop = 0, maxlen = null, startChar = 1, oovChar = 2, indexFrom = 3 } = options
  for (const [name, value] of Object.entries({ numWords, maxlen, startChar, oovChar }))
    if (value !== null) checkWhole(operation, name, value)
  checkWhole(operation, 'skipTop', skipTop)
  checkWhole(operation, 'indexFrom', indexFrom)
  const start = startChar === null ? [] : [startChar]
  const length = maxlen === null || maxlen === 0 ? Number.POSITIVE_INFINITY : maxlen
  const numbered = lists.map(reviews =>
    reviews
      .filter(({ words }) => words.length + start.length < length)
      .map(({ words, label }) => ({ words: [...start, ...words.map(rank => rank + indexFrom)], label })),
  )
  if (numbered.every(reviews => reviews.length === 0) && lists.some(reviews => reviews.length > 0))
    throw nothingLeft(operation, maxlen ?? 0)
  const limit = numWords === null || numWords === 0 ? largestOf(numbered) : numWords
  const keeps = (index: number) => index >= skipTop && index < limit
  return numbered.map(reviews =>
    reviews.map(({ words, label }) => ({
      words: oovChar === null ? words.filter(keeps) : words.map(index => (keeps(index) ? index : oovChar)),
      label,
    })),
  )
}

function largestOf(lists: readonly (readonly Review[])[]): number {
  let largest = 0
  for (const reviews of lists)
    for (const { words } of reviews) for (const index of words) if (index > largest) largest = index
  return largest
}

function checkWhole(operation: string, name: string, given: unknown): void {
  if (!Number.isInteger(given) || (given as number) < 0)
    throw badArgument(
      `${operation}: ${name}`,
      `${describeGiven(given).what} will not do`,
      'an integer from 0 on',
    )
}
