/**
 * Size rules: what a graph says of its size symbols.
 *
 * A symbol gets its value from the first of these that knows it: the shape of an argument or shared variable; the value
 * of an int32 scalar graph (its `source`); a definition – an equality that some node, or a given, requires. Everything
 * required of sizes, as written and with the bodies of scans included, is checked whenever they are bound (6-run/bind.ts).
 */
import {
  type Apply,
  bodiesOf,
  type Dim,
  type DimExpr,
  DimSymbol,
  dimKey,
  eachDimIn,
  freeVariables,
  type Lambda,
  orderOf,
  type Requirement,
  type ScanParams,
  type Shared,
  substitute,
  symbolsOf,
  type Variable,
} from '@arignote/graph'
import { sizeUnbound } from './errors.js'
import { isLate, type LateSizes, lateSizesOf, noLateSizes } from './late.js'

/** A requirement, and the node that has it (null: it is `compile` that asks). */
export interface Required {
  readonly node: Apply | null
  readonly requirement: Requirement
}

export interface SizeUse {
  /** Each symbol, with a variable that has it (null: only a param of an op mentions it). */
  readonly symbols: ReadonlyMap<DimSymbol, Variable | null>
  /** The graph whose value a symbol is, where it has one. */
  readonly sources: ReadonlyMap<DimSymbol, Variable>
  readonly required: readonly Required[]
  /** Whether there is a branch anywhere, for whoever would have to look. */
  readonly hasBranches: boolean
  /** Whether there is a scan anywhere that may stop early. */
  readonly stopsEarly: boolean
}

export interface SizeRules extends SizeUse {
  /** Whose shapes bind symbols: the inputs, then every shared variable. */
  readonly params: readonly Variable[]
  readonly shared: readonly Shared[]
  readonly definitions: ReadonlyMap<DimSymbol, Dim>
  /** What a call cannot know when it begins; nothing else here is about these. */
  readonly late: LateSizes
}

/** The symbol that a dimension is, if it is nothing else. */
export function asSymbol(dim: Dim): DimSymbol | null {
  if (typeof dim === 'number' || dim.terms.length !== 1) return null
  const { coefficient, atoms } = dim.terms[0]!
  const atom = atoms[0]!
  return coefficient === 1 && atoms.length === 1 && atom instanceof DimSymbol ? atom : null
}

/** Every symbol that the graph mentions, what is required of them, and the graphs that tell their values, in turn. */
export function sizesIn(results: readonly Variable[], givens: ReadonlyMap<Variable, Variable>): SizeUse {
  const walk = new Walk()
  walk.visit(results)
  const sources = new Map<DimSymbol, Variable>()
  // The map of symbols grows while it is walked: a source may have sizes of its own.
  for (const symbol of walk.symbols.keys()) {
    if (symbol.source === null) continue
    const [source] = substitute([symbol.source as Variable], givens)
    sources.set(symbol, source!)
    walk.visit([source!])
  }
  const { symbols, hasBranches, stopsEarly } = walk
  return { symbols, sources, required: [...walk.required.values()], hasBranches, stopsEarly }
}

class Walk {
  readonly symbols = new Map<DimSymbol, Variable | null>()
  readonly required = new Map<string, Required>()
  hasBranches = false
  stopsEarly = false
  readonly #bodies = new Set<Lambda>()
  /** Sizes of variables: most are one object, however many variables have them. */
  readonly #seen = new Set<DimExpr>()

  visit(variables: readonly Variable[]): void {
    for (const v of variables) this.type(v)
    for (const node of orderOf(variables)) {
      for (let i = 0; i < node.inputs.length; i++)
        if (node.inputs[i]!.owner === null) this.type(node.inputs[i]!)
      this.node(node)
    }
  }

  /** All of a node but its inputs. */
  node(node: Apply): void {
    const { kind } = node.op.family
    if (kind === 'branch') this.hasBranches = true
    if (kind === 'scan' && (node.params as ScanParams).until) this.stopsEarly = true
    for (let i = 0; i < node.outputs.length; i++) this.type(node.outputs[i]!)
    for (let i = 0; i < node.requires.length; i++) {
      const requirement = node.requires[i]!
      const { left, relation, right } = requirement
      this.#dim(left, null)
      this.#dim(right, null)
      const key = `${dimKey(left)} ${relation} ${dimKey(right)}`
      if (!this.required.has(key)) this.required.set(key, { node, requirement })
    }
    eachDimIn(node.params, dim => this.#dim(dim, null))
    for (const body of bodiesOf(node)) this.#body(body)
  }

  type(v: Variable): void {
    const { shape } = v
    for (let i = 0; i < shape.length; i++) this.#dim(shape[i]!, v)
  }

  #dim(dim: Dim, variable: Variable | null): void {
    if (typeof dim === 'number' || this.#seen.has(dim)) return
    if (variable !== null) this.#seen.add(dim)
    for (const symbol of symbolsOf(dim)) {
      if (!this.symbols.get(symbol)) this.symbols.set(symbol, variable)
    }
  }

  #body(body: Lambda): void {
    if (this.#bodies.has(body)) return
    this.#bodies.add(body)
    for (const v of body.params) this.type(v)
    this.visit(body.results)
  }
}

/**
 * The rules of a graph with these params.
 * @throws ShapeError where nothing tells a size.
 */
export function sizeRules(
  inputs: readonly Variable[],
  shared: readonly Shared[],
  use: SizeUse,
  more: readonly Required[],
): SizeRules {
  const params = [...inputs, ...shared]
  const symbols = new Map(use.symbols)
  const bound = new Set<DimSymbol>()
  for (const param of params) {
    for (const dim of param.shape) {
      const symbol = asSymbol(dim)
      if (symbol === null) continue
      bound.add(symbol)
      symbols.set(symbol, param)
    }
  }
  const required = [...use.required, ...more]
  const definitions = definitionsFrom(required, symbol => bound.has(symbol) || use.sources.has(symbol))
  for (const [symbol, variable] of symbols) {
    if (!bound.has(symbol) && !use.sources.has(symbol) && !definitions.has(symbol)) {
      throw sizeUnbound(symbol, variable)
    }
  }
  const late = use.stopsEarly
    ? lateSizesOf({ sources: use.sources, definitions, required, useOf: source => useOf([source]) })
    : noLateSizes
  const { hasBranches, stopsEarly } = use
  return {
    params,
    shared,
    symbols: without(symbols, late),
    sources: without(use.sources, late),
    required: required.filter(x => !late.required.includes(x)),
    definitions: without(definitions, late),
    hasBranches,
    stopsEarly,
    late,
  }
}

function without<T>(of: ReadonlyMap<DimSymbol, T>, late: LateSizes): ReadonlyMap<DimSymbol, T> {
  return late.symbols.length === 0 ? of : new Map([...of].filter(([symbol]) => !isLate(late, symbol)))
}

/** What a graph says of sizes by itself. */
function useOf(results: readonly Variable[]) {
  const walk = new Walk()
  walk.visit(results)
  return walk
}

/** A symbol that nothing else tells is what it must equal. */
function definitionsFrom(
  required: readonly Required[],
  isKnown: (symbol: DimSymbol) => boolean,
): ReadonlyMap<DimSymbol, Dim> {
  const definitions = new Map<DimSymbol, Dim>()
  for (const { requirement } of required) {
    if (requirement.relation !== 'equal') continue
    const { left, right } = requirement
    const sides: readonly (readonly [Dim, Dim])[] = [
      [left, right],
      [right, left],
    ]
    for (const [dim, other] of sides) {
      const symbol = asSymbol(dim)
      if (symbol === null || isKnown(symbol) || definitions.has(symbol)) continue
      if (symbolsOf(other).includes(symbol)) continue
      definitions.set(symbol, other)
      break
    }
  }
  return definitions
}

/** The inputs and shared variables that the graph, or one of the graphs behind its sizes, reads. */
export function variablesOf(results: readonly Variable[], { sources }: SizeUse): readonly Variable[] {
  if (sources.size === 0) return freeVariables(results, orderOf(results))
  return freeVariables([...results, ...sources.values()])
}
