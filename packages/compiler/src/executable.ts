/**
 * The contract between `compile` (which knows users, values and options) and the back ends (which know one closed graph).
 */
import type { DimSymbol, Lambda, Shared } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import type { PrintEvent } from './effects.js'
import type { LateSizes } from './late.js'
import type { PortableCode } from './portable.js'
import type { Profile } from './profile.js'

/** What is compiled: one Lambda, and what its params and results mean. */
export interface CompiledGraph {
  readonly name: string
  /** Params: the user's inputs in order, then every shared variable that is read or updated. Results: outputs, then new values. */
  readonly lambda: Lambda
  readonly inputs: number
  readonly outputs: number
  /** The shared variables among the params, in order. */
  readonly shared: readonly Shared[]
  /** The shared variables that get the new values, in order of those results. No two are the same. */
  readonly updates: readonly Shared[]
  /** Sizes that the program computes: the values of the last results, after the new values. */
  readonly late: LateSizes
  /** What the user wants to see of calls; absent: nothing but prints, on the console. */
  readonly inspection?: Inspection
}

/** What calls report, besides their results. */
export interface Inspection {
  /** Receives what `print` prints. */
  readonly onPrint?: (event: PrintEvent) => void
  /** `nan`: stop at the operation that first makes a NaN or an infinity; `debug`: at a kernel that differs from the reference. */
  readonly check?: 'nan' | 'debug'
  /** Where kernels are measured. */
  readonly profile?: Profile
}

/** Every size symbol of the graph with its value in this call. */
export type Binding = ReadonlyMap<DimSymbol, number>

/** An argument of one call, already checked against its input's type. */
export interface Argument {
  readonly shape: readonly number[]
  /** Writes the elements in C order. */
  copyTo(target: TypedArray): void
}

/** A graph made ready for one binding of its sizes. */
export interface Executable {
  /**
   * Runs once: reads arguments and shared variables, writes each output (in C order) into the array that `result` gives for
   * it and its shape, and commits the updates. Throws before anything is committed, also what `result` throws.
   */
  call(args: readonly Argument[], result: ResultFor): void
  memory(): MemoryReport
  /** The kernels as pseudo-code, one text each; none for the reference. */
  kernels(): readonly string[]
  /** The code of the back end. */
  text(): string
}

/** The array for an output of such a shape; asked for when all sizes are known. */
export type ResultFor = (index: number, shape: readonly number[]) => TypedArray

/** Bytes by purpose. */
export interface MemoryReport {
  /** Values of shared variables. */
  readonly parameters: number
  /** Copies of the arguments. */
  readonly inputs: number
  /** What a call returns, or writes into the caller's arrays. */
  readonly outputs: number
  /** States of scans of which no history is kept: a row or a few each. */
  readonly states: number
  /** Histories: what scans keep of every step. */
  readonly histories: number
  /** The rest of the arena: values between kernels. */
  readonly scratch: number
  /** Constants too large for code. */
  readonly constants: number
  /** The code of the kernels; functions with equal kernels share it. */
  readonly kernels: number
  /** Of data: all but the outputs, which are the caller's, and the code. What is never needed at once shares memory, so it may be less than the sum. */
  readonly total: number
}

export interface Backend {
  readonly name: string
  prepare(graph: CompiledGraph, binding: Binding): Executable
  /** A graph as data, for some bindings with the shapes of its inputs; absent where there is no such form. */
  portable?(graph: CompiledGraph, specialisations: readonly Specialisation[]): PortableCode
}

export interface Specialisation {
  readonly binding: Binding
  /** Of the inputs. */
  readonly shapes: readonly (readonly number[])[]
}
