/**
 * Types that must be one: what a body was made for and what it is given, a variable and its gradient.
 */
import { differentDim, equalDim } from './dim.js'
import type { Requirement } from './op.js'
import { printType, type TensorType } from './type.js'

/** Whether nothing says that two types differ: sizes that cannot be compared may turn out equal. */
export function mayBeOne(a: TensorType, b: TensorType): boolean {
  if (a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false
  return a.shape === b.shape || !a.shape.some((d, i) => differentDim(d, b.shape[i]!))
}

/** What must hold at run time for two types to be one; the user's own mistakes were reported by the builder before. */
export function mustEqual(
  operation: string,
  a: TensorType,
  b: TensorType,
  rule: string,
): readonly Requirement[] {
  if (!mayBeOne(a, b)) throw new Error(`internal: ${operation}, ${rule}: ${printType(a)} and ${printType(b)}`)
  return a.shape.flatMap((left, i) => {
    const right = b.shape[i]!
    return equalDim(left, right) ? [] : [{ left, relation: 'equal' as const, right, rule }]
  })
}
