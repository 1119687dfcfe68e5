/**
 * Names: ours are camelCase, those of Keras's JSON snake_case or the names of classes. One thing, three spellings:
 * `binaryCrossentropy`, `binary_crossentropy`, `BinaryCrossentropy`.
 */
import { unknownName } from '@arignote/graph'

/** `recurrentDropout` → `recurrent_dropout`, `TimeDistributed` → `time_distributed`, `GlobalMaxPooling1D` → `global_max_pooling1d`. */
export function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

/** `recurrent_dropout` → `recurrentDropout`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

const plain = (name: string) => name.replace(/_/g, '').toLowerCase()

/**
 * The entry of a table that a name in any spelling means; `aliases` are further names, to names of the table.
 * @throws ArgumentError with the nearest name
 */
export function entryNamed<T>(
  operation: string,
  what: string,
  given: string,
  table: Readonly<Record<string, T>>,
  aliases: Readonly<Record<string, string>> = {},
): { readonly name: string; readonly entry: T } {
  const wanted = plain(given)
  const alias = Object.keys(aliases).find(name => plain(name) === wanted)
  const target = alias === undefined ? wanted : plain(aliases[alias]!)
  const name = Object.keys(table).find(key => plain(key) === target)
  if (name === undefined)
    throw unknownName(operation, what, given, [...Object.keys(table), ...Object.keys(aliases)])
  return { name, entry: table[name]! }
}

/** @throws ArgumentError for a key of the record that is none of the names, with the nearest one */
export function checkNames(operation: string, what: string, record: object, names: readonly string[]): void {
  for (const name in record) if (!names.includes(name)) throw unknownName(operation, what, name, names)
}
