/**
 * Literals: tensors of one repeated number, in the one form that rules bring them to.
 */
import type { Op } from '../op.js'
import { constant } from '../ops/source.js'
import { expand, expandDims } from '../ops/view.js'
import type { HostValue } from '../value.js'
import type { Variable } from '../variable.js'

/** The number that every element is: of a constant with one element, and of broadcasts of one. Else null. */
export function literalOf(v: Variable): number | null {
  let node = v.owner
  while (node !== null && (node.op === expand.op || node.op === expandDims.op)) node = node.inputs[0]!.owner
  if (node === null || node.op !== constant.op) return null
  const { data } = node.params as HostValue
  return data.length === 1 ? data[0]! : null
}

/** The ops that make literals. */
export const literalMakers: readonly Op<never>[] = [constant.op, expand.op, expandDims.op]
