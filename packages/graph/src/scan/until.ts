/**
 * Early exit: a step that returns `until(condition, { … })` is the last one if the condition holds.
 *
 * What users write with `until` has carries of its own: carry 0 counts the steps, and each output that is no state is
 * carried along, so that its last value needs no history. The number of steps that were made is a size (`stepsMade`), whose
 * value is known when the loop has ended.
 */
import { type Dim, DimSymbol, subDim, symbolDim } from '../dim.js'
import { lambda } from '../lambda.js'
import { add } from '../ops/arithmetic.js'
import { ge } from '../ops/comparison.js'
import { broadcastTo } from '../ops/shape.js'
import { provablyAtLeast } from '../ops/size.js'
import { constant, zeros } from '../ops/source.js'
import { expandDims } from '../ops/view.js'
import { type Apply, apply, Variable } from '../variable.js'
import { conditionNotBool } from './errors.js'
import { type ScanParams, scanOp, splitResults } from './op.js'
import { row } from './rows.js'

/** What a step returns that may be the last one. */
export class Until<out O> {
  constructor(
    readonly condition: Variable,
    readonly results: O,
  ) {}
}

/**
 * To be returned by the step of a scan: the step that makes the condition true is the last one, and counts. `steps`, or
 * the sequences, say how many there may be.
 *
 * @example scan(({ x }) => until(x.lt(1e-3), { x: x.mul(0.5) }), { state: { x: x0 }, steps: 100 })
 * @throws DTypeError where the condition is not a bool scalar
 */
export function until<const O extends { readonly [name: string]: Variable }>(
  condition: Variable,
  results: O,
): Until<O> {
  if (!(condition instanceof Variable) || condition.dtype !== 'bool' || condition.ndim !== 0)
    throw conditionNotBool(condition)
  return new Until(condition, results)
}

/** Carries of a loop, and what its step computes. */
export interface Step {
  readonly params: readonly Variable[]
  readonly initial: readonly Variable[]
  readonly nexts: readonly Variable[]
  readonly ys: readonly Variable[]
}

/** With the carries of its own that a scan with `until` has: the count before the others, the ys' last values after them. */
export function withOwnCarries(step: Step): Step {
  const { params, initial, nexts, ys } = withLastValues(step)
  const count = new Variable({ dtype: 'int32', shape: [] }, null, 0, 'steps')
  return {
    params: [count, ...params],
    initial: [constant(0, 'int32'), ...initial],
    nexts: [add(count, 1), ...nexts],
    ys,
  }
}

/** With the last value of each y as a carry, after the others. */
export function withLastValues({ params, initial, nexts, ys }: Step): Step {
  return {
    params: [...params, ...ys.map(v => new Variable(v.type, null, 0, v.name))],
    initial: [...initial, ...ys.map(v => zeros(v.shape, v.dtype))],
    nexts: [...nexts, ...ys],
    ys,
  }
}

/** With a count of the steps as the first carry, and whether a step is the last one of so many. */
export function countedSteps({ params, initial, nexts, ys }: Step, steps: Variable) {
  const count = new Variable({ dtype: 'int32', shape: [] }, null, 0, 'steps')
  const next: Variable = add(count, 1)
  const step: Step = {
    params: [count, ...params],
    initial: [constant(0, 'int32'), ...initial],
    nexts: [next, ...nexts],
    ys,
  }
  return { step, isLast: ge(next, steps) as Variable }
}

const bare = new WeakMap<Apply, Apply>()
const sizes = new WeakMap<Apply, Dim>()

/** How many steps a scan makes. Scans that differ in their ys only make the same number: it is one size. */
export function stepsMade(node: Apply): Dim {
  const { until: stops, length } = node.params as ScanParams
  if (!stops || length === 0 || length === 1) return length
  const recurrence = bare.get(node) ?? withoutYs(node)
  bare.set(node, recurrence)
  const known = sizes.get(recurrence)
  if (known !== undefined) return known
  const size = symbolDim(DimSymbol.fresh(node.outputs[0]!, true))
  sizes.set(recurrence, size)
  return size
}

function withoutYs({ inputs, params }: Apply): Apply {
  const { body, ...rest } = params as ScanParams
  const { nexts, condition } = splitResults(body.results, params as ScanParams)
  return apply(scanOp, inputs, { ...rest, body: lambda(body.params, [...nexts, condition!]) })
}

/** Which row belongs to the first of the steps that were made, in sequence order. */
export function firstRowMade(node: Apply): Dim {
  const { reverse, length } = node.params as ScanParams
  return reverse ? subDim(length, stepsMade(node)) : 0
}

/** The value, which is one only if there was a step. */
export function ofSomeStep(value: Variable, length: Dim): Variable {
  if (provablyAtLeast(length, 1)) return value
  return row(broadcastTo(expandDims(value, 0), [length, ...value.shape]), subDim(length, 1))
}

/** The source of a size, if the size is the number of steps that a scan makes: that scan. */
export function countedBy(source: Variable): Apply | null {
  const { owner, index } = source
  return owner?.op === scanOp && index === 0 && (owner.params as ScanParams).until ? owner : null
}
