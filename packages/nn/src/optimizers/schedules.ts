/**
 * Schedules: the number of steps done so far → the learning rate of the next. (`tf.keras.optimizers.schedules`; Keras 2.3
 * itself has only `decay`.)
 */
import {
  add,
  badArgument,
  checkOptions,
  cos,
  describeGiven,
  div,
  floor,
  full,
  le,
  minimum,
  mul,
  pow,
  sub,
  type Variable,
  where,
} from '@arignote/graph'
import { isSerialized, type JsonRecord, type Serialized } from '../json.js'
import {
  flag,
  number,
  type Option,
  type OptionsOf,
  type OptionTable,
  optional,
  readOptions,
  type ValuesOf,
} from '../layers/option.js'
import { camelCase, entryNamed, snakeCase } from '../names.js'

export interface Schedule extends Serialized {
  /** The learning rate after `step` steps: both are float64 scalars. */
  readonly at: (step: Variable) => Variable
}

/** One of `schedules`, what Keras's JSON has, or any function of the step count. */
export type ScheduleLike = Schedule | Serialized | ((step: Variable) => Variable)

function schedule<const T extends OptionTable>(
  className: string,
  table: T,
  at: (options: ValuesOf<T>, step: Variable) => Variable,
): (options: OptionsOf<T>) => Schedule {
  const operation = camelCase(snakeCase(className))
  return options => {
    checkOptions(operation, options ?? {}, Object.keys(table))
    const values = readOptions(operation, table, (options ?? {}) as JsonRecord) as ValuesOf<T>
    const config = Object.entries(values).map(([name, value]) => [snakeCase(name), value])
    return { class_name: className, config: Object.fromEntries(config), at: step => at(values, step) }
  }
}

const numbers: Option<readonly number[], readonly number[]> = {
  read: (given, place) => {
    if (Array.isArray(given) && given.every(x => typeof x === 'number')) return given
    throw badArgument(place, `${describeGiven(given).what} will not do`, 'a list of numbers')
  },
  toJson: value => value,
}

const decaying = {
  initialLearningRate: number(0),
  decaySteps: number(1),
}

/** k / N, and with `staircase` the whole part of it. */
const passed = (step: Variable, steps: number, staircase: boolean): Variable => {
  const ratio: Variable = div(step, steps)
  return staircase ? floor(ratio) : ratio
}

export const schedules = {
  /** initialLearningRate · decayRate^(k / decaySteps). */
  exponentialDecay: schedule(
    'ExponentialDecay',
    { ...decaying, decayRate: number(0), staircase: flag(false) },
    ({ initialLearningRate, decaySteps, decayRate, staircase }, step) =>
      mul(pow(decayRate, passed(step, decaySteps, staircase)), initialLearningRate),
  ),
  /** initialLearningRate / (1 + decayRate · k / decaySteps). */
  inverseTimeDecay: schedule(
    'InverseTimeDecay',
    { ...decaying, decayRate: number(0), staircase: flag(false) },
    ({ initialLearningRate, decaySteps, decayRate, staircase }, step) =>
      div(initialLearningRate, add(mul(passed(step, decaySteps, staircase), decayRate), 1)),
  ),
  /** (initialLearningRate − endLearningRate)(1 − k / decaySteps)^power + endLearningRate, and that from decaySteps on. */
  polynomialDecay: schedule(
    'PolynomialDecay',
    { ...decaying, endLearningRate: optional(number(0), 0.0001), power: optional(number(0), 1) },
    ({ initialLearningRate, decaySteps, endLearningRate, power }, step) => {
      const left = sub(1, div(minimum(step, decaySteps), decaySteps))
      return add(mul(pow(left, power), initialLearningRate - endLearningRate), endLearningRate)
    },
  ),
  /** initialLearningRate · ((1 − alpha)(1 + cos(π k / decaySteps)) / 2 + alpha) (Loshchilov and Hutter 2017). */
  cosineDecay: schedule(
    'CosineDecay',
    { ...decaying, alpha: optional(number(0), 0) },
    ({ initialLearningRate, decaySteps, alpha }, step) => {
      const wave = add(cos(mul(minimum(step, decaySteps), Math.PI / decaySteps)), 1)
      return mul(add(mul(wave, (1 - alpha) / 2), alpha), initialLearningRate)
    },
  ),
  /** The first value up to and with the first boundary, then the second, …: one value more than boundaries. */
  piecewiseConstantDecay: schedule(
    'PiecewiseConstantDecay',
    { boundaries: numbers, values: numbers },
    ({ boundaries, values }, step) => {
      if (values.length !== boundaries.length + 1)
        throw badArgument(
          'piecewiseConstantDecay',
          `${values.length} values for ${boundaries.length} boundaries`,
          'there is one value before the first boundary, and one after each',
        )
      const last: Variable = full([], values.at(-1)!, 'float64')
      return boundaries.reduceRight<Variable>(
        (after, boundary, i) => where(le(step, boundary), values[i]!, after),
        last,
      )
    },
  ),
} satisfies Record<string, (options: never) => Schedule>

/** The schedule that is meant. @throws ArgumentError for one there is not */
export function scheduleOf(operation: string, like: ScheduleLike): Schedule['at'] {
  if (typeof like === 'function') return like
  if ('at' in like) return like.at
  return serializedSchedule(operation, like).at
}

/** The schedule that JSON describes. */
export function serializedSchedule(operation: string, { class_name, config }: Serialized): Schedule {
  const { entry } = entryNamed(operation, 'schedule', class_name, schedules)
  const options = Object.entries(config)
    .filter(([name]) => name !== 'name')
    .map(([name, value]) => [camelCase(name), value])
  return (entry as (options: JsonRecord) => Schedule)(Object.fromEntries(options))
}

export const isScheduleLike = (x: unknown): x is ScheduleLike => typeof x === 'function' || isSerialized(x)
