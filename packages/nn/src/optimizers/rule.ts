/**
 * Rules: what is true of Adam, whoever asks for it. One entry per rule in `rules.ts`; how its gradients are clipped, its
 * rate decays and its accumulators are stored is the same for all, and stands here.
 */
import { add, cast, div, mul, type Shared, shared, type Variable, zerosArray } from '@arignote/graph'
import type { OptionTable, ValuesOf } from '../layers/option.js'
import { nullable, number, optional } from '../layers/option.js'
import { clipNorm, clipValue } from './modifiers.js'
import type { Updates } from './updates.js'

/** What every rule takes. */
export const clipping = {
  /** The greatest norm of all gradients together; before `clipvalue`. */
  clipnorm: nullable(number(0)),
  /** The greatest magnitude of each element of a gradient. */
  clipvalue: nullable(number(0)),
} satisfies OptionTable

export const decay = {
  /** After k steps the rate is learningRate / (1 + decay · k). */
  decay: optional(number(0), 0),
} satisfies OptionTable

/** What a step knows beside parameters: float64 scalars. */
export interface Clock {
  /** The learning rate of this step. */
  readonly rate: Variable
  /** How many steps there are with this one. */
  readonly t: Variable
  readonly scalars: Readonly<Record<string, Variable>>
}

/** One step of a rule. */
export interface Stepper {
  /** What the rule's scalars become. */
  readonly scalars?: Readonly<Record<string, Variable>>
  /** What a parameter and its accumulators become, in the order of `slots`. */
  readonly step: (p: Variable, g: Variable, slots: readonly Variable[]) => readonly [Variable, ...Variable[]]
}

export interface Rule<T extends OptionTable = OptionTable> {
  /** Keras's name of the class: `RMSprop`. */
  readonly className: string
  readonly learningRate: number
  readonly options: T
  /** The accumulators that each parameter has, by name, in the order in which Keras saves them. They begin with zeros. */
  slots(options: ValuesOf<T>): readonly string[]
  /** Accumulators of the rule itself, with their first values. */
  readonly scalars?: Readonly<Record<string, number>>
  /** What these are after so many steps. */
  scalarsAfter?(options: ValuesOf<T>, steps: number): Readonly<Record<string, number>>
  start(options: ValuesOf<T>, clock: Clock): Stepper
}

/** Lets the table's types be inferred. */
export const ruleOf = <const T extends OptionTable>(rule: Rule<T>): Rule<T> => rule

/** Where a rule remembers: a parameter has the same accumulators each time it is asked for them. */
export class Accumulators {
  readonly iterations: Shared = shared(0, 'iterations', { dtype: 'int32' })
  readonly #scalars = new Map<string, Shared>()
  readonly #slots = new WeakMap<Shared, Map<string, Shared>>()

  scalar(name: string, initial: number): Shared {
    const known = this.#scalars.get(name)
    if (known !== undefined) return known
    const made: Shared = shared(initial, name, { dtype: 'float64' })
    this.#scalars.set(name, made)
    return made
  }

  slot(param: Shared, name: string): Shared {
    const own = this.#slots.get(param) ?? new Map<string, Shared>()
    this.#slots.set(param, own)
    const known = own.get(name)
    if (known !== undefined) return known
    const made: Shared = shared(zerosArray(param.cell.shape, param.dtype), `${param.name ?? 'param'}/${name}`)
    own.set(name, made)
    return made
  }
}

/** The rule's own shared variables in Keras's saved order: [iterations], scalars, accumulators by name. */
export function stateOf<T extends OptionTable>(
  rule: Rule<T>,
  options: ValuesOf<T>,
  memory: Accumulators,
  params: readonly Shared[],
): readonly Shared[] {
  return [
    memory.iterations,
    ...Object.entries(rule.scalars ?? {}).map(([name, initial]) => memory.scalar(name, initial)),
    ...rule.slots(options).flatMap(name => params.map(p => memory.slot(p, name))),
  ]
}

interface CommonValues {
  readonly clipnorm?: number | null
  readonly clipvalue?: number | null
  readonly decay?: number
}

/** One step: the rule's state in saved order, then the parameters. */
export function ruleUpdates<T extends OptionTable>(
  rule: Rule<T>,
  options: ValuesOf<T>,
  memory: Accumulators,
  learningRate: (step: Variable) => Variable,
  pairs: readonly (readonly [Shared, Variable])[],
): Updates {
  const { clipnorm = null, clipvalue = null, decay: slower = 0 } = options as CommonValues
  const params = pairs.map(([p]) => p)
  let gradients: readonly Variable[] = pairs.map(([, g]) => g)
  if (clipnorm !== null && clipnorm > 0) gradients = clipNorm(gradients, clipnorm)
  if (clipvalue !== null && clipvalue > 0) gradients = clipValue(gradients, clipvalue)

  const done: Variable = cast(memory.iterations, 'float64')
  const rate: Variable = cast(learningRate(done), 'float64')
  const stepper = rule.start(options, {
    rate: slower > 0 ? div(rate, add(mul(done, slower), 1)) : rate,
    t: add(done, 1),
    scalars: Object.fromEntries(
      Object.entries(rule.scalars ?? {}).map(([name, initial]) => [name, memory.scalar(name, initial)]),
    ),
  })
  const names = rule.slots(options)
  const stepped = params.map((p, i) =>
    stepper.step(
      p,
      gradients[i]!,
      names.map(name => memory.slot(p, name)),
    ),
  )
  return [
    [memory.iterations, add(memory.iterations, 1)],
    ...Object.entries(stepper.scalars ?? {}).map(
      ([name, value]) => [memory.scalar(name, rule.scalars![name]!), value] as const,
    ),
    ...names.flatMap((name, k) => params.map((p, i) => [memory.slot(p, name), stepped[i]![k + 1]!] as const)),
    ...params.map((p, i) => [p, stepped[i]![0]] as const),
  ]
}
