/**
 * Options of layers: one row says its default, what may be given, and how Keras's JSON has it.
 *
 * A layer's table of options is all there is to know about them: defaults, checks, messages, types, `getConfig` and
 * reading old configurations follow from it. In JSON an option has its name in snake_case.
 */
import { badArgument, describeGiven } from '@arignote/graph'
import { type Activation, type ActivationLike, activation } from '../activations.js'
import { type Constraint, type ConstraintLike, constraint } from '../constraints.js'
import { type Initializer, type InitializerLike, initializer } from '../initializers.js'
import type { Json } from '../json.js'
import { type Regularizer, type RegularizerLike, regularizer } from '../regularizers.js'
import { unstorable } from './errors.js'

/** `G` is what users may give, `V` what the layer sees. */
export interface Option<G = unknown, V = unknown> {
  /** What the layer sees where nobody says anything; absent if somebody must. */
  readonly byDefault?: V
  /** Checks, and brings into one form, what was given or read from JSON. `place` begins messages: `lstm: units`. */
  read(given: unknown, place: string): V
  toJson(value: V): Json
  /** Keras has no such option: its JSON has it only where it is not the default. */
  readonly isOurs?: true
  readonly __given?: G
}

export type OptionTable = Readonly<Record<string, Option>>

type GivenOf<O> = O extends Option<infer G, unknown> ? G : never
type ValueOf<O> = O extends Option<unknown, infer V> ? V : never
type RequiredNames<T> = { [K in keyof T]: T[K] extends { byDefault: unknown } ? never : K }[keyof T]

/** What users may give for a table: what has no default must be there. */
export type OptionsOf<T> = { readonly [K in RequiredNames<T>]: GivenOf<T[K]> } & {
  readonly [K in Exclude<keyof T, RequiredNames<T>>]?: GivenOf<T[K]>
}

/** What a layer sees of its options. */
export type ValuesOf<T> = { readonly [K in keyof T]: ValueOf<T[K]> }

type WithDefault<G, V> = Option<G, V> & { readonly byDefault: V }

const same = (value: unknown) => value as Json

/** A row with a default. */
export function optional<G, V>(option: Option<G, V>, byDefault: V): WithDefault<G, V> {
  return { ...option, byDefault }
}

/** A row that may also be null, which it is by default. */
export function nullable<G, V>({ read, toJson }: Option<G, V>): WithDefault<G | null, V | null> {
  return {
    byDefault: null,
    read: (given, place) => (given === null ? null : read(given, place)),
    toJson: value => (value === null ? null : toJson(value)),
  }
}

/** An option that Keras does not have. */
export const ours = <G, V>(option: WithDefault<G, V>): WithDefault<G, V> => ({ ...option, isOurs: true })

function check(place: string, given: unknown, fits: boolean, wanted: string): void {
  if (!fits) throw badArgument(place, `${describeGiven(given).what} will not do`, wanted)
}

/** An integer, at least `least`. */
export const integer = (least = 1): Option<number, number> => ({
  read: (given, place) => {
    check(
      place,
      given,
      Number.isInteger(given) && (given as number) >= least,
      `an integer, at least ${least}`,
    )
    return given as number
  },
  toJson: same,
})

/** The same along the one axis there is; Keras's JSON has it as a list of one. */
export const integerAlong = (least = 1): Option<number | readonly [number], number> => ({
  read: (given, place) => {
    const [only, ...more] = Array.isArray(given) ? given : [given]
    return integer(least).read(more.length === 0 ? only : given, place)
  },
  toJson: value => [value],
})

export const number = (least = Number.NEGATIVE_INFINITY): Option<number, number> => ({
  read: (given, place) => {
    check(
      place,
      given,
      typeof given === 'number' && given >= least,
      `a number${least > -1 / 0 ? `, at least ${least}` : ''}`,
    )
    return given as number
  },
  toJson: same,
})

export const text: Option<string, string> = {
  read: (given, place) => {
    check(place, given, typeof given === 'string', 'a string')
    return given as string
  },
  toJson: same,
}

/** A share: clamped to [0, 1], as Keras does. */
export const rate: Option<number, number> = {
  read: (given, place) => {
    check(place, given, typeof given === 'number' && !Number.isNaN(given), 'a number from 0 to 1')
    return Math.min(1, Math.max(0, given as number))
  },
  toJson: same,
}

export const flag = (byDefault: boolean): WithDefault<boolean, boolean> => ({
  byDefault,
  read: (given, place) => {
    check(place, given, typeof given === 'boolean', 'true or false')
    return given as boolean
  },
  toJson: same,
})

export const choice = <const C extends readonly (string | number | null)[]>(
  names: C,
): Option<C[number], C[number]> => ({
  read: (given, place) => {
    check(place, given, names.includes(given as string), `one of ${names.join(', ')}`)
    return given as C[number]
  },
  toJson: same,
})

/** A list of integers; null for a size that is not known. */
export const sizes: Option<readonly (number | null)[], readonly (number | null)[]> = {
  read: (given, place) => {
    const fits = Array.isArray(given) && given.every(n => n === null || Number.isInteger(n))
    check(place, given, fits, 'a list of sizes, null for one that is not known')
    return given as readonly (number | null)[]
  },
  toJson: same,
}

/** An activation that must be given. */
export const anyActivation: Option<ActivationLike | null, Activation> = {
  read: (given, place) => activation(place, given as ActivationLike | null),
  toJson: value => {
    if (value.name === null) throw unstorable('an activation that is a function')
    return value.name
  },
}

export const activationOption = (byDefault: string): WithDefault<ActivationLike | null, Activation> =>
  optional(anyActivation, activation('default', byDefault))

export const initializerOption = (byDefault: string): WithDefault<InitializerLike, Initializer> => ({
  byDefault: initializer('default', byDefault),
  read: (given, place) => initializer(place, given as InitializerLike),
  toJson: ({ class_name, config }) => ({ class_name, config }),
})

export const regularizerOption: WithDefault<RegularizerLike | null, Regularizer | null> = nullable({
  read: (given, place) => regularizer(place, given as RegularizerLike),
  toJson: ({ class_name, config }) => ({ class_name, config }),
})

export const constraintOption: WithDefault<ConstraintLike | null, Constraint | null> = nullable({
  read: (given, place) => constraint(place, given as ConstraintLike),
  toJson: ({ class_name, config }) => ({ class_name, config }),
})

/** What was given, with defaults, as the layer sees it. @throws ArgumentError for what is missing or will not do */
export function readOptions(
  operation: string,
  table: OptionTable,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values = Object.entries(table).map(([name, row]) => {
    const option = row as Option
    const value = given[name]
    if (value !== undefined) return [name, option.read(value, `${operation}: ${name}`)]
    if (!('byDefault' in option))
      throw badArgument(operation, `no ${name}`, `it must have one: { ${name}: … }`)
    return [name, option.byDefault]
  })
  return Object.fromEntries(values)
}
