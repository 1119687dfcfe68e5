/**
 * Closure conversion: what a step reads from outside becomes constants of the scan.
 *
 * The frontier is drawn as far out as it goes: every maximal sub-graph that does not depend on the step's own parameters
 * is one constant, so nothing that could be computed before the loop is computed inside it. Only what is cheaper to say
 * than to pass – small constants, their broadcasts, arithmetic of single numbers – stays inside, where it folds.
 */
import { type Lambda, lambda } from '../lambda.js'
import { substitute, topologicalOrder } from '../traverse.js'
import { sizeOf } from '../type.js'
import { type Apply, Variable } from '../variable.js'

export interface Closure {
  /** Variables of the surrounding graph, one per leading param of the body. */
  readonly constants: readonly Variable[]
  /** params [...constants, ...own] → results. */
  readonly body: Lambda
}

/** The function of `own` parameters that computes the results, closed over its surroundings. */
export function closeOver(own: readonly Variable[], results: readonly Variable[]): Closure {
  const order = topologicalOrder(results)
  const varying = new Set(own)
  const light = new Set<Variable>()
  for (const node of order) {
    const marked = node.inputs.some(v => varying.has(v)) ? varying : isLight(node, light) ? light : null
    for (const output of node.outputs) marked?.add(output)
  }
  const captured = new Map<Variable, Variable>()
  const capture = (v: Variable) => {
    if (varying.has(v) || light.has(v) || captured.has(v)) return
    captured.set(v, new Variable(v.type, null, 0, v.name))
  }
  for (const node of order) if (varying.has(node.outputs[0]!)) node.inputs.forEach(capture)
  results.forEach(capture)
  return {
    constants: [...captured.keys()],
    body: lambda([...captured.values(), ...own], substitute(results, captured)),
  }
}

const smallest = 16

/** Whether a node that varies with nothing costs less inside a loop than a value handed in. */
export function isLight(node: Apply, light: ReadonlySet<Variable>): boolean {
  const { type } = node.outputs[0]!
  switch (node.op.family.kind) {
    case 'constant': {
      const size = sizeOf(type)
      return typeof size === 'number' && size <= smallest
    }
    case 'source':
      return type.shape.length === 0 || node.op.family.flat === true
    case 'view':
      return node.inputs.every(v => light.has(v))
    case 'map':
      return type.shape.length === 0 && node.inputs.every(v => light.has(v))
    default:
      return false
  }
}
