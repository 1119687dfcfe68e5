/**
 * Variables and the Apply nodes that make them: the immutable, hash-consed graph.
 *
 * An Apply is made only by `apply`, which interns: the same op on the same inputs with the same params is the same
 * object, so common sub-expressions need no pass. Inputs and shared variables are nominal. An Apply remembers up to four
 * places in the user's code that made it; errors print them.
 */
import type { DType, TypedArray } from '@arignote/loops'
import { notSymbolic } from './argument-errors.js'
import { describeGiven } from './given.js'
import { InternTable } from './intern.js'
import type { Op, Requirement } from './op.js'
import { captureOrigin, type Origin } from './origin.js'
import type { TensorType } from './type.js'

/** The number of axes, where the type system knows it. */
export type Rank = number

/**
 * A symbolic tensor. `D` and `R` exist for the type-checker only. The operations of `ops/` are also methods
 * (declared and installed by `fluent.ts`).
 */
export class Variable<out D extends DType = DType, out R extends Rank = Rank> {
  private static count = 0
  /** Order of creation; identifies a variable within intern keys, and is never printed. */
  readonly id: number
  readonly dtype: D
  readonly ndim: R
  readonly shape: TensorType['shape']
  declare readonly __dtype?: D
  declare readonly __rank?: R

  constructor(
    readonly type: TensorType,
    readonly owner: Apply | null,
    readonly index: number,
    readonly name: string | null,
    /** Where an input or a shared variable was made; an Apply has its own. */
    readonly origin: Origin | null = null,
  ) {
    this.id = Variable.count++
    this.dtype = type.dtype as D
    this.ndim = type.shape.length as R
    this.shape = type.shape
  }
}

/** The public name: `Tensor<'float32', 2>` is a symbolic matrix. */
export type Tensor<D extends DType = DType, R extends Rank = Rank> = Variable<D, R>

/** A place for the value of a shared variable. It starts as a plain array; the run-time moves it to an address for life. */
export interface Cell {
  readonly dtype: DType
  /** The present shape; fixed unless the variable was made with unknown axes. */
  readonly shape: readonly number[]
  /** The value itself, not a copy. Valid until the next call of anything. */
  read(): TypedArray
  /** Replaces the value (and the shape, of the same rank). */
  write(data: TypedArray, shape: readonly number[]): void
}

/** State that lives across calls. */
export class Shared<out D extends DType = DType, out R extends Rank = Rank> extends Variable<D, R> {
  /** What `compile` makes the new value of a function that reads this one, unless it is given another. */
  defaultUpdate: Variable | null = null

  constructor(
    type: TensorType,
    name: string | null,
    /** Replaced once, when the run-time adopts the variable. */
    public cell: Cell,
  ) {
    super(type, null, 0, name, captureOrigin())
  }
}

export interface Apply {
  readonly op: Op<unknown>
  readonly inputs: readonly Variable[]
  readonly params: unknown
  readonly outputs: readonly Variable[]
  /** Size relations that must hold for this node and that the dimensions' algebra could not decide. */
  readonly requires: readonly Requirement[]
  /** Where the user's code made it: at most four places, the first one first. */
  readonly origins: readonly Origin[]
}

const nothing: readonly Requirement[] = []

/** How many places a node remembers. */
export const mostOrigins = 4
const interned = new InternTable<Apply>()

let inheritedOrigins: readonly Origin[] | (() => readonly Origin[]) | null = null

/**
 * Nodes made inside `build` carry these places instead of the caller's: a rewritten node points at what it came from.
 * A function is asked for them when the first node is made.
 */
export function withOrigins<T>(origins: readonly Origin[] | (() => readonly Origin[]), build: () => T): T {
  const before = inheritedOrigins
  inheritedOrigins = origins
  try {
    return build()
  } finally {
    inheritedOrigins = before
  }
}

/** Nodes made inside `build` carry the place that called, found once; inside another such call, that one's. */
export function asOneCall<T>(build: () => T): T {
  return inheritedOrigins === null ? withOrigins([captureOrigin()], build) : build()
}

/** Where the user's code is now: the call in progress, else whoever calls. */
export function presentOrigins(depth?: number): readonly Origin[] {
  if (typeof inheritedOrigins === 'function') inheritedOrigins = inheritedOrigins()
  return inheritedOrigins ?? [captureOrigin(depth)]
}

/** The one way to make a node. Types are inferred, and errors raised, here. */
export function apply<P>(op: Op<P>, inputs: readonly Variable[], params: P): Apply {
  const key = keyOf(op, inputs, params)
  const origins = presentOrigins()
  const known = interned.get(key)
  if (known !== undefined) {
    addOrigins(known, origins)
    return known
  }
  const made = make(op, inputs, params, origins)
  interned.set(key, made)
  return made
}

function keyOf<P>(op: Op<P>, inputs: readonly Variable[], params: P): string {
  let ids = ''
  for (let i = 0; i < inputs.length; i++) ids += `${inputs[i]!.id},`
  const paramsKey = op.key !== undefined ? op.key(params) : params === null ? '' : JSON.stringify(params)
  return `${op.name}(${ids})${paramsKey}`
}

function make<P>(op: Op<P>, inputs: readonly Variable[], params: P, origins: readonly Origin[]): Apply {
  const { outputs: types, requires = nothing, name = null } = op.infer(typesOf(op, inputs), params, inputs)
  const outputs = new Array<Variable>(types.length)
  const made: Apply = {
    op: op as Op<unknown>,
    inputs,
    params,
    outputs,
    requires,
    origins: origins.slice(0, mostOrigins),
  }
  for (let i = 0; i < types.length; i++) outputs[i] = new Variable(types[i]!, made, i, name)
  return made
}

function typesOf<P>(op: Op<P>, inputs: readonly Variable[]): readonly TensorType[] {
  const types = new Array<TensorType>(inputs.length)
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!
    if (!(input instanceof Variable)) throw notSymbolic(op.name, `operand ${i}`, describeGiven(input))
    types[i] = input.type
  }
  return types
}

/** The node was made at these places too. */
export function addOrigins(node: Apply, origins: readonly Origin[]): void {
  const kept = node.origins as Origin[]
  for (let i = 0; i < origins.length && kept.length < mostOrigins; i++)
    if (!kept.includes(origins[i]!)) kept.push(origins[i]!)
}

/** `apply` for ops with one output. */
export function apply1<P>(op: Op<P>, inputs: readonly Variable[], params: P): Variable {
  return apply(op, inputs, params).outputs[0]!
}
