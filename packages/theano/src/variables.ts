/**
 * Inputs under Theano's names: `T.matrix`, `T.fmatrix`, `T.lvector`, `T.matrices`, `T.TensorType`.
 *
 * The prefix says the dtype: f float32, d float64, and i, l, w, b (int32, int64, int16, int8) int32. Without one it is
 * `floatX`, unless the call says another.
 */
import {
  type AxisSpec,
  badArgument,
  checkOptions,
  constant,
  describeGiven,
  dtypeOfValue,
  type Rank,
  type RankOf,
  type Tensor,
  tensor as tensorInput,
  type Value,
  Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { FloatX } from './config.js'
import { type DTypeName, dtypeOf, type Named } from './dtype.js'

interface Kinds {
  scalar: 0
  vector: 1
  row: 2
  col: 2
  matrix: 2
  tensor3: 3
  tensor4: 4
}

interface Plurals {
  scalars: 0
  vectors: 1
  rows: 2
  cols: 2
  matrices: 2
  tensor3s: 3
  tensor4s: 4
}

export interface VariableOptions<N extends DTypeName = DTypeName> {
  readonly dtype?: N
  /** Not Theano's: what is known of the sizes, as in `arignote`. */
  readonly shape?: readonly AxisSpec[]
}

interface NamedOptions<N extends DTypeName = DTypeName> extends VariableOptions<N> {
  readonly name?: string | null
}

type Free<R extends Rank> = <N extends DTypeName = 'floatX'>(
  name?: string | null | NamedOptions<N>,
  dtype?: N | VariableOptions<N>,
) => Tensor<Named<NoInfer<N>>, R>
type Fixed<D extends DType, R extends Rank> = (name?: string | null) => Tensor<D, R>
type Several<D extends DType, R extends Rank> = <const S extends readonly string[]>(
  ...names: S
) => { -readonly [K in keyof S]: Tensor<D, R> }

type Prefixed<P extends string, D extends DType> = {
  readonly [K in keyof Kinds as `${P}${K}`]: Fixed<D, Kinds[K]>
} & { readonly [K in keyof Plurals as `${P}${K}`]: Several<D, Plurals[K]> }

export type Constructors = { readonly [K in keyof Kinds]: Free<Kinds[K]> } & {
  readonly [K in keyof Plurals]: Several<FloatX, Plurals[K]>
} & Prefixed<'f', 'float32'> &
  Prefixed<'d', 'float64'> &
  Prefixed<'i', 'int32'> &
  Prefixed<'l', 'int32'> &
  Prefixed<'w', 'int32'> &
  Prefixed<'b', 'int32'>

const kinds: { readonly [K in keyof Kinds]: readonly [shape: readonly (1 | null)[], plural: keyof Plurals] } =
  {
    scalar: [[], 'scalars'],
    vector: [[null], 'vectors'],
    row: [[1, null], 'rows'],
    col: [[null, 1], 'cols'],
    matrix: [[null, null], 'matrices'],
    tensor3: [[null, null, null], 'tensor3s'],
    tensor4: [[null, null, null, null], 'tensor4s'],
  }

const prefixes = { f: 'float32', d: 'float64', i: 'int32', l: 'int64', w: 'int16', b: 'int8' } as const

function free(kind: string, shape: readonly AxisSpec[]) {
  return (first?: string | null | NamedOptions, second?: DTypeName | VariableOptions): Variable => {
    const given: NamedOptions =
      typeof first === 'object' && first !== null
        ? first
        : { ...(typeof second === 'string' ? { dtype: second } : second), name: first ?? null }
    checkOptions(`T.${kind}`, given, ['name', 'dtype', 'shape'])
    return tensorInput(given.name, {
      dtype: dtypeOf(given.dtype, `T.${kind}`),
      shape: given.shape ?? shape,
    })
  }
}

/** `T.scalar` … `T.btensor4s`. */
export const constructors: Constructors = constructorsOf()

function constructorsOf(): Constructors {
  const made: Record<string, unknown> = {}
  for (const [kind, [shape, plural]] of Object.entries(kinds)) {
    made[kind] = free(kind, shape)
    made[plural] = (...names: readonly string[]) => names.map(name => free(kind, shape)(name))
    for (const [prefix, dtype] of Object.entries(prefixes)) {
      const one = (name?: string | null) => free(kind, shape)(name, dtype)
      made[prefix + kind] = one
      made[prefix + plural] = (...names: readonly string[]) => names.map(name => one(name))
    }
  }
  return made as unknown as Constructors
}

/** `T.tensor(dtype, broadcastable, name)`: an axis that broadcasts has size 1. */
export function tensor<N extends DTypeName, const B extends readonly boolean[]>(
  dtype: N,
  broadcastable: B,
  name?: string | null,
): Tensor<Named<N>, B['length']> {
  if (!Array.isArray(broadcastable))
    throw badArgument(
      'T.tensor',
      `${describeGiven(broadcastable).what} is no pattern`,
      'the second argument says of each axis whether it broadcasts: [false, true]',
    )
  const shape = broadcastable.map(isOne => (isOne ? 1 : null))
  return tensorInput(name, { dtype: dtypeOf(dtype, 'T.tensor'), shape }) as never
}

/** `T.TensorType(dtype, broadcastable)('x')`. */
export const TensorType =
  <N extends DTypeName, const B extends readonly boolean[]>(dtype: N, broadcastable: B) =>
  (name?: string | null): Tensor<Named<N>, B['length']> =>
    tensor(dtype, broadcastable, name)

type AsTensor<X> = X extends Variable<infer D, infer R> ? Tensor<D, R> : Tensor<DTypeOfConstant<X>, RankOf<X>>
type DTypeOfConstant<X> = X extends number | readonly unknown[] ? FloatX : DType

/** A variable as it is, a value as a constant; of numbers and nested arrays in `floatX`. */
export function as_tensor_variable<const X extends Value | Variable>(x: X, name?: string | null): AsTensor<X>
export function as_tensor_variable(x: Value | Variable, name?: string | null): Variable {
  if (x instanceof Variable) return x
  const dtype = dtypeOfValue(x) ?? (typeof x === 'boolean' ? 'bool' : dtypeOf('floatX', 'T.constant'))
  const made: Variable = constant(x, dtype)
  return name == null ? made : (made.named(name) as Variable)
}

export { as_tensor_variable as as_tensor, as_tensor_variable as constant }
