/** Branches and effects: one side is evaluated; a value is handed on when something has happened. */
import { type Apply, type BranchParams, type Lambda, ndarrayOf } from '@arignote/graph'
import { happen } from '../../effects.js'
import { visitsOf } from '../../visits.js'
import type { PrepareLambda } from './scan.js'
import type { Course, Evaluator, Sizes, Value } from './value.js'

/** A side is made ready when it is first chosen. */
export function prepareBranch(
  node: Apply,
  sizes: Sizes,
  course: Course,
  prepareLambda: PrepareLambda,
): Evaluator {
  const { thenBody, elseBody } = node.params as BranchParams
  const ready = new Map<Lambda, Evaluator>()
  const run = (fn: Lambda): Evaluator => {
    const known = ready.get(fn) ?? prepareLambda(fn, sizes, course)
    ready.set(fn, known)
    return known
  }
  return ([condition, ...values]) => run(condition!.data[0] === 0 ? elseBody : thenBody)(values).map(copyOf)
}

const copyOf = (x: Value): Value => ({ ...x, data: x.data.slice() })

export function prepareEffect(node: Apply, { passed, inspection }: Course): Evaluator {
  return inputs => {
    const [x, condition] = inputs
    const read = {
      value: () => ndarrayOf(x!.data.slice(), [...x!.shape]),
      holds: () => condition!.data[0] !== 0,
    }
    happen(node, visitsOf(passed), read, inspection.onPrint)
    return [copyOf(x!)]
  }
}
