/**
 * Constraints: the new value of a weight → the nearest one that is allowed, after each update.
 */
import { badArgument, cast, describeGiven, ge, mul, type Variable } from '@arignote/graph'
import { isSerialized, type JsonRecord, type Serialized } from './json.js'
import { entryNamed } from './names.js'

export interface Constraint extends Serialized {
  readonly apply: (w: Variable) => Variable
}

/** A name, one of `constraints`, or what Keras's JSON has. */
export type ConstraintLike = string | Constraint | Serialized

export const constraints = {
  nonNeg: (): Constraint => ({
    class_name: 'NonNeg',
    config: {},
    apply: w => mul(w, cast(ge(w, 0), w.dtype)),
  }),
} satisfies Record<string, (options?: never) => Constraint>

/** The constraint that is meant. @throws ArgumentError for a name there is not */
export function constraint(operation: string, like: ConstraintLike): Constraint {
  if (typeof like === 'object' && 'apply' in like) return like
  const [name, config] =
    typeof like === 'string' ? [like, {}] : isSerialized(like) ? [like.class_name, like.config] : []
  if (name === undefined)
    throw badArgument(operation, `${describeGiven(like).what} is no constraint`, 'one of constraints')
  const { entry } = entryNamed(operation, 'constraint', name, constraints)
  return (entry as (options: JsonRecord) => Constraint)(config ?? {})
}
