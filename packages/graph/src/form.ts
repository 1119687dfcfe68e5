/**
 * One variable, a list or a record of them: the forms in which gradient tools take variables and give results back.
 */
import { Variable } from './variable.js'

/** What gradient tools may be asked about: one variable, or a list or record of them. */
export type Wrt = Variable | readonly Variable[] | { readonly [name: string]: Variable }

/** Other variables in the same form, one for each. */
export type Alike<W extends Wrt> = W extends Variable ? Variable : { readonly [K in keyof W]: Variable }

export interface Form {
  readonly list: readonly Variable[]
  /** Values for `list`, in its order, put into the form. */
  pack(values: readonly Variable[]): unknown
  /** The variables of something of the same form, in the order of `list`; where it lacks one, undefined. */
  unpack(other: unknown): readonly (Variable | undefined)[]
}

export function formOf(variables: Wrt): Form {
  if (variables instanceof Variable) {
    const unpack = (other: unknown) => (Array.isArray(other) ? other : [other as Variable])
    return { list: [variables], pack: ([v]) => v, unpack }
  }
  if (Array.isArray(variables)) {
    const unpack = (other: unknown) => (Array.isArray(other) ? other : [other as Variable])
    return { list: variables, pack: values => values, unpack }
  }
  const names = Object.keys(variables ?? {})
  return {
    list: Object.values(variables ?? {}),
    pack: values => Object.fromEntries(names.map((name, i) => [name, values[i]])),
    unpack: other => names.map(name => (other as Record<string, Variable> | undefined)?.[name]),
  }
}
