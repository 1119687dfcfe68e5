/**
 * The leaves of a graph: inputs, which a call binds, and shared variables, which keep a value between calls.
 */
import type { DType } from '@arignote/loops'
import { newCell } from './cell.js'
import { type Dim, differentDim } from './dim.js'
import { badArgument, badSize, wrongValueShape } from './errors.js'
import { checkDType, checkOptions } from './given.js'
import { captureOrigin } from './origin.js'
import type { DTypeOfValue, RankOf } from './static.js'
import { type AxisSpec, dimOf, tensorType } from './type.js'
import { borrow, dtypeOfValue, type NdArray, ndarrayOf, type Value } from './value.js'
import { type Rank, Shared, type Tensor, Variable } from './variable.js'

/** The dtype, or the dtype and what is known of the shape: sizes, names, `null` for what is unknown. */
export interface InputOptions<D extends DType = DType> {
  readonly dtype?: D
  readonly shape?: readonly AxisSpec[]
}

/** Two forms, since a single one, of a dtype or options, would take options without a dtype for any dtype. */
interface Maker<R extends Rank> {
  <D extends DType = 'float32'>(name?: string | null, options?: InputOptions<D>): Tensor<NoInfer<D>, R>
  <D extends DType>(name: string | null | undefined, dtype: D): Tensor<NoInfer<D>, R>
}

function input(
  maker: string,
  pattern: readonly AxisSpec[] | null,
  name: string | null | undefined,
  options: DType | InputOptions | undefined,
): Variable {
  const { dtype = 'float32', shape = pattern } =
    typeof options === 'string' ? { dtype: options } : (options ?? {})
  checkDType(maker, dtype)
  if (typeof options === 'object') checkOptions(maker, options, inputOptions)
  if (shape === null)
    throw badArgument(maker, 'no shape', 'give { shape: [...] }, with null for unknown sizes')
  if (pattern !== null && shape.length !== pattern.length)
    throw badArgument(maker, `a shape of ${shape.length} axes`, `a ${maker} has ${pattern.length}`)
  const axes = shape.map((axis, i) => {
    if (pattern?.[i] === 1 && axis !== 1)
      throw badArgument(maker, `axis ${i} of ${axis}`, `a ${maker} has 1 there`)
    return declared(maker, axis)
  })
  return new Variable(tensorType(dtype, axes), null, 0, name ?? null, captureOrigin())
}

const inputOptions = ['dtype', 'shape']

function declared(maker: string, axis: AxisSpec): Dim {
  if (typeof axis === 'number' && (!Number.isInteger(axis) || axis < 0)) throw badSize(maker, String(axis))
  return dimOf(axis)
}

const maker = <R extends Rank>(name: string, pattern: readonly AxisSpec[]) =>
  ((variable?: string | null, options?: DType | InputOptions) =>
    input(name, pattern, variable, options)) as Maker<R>

/** An input without axes. */
export const scalar = maker<0>('scalar', [])
/** An input with one axis. */
export const vector = maker<1>('vector', [null])
/** An input of shape (1, n), which broadcasts over rows. */
export const row = maker<2>('row', [1, null])
/** An input of shape (n, 1), which broadcasts over columns. */
export const col = maker<2>('col', [null, 1])
/** An input with two axes. */
export const matrix = maker<2>('matrix', [null, null])
/** An input with three axes. */
export const tensor3 = maker<3>('tensor3', [null, null, null])
/** An input with four axes. */
export const tensor4 = maker<4>('tensor4', [null, null, null, null])

/** An input of any rank: `tensor('x', { shape: ['batch', 128] })`. */
export function tensor<
  D extends DType = 'float32',
  const S extends readonly AxisSpec[] = readonly AxisSpec[],
>(
  name: string | null | undefined,
  options: { readonly dtype?: D; readonly shape: S },
): Tensor<NoInfer<D>, S['length']> {
  return input('tensor', null, name, options) as never
}

// ── shared variables ──────────────────────────────────────────────────────────────────────────

/** The dtype of a shared variable's value: that of a typed array or NdArray, else float32. */
export type SharedDType<V> = DTypeOfValue<V>

export interface SharedOptions<D extends DType = DType> extends InputOptions<D> {}

/** State that lives across calls; its shape is that of the value, or what `{ shape: [null, 3] }` leaves open. */
export function shared<const V extends Value, D extends DType = SharedDType<V>>(
  value: V,
  name?: string | null,
  options: SharedOptions<D> = {},
): Shared<NoInfer<D>, RankOf<V>> {
  checkOptions('shared', options, inputOptions)
  const dtype = options.dtype ?? dtypeOfValue(value) ?? 'float32'
  const host = borrow(value, dtype, title(name ?? null))
  const shape = (options.shape ?? host.shape).map(axis => declared('shared', axis))
  if (!fits(host.shape, shape)) throw wrongValueShape(title(name ?? null), host.shape, shape)
  const cell = newCell(dtype, host.data, host.shape)
  return new Shared(tensorType(dtype, shape), name ?? null, cell) as never
}

const title = (name: string | null) => (name === null ? 'shared' : `shared "${name}"`)

const fits = (have: readonly number[], want: readonly Dim[]) =>
  have.length === want.length && want.every((n, axis) => !differentDim(n, have[axis]!))

declare module './variable.js' {
  interface Shared<out D extends DType = DType, out R extends Rank = Rank> {
    /** The present value; a copy, unless `borrow` asks for the memory itself, valid until the next call of anything. */
    getValue(options?: { readonly borrow?: boolean }): NdArray<D, R>
    /** Replaces the value by one of the same dtype rules and shape. */
    setValue(value: Value): void
  }
}

Shared.prototype.getValue = function ({ borrow = false } = {}) {
  const data = this.cell.read()
  return ndarrayOf(borrow ? data : data.slice(), this.cell.shape)
}

Shared.prototype.setValue = function (value) {
  const { data, shape } = borrow(value, this.dtype, title(this.name))
  if (!fits(shape, this.shape)) throw wrongValueShape(title(this.name), shape, this.shape, this)
  this.cell.write(data, shape)
}
