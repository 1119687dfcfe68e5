/**
 * Builders of routines: a meaning on one lane or matrix  →  an op over any batch.
 */
import type { DType } from '@arignote/loops'
import type { Dim } from '../dim.js'
import type { Op, Requirement } from '../op.js'
import type { RoutineFamily } from '../routine.js'
import type { TensorType } from '../type.js'
import type { Variable } from '../variable.js'
import { commonShape } from './entry.js'
import { transpose } from './view.js'

interface RoutineMeaning<P> extends Omit<RoutineFamily<P>, 'kind'> {
  readonly name: string
  /** The shape of the output's core, from those of the inputs; may add what is required of sizes. */
  shape(
    cores: readonly (readonly Dim[])[],
    params: P,
    variables: readonly Variable[],
    requires: Requirement[],
  ): readonly Dim[]
  /** The result's dtype; by default that of the first input. */
  readonly dtype?: DType
  readonly grad?: Op<P>['grad']
}

/** An op whose inputs the builder has given one batch. */
export function routineOp<P>({ name, shape, dtype, grad, ...meaning }: RoutineMeaning<P>): Op<P> {
  const { core } = meaning
  return {
    name,
    family: { kind: 'routine', ...meaning },
    infer: (types, params, variables) => {
      const batches = types.map((type, i) => ({
        ...type,
        shape: type.shape.slice(0, type.shape.length - core.inputs[i]!),
      }))
      const batch = commonShape(name, batches, variables)
      const requires = [...batch.requires]
      const cores = types.map((type, i) => type.shape.slice(batches[i]!.shape.length))
      const own = shape(cores, params, variables, requires)
      return { outputs: [{ dtype: dtype ?? types[0]!.dtype, shape: [...batch.shape, ...own] }], requires }
    },
    ...(grad === undefined ? {} : { grad }),
  }
}

/** `f` of x with the axis as its last one; the result's last axis goes back to its place. */
export function alongAxis(x: Variable, axis: number, f: (x: Variable) => Variable): Variable {
  if (axis === x.ndim - 1) return f(x)
  const others = x.shape.map((_, i) => i).filter(i => i !== axis)
  const result = f(transpose(x, [...others, axis]))
  const back = x.shape.map((_, i) => (i === axis ? x.ndim - 1 : i < axis ? i : i - 1))
  return transpose(result, back)
}

/** The type of memory for one run of a routine on an input. */
export const coreOf = ({ shape }: TensorType, rank: number): readonly Dim[] =>
  shape.slice(shape.length - rank)
