/**
 * The network of W1: Embedding(20000, 128) → LSTM(128) → Dense(1, sigmoid), binary cross-entropy, Adam on all parameters.
 * A step is a batch of 32 texts of 100 words.
 */
import {
  crossentropyBinary,
  dim,
  dot,
  grad,
  matrix,
  rand,
  scan,
  shared,
  sigmoid,
  take,
  vector,
  zeros,
} from 'arignote'
import { integers } from '../lib/random.js'
import { adam } from './adam.js'
import { dense, lstm, lstmStep } from './cells.js'

export const sizes = { vocabulary: 20_000, width: 128, units: 128, batch: 32, words: 100 }

/** Texts (batch, words) as numbers of words, and what is thought of them, 0 or 1. */
export interface Batch {
  readonly texts: Int32Array
  readonly labels: Float32Array
}

export function batch(step: number): Batch {
  return {
    texts: integers(2 * step, sizes.batch * sizes.words, sizes.vocabulary),
    labels: Float32Array.from(integers(2 * step + 1, sizes.batch, 2)),
  }
}

export function parameters() {
  const { vocabulary, width, units } = sizes
  const embedding = rand([vocabulary, width], { seed: 1, low: -0.05, high: 0.05 })
  return {
    embedding: shared(embedding, 'embedding'),
    cell: lstm({ inputs: width, units, seed: 2 }),
    out: dense({ inputs: units, units: 1, seed: 4, name: 'out' }),
  }
}

/** What `compile` is given. */
export function graph({ embedding, cell, out }: ReturnType<typeof parameters>) {
  const texts = matrix('texts', 'int32')
  const labels = vector('labels')
  const start = zeros([dim(texts, 0), cell.units])
  const { h } = scan(({ x, h, c }) => lstmStep(cell, dot(x, cell.W).add(cell.b), h, c), {
    sequences: { x: take(embedding, texts.transpose()) },
    state: { h: start, c: start },
  })
  const likes = sigmoid(dot(h.last, out.W).add(out.b)).flatten()
  const loss = crossentropyBinary(likes, labels).mean()
  const all = [embedding, cell.W, cell.U, cell.b, out.W, out.b]
  return { inputs: [texts, labels] as const, loss, updates: adam(grad(loss, all), all) }
}
