/**
 * Which sizes a node mentions. A node waits for what tells their values, as it does for its inputs.
 */
import { bodiesOf } from './bodies.js'
import { type Dim, DimExpr, type DimSymbol, symbolsOf } from './dim.js'
import { orderOf } from './traverse.js'
import { type Apply, Variable } from './variable.js'

const mentioned = new WeakMap<Apply, ReadonlySet<DimSymbol>>()

/** Every symbol in the types, requirements and params of a node, and in its bodies; remembered. */
export function symbolsIn(node: Apply): ReadonlySet<DimSymbol> {
  const known = mentioned.get(node)
  if (known !== undefined) return known
  const found = new Set<DimSymbol>()
  const add = (dim: Dim) => {
    if (typeof dim !== 'number') for (const symbol of symbolsOf(dim)) found.add(symbol)
  }
  const addType = (v: Variable) => v.shape.forEach(add)
  node.inputs.forEach(addType)
  node.outputs.forEach(addType)
  for (const { left, right } of node.requires) [left, right].forEach(add)
  eachDimIn(node.params, add)
  for (const { params, results } of bodiesOf(node)) {
    params.forEach(addType)
    results.forEach(addType)
    for (const inner of orderOf(results)) for (const symbol of symbolsIn(inner)) found.add(symbol)
  }
  mentioned.set(node, found)
  return found
}

/** Visits every dimension that is written in the params of a node. */
export function eachDimIn(params: unknown, visit: (dim: DimExpr) => void): void {
  if (typeof params !== 'object' || params === null) return
  if (ArrayBuffer.isView(params) || params instanceof Variable) return
  if (params instanceof DimExpr) {
    visit(params)
    return
  }
  const parts = Array.isArray(params) ? params : Object.values(params)
  for (let i = 0; i < parts.length; i++) if (typeof parts[i] === 'object') eachDimIn(parts[i], visit)
}
