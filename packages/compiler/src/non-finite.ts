/**
 * `check: 'nan'`: which operation first made a NaN or an infinity. Every back end asks here about each value it has made.
 *
 * An operation made one if a NaN comes out where none went in, or an infinity where all that went in was finite. So an
 * infinity that is meant, as a mask of −∞ is, may pass through what follows.
 */
import { type Apply, bodiesOf, type Variable } from '@arignote/graph'
import { type DType, isFloat } from '@arignote/loops'
import type { Visit } from './effects.js'
import { argumentHasNaN, madeNonFinite } from './inspection-errors.js'

export interface Numbers {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

export interface NonFinite {
  readonly nans: number
  readonly infinities: number
  /** The position of the first of them. */
  readonly first: number
}

/** What is not finite in these numbers; null: nothing. */
export function nonFiniteIn({ dtype, data }: Numbers): NonFinite | null {
  if (!isFloat(dtype) || !hasNonFinite(data)) return null
  let [nans, infinities, first] = [0, 0, -1]
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!
    if (Number.isFinite(x)) continue
    if (first < 0) first = i
    if (Number.isNaN(x)) nans++
    else infinities++
  }
  return { nans, infinities, first }
}

/** x − x is 0 for finite numbers, and NaN for all others. */
export function hasNonFinite(data: ArrayLike<number>): boolean {
  for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) return true
  return false
}

/** Whether what is not finite in an output came about by this operation. */
export function wasMade(output: Numbers, inputs: readonly Numbers[]): boolean {
  const found = nonFiniteIn(output)
  if (found === null) return false
  const given = inputs.map(nonFiniteIn).filter(x => x !== null)
  if (found.nans > 0 && given.every(x => x.nans === 0)) return true
  return given.length === 0
}

/** @throws NumericError if the node has made a NaN or an infinity. Of scans and branches the nodes inside are asked. */
export function checkMade(
  node: Apply,
  outputs: readonly Numbers[],
  inputs: readonly Numbers[],
  steps: readonly Visit[],
): void {
  const { kind } = node.op.family
  if (bodiesOf(node).length > 0 || kind === 'constant') return
  for (const output of outputs) if (wasMade(output, inputs)) throw madeNonFinite(node, output, inputs, steps)
}

/** @throws NumericError if an argument or a shared variable holds a NaN */
export function checkGiven(variable: Variable, value: Numbers): void {
  const found = nonFiniteIn(value)
  if (found !== null && found.nans > 0) throw argumentHasNaN(variable, value)
}

/** What numbers are, in words: `is 0`, `ranges over -1.5 … 2`, `ranges over 0 … ∞, 3 NaN`, `is all NaN`, `is empty`. */
export function rangeText({ data }: Numbers): string {
  let [low, high, nans] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!
    if (Number.isNaN(x)) nans++
    else {
      low = Math.min(low, x)
      high = Math.max(high, x)
    }
  }
  if (data.length === 0) return 'is empty'
  if (data.length === 1) return `is ${numberText(data[0]!)}`
  if (nans === data.length) return 'is all NaN'
  return `ranges over ${numberText(low)} … ${numberText(high)}${nans === 0 ? '' : `, ${nans} NaN`}`
}

/** Few digits, enough to see what is going on. */
export function numberText(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞'
  return String(Number(x.toPrecision(6)))
}
