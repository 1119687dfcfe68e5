/**
 * Names of variables and symbols within one print: given by position, so that equal graphs print alike.
 */
import { type Dim, type DimSymbol, printDim } from './dim.js'
import { printType } from './type.js'
import { Variable } from './variable.js'

export class Names {
  readonly #variables = new Map<Variable, string>()
  readonly #symbols: Map<DimSymbol, string>
  readonly #taken: Set<string>
  readonly #isInner: boolean
  #next = 0

  constructor(outer?: { readonly symbols: Map<DimSymbol, string>; readonly taken: Set<string> }) {
    this.#symbols = outer?.symbols ?? new Map()
    this.#taken = outer?.taken ?? new Set()
    this.#isInner = outer !== undefined
  }

  /**
   * Names for a scan's step: other variables, the same symbols, no name twice. Equal steps are one, whatever their
   * params were called by whoever wrote the first, so those names are not told.
   */
  inner(): Names {
    return new Names({ symbols: this.#symbols, taken: this.#taken })
  }

  /** Names for a side of a branch: its params are what they stand for. */
  shared(params: readonly Variable[], as: readonly Variable[]): Names {
    const inner = this.inner()
    for (const [i, v] of params.entries()) inner.#variables.set(v, this.of(as[i]!))
    return inner
  }

  of(v: Variable): string {
    const known = this.#variables.get(v)
    if (known !== undefined) return known
    const isTold = v.name !== null && !(this.#isInner && v.owner === null)
    const own = isTold && /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(v.name!) && !this.#taken.has(v.name!)
    const name = own ? v.name! : this.#fresh()
    this.#variables.set(v, name)
    this.#taken.add(name)
    return name
  }

  typed(v: Variable): string {
    return `${this.of(v)}:${this.type(v)}`
  }

  type(v: Variable): string {
    return printType(v.type, this.#symbol)
  }

  dim(dim: Dim): string {
    return printDim(dim, this.#symbol)
  }

  /** a, b, …, z, a1, b1, … */
  #fresh(): string {
    for (;;) {
      const letter = String.fromCharCode(97 + (this.#next % 26))
      const round = Math.floor(this.#next++ / 26)
      const name = round === 0 ? letter : `${letter}${round}`
      if (!this.#taken.has(name)) return name
    }
  }

  readonly #symbol = (symbol: DimSymbol): string => {
    const known = this.#symbols.get(symbol)
    if (known !== undefined) return known
    const bound = symbol.source instanceof Variable ? this.#variables.get(symbol.source) : undefined
    const name = symbol.name ?? (bound === undefined ? `?${this.#symbols.size + 1}` : `⟨${bound}⟩`)
    this.#symbols.set(symbol, name)
    return name
  }
}
