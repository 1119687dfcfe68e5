/**
 * What the type-checker knows of dtypes and ranks: the tables of promotion, broadcasting and reduction, as types.
 *
 * Everything is looked up (`Promote[A][B]`), so a union stays a union and `number` stays `number`: a type may be wide,
 * it is never wrong. Ranks beyond 5 are `number`. Lookups, unlike conditional types, also keep `Variable` covariant.
 */
import type { DType } from '@arignote/loops'
import type { Value } from './value.js'
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
  1: { [ids: number]: number; 0: 0; 1: 1; 2: 2; 3: 3 }
  2: { [ids: number]: number; 0: 1; 1: 2; 2: 3; 3: 4 }
  3: { [ids: number]: number; 0: 2; 1: 3; 2: 4; 3: 5 }
  4: { [ids: number]: number; 0: 3; 1: 4; 2: 5 }
  5: { [ids: number]: number; 0: 4; 1: 5 }
}

/** The dtype of a value as an operation sees it on its own. */
export type DTypeOf<X> =
  X extends Variable<infer D, Rank>
    ? D
    : X extends number
      ? 'float32'
      : X extends boolean
        ? 'bool'
        : X extends Float32Array
          ? 'float32'
          : X extends Float64Array
            ? 'float64'
            : X extends Int32Array
              ? 'int32'
              : DType

export type RankOf<X> =
  X extends Variable<DType, infer R>
    ? R
    : X extends number | boolean
      ? 0
      : X extends Float32Array | Float64Array | Int32Array | Uint8Array
        ? 1
        : X extends readonly (infer E)[]
          ? RankOfList<E>
          : number

/** The rank of a list of elements E. */
type RankOfList<E> = [E] extends [number | boolean]
  ? 1
  : [E] extends [readonly (infer F)[]]
    ? [F] extends [number | boolean]
      ? 2
      : number
    : number

/** The column of `Promote` for an operand. */
type Column<Y> =
  Y extends Variable<infer E, Rank>
    ? E
    : Y extends number
      ? 'number'
      : Y extends boolean | Float32Array | Float64Array | Int32Array
        ? DTypeOf<Y>
        : 'unknown'

/** The dtype of an operation between a tensor of dtype D and Y. */
export type Meet<D extends DType, Y> = Promote[D][Column<Y>]

/** The dtype of an operation between X and Y, either of which may be a host value. */
export type MeetOf<X, Y> =
  X extends Variable<infer D, Rank>
    ? Meet<D, Y>
    : Y extends Variable<infer E, Rank>
      ? Meet<E, X>
      : Promote[DTypeOf<X>][DTypeOf<Y>]
