/**
 * What an op is: a name for people, a family for passes, a type rule and a derivative.
 *
 * Passes switch on the family, exhaustively, and never read the name. Everything that is true of one op stands in its
 * entry under `ops/`.
 */
import type { Scalar, ScalarType } from '@arignote/loops'
import type { Dim } from './dim.js'
import type { RoutineFamily } from './routine.js'
import type { TensorType } from './type.js'
import type { Variable } from './variable.js'

/** A relation of sizes that must hold when they are known. */
export interface Requirement {
  readonly left: Dim
  readonly relation: 'equal' | 'atLeast'
  readonly right: Dim
  /** The rule in words: "the last axis of x must equal the first axis of W". */
  readonly rule: string
  /** What the user called, where that is not the op. */
  readonly calledAs?: string
}

export interface Inferred {
  readonly outputs: readonly TensorType[]
  /** The outputs' name, for people. */
  readonly name?: string
  readonly requires?: readonly Requirement[]
}

/** All Variables: a gradient is a graph like any other. */
export interface GradContext<P> {
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
  readonly params: P
  /** One per output; null where nothing depends on that output. */
  readonly cotangents: readonly (Variable | null)[]
}

export interface Op<P = unknown> {
  /** For people and intern keys; unique. */
  readonly name: string
  /** What users call to get it, for messages, where that is not its name. */
  readonly calledAs?: string
  readonly family: Family<P>
  /** Types of the outputs; throws the user's error when the inputs do not fit. `variables` are only for the error's text. */
  infer(inputs: readonly TensorType[], params: P, variables: readonly Variable[]): Inferred
  /** The cotangent of each input, of the input's type; null: no gradient flows there. Absent: not differentiable. */
  grad?(context: GradContext<P>): readonly (Variable | null)[]
  /** A canonical text of the params, when plain JSON is not one. */
  key?(params: P): string
  /**
   * The same computation for many values at once: inputs marked `batched` have one more axis in front, and so has the
   * result. Used to take work out of loops. Absent: the family's own rule (see `batch.ts`), if it has one.
   */
  batch?(
    inputs: readonly Variable[],
    batched: readonly boolean[],
    params: P,
    context: BatchContext,
  ): Variable | null
}

export interface BatchContext {
  /** The size of the new leading axis. */
  readonly size: Dim
  /** The unbatched node's output type. */
  readonly output: TensorType
}

/** What sources and views are given besides the index. */
export interface IndexContext<P> {
  readonly params: P
  readonly inputs: readonly TensorType[]
  readonly output: TensorType
  /** A dimension as an int32 scalar. */
  size(dim: Dim): Scalar
}

/** One place an element of a view may come from: `input[index]` where `where` holds; the first piece that holds counts. */
export interface ViewPiece {
  /** Which input; null: the constant `fill`. */
  readonly input: number | null
  readonly index: readonly Scalar[]
  /** bool; absent: always. The index is in range wherever this holds. */
  readonly where?: Scalar
  readonly fill?: number
}

/** A reduction of one stream of values by an associative operation, in one or several registers. */
export interface Monoid {
  readonly identity: (type: ScalarType) => readonly Scalar[]
  /** An element, and its position along the reduced axes in C order (only for those who ask), as accumulator registers. */
  lift(x: Scalar, position: Scalar): readonly Scalar[]
  readonly usesPosition?: boolean
  combine(a: readonly Scalar[], b: readonly Scalar[]): readonly Scalar[]
  /** The result from the registers. */
  finish(registers: readonly Scalar[]): Scalar
}

/** An einsum of two operands: each axis has a label; a label that is not in `out` is summed. No label repeats in one operand. */
export interface Contraction {
  readonly left: readonly number[]
  readonly right: readonly number[]
  readonly out: readonly number[]
}

export interface ViewFamily<P> {
  readonly kind: 'view'
  read(index: readonly Scalar[], context: IndexContext<P>): readonly ViewPiece[]
  /**
   * Of views with one input: where the view lies when the input lies in memory with these strides (in elements), so that
   * it needs no copy; null where strides cannot say it (a reshape across a gap). Absent: never.
   */
  strided?(
    strides: readonly Dim[],
    context: StridedContext<P>,
  ): { readonly offset: Dim; readonly strides: readonly Dim[] } | null
  /** `read` has to divide indices (a reshape that regroups axes), so its input should lie in memory first. */
  readonly divides?: boolean
  /** Of views that put their inputs side by side: the index at which each input begins in the output. */
  assemble?(context: Omit<IndexContext<P>, 'size'>): readonly (readonly Dim[])[]
}

/** Elements computed from their index alone. */
export interface SourceFamily<P> {
  readonly kind: 'source'
  at(index: readonly Scalar[], context: IndexContext<P>): Scalar
  /** `at` wants one index, the element's position in C order, whatever the number of axes. */
  readonly flat?: boolean
}

export type StridedContext<P> = Omit<IndexContext<P>, 'size'>

export type Family<P> =
  /** A value that lives in params: { data, shape }. */
  | { readonly kind: 'constant' }
  | SourceFamily<P>
  /** Elementwise over inputs of one shape (the builder has broadcast them). */
  | { readonly kind: 'map'; body(args: readonly Scalar[], params: P, output: TensorType): Scalar }
  /** Removes the axes; the rest keep their order. */
  | {
      readonly kind: 'reduce'
      monoid(input: TensorType, params: P): Monoid
      axes(params: P): readonly number[]
    }
  /** Each element is an element of an input, or a constant. */
  | ViewFamily<P>
  | { readonly kind: 'contract'; spec(params: P): Contraction }
  /** inputs (x, ids): x with the axis replaced by the axes of ids: out[…a, …i, …b] = x[…a, ids[…i], …b]. */
  | { readonly kind: 'gather'; axis(params: P): number }
  /**
   * inputs (ids, updates): out, zero, of which axis `axis` has `size` elements; out[…a, ids[…i], …b] += updates[…a, …i, …b].
   * With `last` an update takes the place of what is there, in C order, instead of being added.
   */
  | { readonly kind: 'scatter'; axis(params: P): number; size(params: P): Dim; readonly last?: true }
  /** An algorithm on each lane or matrix of a batch. */
  | RoutineFamily<P>
  /** A recurrence; params are ScanParams (see scan/op.ts). */
  | { readonly kind: 'scan' }
  /** One of two closed functions, whichever a condition says; params are BranchParams (see branch/op.ts). */
  | { readonly kind: 'branch' }
  /** Its first input as it is, and something that happens when it is computed; params are EffectParams (ops/effect.ts). */
  | { readonly kind: 'effect'; readonly effect: 'print' | 'assert' }

export type FamilyKind = Family<unknown>['kind']
