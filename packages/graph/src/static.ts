/**
 * What the type-checker knows of dtypes and ranks: the tables of promotion, broadcasting and reduction, as types.
 *
 * Everything is looked up (`Promote[A][B]`), so a union stays a union and `number` stays `number`: a type may be wide,
 * it is never wrong. Ranks beyond 5 are `number`. Lookups, unlike conditional types, also keep `Variable` covariant.
 */
import type { DType } from '@arignote/loops'
import type { NdArray, Value } from './value.js'
import type { Rank, Variable } from './variable.js'

/** What an operation takes: a symbolic tensor or any host value. */
export type TensorLike = Variable | Value

/**
 * The greater of two dtypes; and what a dtype makes of a plain number, which never raises a float, while a fraction turns
 * integers to float32.
 */
export interface Promote {
  bool: {
    bool: 'bool'
    uint8: 'uint8'
    int32: 'int32'
    float32: 'float32'
    float64: 'float64'
    number: 'int32' | 'float32'
    unknown: DType
  }
  uint8: {
    bool: 'uint8'
    uint8: 'uint8'
    int32: 'int32'
    float32: 'float32'
    float64: 'float64'
    number: 'uint8' | 'int32' | 'float32'
    unknown: DType
  }
  int32: {
    bool: 'int32'
    uint8: 'int32'
    int32: 'int32'
    float32: 'float32'
    float64: 'float64'
    number: 'int32' | 'float32'
    unknown: DType
  }
  float32: {
    bool: 'float32'
    uint8: 'float32'
    int32: 'float32'
    float32: 'float32'
    float64: 'float64'
    number: 'float32'
    unknown: DType
  }
  float64: {
    bool: 'float64'
    uint8: 'float64'
    int32: 'float64'
    float32: 'float64'
    float64: 'float64'
    number: 'float64'
    unknown: DType
  }
}

/** What functions of real numbers make of a dtype. */
export interface ToFloat {
  bool: 'float32'
  uint8: 'float32'
  int32: 'float32'
  float32: 'float32'
  float64: 'float64'
}

/** What sums, products and contractions make of a dtype. */
export interface ToSum {
  bool: 'int32'
  uint8: 'int32'
  int32: 'int32'
  float32: 'float32'
  float64: 'float64'
}

/** The greater of two ranks. */
export interface MaxRank {
  [a: number]: { [b: number]: number }
  0: { [b: number]: number; 0: 0; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  1: { [b: number]: number; 0: 1; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  2: { [b: number]: number; 0: 2; 1: 2; 2: 2; 3: 3; 4: 4; 5: 5 }
  3: { [b: number]: number; 0: 3; 1: 3; 2: 3; 3: 3; 4: 4; 5: 5 }
  4: { [b: number]: number; 0: 4; 1: 4; 2: 4; 3: 4; 4: 4; 5: 5 }
  5: { [b: number]: number; 0: 5; 1: 5; 2: 5; 3: 5; 4: 5; 5: 5 }
}

/** The ranks together. */
export interface RankSum {
  [a: number]: { [b: number]: number }
  0: { [b: number]: number; 0: 0; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  1: { [b: number]: number; 0: 1; 1: 2; 2: 3; 3: 4; 4: 5 }
  2: { [b: number]: number; 0: 2; 1: 3; 2: 4; 3: 5 }
  3: { [b: number]: number; 0: 3; 1: 4; 2: 5 }
  4: { [b: number]: number; 0: 4; 1: 5 }
  5: { [b: number]: number; 0: 5 }
}

/** A rank and how many of its axes go. */
export interface RankLess {
  [rank: number]: { [axes: number]: number }
  0: { [axes: number]: number; 0: 0 }
  1: { [axes: number]: number; 0: 1; 1: 0 }
  2: { [axes: number]: number; 0: 2; 1: 1; 2: 0 }
  3: { [axes: number]: number; 0: 3; 1: 2; 2: 1; 3: 0 }
  4: { [axes: number]: number; 0: 4; 1: 3; 2: 2; 3: 1; 4: 0 }
  5: { [axes: number]: number; 0: 5; 1: 4; 2: 3; 3: 2; 4: 1; 5: 0 }
}

/** Theano's dot: a scalar multiplies; otherwise one axis of each is summed. */
export interface DotRank {
  [a: number]: { [b: number]: number }
  0: { [b: number]: number; 0: 0; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  1: { [b: number]: number; 0: 1; 1: 0; 2: 1; 3: 2; 4: 3; 5: 4 }
  2: { [b: number]: number; 0: 2; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  3: { [b: number]: number; 0: 3; 1: 2; 2: 3; 3: 4; 4: 5 }
  4: { [b: number]: number; 0: 4; 1: 3; 2: 4; 3: 5 }
  5: { [b: number]: number; 0: 5; 1: 4; 2: 5 }
}

/** NumPy's matmul: vectors are rows or columns, axes before the last two broadcast. */
export interface MatmulRank {
  [a: number]: { [b: number]: number }
  1: { [b: number]: number; 1: 0; 2: 1; 3: 2; 4: 3; 5: 4 }
  2: { [b: number]: number; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  3: { [b: number]: number; 1: 2; 2: 3; 3: 3; 4: 4; 5: 5 }
  4: { [b: number]: number; 1: 3; 2: 4; 3: 4; 4: 4; 5: 5 }
  5: { [b: number]: number; 1: 4; 2: 5; 3: 5; 4: 5; 5: 5 }
}

/** One matrix product per row of axis 0. */
export interface BatchedDotRank {
  [a: number]: { [b: number]: number }
  1: { [b: number]: number; 1: 1; 2: 2; 3: 3 }
  2: { [b: number]: number; 1: 2; 2: 1; 3: 2 }
  3: { [b: number]: number; 1: 3; 2: 2; 3: 3 }
}

/** A vector becomes a matrix, a matrix its diagonal. */
export interface DiagRank {
  [rank: number]: number
  1: 2
  2: 1
  3: 2
  4: 3
  5: 4
}

/** One axis fewer. */
export interface LessOne {
  [rank: number]: number
  1: 0
  2: 1
  3: 2
  4: 3
  5: 4
}

/** One axis more. */
export interface PlusOne {
  [rank: number]: number
  0: 1
  1: 2
  2: 3
  3: 4
  4: 5
}

/** The ranks of x and of the ids that replace one axis of it. */
export interface TakeRank {
  [x: number]: { [ids: number]: number }
  1: { [ids: number]: number; 0: 0; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  2: { [ids: number]: number; 0: 1; 1: 2; 2: 3; 3: 4; 4: 5 }
  3: { [ids: number]: number; 0: 2; 1: 3; 2: 4; 3: 5 }
  4: { [ids: number]: number; 0: 3; 1: 4; 2: 5 }
  5: { [ids: number]: number; 0: 4; 1: 5 }
}

// ── host values ───────────────────────────────────────────────────────────────────────────────

/** Host values that have a dtype of their own. */
type Strong = NdArray | ArrayBufferView

/** The dtype that the elements of an array have. */
type DTypeOfArray<X> =
  X extends NdArray<infer D, Rank>
    ? DTypeOfData<D>
    : X extends Float32Array
      ? 'float32'
      : X extends Float64Array
        ? 'float64'
        : X extends Uint8Array | Uint8ClampedArray
          ? 'uint8'
          : X extends Int32Array | Int8Array | Int16Array | Uint16Array | Uint32Array
            ? 'int32'
            : DType

/** Bools are kept in bytes, which say no more of themselves than that they are uint8. */
type DTypeOfData<D extends DType> = DType extends D ? DType : D extends 'bool' ? 'uint8' : D

/** What lists, within lists or not, are made of (a column of `Promote`), and how deep they are. */
type Layers<E, R extends Rank = 1> = [E] extends [number]
  ? { leaf: 'number'; rank: R }
  : [E] extends [boolean]
    ? { leaf: 'bool'; rank: R }
    : [E] extends [number | boolean]
      ? { leaf: 'number' | 'bool'; rank: R }
      : number extends R
        ? { leaf: 'unknown'; rank: Rank }
        : [E] extends [readonly (infer F)[]]
          ? Layers<F, PlusOne[R]>
          : { leaf: 'unknown'; rank: Rank }

interface LeafDType {
  number: 'float32'
  bool: 'bool'
  unknown: DType
}

/** The dtype of a value as an operation sees it on its own. */
export type DTypeOf<X> =
  X extends Variable<infer D, Rank>
    ? D
    : X extends number
      ? 'float32'
      : X extends boolean
        ? 'bool'
        : X extends readonly (infer E)[]
          ? LeafDType[Layers<E>['leaf']]
          : DTypeOfArray<X>

/** The dtype of an array or a shared variable that is made of a value: where it has none of its own, float32. */
export type DTypeOfValue<V> = V extends number | boolean | readonly unknown[] ? 'float32' : DTypeOfArray<V>

export type RankOf<X> =
  X extends Variable<DType, infer R>
    ? R
    : X extends number | boolean
      ? 0
      : X extends readonly (infer E)[]
        ? Layers<E>['rank']
        : X extends ArrayBufferView
          ? 1
          : X extends NdArray<DType, infer R>
            ? R
            : Rank

/** The column of `Promote` for an operand. */
type Column<Y> =
  Y extends Variable<infer E, Rank>
    ? E
    : Y extends number
      ? 'number'
      : Y extends boolean
        ? 'bool'
        : Y extends readonly (infer E)[]
          ? Layers<E>['leaf']
          : DTypeOfArray<Y>

/** The dtype of an operation between a tensor of dtype D and Y. */
export type Meet<D extends DType, Y> = Promote[D][Column<Y>]

/** The dtype of an operation between X and Y, either of which may be a host value. */
export type MeetOf<X, Y> =
  X extends Variable<infer D, Rank>
    ? Meet<D, Y>
    : Y extends Variable<infer E, Rank>
      ? Meet<E, X>
      : MeetOfValues<X, Y>

/** A number adapts to an array, which has a dtype of its own. */
type MeetOfValues<X, Y> = X extends Strong
  ? Meet<DTypeOfArray<X>, Y>
  : Y extends Strong
    ? Meet<DTypeOfArray<Y>, X>
    : Promote[DTypeOf<X>][DTypeOf<Y>]

// ── lists of tensors ──────────────────────────────────────────────────────────────────────────

/** The dtype of tensors that are put together, and the rank, which all must have. */
export type DTypeOfAll<T extends readonly TensorLike[]> = T extends readonly [unknown, ...unknown[]]
  ? Greatest<T>
  : T[number] extends Variable
    ? DTypeOf<T[number]>
    : DType
export type RankOfAll<T extends readonly TensorLike[]> = RankOf<T[number]>

/** The greatest dtype of a list, one after the other; that of bools is the least. */
type Greatest<T extends readonly unknown[], D extends DType = 'bool'> = T extends readonly [
  infer X extends Variable,
  ...infer Others,
]
  ? Greatest<Others, Promote[D][DTypeOf<X>]>
  : T extends readonly []
    ? D
    : DType

// ── axes ──────────────────────────────────────────────────────────────────────────────────────

/** How many axes are named: one, a list of them. */
export type CountOfAxes<A> = A extends readonly unknown[] ? A['length'] : A extends number ? 1 : number

/** The rank after a reduction; without axes nothing is left. */
export type ReducedRank<R extends Rank, A> = A extends null | undefined ? 0 : RankLess[R][CountOfAxes<A>]
