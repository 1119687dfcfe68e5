/**
 * Constraints: the new value of a weight → the nearest one that is allowed, after each update.
 *
 * Norms are Euclidean, along `axis`: of a kernel (inputs, units), axis 0 means the weights that lead to each unit.
 */
import {
  add,
  badArgument,
  cast,
  checkOptions,
  clip,
  describeGiven,
  div,
  ge,
  mul,
  sqrt,
  square,
  sum,
  type Variable,
} from '@arignote/graph'
import { isRecord, isSerialized, type JsonRecord, type Serialized } from './json.js'
import { camelCase, entryNamed } from './names.js'

export interface Constraint extends Serialized {
  readonly apply: (w: Variable) => Variable
}

/** A name (`'nonNeg'`), one of `constraints`, or what Keras's JSON has. */
export type ConstraintLike = string | Constraint | Serialized

export interface NormAxis {
  /** Along which axis, or axes together, norms are taken; default 0. */
  readonly axis?: number | readonly number[]
}

/** Keras's fuzz. */
const epsilon = 1e-7

const normOf = (w: Variable, axis: number | readonly number[]): Variable =>
  sqrt(sum(square(w), axis, { keepdims: true }))

/** w with the norm `wanted` in place of `norm`. */
const rescaled = (w: Variable, norm: Variable, wanted: Variable | number): Variable =>
  mul(w, div(wanted, add(norm, epsilon)))

export const constraints = {
  /** No norm above maxValue: w · clip(n, 0, maxValue) / (n + 1e-7). */
  maxNorm: (options: NormAxis & { readonly maxValue?: number } = {}): Constraint => {
    const { maxValue = 2, axis = 0 } = checkOptions('maxNorm', options, ['maxValue', 'axis'])
    return {
      class_name: 'MaxNorm',
      config: { max_value: maxValue, axis },
      apply: w => {
        const norm = normOf(w, axis)
        return rescaled(w, norm, clip(norm, 0, maxValue))
      },
    }
  },
  /** Nothing below 0. */
  nonNeg: (): Constraint => ({
    class_name: 'NonNeg',
    config: {},
    apply: w => mul(w, cast(ge(w, 0), w.dtype)),
  }),
  /** Every norm 1: w / (n + 1e-7). */
  unitNorm: (options: NormAxis = {}): Constraint => {
    const { axis = 0 } = checkOptions('unitNorm', options, ['axis'])
    return {
      class_name: 'UnitNorm',
      config: { axis },
      apply: w => rescaled(w, normOf(w, axis), 1),
    }
  },
  /** Norms from minValue to maxValue, or a share `rate` of the way there: w · (rate · clip(n) + (1 − rate) · n) / (n + 1e-7). */
  minMaxNorm: (
    options: NormAxis & {
      readonly minValue?: number
      readonly maxValue?: number
      readonly rate?: number
    } = {},
  ): Constraint => {
    const names = ['minValue', 'maxValue', 'rate', 'axis']
    const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = checkOptions('minMaxNorm', options, names)
    return {
      class_name: 'MinMaxNorm',
      config: { min_value: minValue, max_value: maxValue, rate, axis },
      apply: w => {
        const norm = normOf(w, axis)
        const wanted: Variable = add(mul(clip(norm, minValue, maxValue), rate), mul(norm, 1 - rate))
        return rescaled(w, norm, wanted)
      },
    }
  },
} satisfies Record<string, (options?: never) => Constraint>

/** The constraint that is meant. @throws ArgumentError for a name there is not */
export function constraint(operation: string, like: ConstraintLike): Constraint {
  if (typeof like === 'object' && like !== null && 'apply' in like) return like
  if (typeof like === 'string') return made(operation, like, {})
  if (isSerialized(like)) return made(operation, like.class_name, like.config)
  // Keras 1.x: { name: 'MaxNorm', m: 2, axis: 0 }.
  if (isRecord(like) && typeof like['name'] === 'string') return made(operation, like['name'], like)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no constraint`,
    'one of constraints: constraints.maxNorm({ maxValue: 2 })',
  )
}

/** What Keras 1.x called it; null for what is no option. */
const renamed: Readonly<Record<string, string | null>> = {
  m: 'maxValue',
  low: 'minValue',
  high: 'maxValue',
  name: null,
}

function made(operation: string, name: string, config: JsonRecord): Constraint {
  const { entry } = entryNamed(operation, 'constraint', name, constraints)
  const options = Object.entries(config).flatMap(([key, value]) => {
    const own = key in renamed ? renamed[key]! : camelCase(key)
    return own === null ? [] : [[own, value]]
  })
  return (entry as (options: JsonRecord) => Constraint)(Object.fromEntries(options))
}
