/**
 * Optimisers as objects, for models: a rule with its options, a learning rate that callbacks may set, and accumulators that
 * outlive a compilation and can be stored.
 *
 * `updates(loss, params)` may be called again, by another compilation: a parameter then has the accumulators that it had.
 */
import {
  badArgument,
  checkOptions,
  convert,
  describeGiven,
  type NdArray,
  ndarrayOf,
  Shared,
  shared,
  type Value,
  type Variable,
} from '@arignote/graph'
import { allocate, isFloat } from '@arignote/loops'
import type { Constraint } from '../constraints.js'
import { optimizerWeights } from '../errors.js'
import { isSerialized, type Json, type JsonRecord, type Serialized } from '../json.js'
import { unstorable } from '../layers/errors.js'
import {
  number,
  type Option,
  type OptionsOf,
  type OptionTable,
  readOptions,
  type ValuesOf,
} from '../layers/option.js'
import { camelCase, entryNamed, snakeCase } from '../names.js'
import { applyConstraints } from './modifiers.js'
import { Accumulators, type Rule, ruleUpdates, stateOf } from './rule.js'
import * as rules from './rules.js'
import { isScheduleLike, type ScheduleLike, scheduleOf, serializedSchedule } from './schedules.js'
import { gradientsOf, type LossOrGradients, type Params, paramsOf, type Updates } from './updates.js'

/** Keras's options of a rule; the learning rate is a number, a shared variable of the caller's, or a schedule. */
export type OptimizerOptions<T extends OptionTable> = OptionsOf<T> & {
  readonly learningRate?: number | Shared | ScheduleLike
}

/** A name (`'adam'`), one of `optimizers`, or what Keras's JSON has. */
export type OptimizerLike = string | Optimizer | Serialized

/** `beta1` → `beta_1`, as Keras writes options that end in a digit. */
const jsonName = (name: string) => snakeCase(name).replace(/([a-z])(\d)$/, '$1_$2')

export class Optimizer<T extends OptionTable = OptionTable> implements Serialized {
  readonly class_name: string
  /** The rate before `decay`, which may be set between calls; null if a schedule says it. */
  readonly learningRate: Shared | null
  readonly #rule: Rule<T>
  readonly #options: ValuesOf<T>
  readonly #schedule: ScheduleLike | null
  readonly #memory = new Accumulators()
  #params: readonly Shared[] = []

  constructor(rule: Rule<T>, given: OptimizerOptions<T> | undefined) {
    const operation = rule.className.toLowerCase()
    checkOptions(operation, given, ['learningRate', ...Object.keys(rule.options)])
    const { learningRate: rate = rule.learningRate, ...own } = (given ?? {}) as OptimizerOptions<OptionTable>
    this.class_name = rule.className
    this.#rule = rule
    this.#options = readOptions(operation, rule.options, own) as ValuesOf<T>
    this.#schedule = isScheduleLike(rate) ? rate : null
    if (this.#schedule !== null) this.learningRate = null
    else if (rate instanceof Shared) this.learningRate = rate
    else {
      const checked = number(0).read(rate, `${operation}: learningRate`)
      this.learningRate = shared(checked, 'learningRate', { dtype: 'float64' }) as Shared
    }
  }

  /** The number of steps done. */
  get iterations(): Shared {
    return this.#memory.iterations
  }

  /** As Keras's JSON has it, with the present learning rate. @throws ArgumentError for a schedule that is a function */
  get config(): JsonRecord {
    const own = Object.entries(this.#rule.options)
      .map(([name, row]) => {
        const value = (this.#options as Readonly<Record<string, unknown>>)[name]
        return [jsonName(name), (row as Option).toJson(value)] as const
      })
      .filter(([, value]) => value !== null)
    return { learning_rate: this.#rateJson(), ...Object.fromEntries(own) }
  }

  #rateJson(): Json {
    if (this.learningRate !== null) return this.learningRate.getValue().data[0]!
    if (!isSerialized(this.#schedule)) throw unstorable('a schedule that is a function')
    const { class_name, config } = this.#schedule
    return { class_name, config }
  }

  /**
   * The parameters that are trained, whose accumulators `slots` then has; a state can be read before the first step.
   * @throws ArgumentError for what is no shared variable of floats
   */
  build(params: Params): void {
    this.#params = paramsOf(this.class_name, params)
  }

  /**
   * One step: the state in saved order, then the parameters, which satisfy their constraints.
   * @throws ArgumentError, ShapeError for gradients that do not fit
   */
  updates(
    lossOrGradients: LossOrGradients,
    params: Params,
    constraints: ReadonlyMap<Shared, Pick<Constraint, 'apply'>> = new Map(),
  ): Updates {
    const pairs = gradientsOf(this.class_name, lossOrGradients, params)
    this.build(params)
    const rate = this.learningRate
    const at = rate === null ? scheduleOf(this.class_name, this.#schedule!) : (): Variable => rate
    return applyConstraints(ruleUpdates(this.#rule, this.#options, this.#memory, at, pairs), constraints)
  }

  /** iterations, the rule's scalars, and the accumulators of the parameters last trained, in the order Keras saves them. */
  get slots(): readonly Shared[] {
    return stateOf(this.#rule, this.#options, this.#memory, this.#params)
  }

  /** How many accumulators each parameter has. */
  get accumulators(): number {
    return this.#rule.slots(this.#options).length
  }

  /** Copies of the state in that order; as in Keras's files, Adam without amsgrad ends with a 0 per parameter. */
  getWeights(): NdArray[] {
    return [
      ...this.slots.map(slot => slot.getValue()),
      ...this.#placeholders().map(() => ndarrayOf(new Float32Array(1), [1]) as NdArray),
    ]
  }

  #placeholders(): readonly Shared[] {
    const { amsgrad } = this.#options as { amsgrad?: boolean }
    return amsgrad === false ? this.#params : []
  }

  /**
   * Takes up a state, Keras's of any version among them: without the count of steps, which old files of RMSprop, Adagrad
   * and Adadelta lack, it is left alone; without what follows from that count, which old files of Nadam lack, that is worked out.
   * @throws ShapeError if it is not one of this optimiser and its parameters; then nothing is set
   */
  setWeights(values: readonly Value[]): void {
    const { slots } = this
    const given = values.map((value, i) => convert(value, null, `${this.class_name}: array ${i}`))
    const idle = this.#placeholders().length
    const { scalars = {}, scalarsAfter } = this.#rule
    const withoutScalars = [this.iterations, ...slots.slice(1 + Object.keys(scalars).length)]
    const targets = [slots, withoutScalars, slots.slice(1)].find(
      state =>
        (given.length === state.length || given.length === state.length + idle) &&
        state.every(({ cell }, i) => given[i]!.shape.join() === cell.shape.join()),
    )
    if (targets === undefined)
      throw optimizerWeights(
        this.class_name,
        given.map(({ shape }) => `(${shape.join(', ')})`),
        slots.map(({ name, cell }) => `${name} (${cell.shape.join(', ')})`),
      )
    targets.forEach((slot, i) => {
      const { data, shape } = given[i]!
      const own = allocate(slot.dtype, data.length)
      own.set(isFloat(slot.dtype) ? data : data.map(Math.round))
      slot.cell.write(own, shape)
    })
    if (targets !== withoutScalars) return
    const known = scalarsAfter?.(this.#options, this.iterations.getValue().data[0]!) ?? scalars
    for (const [name, initial] of Object.entries(scalars))
      this.#memory.scalar(name, initial).setValue(known[name]!)
  }
}

const maker =
  <const T extends OptionTable>(rule: Rule<T>) =>
  (options?: OptimizerOptions<T>): Optimizer<T> =>
    new Optimizer(rule, options)

/** Optimisers for models, with Keras's defaults: `optimizers.adam({ learningRate: 0.01 })`. */
export const optimizers = {
  sgd: maker(rules.sgd),
  rmsprop: maker(rules.rmsprop),
  adagrad: maker(rules.adagrad),
  adadelta: maker(rules.adadelta),
  adam: maker(rules.adam),
  adamax: maker(rules.adamax),
  nadam: maker(rules.nadam),
}

/** The optimiser that is meant; of a name, a new one. @throws ArgumentError for a name there is not */
export function optimizer(operation: string, like: OptimizerLike): Optimizer {
  if (like instanceof Optimizer) return like
  if (typeof like === 'string') return made(operation, like, {})
  if (isSerialized(like)) return made(operation, like.class_name, like.config)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no optimiser`,
    "a name such as 'adam', or one of optimizers: optimizers.adam({ learningRate: 0.01 })",
  )
}

/** Names of Keras's configurations that have become others, or mean nothing here. */
const renamed: Readonly<Record<string, string | null>> = { lr: 'learningRate', name: null }

function made(operation: string, name: string, config: JsonRecord): Optimizer {
  const { entry } = entryNamed(operation, 'optimiser', name, optimizers)
  const options = Object.entries(config).flatMap(([key, value]) => {
    const own = key in renamed ? renamed[key]! : camelCase(key)
    if (own === null) return []
    return [
      [own, own === 'learningRate' && isSerialized(value) ? serializedSchedule(operation, value) : value],
    ]
  })
  return (entry as (options: JsonRecord) => Optimizer)(Object.fromEntries(options))
}
