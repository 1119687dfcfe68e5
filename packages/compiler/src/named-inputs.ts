/**
 * Inputs as a list, whose calls take one argument each, or as a record, whose calls take a record of values.
 */
import { describeGiven, nearestName, type Value, type Variable } from '@arignote/graph'
import { notAList } from './errors.js'
import { unknownArgument } from './named-input-errors.js'

export type Inputs = readonly Variable[] | { readonly [name: string]: Variable }

type ValuesOf<I, Options> = Options extends { readonly defaults: object }
  ? { readonly [K in keyof I]?: Value | undefined }
  : { readonly [K in keyof I]: Value }

/** What a call takes: a value for each input (in a record of them by name), none where there may be a default. */
export type Arguments<I extends Inputs, Options = object> = I extends readonly Variable[]
  ? Options extends { readonly defaults: object }
    ? { [K in keyof I]?: Value | undefined }
    : { [K in keyof I]: Value }
  : [values: ValuesOf<I, Options>]

export interface NamedInputs {
  readonly list: readonly Variable[]
  /** Of a record; null: they are a list. */
  readonly names: readonly string[] | null
  /** The arguments of a call in the order of the list. */
  positional(args: readonly unknown[]): readonly unknown[]
}

/** @throws ArgumentError for what is neither a list nor a record */
export function namedInputs(name: string, inputs: Inputs): NamedInputs {
  if (Array.isArray(inputs)) return { list: [...inputs], names: null, positional: args => args }
  if (!isRecord(inputs)) throw notAList(name, 'the inputs', describeGiven(inputs))
  const names = Object.keys(inputs)
  return {
    list: Object.values(inputs),
    names,
    positional: args => {
      const [values] = args
      if (args.length !== 1 || !isRecord(values)) throw unknownArgument(name, null, names, null)
      const unknown = Object.keys(values).find(key => !names.includes(key))
      if (unknown !== undefined) throw unknownArgument(name, unknown, names, nearestName(unknown, names))
      return names.map(key => values[key])
    },
  }
}

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype
