/**
 * The loop language: what a CPU core is asked to do, as structured statements over buffers.
 *
 * A kernel is a function of its own. Buffers are passed as addresses, extents and strides that come from a symbol as
 * int32 sizes, both in the order of `params`; what is a number here is a constant in the code. Kernels are cached by
 * their structure, so nothing in them may depend on where or how often they are used.
 *
 * Lanes. A loop of mode 'lanes' promises that its iterations are independent (apart from its folds), so a back end
 * may run several at once in one vector register, and further `jam` such vectors side by side (unroll and jam): inside,
 * whatever depends on the axis is held once per jammed vector, whatever does not is held once. The back end finishes
 * the remainder with narrower passes. Nothing above the back ends knows how many lanes there are.
 */
import type { DType } from './dtype.js'
import type { ScalarType } from './instruction.js'
import type { Scalar } from './scalar.js'

/** A loop variable, by identity. */
export interface Axis {
  readonly name: string
}

/** A mutable local variable, by identity. */
export interface Register {
  readonly name: string
  readonly type: ScalarType
}

export interface BufferParam {
  readonly kind: 'buffer'
  readonly name: string
  readonly dtype: DType
  readonly access: 'read' | 'write' | 'readwrite'
}

export interface SizeParam {
  readonly kind: 'size'
  readonly name: string
}

export type KernelParam = BufferParam | SizeParam

export interface Loop {
  readonly kind: 'loop'
  readonly axis: Axis
  /** begin ≤ axis < end, by steps of `step`; all are the same in every lane. */
  readonly begin: Scalar
  readonly end: Scalar
  readonly step: number
  readonly mode: 'serial' | 'lanes'
  /** Vectors held side by side by a lanes loop; 1 for a serial loop. */
  readonly jam: number
  readonly body: readonly Statement[]
  /** Registers declared outside a lanes loop which its iterations combine into. Empty for serial loops, which just assign. */
  readonly folds: readonly Fold[]
}

/**
 * A reduction carried through a lanes loop. In the loop's body the registers are assigned as in a serial loop. A back
 * end with lanes starts vectors at `identity`, and afterwards combines lane after lane (and what the registers held before
 * the loop): registers := combine(registers, others).
 */
export interface Fold {
  readonly registers: readonly Register[]
  readonly identity: readonly Scalar[]
  /** Stand-ins for the second operand in `combine`. */
  readonly others: readonly Register[]
  readonly combine: readonly Scalar[]
}

export interface Store {
  readonly kind: 'store'
  readonly buffer: BufferParam
  readonly index: Scalar
  readonly value: Scalar
}

export interface Declare {
  readonly kind: 'declare'
  readonly register: Register
  readonly value: Scalar
}

export interface Assign {
  readonly kind: 'assign'
  readonly register: Register
  readonly value: Scalar
}

/** Where `ok` is false and `errors[0]` is still 0: errors[0] := code, errors[1] := value. Only in serial loops. */
export interface Check {
  readonly kind: 'check'
  readonly ok: Scalar
  readonly errors: BufferParam
  readonly code: number
  readonly value: Scalar
}

export type Statement = Loop | Store | Declare | Assign | Check

export interface Kernel {
  readonly name: string
  readonly params: readonly KernelParam[]
  readonly body: readonly Statement[]
  /**
   * The two size parameters between which the outermost loop runs. A driver may cut the whole range into pieces, in any
   * order or on several threads, whose borders are multiples of `align`; null: the kernel runs whole.
   */
  readonly range: { readonly begin: SizeParam; readonly end: SizeParam; readonly align: number } | null
}
