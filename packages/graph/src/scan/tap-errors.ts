/** The errors of `taps`. */
import { ArgumentError, type ArignoteError, report, ShapeError } from '../errors.js'
import { describeGiven } from '../given.js'
import type { Variable } from '../variable.js'

const listed = (taps: readonly number[]) => `[${taps.join(', ')}]`

export function notTaps(problem: string): ArignoteError {
  return report(ArgumentError, 'E076', {
    operation: 'taps',
    problem,
    lines: [
      'taps are whole numbers of steps, from the present one: taps(x, [-1, 0, 1]) is the row before, the row itself, the row after',
    ],
  })
}

export const notAList = (given: unknown): ArignoteError =>
  notTaps(`${describeGiven(given).what} is not a list of taps`)

export function notPastTaps(name: string, taps: readonly number[]): ArignoteError {
  const ahead = taps.find(k => k >= 0)
  return report(ArgumentError, 'E077', {
    operation: 'scan',
    problem: `the taps of state "${name}" cannot be ${listed(taps)}`,
    lines: [
      ahead === undefined
        ? 'each of them is one member of a tuple: list it once'
        : `tap ${ahead} of a state is not known yet when the step begins: its taps are negative, -1 is the step before`,
    ],
  })
}

export function wrongInitialRows(
  name: string,
  initial: Variable,
  taps: readonly number[],
  rows: number,
): ArignoteError {
  return report(ShapeError, 'E078', {
    operation: 'scan',
    problem:
      initial.ndim === 0
        ? `the initial value of state "${name}" has no axis for the steps before`
        : `the initial value of state "${name}" has ${String(initial.shape[0])} rows, not ${rows}`,
    operands: [['initial', initial]],
    lines: [
      `for taps ${listed(taps)} it has ${counted(rows)}, one per step that the furthest tap looks back, the oldest first`,
    ],
  })
}

const counted = (rows: number) => `${rows} ${rows === 1 ? 'row' : 'rows'}`

/** The same, for when the number of rows is known only in the call. */
export const initialRowsRule = (name: string, taps: readonly number[], rows: number): string =>
  `the initial value of state "${name}" must have ${counted(rows)} for taps ${listed(taps)}`

export function tapsReachTooFar(
  name: string,
  v: Variable,
  taps: readonly number[],
  rows: number,
): ArignoteError {
  return report(ShapeError, 'E079', {
    operation: 'scan',
    problem: `sequence "${name}" is shorter than its taps reach`,
    operands: [[name, v]],
    lines: [
      `taps ${listed(taps)} reach over ${rows} rows beyond the one that is visited: there must be at least ${rows}, and one more for each step`,
    ],
  })
}
