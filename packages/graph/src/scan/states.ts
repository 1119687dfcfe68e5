/**
 * The types of the states: a state has one type, that of its initial value.
 *
 * Only an initial value that is a single number may stand for a whole state of it. The step was traced on a scalar then,
 * and if all it did with it was to broadcast it to the type of the next value, the state may as well have had that type.
 */
import { isFloat } from '@arignote/loops'
import { differentDim } from '../dim.js'
import { cast } from '../ops/cast.js'
import { constant, full } from '../ops/source.js'
import { expand, expandDims, reshape } from '../ops/view.js'
import { consumers, substitute, topologicalOrder } from '../traverse.js'
import { equalType, type TensorType } from '../type.js'
import { Variable } from '../variable.js'
import { stateChangesType } from './errors.js'
import type { Remembered } from './taps.js'

type Record_ = { readonly [name: string]: Variable }

export interface SettledStates {
  /** Per state, in order: the step's parameter and the initial value, of one type. */
  readonly params: readonly Variable[]
  readonly initial: readonly Variable[]
  /** What the step returned, over these parameters. */
  readonly returned: Record_
  readonly others: readonly Variable[]
}

/**
 * Makes each initial value, parameter and next value agree, or reports the state for which they cannot. `others`: what
 * else the step computes.
 */
export function settleStates(
  states: { readonly [name: string]: Remembered },
  returned: Record_,
  others: readonly Variable[],
): SettledStates {
  const replacement = new Map<Variable, Variable>()
  const params: Variable[] = []
  const initial: Variable[] = []
  for (const [name, { initial: given, param, older }] of Object.entries(states)) {
    const { type } = returned[name]!
    const value = typeof given === 'number' ? constant(given, param.dtype) : given
    if (fits(param.type, type)) {
      params.push(param)
      initial.push(value)
      continue
    }
    const isOne =
      value.ndim === 0 &&
      older.length === 0 &&
      (typeof given === 'number' ? mayBe(given, type) : value.dtype === type.dtype)
    const broadcasts = isOne ? broadcastsOf(param, type, [...Object.values(returned), ...others]) : null
    if (broadcasts === null) throw stateChangesType(name, value, returned[name]!)
    const whole = new Variable(type, null, 0, name)
    for (const v of broadcasts) replacement.set(v, whole)
    params.push(whole)
    initial.push(full(type.shape, given, type.dtype))
  }
  const names = Object.keys(returned)
  const settled = substitute([...Object.values(returned), ...others], replacement)
  return {
    params,
    initial,
    returned: Object.fromEntries(names.map((name, i) => [name, settled[i]!])),
    others: settled.slice(names.length),
  }
}

/** Not provably different; what the algebra leaves open is checked when the sizes are known. */
function fits(a: TensorType, b: TensorType): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    !a.shape.some((d, i) => differentDim(d, b.shape[i]!))
  )
}

const mayBe = (value: number, { dtype }: TensorType): boolean =>
  isFloat(dtype) || (dtype === 'int32' && Number.isInteger(value))

/** The variables that are the scalar broadcast to the type, if the results use it in no other way; else null. */
function broadcastsOf(
  scalar: Variable,
  type: TensorType,
  results: readonly Variable[],
): readonly Variable[] | null {
  const users = consumers(topologicalOrder(results))
  const found: Variable[] = []
  const pending = [scalar]
  while (pending.length > 0) {
    const v = pending.pop()!
    if (results.includes(v)) return null
    for (const node of users.get(v) ?? []) {
      if (!reforms(node.op)) return null
      const output = node.outputs[0]!
      if (equalType(output.type, type)) found.push(output)
      else pending.push(output)
    }
  }
  return found
}

const reforms = (op: object): boolean =>
  [expand.op, expandDims.op, reshape.op, cast.op].some(other => other === op)
