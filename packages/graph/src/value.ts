/**
 * Host values: anything a user may hand in  →  { data, shape, dtype }, and back.
 *
 * Numbers, booleans and nested arrays take the dtype that is declared; typed arrays and NdArrays have one of their own.
 * An integer must be whole and in range; a float never goes into an integer dtype; a double into float32 is rounded.
 */
import { allocate, type DType, dtypeInfo, isFloat, type TypedArray } from '@arignote/loops'
import ndarray from 'ndarray'
import { badArgument, badSize, notAValue, raggedArray, refusedArray, refusedElement } from './errors.js'
import { checkDType, checkList, checkOptions, describeGiven, type Given } from './given.js'
import type { DTypeOfValue, RankOf } from './static.js'
import type { Rank } from './variable.js'

/** What elements of each dtype are kept in. */
interface ArrayOf {
  bool: Uint8Array
  uint8: Uint8Array
  int32: Int32Array
  float32: Float32Array
  float64: Float64Array
}

/**
 * The value type of inputs and results: any strides in, fresh C order out. `D` and `R` exist for the type-checker only;
 * of an ndarray from elsewhere it knows neither.
 */
export interface NdArray<D extends DType = DType, R extends Rank = Rank> extends ndarray.NdArray<ArrayOf[D]> {
  readonly __rank?: R
  lo(...from: number[]): NdArray<D, R>
  hi(...sizes: number[]): NdArray<D, R>
  step(...steps: number[]): NdArray<D, R>
  transpose(...axes: number[]): NdArray<D, R>
}

/** Any NdArray of numbers, whatever it keeps them in. */
// biome-ignore lint/suspicious/noExplicitAny: the package's own default
export type AnyNdArray = ndarray.NdArray<any>

export type Nested = readonly (number | boolean | Nested)[]

/** Whatever is accepted where a value is. */
export type Value = number | boolean | Nested | NumericArray | AnyNdArray

type NumericArray =
  | TypedArray
  | Int8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** A value in C order. */
export interface HostValue {
  readonly data: TypedArray
  readonly shape: readonly number[]
  readonly dtype: DType
}

/** The dtype that a value brings along: that of a typed array or NdArray; null for numbers and nested arrays. */
export function dtypeOfValue(value: unknown): DType | null {
  const data = isNdArray(value) ? value.data : value
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'uint8'
  return ArrayBuffer.isView(data) && !(data instanceof DataView) ? 'int32' : null
}

export function isNdArray(value: unknown): value is AnyNdArray {
  return (
    typeof value === 'object' && value !== null && 'stride' in value && 'offset' in value && 'data' in value
  )
}

/**
 * The value as the dtype, its own dtype, or `otherwise` where it has none. The data is fresh, never the caller's.
 * `operation` begins the error's text.
 */
export function convert(
  value: unknown,
  dtype: DType | null,
  operation: string,
  otherwise: DType = 'float32',
): HostValue {
  const host = borrow(value, dtype, operation, otherwise)
  const isFresh = host.data !== (isNdArray(value) ? value.data : value)
  return isFresh ? host : { ...host, data: host.data.slice() }
}

/** The same for those who copy it at once: where nothing is to be converted, the data is the caller's own. */
export function borrow(
  value: unknown,
  dtype: DType | null,
  operation: string,
  otherwise: DType = 'float32',
): HostValue {
  const own = dtypeOfValue(value)
  const target = dtype ?? own ?? otherwise
  checkDType(operation, target)
  if (isNdArray(value)) return fromNdArray(value, own, target, operation)
  if (own !== null) {
    const source = value as ArrayLike<number | bigint>
    const data = isArrayOf(target, value) ? value : copyTyped(source, own, target, operation)
    return { data, shape: [source.length], dtype: target }
  }
  return fromNested(value, target, operation)
}

function fromNdArray(value: AnyNdArray, own: DType | null, target: DType, operation: string): HostValue {
  const shape = [...value.shape]
  const data: unknown = value.data
  const size = shape.reduce((a, b) => a * b, 1)
  const isWhole = value.offset === 0 && isArrayOf(target, data) && data.length === size
  if (isWhole && isInOrder(value)) return { data, shape, dtype: target }
  const elements = new Array<number>(size)
  const index = shape.map(() => 0)
  for (let k = 0; k < elements.length; k++) {
    elements[k] = value.get(...index) as number
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
  return {
    data: copyTyped(elements, own ?? 'float64', target, operation, own === null),
    shape,
    dtype: target,
  }
}

/**
 * Whether these are the elements of such a value as they stand. Bytes for a bool have to be looked at first; and a
 * subclass may copy in its own way: slices of a Buffer share its memory.
 */
const isArrayOf = (dtype: DType, data: unknown): data is TypedArray =>
  dtype !== 'bool' &&
  ArrayBuffer.isView(data) &&
  Object.getPrototypeOf(data) === dtypeInfo[dtype].array.prototype

/** Whether the elements of an ndarray lie side by side in C order. */
export function isInOrder({ shape, stride }: AnyNdArray): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false
    expected *= shape[axis]!
  }
  return true
}

/** Elements of dtype `from` into a fresh array of dtype `to`. `free`: they have no dtype of their own. */
function copyTyped(
  source: ArrayLike<number | bigint>,
  from: DType,
  to: DType,
  operation: string,
  free = false,
): TypedArray {
  if (isFloat(from) && !isFloat(to) && !free) throw refusedArray(operation, from, to)
  const data = allocate(to, source.length)
  const plain = isFloat(to) && typeof source[0] !== 'bigint'
  for (let i = 0; i < source.length; i++) {
    data[i] = plain
      ? (source[i] as number)
      : element(Number(source[i]), to, operation, () => `[${i}]`, from === 'uint8')
  }
  return data
}

/** One element, checked; for a bool that comes from bytes, whatever is not 0 is true. */
function element(x: unknown, dtype: DType, operation: string, place: () => string, bytes = false): number {
  const value = typeof x === 'boolean' ? Number(x) : x
  if (typeof value === 'number') {
    if (isFloat(dtype)) return value
    if (dtype === 'bool') {
      if (value === 0 || value === 1) return value
      if (bytes) return 1
    } else if (Number.isInteger(value)) {
      if (dtype === 'uint8' ? value >= 0 && value <= 255 : value === (value | 0)) return value
    }
  }
  if (typeof x === 'object' && x !== null && !Array.isArray(x))
    throw notAValue(operation, { ...describeGiven([x]), what: `a list that holds ${describeGiven(x).what}` })
  throw refusedElement(operation, printElement(x), place(), dtype)
}

const printElement = (x: unknown): string =>
  typeof x === 'string' ? JSON.stringify(x) : typeof x === 'object' && x !== null ? 'an object' : String(x)

function fromNested(value: unknown, dtype: DType, operation: string): HostValue {
  if (typeof value === 'number' || typeof value === 'boolean') {
    const data = allocate(dtype, 1)
    data[0] = element(value, dtype, operation, () => '')
    return { data, shape: [], dtype }
  }
  if (!Array.isArray(value)) throw notAValue(operation, givenForValue(value))
  const shape: number[] = []
  for (let x: unknown = value; isRow(x); x = x[0]) shape.push(x.length)
  const data = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  )
  let at = 0
  const fill = (x: unknown, path: readonly number[]): void => {
    const place = () => path.map(i => `[${i}]`).join('')
    const want = shape[path.length]
    if (want === undefined) {
      if (isRow(x)) throw raggedArray(operation, place(), 'a list', 'a number')
      data[at++] = element(x, dtype, operation, place)
      return
    }
    if (!isRow(x)) throw raggedArray(operation, place(), printElement(x), `${want} elements`)
    if (x.length !== want) throw raggedArray(operation, place(), elements(x.length), elements(want))
    for (let i = 0; i < want; i++) fill(x[i], [...path, i])
  }
  fill(value, [])
  return { data, shape, dtype }
}

function givenForValue(value: unknown): Given {
  const given = describeGiven(value)
  return given.what === 'a symbolic variable' ? { ...given, hint: needsCompiling } : given
}

const needsCompiling = 'a symbolic variable gets a value when a function is compiled of it and called'

const elements = (n: number) => (n === 1 ? '1 element' : `${n} elements`)

function isRow(x: unknown): x is ArrayLike<unknown> {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))
}

/** A C-order NdArray over the data itself. */
export function ndarrayOf<T extends TypedArray, const S extends readonly number[]>(
  data: T,
  shape: S,
): NdArray<DTypeOfValue<T>, S['length']> {
  return ndarray(data, [...shape]) as never
}

/** An NdArray from numbers, nested arrays or another array: `array([[1, 2], [3, 4]], 'int32')`. Default float32. */
export function array<const V extends Value>(value: V, dtype?: null): NdArray<DTypeOfValue<V>, RankOf<V>>
export function array<const V extends Value, D extends DType>(value: V, dtype: D): NdArray<D, RankOf<V>>
export function array<const V extends Value>(value: V, dtype?: DType | null): NdArray<DType, RankOf<V>>
export function array(value: Value, dtype: DType | null = null): NdArray {
  const { data, shape } = convert(value, dtype, 'array')
  return ndarrayOf(data, shape)
}

type NestedNumbers = number | NestedNumbers[]

/** The numbers of an NdArray as nested arrays; of a scalar, the number. */
export function toNested(a: AnyNdArray): NestedNumbers {
  const level = (axis: number, offset: number): NestedNumbers =>
    axis === a.shape.length
      ? (a.data as ArrayLike<number>)[offset]!
      : Array.from({ length: a.shape[axis]! }, (_, i) => level(axis + 1, offset + i * a.stride[axis]!))
  return level(0, a.offset)
}

/** An NdArray of zeros. */
export function zerosArray<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  dtype: D = 'float32' as D,
): NdArray<NoInfer<D>, S['length']> {
  checkDType('zerosArray', dtype)
  return ndarrayOf(allocate(dtype, sizeOfShape(shape, 'zerosArray')), shape) as never
}

function sizeOfShape(shape: readonly number[], operation: string): number {
  checkList(operation, 'a shape', shape)
  for (const n of shape) if (!Number.isInteger(n) || n < 0) throw badSize(operation, String(n))
  return shape.reduce((a, b) => a * b, 1)
}

export interface RandomOptions<D extends DType = DType> {
  /** The same seed gives the same numbers, always; without one they differ at each call. */
  readonly seed?: number
  readonly dtype?: D
}

/** Normally distributed numbers, by default with mean 0 and standard deviation 1. */
export function randn<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  options: RandomOptions<D> & { readonly mean?: number; readonly std?: number } = {},
): NdArray<NoInfer<D>, S['length']> {
  checkOptions('randn', options, ['seed', 'dtype', 'mean', 'std'])
  const { mean = 0, std = 1 } = options
  return fillRandom('randn', shape, options, (next, k) => {
    const radius = Math.sqrt(-2 * Math.log(1 - next(2 * k)))
    return mean + std * radius * Math.cos(2 * Math.PI * next(2 * k + 1))
  }) as never
}

/** Uniformly distributed numbers, low ≤ x < high, by default from 0 to 1. */
export function rand<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  options: RandomOptions<D> & { readonly low?: number; readonly high?: number } = {},
): NdArray<NoInfer<D>, S['length']> {
  checkOptions('rand', options, ['seed', 'dtype', 'low', 'high'])
  const { low = 0, high = 1 } = options
  return fillRandom('rand', shape, options, (next, k) => low + (high - low) * next(k)) as never
}

function fillRandom(
  operation: string,
  shape: readonly number[],
  { seed = Math.floor(Math.random() * 2 ** 32), dtype = 'float32' }: RandomOptions,
  draw: (uniform: (counter: number) => number, k: number) => number,
): NdArray {
  checkDType(operation, dtype)
  if (!isFloat(dtype)) throw badArgument(operation, `${dtype} is not a float`, 'ask for float32 or float64')
  const data = allocate(dtype, sizeOfShape(shape, operation))
  const uniform = (counter: number) => randomBits(seed, counter) / 2 ** 32
  for (let k = 0; k < data.length; k++) data[k] = draw(uniform, k)
  return ndarrayOf(data, shape)
}

// Looked up once: where the globals are a sandbox's, as in tests, each look costs more than the multiplication.
const { imul } = Math

/** Murmur3's finaliser. */
const mix = (bits: number): number => {
  let h = imul(bits ^ (bits >>> 16), 0x85ebca6b)
  h = imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** 32 random bits from a seed and a counter: Murmur3's finaliser over their mixture, twice. */
export function randomBits(seed: number, counter: number): number {
  return mix(mix((seed | 0) ^ 0x9e3779b9) ^ mix(imul(counter + 1, 0x9e3779b1))) >>> 0
}
