/**
 * `theano.shared`: our shared variables, which also answer to Theano's names of what they do.
 */
import {
  type AxisSpec,
  checkOptions,
  type DTypeOfValue,
  dtypeOfValue,
  type NdArray,
  type Rank,
  type RankOf,
  type Shared,
  shared as sharedOf,
  type Value,
  type Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { FloatX } from './config.js'
import { type DTypeName, dtypeOf, type Named } from './dtype.js'

export interface SharedKeywords<N extends DTypeName = DTypeName> {
  readonly name?: string | null
  /** What NumPy would be asked for: `theano.shared(0, 'n', { dtype: 'int32' })`. */
  readonly dtype?: N
  /** Not Theano's: axes whose size may change, as in `arignote`: `[null, 3]`. */
  readonly shape?: readonly AxisSpec[]
  /** Have no effect: the value is always copied, and what fits is the same for all. */
  readonly borrow?: boolean
  readonly strict?: boolean
  readonly allow_downcast?: boolean | null
  /** Has no effect: an axis of size 1 broadcasts. */
  readonly broadcastable?: readonly boolean[]
}

interface Borrowing {
  readonly borrow?: boolean
  readonly return_internal_type?: boolean
}

/** A shared variable with Theano's methods beside ours. */
export type TheanoShared<D extends DType = DType, R extends Rank = Rank> = Shared<D, R> & {
  get_value(options?: Borrowing): NdArray<D, R>
  set_value(value: Value, options?: { readonly borrow?: boolean }): void
  /** What every function that reads the variable makes its new value, unless it is given another. */
  default_update: Variable | null
}

type DTypeOfShared<V, N> = [N] extends [never]
  ? V extends number | boolean | readonly unknown[]
    ? FloatX
    : DTypeOfValue<V>
  : Named<N>

const keywords = ['name', 'dtype', 'shape', 'borrow', 'strict', 'allow_downcast', 'broadcastable']

/**
 * `theano.shared(value, name, { borrow })`. Numbers and nested arrays are `floatX`; typed arrays and NdArrays keep the dtype
 * that they have. The shape is that of the value, for ever, unless `shape` leaves axes open.
 */
export function shared<const V extends Value, N extends DTypeName = never>(
  value: V,
  name?: string | null | SharedKeywords<N>,
  options?: SharedKeywords<N>,
): TheanoShared<DTypeOfShared<V, NoInfer<N>>, RankOf<V>>
export function shared(
  value: Value,
  name?: string | null | SharedKeywords,
  options: SharedKeywords = {},
): TheanoShared {
  const given: SharedKeywords =
    typeof name === 'object' && name !== null ? name : { ...options, name: name ?? options.name ?? null }
  checkOptions('theano.shared', given, keywords)
  const dtype =
    given.dtype === undefined
      ? (dtypeOfValue(value) ?? dtypeOf('floatX', 'theano.shared'))
      : dtypeOf(given.dtype, 'theano.shared')
  const made: Shared = sharedOf(value, given.name ?? null, {
    dtype,
    ...(given.shape === undefined ? {} : { shape: given.shape }),
  })
  return withTheanoNames(made)
}

/** This variable only: those that `arignote` makes are left as they are. */
function withTheanoNames(v: Shared): TheanoShared {
  return Object.defineProperties(v, {
    get_value: {
      value: ({ borrow = false }: Borrowing = {}) => v.getValue({ borrow }),
    },
    set_value: {
      value: (value: Value) => v.setValue(value),
    },
    default_update: {
      get: () => v.defaultUpdate,
      set: (update: Variable | null) => {
        v.defaultUpdate = update
      },
    },
  }) as TheanoShared
}
