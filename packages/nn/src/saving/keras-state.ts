/**
 * The state of an optimiser in Keras's files  →  the same for the parameters as they are here. Accumulators of a parameter are stored as
 * the parameter was: gate by gate, for cuDNN, turned round by Theano; so what becomes of weights becomes of them.
 *
 * Until Keras 2.0.5 parameters were sorted by name before they were trained, and their accumulators lie in this order.
 */
import { allocate } from '@arignote/loops'
import type { Tensor } from '@arignote/save/files'
import type { Model } from '../models/model.js'
import type { KerasWeights, StoredArray } from './keras-file.js'
import { isCudnn, type KerasOptions, type Match, pairsOf } from './keras-weights.js'
import { trainedOf } from './parts.js'

/** The arrays as the model's optimiser has them; null for what is no state of it. */
export function stateOf(
  model: Model,
  matches: readonly Match[],
  stored: KerasWeights,
  state: readonly Tensor[],
  options: KerasOptions,
): readonly Tensor[] | null {
  const trained = trainedOf(model)
  const params = inOrderOfTraining(trainedArrays(matches, trained), stored)
  if (params === null) return null
  const kinds = model.optimizer.accumulators
  // What an Adam without amsgrad ends with stands for nothing.
  const isPlaceholder = state.slice(-params.length).every(({ shape }) => shape.join() === '1')
  const idle = isPlaceholder && state.length > (kinds + 1) * params.length ? params.length : 0
  const heads = state.length - idle - kinds * params.length
  if (heads < 0 || heads > 2) return null
  const slots = Array.from({ length: kinds }, (_, k) => {
    const of = new Map(params.map((array, i) => [array, state[heads + k * params.length + i]!]))
    return slotsOf(matches, trained, of, stored, options)
  })
  return [...state.slice(0, heads), ...slots.flat()]
}

/** The arrays of a file that are trained, in its order. */
function trainedArrays(matches: readonly Match[], trained: Iterable<unknown>): readonly StoredArray[] {
  const known = new Set(trained)
  return matches.flatMap(({ leaf: { weights }, arrays }) =>
    // Where they are more than there are weights, they are gates, of one kind all of them.
    arrays.filter((_, i) => known.has(weights[arrays.length === weights.length ? i : 0]!.variable)),
  )
}

function inOrderOfTraining(
  arrays: readonly StoredArray[],
  { release }: KerasWeights,
): readonly StoredArray[] | null {
  const [major, minor, patch] = (release ?? '1').split('.').map(part => Number.parseInt(part, 10)) as [
    number,
    number?,
    number?,
  ]
  const isSorted = major < 2 || (major === 2 && (minor ?? 0) === 0 && (patch ?? 0) < 6)
  if (!isSorted) return arrays
  // Where the backend gave no names, files count, which does not tell the order.
  if (arrays.some(({ name }) => name === null || /^param_\d+$/.test(name))) return null
  return [...arrays].sort((a, b) => (a.name! < b.name! ? -1 : a.name! > b.name! ? 1 : 0))
}

/** One accumulator for each parameter, in our order. @throws ShapeError for what is none */
function slotsOf(
  matches: readonly Match[],
  trained: readonly unknown[],
  of: ReadonlyMap<StoredArray, Tensor>,
  stored: KerasWeights,
  options: KerasOptions,
): readonly Tensor[] {
  const moved = matches.map(match => {
    const arrays = match.arrays.map(array => ({ ...(of.get(array) ?? array), name: array.name }))
    return { ...match, arrays: isCudnn(match.leaf, arrays) ? withOneBias(match, arrays) : arrays }
  })
  const values = new Map(
    pairsOf(moved, stored, options).map(({ variable, value }) => [variable as unknown, value]),
  )
  return trained.map(variable => values.get(variable)!)
}

/** Biases of which an LSTM here has the sum were trained alike: the accumulators of one of them are those of the sum. */
function withOneBias({ leaf }: Match, arrays: readonly StoredArray[]): readonly StoredArray[] {
  if (leaf.className !== 'LSTM') return arrays
  return arrays.map((array, i) => {
    if (i !== 2) return array
    const data = allocate(array.dtype, array.data.length)
    data.set(array.data.subarray(0, data.length / 2))
    return { ...array, data }
  })
}
