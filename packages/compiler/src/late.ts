/**
 * Late sizes: those that the program itself computes, as the number of steps of a scan that stops early, and what follows
 * from them. A call begins without them; what needs them waits until they are told.
 */
import {
  type Apply,
  countedBy,
  type Dim,
  type DimSymbol,
  evaluateDim,
  symbolsOf,
  type Variable,
} from '@arignote/graph'
import { sizeRequired } from './errors.js'
import type { Binding } from './executable.js'
import type { Required, SizeUse } from './sizes.js'

export interface LateSizes {
  /** Each can be told when those before it are known. */
  readonly symbols: readonly DimSymbol[]
  /** The graphs of which they are the values, in this order. */
  readonly sources: readonly Variable[]
  /** Symbols that equal sizes in which the others occur. */
  readonly definitions: ReadonlyMap<DimSymbol, Dim>
  /** What is required of sizes in which any of these occurs. */
  readonly required: readonly Required[]
}

export const noLateSizes: LateSizes = { symbols: [], sources: [], definitions: new Map(), required: [] }

interface Rules {
  readonly sources: ReadonlyMap<DimSymbol, Variable>
  readonly definitions: ReadonlyMap<DimSymbol, Dim>
  readonly required: readonly Required[]
  /** What a graph says of sizes, without the graphs behind them. */
  readonly useOf: (source: Variable) => Pick<SizeUse, 'symbols' | 'stopsEarly'>
}

export function lateSizesOf({ sources, definitions, required, useOf }: Rules): LateSizes {
  const uses = [...sources].map(([symbol, source]) => ({ symbol, source, use: useOf(source) }))
  const late = new Set<DimSymbol>()
  const isLate = (dim: Dim) => symbolsOf(dim).some(symbol => late.has(symbol))
  for (let before = -1; before < late.size; ) {
    before = late.size
    for (const { symbol, use } of uses)
      if (use.stopsEarly || [...use.symbols.keys()].some(s => late.has(s))) late.add(symbol)
    for (const [symbol, dim] of definitions) if (isLate(dim)) late.add(symbol)
  }
  if (late.size === 0) return noLateSizes
  const own = [...definitions].filter(([symbol]) => late.has(symbol))
  const ordered: (typeof uses)[number][] = []
  const known = (symbol: DimSymbol): boolean => {
    if (!late.has(symbol) || ordered.some(x => x.symbol === symbol)) return true
    const definition = definitions.get(symbol)
    return definition !== undefined && !sources.has(symbol) && symbolsOf(definition).every(known)
  }
  const waiting = new Set(uses.filter(({ symbol }) => late.has(symbol)))
  for (let before = -1; before < ordered.length; ) {
    before = ordered.length
    for (const x of waiting) {
      if (![...x.use.symbols.keys()].every(known)) continue
      ordered.push(x)
      waiting.delete(x)
    }
  }
  return {
    symbols: ordered.map(x => x.symbol),
    sources: ordered.map(x => x.source),
    definitions: new Map(own),
    required: required.filter(({ requirement: { left, right } }) => isLate(left) || isLate(right)),
  }
}

/** Whether a symbol is among them. */
export function isLate({ symbols, definitions }: LateSizes, symbol: DimSymbol): boolean {
  return symbols.includes(symbol) || definitions.has(symbol)
}

/** A binding in which late sizes have the greatest value that they can be told to have; for estimates and for tests. */
export function withBounds(binding: Binding, late: LateSizes): Binding {
  if (late.symbols.length === 0) return binding
  const all = new Map(binding)
  for (const [i, symbol] of late.symbols.entries()) {
    const scan: Apply | null = countedBy(late.sources[i]!)
    const most = scan === null ? null : (scan.params as { readonly length: Dim }).length
    if (most !== null && symbolsOf(most).every(s => all.has(s)))
      all.set(
        symbol,
        evaluateDim(most, s => all.get(s)!),
      )
  }
  return all
}

/** Late sizes in one call. */
export class Telling {
  readonly #told = new Map<DimSymbol, number>()
  #waiting: readonly Required[]

  constructor(
    readonly late: LateSizes,
    private readonly early: (symbol: DimSymbol) => number,
  ) {
    this.#waiting = late.required
  }

  /** Forgets what was told. */
  begin(): void {
    this.#told.clear()
    this.#waiting = this.late.required
  }

  /** Every size that is known by now. */
  readonly size = (symbol: DimSymbol): number => {
    const told = this.#told.get(symbol)
    if (told !== undefined) return told
    const definition = this.late.definitions.get(symbol)
    return definition === undefined ? this.early(symbol) : evaluateDim(definition, this.size)
  }

  readonly isKnown = (symbol: DimSymbol): boolean => {
    if (this.#told.has(symbol)) return true
    const definition = this.late.definitions.get(symbol)
    if (definition !== undefined) return symbolsOf(definition).every(this.isKnown)
    return !this.late.symbols.includes(symbol)
  }

  /** The value of a dimension; null while it is not known. */
  readonly valueOf = (dim: Dim): number | null =>
    typeof dim === 'number' || symbolsOf(dim).every(this.isKnown) ? evaluateDim(dim, this.size) : null

  get isComplete(): boolean {
    return this.#told.size === this.late.symbols.length
  }

  /** Equal if the same has been told. */
  get told(): string {
    return [...this.#told.values()].join()
  }

  tell(symbol: DimSymbol, value: number): void {
    this.#told.set(symbol, value)
  }

  /** @throws ShapeError for what is known to be otherwise than is required */
  check(): void {
    this.#waiting = this.#waiting.filter(({ node, requirement }) => {
      const [left, right] = [this.valueOf(requirement.left), this.valueOf(requirement.right)]
      if (left === null || right === null) return true
      const holds = requirement.relation === 'equal' ? left === right : left >= right
      if (!holds) throw sizeRequired(node, requirement, left, right)
      return false
    })
  }
}
