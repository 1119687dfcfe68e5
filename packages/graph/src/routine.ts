/**
 * Routines: algorithms that are more than one expression for each element – sorting, running sums, factorisations.
 *
 * A routine works on the trailing axes of its inputs, its core: a lane, a matrix. The axes before them, its batch, are the
 * same in all inputs and in the output, and each element of the batch is a run of its own. What a run does is written twice
 * in the entry: as statements of the loop language, which every kernel back end runs without knowing them, and as an
 * obvious evaluation, which the reference runs.
 */
import type { DType, Scalar, Statement } from '@arignote/loops'
import type { Dim } from './dim.js'
import type { TensorType } from './type.js'

/** An input, the output or scratch memory, as one run sees it. */
export interface RoutineArray {
  readonly dtype: DType
  /** Of the core. */
  readonly shape: readonly Dim[]
  at(...index: readonly Scalar[]): Scalar
  /** The value, of the register type of the dtype, at an index. */
  store(index: readonly Scalar[], value: Scalar): Statement
}

export interface RoutineContext<P> {
  readonly params: P
  readonly inputs: readonly RoutineArray[]
  readonly output: RoutineArray
  /** Memory of its own, as `scratch` asked for; what is in it at the beginning is not known. */
  readonly scratch: readonly RoutineArray[]
  /** A dimension as an int32 scalar. */
  size(dim: Dim): Scalar
  /** Where `ok`, a bool, does not hold the run has failed, and the call ends in an error. Not inside of `forAll`. */
  require(ok: Scalar): Statement
}

/** The core of a tensor, dense and in C order. */
export interface Core {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

export interface RoutineFamily<P> {
  readonly kind: 'routine'
  /** How many trailing axes of each input, and of the output, a run works on. */
  readonly core: { readonly inputs: readonly number[]; readonly output: number }
  /** Memory that each run needs besides. */
  scratch?(inputs: readonly TensorType[], params: P): readonly TensorType[]
  /** What is wrong when a run fails, and what may help; absent: it cannot. */
  readonly failure?: { readonly problem: string; readonly hint: string }
  /** One run. It stores every element of the output, and reads no element of it before. */
  statements(context: RoutineContext<P>): readonly Statement[]
  /** The same by other means: the elements of the output's core, of this shape; null: the run fails. */
  evaluate(inputs: readonly Core[], params: P, shape: readonly number[]): ArrayLike<number> | null
}
