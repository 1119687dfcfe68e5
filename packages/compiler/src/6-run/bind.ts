/** Sizes in one call: the shapes of the params  →  every symbol's value, everything that is required of them checked. */
import { type DimSymbol, evaluateDim, type Variable } from '@arignote/graph'
import { sizeConflict, sizeCycle, sizeRequired, wrongSize } from '../errors.js'
import type { Binding } from '../executable.js'
import { asSymbol, type SizeRules } from '../sizes.js'

/**
 * Every symbol's value, given the shapes of the params. Throws ShapeError where sizes contradict each other or a
 * requirement.
 */
export function bindSizes(
  rules: SizeRules,
  shapes: readonly (readonly number[])[],
  evaluate: (source: Variable, symbol: (s: DimSymbol) => number) => number,
): Binding {
  const binding = new Map<DimSymbol, number>()
  const bound = new Map<DimSymbol, Variable>()
  rules.params.forEach((param, i) => {
    param.shape.forEach((dim, axis) => {
      const size = shapes[i]![axis]!
      const symbol = asSymbol(dim)
      if (typeof dim === 'number') {
        if (dim !== size) throw wrongSize(param, axis, dim, shapes[i]!)
      } else if (symbol !== null) {
        const before = binding.get(symbol)
        if (before !== undefined && before !== size) {
          throw sizeConflict(symbol, bound.get(symbol)!, before, param, size)
        }
        binding.set(symbol, size)
        bound.set(symbol, param)
      }
    })
  })
  const open = new Set<DimSymbol>()
  const valueOfSymbol = (symbol: DimSymbol): number => {
    const known = binding.get(symbol)
    if (known !== undefined) return known
    const definition = rules.definitions.get(symbol)
    const source = rules.sources.get(symbol)
    if (open.has(symbol) || (definition === undefined && source === undefined)) throw sizeCycle(symbol)
    open.add(symbol)
    const value =
      source === undefined ? evaluateDim(definition!, valueOfSymbol) : evaluate(source, valueOfSymbol)
    open.delete(symbol)
    binding.set(symbol, value)
    return value
  }
  for (const symbol of rules.symbols.keys()) valueOfSymbol(symbol)
  for (const { node, requirement } of rules.required) {
    const left = evaluateDim(requirement.left, valueOfSymbol)
    const right = evaluateDim(requirement.right, valueOfSymbol)
    const holds = requirement.relation === 'equal' ? left === right : left >= right
    if (!holds) throw sizeRequired(node, requirement, left, right)
  }
  return binding
}
