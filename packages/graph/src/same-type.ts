/**
 * Types that must be one where a node closes over its surroundings: what a body was made for, and what it is given.
 */
import { differentDim, equalDim } from './dim.js'
import type { Requirement } from './op.js'
import { printType, type TensorType } from './type.js'

/** What must hold at run time for two types to be one; the user's own mistakes were reported by the builder before. */
export function mustEqual(
  operation: string,
  a: TensorType,
  b: TensorType,
  rule: string,
): readonly Requirement[] {
  const fits =
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    !a.shape.some((d, i) => differentDim(d, b.shape[i]!))
  if (!fits) throw new Error(`internal: ${operation}, ${rule}: ${printType(a)} and ${printType(b)}`)
  return a.shape.flatMap((left, i) => {
    const right = b.shape[i]!
    return equalDim(left, right) ? [] : [{ left, relation: 'equal' as const, right, rule }]
  })
}
