/**
 * Builders of routines: a meaning on one lane or matrix  →  an op over any batch.
 */
import type { DType } from '@arignote/loops'
import type { Dim } from '../dim.js'
import type { Op, Requirement } from '../op.js'
import type { RoutineFamily } from '../routine.js'
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
  /** The result's dtype; by default that of the input of this number, which by default is the first. */
  readonly dtype?: DType | number
  readonly grad?: Op<P>['grad']
  readonly batch?: Op<P>['batch']
}

/** An op whose inputs the builder has given one batch. */
export function routineOp<P>({
  name,
  shape,
  dtype = 0,
  grad,
  batch: own,
  ...meaning
}: RoutineMeaning<P>): Op<P> {
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
      const coreShape = shape(cores, params, variables, requires)
      const result = typeof dtype === 'number' ? types[dtype]!.dtype : dtype
      return { outputs: [{ dtype: result, shape: [...batch.shape, ...coreShape] }], requires }
    },
    ...(grad === undefined ? {} : { grad }),
    ...(own === undefined ? {} : { batch: own }),
  }
}

/** `f` of tensors of one rank, with the axis as the last of each; the result's last axis goes back to its place. */
export function alongAxis(
  tensors: readonly Variable[],
  axis: number,
  f: (...lanes: readonly Variable[]) => Variable,
): Variable {
  const { ndim } = tensors[0]!
  if (axis === ndim - 1) return f(...tensors)
  const axes = Array.from({ length: ndim }, (_, i) => i)
  const result = f(...tensors.map(x => transpose(x, [...axes.filter(i => i !== axis), axis])))
  return transpose(
    result,
    axes.map(i => (i === axis ? ndim - 1 : i < axis ? i : i - 1)),
  )
}
