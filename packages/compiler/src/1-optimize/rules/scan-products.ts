/**
 * Several products of one value in a step: one product.
 *
 * A cell written with a weight per gate multiplies its state by each of them. The weights do not change, so they are put
 * side by side once, before the loop, and the step has one product, of which each gate reads its part. Measured on an LSTM
 * of 100 steps that is 5 to 10 % of the time; a loop of a few steps would not earn the copy.
 */
import {
  type Apply,
  addDim,
  type Contraction,
  contract,
  type Dim,
  equalDim,
  type Variable,
  withOrigins,
} from '@arignote/graph'
import { contraction, view } from '../build.js'
import { dependence, type Facts, type Recurrence } from '../recurrence.js'
import type { ScanRule } from './scan-tidy.js'

interface Product {
  readonly node: Apply
  /** Which operand is the same in every step. */
  readonly side: 0 | 1
  readonly spec: Contraction
  /** Where that operand, and the result, have the axis that the other operand has not. */
  readonly axis: number
  readonly outAxis: number
}

const weightOf = ({ node, side }: Product): Variable => node.inputs[side]!

/** A product of what earlier steps computed with a constant that has an axis of its own. */
function readProduct(node: Apply, facts: Facts): Product | null {
  if (node.op !== contract.op) return null
  const isConstant = (v: Variable) => facts.dependsOn.get(v) === dependence.constants
  const side = isConstant(node.inputs[1]!) ? 1 : 0
  const other = node.inputs[1 - side]!
  if (!isConstant(node.inputs[side]!) || (facts.dependsOn.get(other) ?? 0) < dependence.carries) return null
  const spec = node.params as Contraction
  const [own, others] = side === 1 ? [spec.right, spec.left] : [spec.left, spec.right]
  const axis = own.findLastIndex(label => !others.includes(label) && spec.out.includes(label))
  return axis < 0 ? null : { node, side, spec, axis, outAxis: spec.out.indexOf(own[axis]!) }
}

/** Products that differ in the constant only, and in that along its own axis only. */
function groups(facts: Facts): readonly (readonly Product[])[] {
  const found = new Map<string, Product[]>()
  for (const node of facts.order) {
    const product = readProduct(node, facts)
    if (product === null) continue
    const key = `${node.inputs[1 - product.side]!.id} ${product.side} ${JSON.stringify(product.spec)}`
    const group = found.get(key)
    if (group === undefined) found.set(key, [product])
    else if (fits(product, group[0]!)) group.push(product)
  }
  return [...found.values()].filter(group => group.length > 1)
}

function fits(a: Product, b: Product): boolean {
  const [x, y] = [weightOf(a), weightOf(b)]
  return x.dtype === y.dtype && x.shape.every((n, axis) => axis === a.axis || equalDim(n, y.shape[axis]!))
}

const fewSteps = 8

function joinProducts(r: Recurrence): boolean {
  if (typeof r.length === 'number' && r.length < fewSteps) return false
  const image = new Map<Variable, Variable>()
  for (const group of groups(r.facts())) {
    const { node, side, spec, axis, outAxis } = group[0]!
    const other = node.inputs[1 - side]!
    const all = withOrigins(
      group.flatMap(product => product.node.origins),
      () => {
        const weights = view.concatenate(group.map(weightOf), axis)
        return side === 1 ? contraction(other, weights, spec) : contraction(weights, other, spec)
      },
    )
    let start: Dim = 0
    for (const product of group) {
      const part = product.node.outputs[0]!
      const starts = part.shape.map((_, i) => (i === outAxis ? start : 0))
      image.set(part, view.slice(all, { starts, steps: part.shape.map(() => 1), sizes: part.shape }))
      start = addDim(start, weightOf(product).shape[axis]!)
    }
  }
  if (image.size === 0) return false
  r.replaceInside(image)
  return true
}

export const scanProducts: ScanRule = { name: 'scan: x · W₁, x · W₂ → x · [W₁ W₂]', apply: joinProducts }
