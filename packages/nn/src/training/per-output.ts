/** Options that may be given for each output of a model: one for all, a list, or by the name of the layer that makes it. */
import { badArgument, describeGiven } from '@arignote/graph'
import { checkNames } from '../names.js'

export type PerOutput<T> = T | readonly T[] | { readonly [output: string]: T }

/**
 * What was given for each output; null where nothing was.
 * @param isOne whether a value is one thing rather than a record of them
 */
export function perOutput<T>(
  what: string,
  given: PerOutput<T> | null | undefined,
  names: readonly string[],
  isOne: (x: unknown) => boolean,
): readonly (T | null)[] {
  if (given === null || given === undefined) return names.map(() => null)
  if (Array.isArray(given)) {
    if (given.length !== names.length)
      throw badArgument(
        'compile',
        `${given.length} of ${what} for ${names.length} outputs`,
        `one for each of ${names.join(', ')}, in this order`,
      )
    return given as readonly T[]
  }
  if (isOne(given)) return names.map(() => given as T)
  if (typeof given !== 'object')
    throw badArgument(
      'compile',
      `${describeGiven(given).what} is no ${what}`,
      `outputs are ${names.join(', ')}`,
    )
  const record = given as { readonly [output: string]: T }
  checkNames('compile', 'output', record, names)
  return names.map(name => record[name] ?? null)
}
