/**
 * The contract between `compile` (which knows users, values and options) and the back ends (which know one closed graph).
 */
import type { DimSymbol, Lambda, Shared } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'

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
   * Runs once: reads arguments and shared variables, writes each output (in C order, of the shape that `outputShape`
   * tells) into the array that `result` gives for it, and commits the updates. Throws before anything is committed.
   */
  call(args: readonly Argument[], result: (index: number) => TypedArray): void
  outputShape(index: number): readonly number[]
  memory(): MemoryReport
  /** The kernels as pseudo-code, one text each; none for the reference. */
  kernels(): readonly string[]
  /** The code of the back end. */
  text(): string
}

/** Bytes by purpose. */
export interface MemoryReport {
  readonly parameters: number
  readonly inputs: number
  readonly outputs: number
  readonly states: number
  readonly histories: number
  readonly scratch: number
  readonly constants: number
  readonly total: number
}

export interface Backend {
  readonly name: string
  prepare(graph: CompiledGraph, binding: Binding): Executable
}
