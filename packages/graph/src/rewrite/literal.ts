/**
 * Literals: tensors of one repeated number, in the one form that rules bring them to.
 */
import { constant } from '../ops/source.js'
import { expand, expandDims } from '../ops/view.js'
import type { HostValue } from '../value.js'
import type { Variable } from '../variable.js'

/** The number that every element is: of a constant with one element, and of broadcasts of one. Else null. */
export function literalOf(v: Variable): number | null {
  let node = v.owner
  while (node !== null && isBroadcast(node.op)) node = node.inputs[0]!.owner
  if (node === null || node.op !== constant.op) return null
  const { data } = node.params as HostValue
  return data.length === 1 ? data[0]! : null
}

const isBroadcast = (op: object) => op === expand.op || op === expandDims.op

/** Whether what the op makes may be a literal. */
export function mayBeLiteral(op: object): boolean {
  return op === constant.op || isBroadcast(op)
}
