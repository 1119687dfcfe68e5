/** Inspection node by node: what is not finite is found where it is made, and nodes are measured like kernels. */
import { type Apply, bodiesOf, placesOf } from '@arignote/graph'
import { checkMade } from '../../non-finite.js'
import { visitsOf } from '../../visits.js'
import type { Course, Evaluator, Value } from './value.js'

/** The evaluator, with whatever is to be done around it. */
export function observed(node: Apply, evaluate: Evaluator, course: Course): Evaluator {
  const { check, profile } = course.inspection
  if (check !== 'nan' && profile === undefined) return evaluate
  if (bodiesOf(node).length > 0) return evaluate
  const { name } = node.op
  const row = profile?.row(node, () => ({
    kernel: name,
    operation: name,
    place: placesOf(node.origins)[0] ?? null,
  }))
  return inputs => {
    const start = performance.now()
    const outputs = evaluate(inputs)
    row?.add(performance.now() - start, bytes(inputs) + bytes(outputs))
    if (check === 'nan') checkMade(node, outputs, inputs, visitsOf(course.passed))
    return outputs
  }
}

const bytes = (values: readonly Value[]) => values.reduce((sum, { data }) => sum + data.byteLength, 0)
