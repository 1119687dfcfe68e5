/**
 * A graph under given sizes  →  a function of values: node after node, inputs before users.
 *
 * Slow and obvious on purpose. It shares the meaning of ops and scalars with the compiler, and nothing of the lowering.
 */
import { type Apply, type Lambda, topologicalOrder, type Variable } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import { prepareBranch, prepareEffect } from './control.js'
import { prepareMap, prepareSource, prepareView } from './elements.js'
import { prepareGather, prepareScatter } from './gather.js'
import { observed } from './observe.js'
import { prepareContract, prepareReduce } from './reduce.js'
import { prepareRoutine } from './routine.js'
import { prepareScan } from './scan.js'
import { type Course, type Evaluator, type Sizes, shapeUnder, type Value } from './value.js'

/** The results may share arrays with the arguments and with each other. */
export function prepareLambda(fn: Lambda, sizes: Sizes, course: Course = unobserved()): Evaluator {
  const slots = new Map<Variable, number>()
  const slotOf = (v: Variable) => slots.get(v)!
  for (const param of fn.params) slots.set(param, slots.size)
  const nodes = topologicalOrder(fn.results, new Set(fn.params))
  const steps = nodes.map(node => {
    const from = node.inputs.map(slotOf)
    for (const output of node.outputs) slots.set(output, slots.size)
    return {
      evaluate: prepareObserved(node, sizes, course),
      from,
      to: node.outputs.map(slotOf),
    }
  })
  const results = fn.results.map(slotOf)
  return args => {
    const values: Value[] = [...args]
    for (const { evaluate, from, to } of steps) {
      const outputs = evaluate(from.map(slot => values[slot]!))
      for (const [i, slot] of to.entries()) values[slot] = outputs[i]!
    }
    return results.map(slot => values[slot]!)
  }
}

/** A node made ready, with what is looked at on the way. */
export const prepareObserved = (node: Apply, sizes: Sizes, course: Course): Evaluator =>
  observed(node, prepareNode(node, sizes, course), course)

const unobserved = (): Course => ({ passed: [], inspection: {} })

export function prepareNode(node: Apply, sizes: Sizes, course: Course): Evaluator {
  const { family } = node.op
  switch (family.kind) {
    case 'constant': {
      const { dtype, type } = node.outputs[0]!
      const { data } = node.params as { readonly data: TypedArray }
      const value = { dtype, shape: shapeUnder(type, sizes), data }
      return () => [value]
    }
    case 'source':
      return prepareSource(family, node, sizes)
    case 'map':
      return prepareMap(family, node, sizes)
    case 'reduce':
      return prepareReduce(family, node, sizes)
    case 'view':
      return prepareView(family, node, sizes)
    case 'contract':
      return prepareContract(family, node, sizes)
    case 'gather':
      return prepareGather(family, node, sizes)
    case 'scatter':
      return prepareScatter(family, node, sizes)
    case 'routine':
      return prepareRoutine(family, node, sizes)
    case 'scan':
      return prepareScan(node, sizes, course, prepareLambda)
    case 'branch':
      return prepareBranch(node, sizes, course, prepareLambda)
    case 'effect':
      return prepareEffect(node, course)
    default:
      return family satisfies never
  }
}
