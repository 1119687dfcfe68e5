/**
 * Keras's imdb.npz  →  reviews with ranks of words. x_train and x_test are arrays of Python lists, or plain matrices in which 0 fills
 * up; y_train and y_test are labels.
 */
import { decodeNpy, npzEntries, readNpy, type Tensor } from '@arignote/save/files'
import { notReviews } from './errors.js'
import type { Reader } from './files.js'
import { unpickledArray } from './pickle.js'
import type { Review } from './reviews.js'

/** The reviews of both parts. @throws ArgumentError, DTypeError for a file of something else, or a damaged one */
export function reviewsOfNpz({ operation }: Reader, file: string, bytes: Uint8Array): readonly Review[][] {
  const task = { operation, file }
  const entries = npzEntries(bytes, task)
  const wrong = (problem: string) => notReviews(operation, file, problem)
  const entry = (name: string) => {
    const found = entries.get(name)
    if (found === undefined)
      throw wrong(`there is no array ${name} in it, but ${[...entries.keys()].join(', ') || 'none at all'}`)
    return { name, bytes: found, source: { task, name } }
  }
  return ['train', 'test'].map(part => {
    const [x, y] = [entry(`x_${part}`), entry(`y_${part}`)]
    const { data, shape, description } = readNpy(x.bytes, x.source)
    const rows = description.startsWith('|O')
      ? listsOf(data, shape, problem => wrong(`${x.name}: ${problem}`))
      : rowsOf(decodeNpy(x.bytes, x.source), problem => wrong(`${x.name}: ${problem}`))
    const labels = decodeNpy(y.bytes, y.source)
    if (!isInteger(labels) || labels.shape.length !== 1)
      throw wrong(`${y.name}: ${labels.dtype} of shape (${labels.shape.join(', ')}), not a list of integers`)
    if (labels.data.length !== rows.length)
      throw wrong(`${labels.data.length} labels in ${y.name} for ${rows.length} reviews in ${x.name}`)
    return rows.map((words, i) => ({ words, label: labels.data[i]! }))
  })
}

type Rows = readonly (readonly number[])[]
type Wrong = (problem: string) => Error

function listsOf(pickle: Uint8Array, shape: readonly number[], wrong: Wrong): Rows {
  const found = attempt(() => unpickledArray(pickle), wrong)
  if (shape.length !== 1 || found.shape.join() !== shape.join())
    throw wrong(`objects of shape (${found.shape.join(', ')}), where the header says (${shape.join(', ')})`)
  let total = 0
  found.elements.forEach((words, i) => {
    if (!Array.isArray(words)) throw wrong(`review ${i} is no list of numbers`)
    // Each number takes a byte at least: one list may stand for many.
    total += words.length
    if (total > pickle.length) throw wrong('more numbers than there is room for')
    for (let k = 0; k < words.length; k++) {
      const rank: unknown = words[k]
      if (!(Number.isInteger(rank) && (rank as number) >= 0 && (rank as number) < 2 ** 31))
        throw wrong(`number ${k} of review ${i} is no rank of a word`)
    }
  })
  return found.elements as Rows
}

function attempt<R>(run: () => R, wrong: Wrong): R {
  try {
    return run()
  } catch (error) {
    throw wrong(`its Python objects cannot be read: ${(error as Error).message}`)
  }
}

const isInteger = ({ dtype }: Tensor) => dtype === 'int32' || dtype === 'uint8' || dtype === 'bool'

function rowsOf(x: Tensor, wrong: Wrong): Rows {
  if (!isInteger(x) || x.shape.length !== 2)
    throw wrong(`${x.dtype} of shape (${x.shape.join(', ')}), not (reviews, words) of integers`)
  const [rows, length] = x.shape as readonly [number, number]
  if (x.data.some(rank => rank < 0)) throw wrong('a negative number is no rank of a word')
  return Array.from({ length: rows }, (_, i) => [
    ...x.data.subarray(i * length, (i + 1) * length).filter(rank => rank !== 0),
  ])
}
