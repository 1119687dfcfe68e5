/**
 * Weights  ⇄  files. Weights of a file go to those of a model in order, since names differ from process to process; or, on
 * request, by the names of layers.
 */
import { badArgument, checkOptions, type Shared } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { pathOf, readFile, type Tensor, writeFile } from '@arignote/save/files'
import type { Model } from '../models/model.js'
import { needsHdf5, skippedText, weightsDiffer } from './errors.js'
import { decodeModel, encodeModel } from './file.js'
import { isHdf5 } from './hdf5.js'
import type { KerasOptions } from './keras-weights.js'
import { named, weightsOf } from './parts.js'

export interface LoadWeightsOptions extends KerasOptions {
  /** Weights by name instead of by order; weights without a partner stay, on either side. */
  readonly byName?: boolean
  /** With `byName`: weights of another shape stay too, and a warning names them. */
  readonly skipMismatch?: boolean
}

const loadWeightsOptions = ['byName', 'skipMismatch', 'backend'] as const

/** @throws ArgumentError for options there are not, or that do not go together */
export function checkLoadOptions(operation: string, options: LoadWeightsOptions): void {
  checkOptions(operation, options, loadWeightsOptions)
  if (options.skipMismatch === true && options.byName !== true)
    throw badArgument(operation, 'skipMismatch without byName', '{ byName: true, skipMismatch: true }')
}

/** Writes the weights of a model to one file, which is replaced as a whole or not at all. */
export async function saveWeights(model: Model, path: string | URL): Promise<void> {
  const operation = 'saveWeights'
  const file = pathOf(operation, path)
  const bytes = isHdf5Path(file)
    ? await (await import('./keras-write.js')).kerasWeightsToBytes(model, file)
    : weightsToBytes(model)
  writeFile({ operation, file }, bytes)
}

/** Whether a file is to be one of Keras's. */
export const isHdf5Path = (file: string): boolean => /\.(h5|hdf5)$/i.test(file)

/** The bytes of such a file. */
export function weightsToBytes(model: Model): Uint8Array<ArrayBuffer> {
  const nothing = { model: null, compiled: null, optimizer: [], memory: [] }
  return encodeModel('saveWeights', { ...nothing, weights: weightsOf(model) })
}

/**
 * Takes up weights: those of `saveWeights`, of a saved model, or of Keras's .h5 files (1.x and 2.x).
 * @throws ArgumentError for files that are missing, foreign or damaged
 * @throws ShapeError for weights that are not those of the model; in both cases none is set
 */
export async function loadWeights(
  model: Model,
  path: string | URL,
  options: LoadWeightsOptions = {},
): Promise<void> {
  const operation = 'loadWeights'
  const file = pathOf(operation, path)
  const bytes = readFile({ operation, file })
  if (!isHdf5(bytes)) return weightsFrom(operation, file, model, bytes, options)
  const { assignKerasWeights } = await import('./keras.js')
  await assignKerasWeights(operation, file, model, bytes, options)
}

/** The same, of the bytes of a file that `saveWeights` or `save` wrote. */
export function weightsFromBytes(
  model: Model,
  bytes: Uint8Array | ArrayBuffer,
  options: LoadWeightsOptions = {},
): void {
  weightsFrom('weightsFromBytes', null, model, new Uint8Array(bytes), options)
}

function weightsFrom(
  operation: string,
  file: string | null,
  model: Model,
  bytes: Uint8Array,
  options: LoadWeightsOptions,
): void {
  checkLoadOptions(operation, options)
  if (isHdf5(bytes)) throw needsHdf5(operation, file, 'await weightsFromHDF5(model, bytes) reads it')
  const { weights } = decodeModel(operation, file, bytes)
  const wanted = weightsOf(model)
  if (options.byName === true) {
    const pairs = wanted.flatMap(([name, variable]) => {
      const value = weights.find(stored => stored.name === name)
      return value === undefined ? [] : [{ name, variable, value }]
    })
    assign(operation, file, options.skipMismatch === true ? fitting(operation, file, pairs) : pairs)
    return
  }
  assignInOrder(
    operation,
    file,
    wanted.map(([, variable]) => variable),
    weights,
    'weights',
  )
}

interface Assignment {
  readonly name: string
  readonly variable: Shared
  readonly value: Tensor
}

/** Those that fit; a warning names the others. */
export function fitting(
  operation: string,
  file: string | null,
  pairs: readonly Assignment[],
): readonly Assignment[] {
  const fits = ({ variable, value }: Assignment) => value.shape.join() === variable.cell.shape.join()
  warnOfSkipped(
    operation,
    file,
    pairs.filter(pair => !fits(pair)).map(({ name }) => name),
  )
  return pairs.filter(fits)
}

export function warnOfSkipped(operation: string, file: string | null, names: readonly string[]): void {
  if (names.length > 0) console.warn(skippedText(operation, file, names))
}

/** All of them, or none if one does not fit. */
export function assign(operation: string, file: string | null, pairs: readonly Assignment[]): void {
  for (const { name, variable, value } of pairs) {
    const [have, want] = [value.shape, variable.cell.shape]
    if (have.join() !== want.join())
      throw weightsDiffer(
        operation,
        file,
        `${name} has the shape (${want.join(', ')}), the array (${have.join(', ')})`,
      )
  }
  for (const { variable, value } of pairs) {
    const own = allocate(variable.dtype, value.data.length)
    own.set(value.data)
    variable.cell.write(own, value.shape)
  }
}

export function assignInOrder(
  operation: string,
  file: string | null,
  variables: readonly Shared[],
  values: readonly (Tensor & { readonly name: string })[],
  what: string,
): void {
  const wanted = named(variables)
  if (values.length !== wanted.length)
    throw weightsDiffer(operation, file, `${values.length} arrays for ${wanted.length} ${what}`, [
      `the model has ${wanted.map(([name]) => name).join(', ') || 'none'}`,
      `the file has ${values.map(({ name }) => name).join(', ') || 'none'}`,
    ])
  assign(
    operation,
    file,
    wanted.map(([name, variable], i) => ({ name, variable, value: values[i]! })),
  )
}
