/**
 * Arrays of Keras's files  →  weights of layers, in order: names of arrays have changed with every version, their order has
 * not. What was stored otherwise is brought into the present form: gates in arrays of their own (1.x), cuDNN's layouts,
 * kernels that Theano turned round.
 */
import { ArignoteError } from '@arignote/graph'
import type { Tensor } from '@arignote/save/files'
import type { Weight } from '../layers/kind.js'
import type { Layer } from '../layers/layer.js'
import type { Model } from '../models/model.js'
import { modelOf } from '../models/nested.js'
import { weightsDiffer } from './errors.js'
import { fromCudnn, fusedGates, reversedRows, stepsFirst, withoutAxis } from './gates.js'
import type { KerasLayer, KerasWeights, StoredArray } from './keras-file.js'
import { warnOfSkipped } from './weights.js'

export interface KerasOptions {
  /** Which backend Keras had, where the file does not say it; convolutions differ. Default: theano. */
  readonly backend?: 'theano' | 'tensorflow'
}

/** Where an array goes. */
export interface Pair {
  readonly name: string
  readonly variable: Weight['variable']
  readonly value: Tensor
}

/** A layer that has weights of its own, not of layers within. */
export interface Leaf {
  readonly className: string
  readonly units: number
  readonly weights: readonly Weight[]
  readonly isFrozen: boolean
}

/** The weights of a layer and the arrays of the file that are theirs, first those that are trained. */
export interface Match {
  readonly leaf: Leaf
  readonly arrays: readonly StoredArray[]
  readonly wrong: Wrong
}

/**
 * Which arrays of a file are whose.
 * @throws ShapeError for a file that has other layers
 */
export function matchesOf(
  operation: string,
  file: string | null,
  model: Model,
  stored: KerasWeights,
  options: { readonly byName?: boolean; readonly skipMismatch?: boolean } = {},
): readonly Match[] {
  const full = stored.layers.filter(layer => layer.arrays.length > 0)
  const own = model.layers.filter(layer => layer.weights.length > 0)
  const matched: (readonly [Layer, KerasLayer])[] =
    options.byName === true
      ? own.flatMap(layer =>
          full.filter(({ name }) => name === layer.name).map(found => [layer, found] as const),
        )
      : own.map((layer, i) => [layer, full[i]!] as const)
  if (options.byName !== true && full.length !== own.length)
    throw weightsDiffer(operation, file, `${full.length} layers with weights for ${own.length}`, [
      `the model has ${own.map(({ name }) => name).join(', ') || 'none'}`,
      `the file has ${full.map(({ name }) => name).join(', ') || 'none'}`,
    ])
  const skipped: string[] = []
  const matches = matched.flatMap(([layer, found]) => {
    const wrong = (what: string, lines: readonly string[] = []) =>
      weightsDiffer(operation, file, `${layer.name}: ${what}`, lines)
    try {
      return ofLayer(layer, found.arrays, wrong)
    } catch (error) {
      if (options.skipMismatch !== true || !(error instanceof ArignoteError)) throw error
      skipped.push(layer.name)
      return []
    }
  })
  warnOfSkipped(operation, file, skipped)
  return matches
}

/** What each weight becomes. @throws ShapeError for arrays of other shapes */
export function pairsOf(
  matches: readonly Match[],
  stored: KerasWeights,
  options: KerasOptions & { readonly skipMismatch?: boolean },
): readonly Pair[] {
  const turned = (stored.backend ?? options.backend ?? 'theano') === 'theano'
  return matches.flatMap(({ leaf, arrays, wrong }) => {
    const values = converted(leaf, arrays, turned)
    return leaf.weights.map((weight, i) => {
      const { variable, name } = weight
      const value = values[i]
      // Whoever skips sees for himself what fits.
      if (options.skipMismatch === true && value !== undefined)
        return { name: variable.name ?? name, variable, value }
      return pairOf(weight, value, leaf, wrong)
    })
  })
}

type Wrong = (what: string, lines?: readonly string[]) => Error

function leavesOf(layer: Layer, isFrozen = false): readonly Leaf[] {
  const inner = modelOf(layer)
  if (inner !== null) return inner.layers.flatMap(part => leavesOf(part, !part.trainable))
  const { className } = layer.kind
  const within = (layer.options as unknown as { readonly layer?: Layer }).layer
  if (className === 'TimeDistributed') return leavesOf(within!, isFrozen)
  const leaf = (kind: Layer, weights: readonly Weight[]): Leaf => ({
    className: kind.kind.className,
    units: (kind.options as unknown as { readonly units?: number }).units ?? 0,
    weights,
    isFrozen,
  })
  if (className !== 'Bidirectional') return [leaf(layer, layer.weights)]
  const half = layer.weights.length / 2
  return [leaf(within!, layer.weights.slice(0, half)), leaf(within!, layer.weights.slice(half))]
}

/** Of several layers in one, first all that is trained, then all that is not. */
function ofLayer(layer: Layer, arrays: readonly StoredArray[], wrong: Wrong): readonly Match[] {
  const leaves = leavesOf(layer)
  const taken = new Map<Leaf, StoredArray[]>(leaves.map(leaf => [leaf, []]))
  let at = 0
  const take = (leaf: Leaf, trainable: boolean) => {
    const count = countOf(leaf, trainable, arrays[at])
    taken.get(leaf)!.push(...arrays.slice(at, at + count))
    at += count
  }
  for (const leaf of leaves) if (!leaf.isFrozen) take(leaf, true)
  for (const leaf of leaves) {
    if (leaf.isFrozen) take(leaf, true)
    take(leaf, false)
  }
  if (at !== arrays.length)
    throw wrong(`${arrays.length} arrays, where ${at} were expected`, [
      `shapes in the file: ${arrays.map(({ shape }) => `(${shape.join(', ')})`).join(', ')}`,
    ])
  return leaves.map(leaf => ({ leaf, arrays: taken.get(leaf)!, wrong }))
}

const gateCounts: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3 }

/** Whether a layer's gates are arrays of their own: the first is then as wide as one of them. */
const isSplit = ({ className, units }: Leaf, first: Tensor | undefined) =>
  gateCounts[className] !== undefined && first?.shape[1] === units

/** How many arrays of a file are a layer's, of those that are trained or of the others. */
function countOf(leaf: Leaf, trainable: boolean, first: Tensor | undefined): number {
  if (trainable && isSplit(leaf, first)) return gateCounts[leaf.className]! * 3
  return leaf.weights.filter(w => w.trainable === trainable).length
}

/** Whether there are two biases in a row, as layers for cuDNN have. */
export function isCudnn({ className, units }: Leaf, [, , bias]: readonly Tensor[]): boolean {
  const gates = gateCounts[className]
  return gates !== undefined && bias?.shape.length === 1 && bias.shape[0] === 2 * gates * units
}

/** A layer's arrays as its weights are now. */
function converted(leaf: Leaf, arrays: readonly Tensor[], turned: boolean): readonly Tensor[] {
  const { className, units } = leaf
  if (isSplit(leaf, arrays[0])) return fusedGates(className as 'LSTM' | 'GRU', arrays)
  if (isCudnn(leaf, arrays)) return fromCudnn(className as 'LSTM' | 'GRU', units, arrays)
  if (className !== 'Conv1D' || arrays[0] === undefined) return arrays
  const [kernel, ...rest] = arrays
  const flat = flatKernel(kernel!, leaf.weights[0]!.variable.cell.shape)
  return [turned ? reversedRows(flat) : flat, ...rest]
}

/** Keras 1.2 had (steps, 1, inputs, filters), before it was (filters, inputs, steps, 1). */
function flatKernel(kernel: Tensor, [steps, , filters]: readonly number[]): Tensor {
  const { shape } = kernel
  if (shape.length !== 4) return kernel
  if (shape[0] === steps && shape[1] === 1 && shape[3] === filters) return withoutAxis(kernel, 1)
  return shape[3] === 1 ? stepsFirst(withoutAxis(kernel, 3)) : kernel
}

function pairOf({ name, variable }: Weight, value: Tensor | undefined, leaf: Leaf, wrong: Wrong): Pair {
  if (value === undefined) throw wrong(`there is no array for ${name}`)
  const [have, want] = [value.shape, variable.cell.shape]
  if (have.join() !== want.join())
    throw wrong(
      `${name} has the shape (${want.join(', ')}), the array (${have.join(', ')})`,
      hintFor(leaf, name, have),
    )
  return { name: variable.name ?? name, variable, value }
}

function hintFor({ className, units }: Leaf, name: string, have: readonly number[]): readonly string[] {
  if (className !== 'GRU' || name !== 'bias') return []
  const rows = have.length === 2 && have[0] === 2
  return rows || have[0] === 6 * units
    ? ['it was trained with resetAfter: true']
    : ['it was trained with resetAfter: false']
}
