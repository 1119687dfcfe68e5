/**
 * Optimisers as plain functions: a loss or gradients, and parameters  →  updates for `compile`.
 *
 * Each call makes accumulators of its own, which begin with zeros. They come first among the updates, in Keras's saved
 * order; then the parameters. `iterations`, the count of steps, is there if anything depends on it.
 */
import { checkOptions, constant, freeVariables, type Shared, Variable } from '@arignote/graph'
import { number, type OptionsOf, type OptionTable, readOptions, type ValuesOf } from '../layers/option.js'
import { Accumulators, type Rule, ruleUpdates } from './rule.js'
import * as rules from './rules.js'
import { isScheduleLike, type ScheduleLike, scheduleOf } from './schedules.js'
import { gradientsOf, type LossOrGradients, type Params, type Updates } from './updates.js'

/** A number, a symbolic scalar, or a schedule: a function of the number of steps done so far. */
export type LearningRate = number | Variable | ScheduleLike

/** Keras's options of a rule; defaults are in docs/nn.md. */
export type RuleOptions<T extends OptionTable> = OptionsOf<T> & { readonly learningRate?: LearningRate }

type Optimize<T extends OptionTable> = (
  lossOrGradients: LossOrGradients,
  params: Params,
  options?: RuleOptions<T>,
) => Updates

const optimizer =
  <const T extends OptionTable>(operation: string, rule: Rule<T>): Optimize<T> =>
  (lossOrGradients, params, options) => {
    checkOptions(operation, options, ['learningRate', ...Object.keys(rule.options)])
    const { learningRate = rule.learningRate, ...own } = (options ?? {}) as { learningRate?: LearningRate }
    const values = readOptions(operation, rule.options, own) as ValuesOf<T>
    const memory = new Accumulators()
    const pairs = gradientsOf(operation, lossOrGradients, params)
    const updates = ruleUpdates(rule, values, memory, rateOf(operation, learningRate), pairs)
    return withoutIdleCount(updates, memory.iterations)
  }

/** The learning rate as a function of the number of steps. @throws ArgumentError for what is none */
export function rateOf(operation: string, rate: LearningRate): (step: Variable) => Variable {
  if (rate instanceof Variable) return () => rate
  if (isScheduleLike(rate)) return scheduleOf(operation, rate)
  const checked = number(0).read(rate, `${operation}: learningRate`)
  return () => constant(checked, 'float64')
}

function withoutIdleCount(updates: Updates, count: Shared): Updates {
  const others = updates.filter(([variable]) => variable !== count)
  return freeVariables(others.map(([, value]) => value)).includes(count) ? updates : others
}

/** Gradient descent: p − rate · g. */
export const sgd = optimizer('sgd', rules.plain)
/** Gradient descent with a velocity: v′ = momentum · v − rate · g, p + v′. */
export const momentum = optimizer('momentum', rules.momentum)
/** The same with Nesterov's look ahead: p + momentum · v′ − rate · g. */
export const nesterov = optimizer('nesterov', rules.nesterov)
/** Gradients over the root of the average of their squares (Tieleman and Hinton 2012). */
export const rmsprop = optimizer('rmsprop', rules.rmsprop)
/** Gradients over the root of the sum of their squares (Duchi, Hazan and Singer 2011). */
export const adagrad = optimizer('adagrad', rules.adagrad)
/** Steps in the units of the parameters (Zeiler 2012). */
export const adadelta = optimizer('adadelta', rules.adadelta)
/** Adaptive moments (Kingma and Ba 2015); `amsgrad` (Reddi, Kale and Kumar 2018). */
export const adam = optimizer('adam', rules.adam)
/** Adam with the greatest magnitude in place of the squares (Kingma and Ba 2015, §7). */
export const adamax = optimizer('adamax', rules.adamax)
/** Adam with Nesterov's look ahead (Dozat 2016). */
export const nadam = optimizer('nadam', rules.nadam)
