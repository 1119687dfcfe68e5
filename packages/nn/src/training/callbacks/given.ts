/** What a callback was given: options by a table, and where its messages go. */
import { checkOptions } from '@arignote/graph'
import { type OptionTable, readOptions, type ValuesOf } from '../../layers/option.js'

/** Where messages go, and whether there are any. */
export interface Messages {
  /** 1: says what it does. Default 0. */
  readonly verbose?: 0 | 1
  /** Receives each line; by default the console. */
  readonly print?: (line: string) => void
}

/** @param others names of options that the table does not have */
export function valuesFrom<T extends OptionTable>(
  callback: string,
  table: T,
  given: object | undefined,
  others: readonly string[] = [],
): ValuesOf<T> {
  checkOptions(callback, given, [...Object.keys(table), ...others])
  return readOptions(callback, table, (given ?? {}) as Readonly<Record<string, unknown>>) as ValuesOf<T>
}

export const messageNames = ['verbose', 'print']

/** Says a line, or keeps it to itself. */
export function speaker({ verbose = 0, print = console.log }: Messages = {}): (line: string) => void {
  return verbose > 0 ? line => print(line) : () => {}
}
