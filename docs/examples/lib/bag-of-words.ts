/**
 * A rival that knows nothing of order: naive Bayes. Each word speaks for the kind of texts in which it was met more often
 * (Maron 1961), with one meeting added to all counts.
 */
import type { NdArray } from 'arignote'

interface Labelled {
  /** Numbers of words, (texts, length); 0 is none. */
  readonly x: NdArray<'int32', 2>
  /** 1 or 0: (texts). */
  readonly y: NdArray<'int32', 1>
}

/** The share of the second texts that it judges right, having read the first. */
export function bagOfWords(train: Labelled, held: Labelled): number {
  const words = 1 + Math.max(maximum(train.x), maximum(held.x))
  const met = [new Float64Array(words).fill(1), new Float64Array(words).fill(1)] as const
  const texts = [1, 1]
  forEachText(train, (ids, label) => {
    texts[label]!++
    for (const id of ids) met[label as 0 | 1][id]!++
  })
  const total = met.map(counts => counts.reduce((a, b) => a + b))
  const says = met[1].map((count, id) => Math.log(count / total[1]!) - Math.log(met[0][id]! / total[0]!))
  let right = 0
  forEachText(held, (ids, label) => {
    const sum = ids.reduce((sum, id) => sum + says[id]!, Math.log(texts[1]! / texts[0]!))
    if (sum > 0 === (label === 1)) right++
  })
  return right / held.y.size
}

function forEachText({ x, y }: Labelled, visit: (ids: readonly number[], label: number) => void): void {
  const [texts, length] = x.shape as [number, number]
  for (let i = 0; i < texts; i++) {
    const ids = Array.from({ length }, (_, t) => x.get(i, t)).filter(id => id !== 0)
    visit(ids, y.get(i))
  }
}

const maximum = ({ data }: NdArray<'int32'>) => (data as Int32Array).reduce((a, b) => Math.max(a, b), 0)
