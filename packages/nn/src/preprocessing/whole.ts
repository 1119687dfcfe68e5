import { badArgument, describeGiven } from '@arignote/graph'

/** What must be an integer, and at least so much, is one. */
export function wholeFrom(least: number, operation: string, name: string, given: unknown): void {
  if (!Number.isInteger(given) || (given as number) < least)
    throw badArgument(
      `${operation}: ${name}`,
      `${describeGiven(given).what} will not do`,
      `an integer, at least ${least}`,
    )
}
