/** Python's keywords: in its place an argument is itself, by its name it stands in an object: `T.sort(x, { axis: 0 })`. */
import { checkOptions, DimExpr, Variable } from '@arignote/graph'

export type Keyword<K extends string, V> = V | { readonly [_ in K]?: V }

/** The argument, wherever it is. */
export function argumentOf<K extends string, V>(
  operation: string,
  key: K,
  given: Keyword<K, V> | null | undefined,
): V | undefined {
  if (typeof given !== 'object' || given === null) return given ?? undefined
  if (Array.isArray(given) || given instanceof Variable || given instanceof DimExpr) return given as V
  return (checkOptions(operation, given, [key]) as { readonly [_ in K]?: V })[key]
}
