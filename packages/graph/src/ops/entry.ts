/**
 * An entry: an op together with the function that users call. Rules refer to ops by that function: `of(add, …)`.
 */
import { type Dim, differentDim, equalDim } from '../dim.js'
import { sizesDiffer } from '../errors.js'
import type { Op, Requirement } from '../op.js'
import { equalShape, type TensorType } from '../type.js'
import { asOneCall, type Variable } from '../variable.js'

/** The function, carrying its op as `.op`. Whatever nodes one call makes share one place in the user's code. */
export function entry<F extends (...args: never[]) => unknown, P>(
  op: Op<P>,
  build: F,
): F & { readonly op: Op<P> } {
  const call = (...args: never[]) => asOneCall(() => build(...args))
  return Object.assign(call as F, { op })
}

/**
 * The one shape of inputs that must have equal shapes: of two sizes that may turn out equal, the number, and a
 * requirement that they do.
 */
export function commonShape(
  operation: string,
  types: readonly TensorType[],
  variables: readonly Variable[],
): { readonly shape: readonly Dim[]; readonly requires: readonly Requirement[] } {
  const first = types[0]!.shape
  return haveShape(types, first)
    ? { shape: first, requires: nothing }
    : meetShapes(operation, types, variables)
}

const nothing: readonly Requirement[] = []

function meetShapes(operation: string, types: readonly TensorType[], variables: readonly Variable[]) {
  const requires: Requirement[] = []
  const shape = [...types[0]!.shape]
  for (const { shape: other } of types) {
    if (other.length !== shape.length) throw new Error(`internal: ${operation} of unlike ranks`)
    other.forEach((size, axis) => {
      shape[axis] = meetDims(operation, shape[axis]!, size, axisRule(axis), variables, requires)
    })
  }
  return { shape, requires }
}

function haveShape(types: readonly TensorType[], shape: readonly Dim[]): boolean {
  for (let i = 0; i < types.length; i++) if (!equalShape(types[i]!.shape, shape)) return false
  return true
}

const axisRule = (axis: number) => `sizes must be equal on axis ${axis}`

/** The more concrete of two sizes that must be equal. Throws if they never are; adds a requirement if they may be. */
export function meetDims(
  operation: string,
  a: Dim,
  b: Dim,
  rule: string,
  variables: readonly Variable[],
  requires: Requirement[],
): Dim {
  if (equalDim(a, b)) return a
  if (differentDim(a, b)) throw sizesDiffer(operation, variables, rule, a, b)
  requires.push({ left: a, relation: 'equal', right: b, rule })
  return typeof b === 'number' ? b : a
}

const singular = new WeakSet<object>()

/** Marks an op whose value can be infinite or NaN for finite inputs, as log and div are. See `chain.ts`. */
export function markSingular(op: Op<never>): void {
  singular.add(op)
}

export const isSingular = (op: object): boolean => singular.has(op)
