/**
 * Parameters  →  files or bytes, and back into shared variables: all of them, or none.
 */
import {
  badArgument,
  checkName,
  checkOptions,
  convert,
  describeGiven,
  type NdArray,
  ndarrayOf,
  Shared,
  type Value,
  Variable,
} from '@arignote/graph'
import { badName, dtypesDiffer, namesDiffer, notSavable, shapesDiffer, type Task } from './errors.js'
import { pathOf, readFile, writeFile } from './file.js'
import { decodeNpz, encodeNpz } from './npz.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'
import type { Tensor } from './tensor.js'

export type Format = 'safetensors' | 'npz'
const formats: readonly Format[] = ['safetensors', 'npz']

/** What is saved: shared variables, or values, by name. */
export interface Parameters {
  readonly [name: string]: Shared | Value
}

/** What is loaded: arrays by name. */
export interface ParameterValues {
  [name: string]: NdArray
}

export interface SaveOptions {
  /** Default: npz for a file whose name ends so, else safetensors. */
  readonly format?: Format
  /** Remarks on the whole, which safetensors has room for. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface AssignOptions {
  /** Whether a parameter without a value is an error; default 'raise'. */
  readonly missing?: 'raise' | 'ignore'
  /** Whether a value without a parameter is an error; default 'raise'. */
  readonly surplus?: 'raise' | 'ignore'
  /** Whether values are converted as `setValue` does; default false: dtypes must be the same. */
  readonly convert?: boolean
}

/**
 * Writes parameters to a file, which is replaced as a whole or not at all.
 *
 * @example saveParameters('model.safetensors', { W, b })
 * @throws ArgumentError where it cannot be written, or for what is not a parameter
 */
export function saveParameters(path: string | URL, parameters: Parameters, options?: SaveOptions): void {
  const operation = 'saveParameters'
  const file = pathOf(operation, path)
  const bytes = encode(operation, parameters, { format: formatOfName(file) ?? 'safetensors', ...options })
  writeFile({ operation, file }, bytes)
}

/**
 * Reads parameters from a file; with shared variables, puts them there: all, or none if one of them does not fit.
 *
 * @example loadParameters('model.safetensors', { W, b })
 * @example const { W, b } = loadParameters('model.npz')
 * @throws ArgumentError for files that are missing, foreign or damaged, and for names that differ
 * @throws DTypeError, ShapeError for values that do not fit
 */
export function loadParameters(
  path: string | URL,
  into?: { readonly [name: string]: Shared },
  options?: AssignOptions,
): ParameterValues {
  const operation = 'loadParameters'
  const file = pathOf(operation, path)
  const task = { operation, file }
  const values = decode(task, readFile(task), formatOfName(file))
  if (into !== undefined) assign(task, into, values, options)
  return values
}

/** The bytes of such a file, where there are no files. */
export function encodeParameters(parameters: Parameters, options?: SaveOptions): Uint8Array<ArrayBuffer> {
  return encode('encodeParameters', parameters, options)
}

/** What such bytes say; without a format it is told by how they begin. */
export function decodeParameters(
  bytes: ArrayBuffer | ArrayBufferView,
  options?: { readonly format?: Format },
): ParameterValues {
  const operation = 'decodeParameters'
  checkOptions(operation, options, ['format'])
  return decode(
    { operation, file: null },
    bytesOf(operation, bytes),
    checkedFormat(operation, options?.format),
  )
}

/**
 * Puts values into shared variables of the same names: all of them, or none.
 *
 * @throws ArgumentError for names that differ
 * @throws DTypeError, ShapeError for a value that does not fit
 */
export function assignParameters(
  parameters: { readonly [name: string]: Shared },
  values: { readonly [name: string]: Value },
  options?: AssignOptions,
): void {
  assign({ operation: 'assignParameters', file: null }, parameters, values, options)
}

/** @throws ArgumentError for what is no bytes: of a number, an array would be so many zeros */
function bytesOf(operation: string, given: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  if (Object.prototype.toString.call(given).endsWith('ArrayBuffer]')) return new Uint8Array(given)
  throw badArgument(
    operation,
    `${describeGiven(given).what} is no bytes`,
    'an ArrayBuffer, or a view into one',
  )
}

/** @throws ArgumentError for what has no names: nothing would be saved, or set, and nobody would know */
function checkRecord(operation: string, given: unknown): void {
  const isPlain =
    typeof given === 'object' &&
    given !== null &&
    (Array.isArray(given) || [Object.prototype, null].includes(Object.getPrototypeOf(given)))
  if (isPlain) return
  throw badArgument(
    operation,
    `${describeGiven(given).what} has no names`,
    'parameters are a record: { W, b }',
  )
}

function checkMetadata(operation: string, metadata: unknown, format: Format | undefined): void {
  if (metadata === undefined) return
  if (format === 'npz')
    throw badArgument(operation, 'metadata in npz', 'npz has no room for remarks; safetensors has')
  checkRecord(`${operation}: metadata`, metadata)
  if (Array.isArray(metadata) || !Object.values(metadata as object).every(value => typeof value === 'string'))
    throw badArgument(operation, 'metadata that are no texts', "texts by name: { epoch: '3' }")
}

function formatOfName(file: string): Format | undefined {
  return formats.find(format => file.toLowerCase().endsWith(`.${format}`))
}

function checkedFormat(operation: string, format: Format | undefined): Format | undefined {
  if (format !== undefined) checkName(operation, 'format', format, formats)
  return format
}

function encode(operation: string, parameters: Parameters, options?: SaveOptions): Uint8Array<ArrayBuffer> {
  checkOptions(operation, options, ['format', 'metadata'])
  checkRecord(operation, parameters)
  const format = checkedFormat(operation, options?.format)
  checkMetadata(operation, options?.metadata, format)
  const tensors = new Map<string, Tensor>()
  for (const [name, given] of Object.entries(parameters)) {
    if (name === '') throw badName(operation, name, 'it is empty')
    if (/\p{Surrogate}/u.test(name)) throw badName(operation, name, 'it is no Unicode text: half a character')
    tensors.set(name, tensorOfGiven(operation, name, given))
  }
  return format === 'npz'
    ? encodeNpz(operation, tensors)
    : encodeSafetensors(operation, tensors, options?.metadata)
}

function tensorOfGiven(operation: string, name: string, given: Shared | Value): Tensor {
  if (given instanceof Shared) {
    const { cell, dtype } = given
    return { dtype, shape: cell.shape, data: cell.read() }
  }
  if (given === undefined || given === null || given instanceof Variable)
    throw notSavable(operation, name, given)
  return convert(given, bools.has(given as object) ? 'bool' : null, `${operation}: "${name}"`)
}

function decode(task: Task, bytes: Uint8Array, format: Format | undefined): ParameterValues {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5)
  const tensors =
    (format ?? (isZip ? 'npz' : 'safetensors')) === 'npz'
      ? decodeNpz(bytes, task)
      : decodeSafetensors(bytes, task)
  return Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, data }]) => [name, asArray(dtype, shape, data)]),
  )
}

/** NdArrays do not tell bytes from bools; the values of a bool are known from here on. */
const bools = new WeakSet<object>()

function asArray(dtype: Tensor['dtype'], shape: readonly number[], data: Tensor['data']): NdArray {
  const array = ndarrayOf(data, shape)
  if (dtype === 'bool') bools.add(array)
  return array
}

function assign(
  task: Task,
  parameters: { readonly [name: string]: Shared },
  values: { readonly [name: string]: Value },
  options: AssignOptions = {},
): void {
  checkOptions(task.operation, options, ['missing', 'surplus', 'convert'])
  checkRecord(task.operation, parameters)
  checkRecord(task.operation, values)
  const { missing = 'raise', surplus = 'raise' } = options
  checkName(task.operation, 'way to take missing', missing, ['raise', 'ignore'])
  checkName(task.operation, 'way to take surplus', surplus, ['raise', 'ignore'])
  const without = Object.keys(parameters).filter(name => !Object.hasOwn(values, name))
  const extra = Object.keys(values).filter(name => !Object.hasOwn(parameters, name))
  const refused = [missing === 'raise' ? without : [], surplus === 'raise' ? extra : []] as const
  if (refused[0].length + refused[1].length > 0) throw namesDiffer(task, ...refused)
  const ready = Object.entries(parameters).flatMap(([name, variable]) => {
    if (!(variable instanceof Shared)) throw notSavable(task.operation, name, variable)
    return Object.hasOwn(values, name)
      ? [{ variable, value: checked(task, name, variable, values[name]!, options) }]
      : []
  })
  // Nothing below this line fails: what could was tried above.
  for (const { variable, value } of ready) variable.cell.write(value.data, value.shape)
}

/** The value as the parameter's dtype, in its shape. */
function checked(task: Task, name: string, variable: Shared, value: Value, options: AssignOptions): Tensor {
  const own = convert(value, null, `${task.operation}: "${name}"`, variable.dtype)
  const dtype = bools.has(value as object) ? 'bool' : own.dtype
  const isSame = dtype === variable.dtype || (variable.dtype === 'bool' && isBoolean(own.data, value))
  if (!isSame && options.convert !== true) throw dtypesDiffer(task, name, dtype, variable)
  const wanted = variable.shape.map(dim => (typeof dim === 'number' ? dim : null))
  const { shape } = own
  if (shape.length !== wanted.length || shape.some((n, axis) => wanted[axis] !== null && wanted[axis] !== n))
    throw shapesDiffer(task, name, shape, wanted, variable)
  return isSame
    ? { ...own, dtype: variable.dtype }
    : convert(value, variable.dtype, `${task.operation}: "${name}"`)
}

/** Values that were bools elsewhere, and are bytes of 0 and 1 now. */
const isBoolean = (data: Tensor['data'], value: Value) =>
  !bools.has(value as object) && data instanceof Uint8Array && data.every(x => x <= 1)
