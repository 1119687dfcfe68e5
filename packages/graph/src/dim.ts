/**
 * Dimensions: a number, or an integer expression over symbols, kept in normal form so that equal sizes compare equal.
 *
 * A symbol is bound by an argument's shape, or by the value of an int32 scalar graph (its `source`), which the host
 * evaluates before binding. The algebra is + − · floorDiv min max and nothing richer; what it cannot decide becomes a
 * requirement of the Apply that needs it (see `op.ts`) and is checked when the sizes are known.
 */

/** An unknown size. Two named symbols of one name are one symbol; an unnamed one is its own. */
export class DimSymbol {
  /** Tells symbols apart, and orders them: by name, and those without one by age, whatever else there is. */
  readonly key: string
  private static count = 0
  private static readonly named = new Map<string, DimSymbol>()

  private constructor(
    readonly name: string | null,
    /** The int32 scalar Variable whose value this is; null when an argument's shape tells. */
    readonly source: object | null,
    /** It cannot be less than 0: shapes are not, and a count is not. */
    readonly neverNegative: boolean,
  ) {
    this.key = name === null ? `?${String(DimSymbol.count++).padStart(9, '0')}` : JSON.stringify(name)
  }

  static of(name: string): DimSymbol {
    const symbol = DimSymbol.named.get(name) ?? new DimSymbol(name, null, true)
    DimSymbol.named.set(name, symbol)
    return symbol
  }

  static fresh(source: object | null = null, neverNegative = source === null): DimSymbol {
    return new DimSymbol(null, source, neverNegative)
  }
}

export type DimFunction = 'floorDiv' | 'min' | 'max'

/** A factor of a term: a symbol, or a function of dimensions that the algebra does not look into. */
export type DimAtom =
  | DimSymbol
  | { readonly fn: DimFunction; readonly args: readonly [Dim, Dim]; readonly key: string }

export interface DimTerm {
  readonly coefficient: number
  readonly atoms: readonly DimAtom[]
}

/** A polynomial with integer coefficients; never constant (that would be a number). Made by the functions below. */
export class DimExpr {
  readonly key: string
  constructor(readonly terms: readonly DimTerm[]) {
    let key = ''
    for (let i = 0; i < terms.length; i++)
      key += `${i === 0 ? '' : '+'}${terms[i]!.coefficient}*${monomialKey(terms[i]!.atoms)}`
    this.key = key
  }
  /** So that op params with dimensions have a canonical JSON form. */
  toJSON(): string {
    return `dim:${this.key}`
  }
  toString(): string {
    return printDim(this)
  }
}

export type Dim = number | DimExpr

const atomKey = (atom: DimAtom): string => atom.key
const monomialKey = (atoms: readonly DimAtom[]): string =>
  atoms.length === 1 ? atoms[0]!.key : atoms.map(atomKey).join('·')
const termsOf = (dim: Dim): readonly DimTerm[] =>
  typeof dim !== 'number' ? dim.terms : dim === 0 ? [] : [{ coefficient: dim, atoms: [] }]

/** Terms in the order of their keys, each key once. There are few, so each is put in its place. */
function fromTerms(terms: readonly DimTerm[]): Dim {
  const keys: string[] = []
  const sums: DimTerm[] = []
  for (let i = 0; i < terms.length; i++) {
    const { coefficient, atoms } = terms[i]!
    const sorted = atoms.length > 1 ? [...atoms].sort((a, b) => (atomKey(a) < atomKey(b) ? -1 : 1)) : atoms
    const key = monomialKey(sorted)
    let at = 0
    while (at < keys.length && keys[at]! < key) at++
    if (keys[at] === key)
      sums[at] = { coefficient: sums[at]!.coefficient + coefficient, atoms: sums[at]!.atoms }
    else {
      keys.splice(at, 0, key)
      sums.splice(at, 0, { coefficient, atoms: sorted })
    }
  }
  return fromNormal(sums.filter(({ coefficient }) => coefficient !== 0))
}

export function symbolDim(symbol: DimSymbol): DimExpr {
  return new DimExpr([{ coefficient: 1, atoms: [symbol] }])
}

export function addDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a === 0) return b
  if (b === 0) return a
  return sumOf(termsOf(a), termsOf(b))
}

/** Both are in the order of their keys, and so is their sum. */
function sumOf(a: readonly DimTerm[], b: readonly DimTerm[]): Dim {
  const sum: DimTerm[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a[i]!
    const y = b[j]!
    const left = monomialKey(x.atoms)
    const right = monomialKey(y.atoms)
    if (left < right) sum.push(a[i++]!)
    else if (right < left) sum.push(b[j++]!)
    else {
      const coefficient = x.coefficient + y.coefficient
      if (coefficient !== 0) sum.push({ coefficient, atoms: x.atoms })
      i++
      j++
    }
  }
  while (i < a.length) sum.push(a[i++]!)
  while (j < b.length) sum.push(b[j++]!)
  return fromNormal(sum)
}

function fromNormal(terms: readonly DimTerm[]): Dim {
  if (terms.length === 0) return 0
  const first = terms[0]!
  return terms.length === 1 && first.atoms.length === 0 ? first.coefficient : new DimExpr(terms)
}

export function mulDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') return typeof b === 'number' ? a * b : scaled(b, a)
  if (typeof b === 'number') return scaled(a, b)
  return fromTerms(
    termsOf(a).flatMap(x =>
      termsOf(b).map(y => ({ coefficient: x.coefficient * y.coefficient, atoms: [...x.atoms, ...y.atoms] })),
    ),
  )
}

/** Normal form stays normal form. */
function scaled(dim: DimExpr, factor: number): Dim {
  if (factor === 1) return dim
  if (factor === 0) return 0
  return new DimExpr(
    dim.terms.map(({ coefficient, atoms }) => ({ coefficient: coefficient * factor, atoms })),
  )
}

export function subDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (equalDim(a, b)) return 0
  return addDim(a, mulDim(b, -1))
}

/** ⌊a / b⌋; exact where every term of `a` is a multiple of `b`. */
export function floorDivDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b)
  return divideExactly(a, b) ?? opaque('floorDiv', a, b)
}

export function minDim(a: Dim, b: Dim): Dim {
  return extreme('min', a, b)
}

export function maxDim(a: Dim, b: Dim): Dim {
  return extreme('max', a, b)
}

export function productDim(dims: readonly Dim[]): Dim {
  return dims.reduce(mulDim, 1)
}

/** a / b when the algebra can show that nothing remains, else null. */
export function divideExactly(a: Dim, b: Dim): Dim | null {
  if (equalDim(a, b)) return 1
  const divisor = termsOf(b)
  if (divisor.length !== 1) return null
  const { coefficient, atoms } = divisor[0]!
  const quotient: DimTerm[] = []
  for (const term of termsOf(a)) {
    if (term.coefficient % coefficient !== 0) return null
    const rest = [...term.atoms]
    for (const atom of atoms) {
      const at = rest.findIndex(x => atomKey(x) === atomKey(atom))
      if (at < 0) return null
      rest.splice(at, 1)
    }
    quotient.push({ coefficient: term.coefficient / coefficient, atoms: rest })
  }
  return fromTerms(quotient)
}

function extreme(fn: 'min' | 'max', a: Dim, b: Dim): Dim {
  const difference = subDim(a, b)
  if (typeof difference === 'number') return difference <= 0 === (fn === 'min') ? a : b
  return opaque(fn, a, b)
}

function opaque(fn: DimFunction, a: Dim, b: Dim): Dim {
  const args: [Dim, Dim] = fn !== 'floorDiv' && dimKey(b) < dimKey(a) ? [b, a] : [a, b]
  return new DimExpr([{ coefficient: 1, atoms: [{ fn, args, key: `${fn}(${args.map(dimKey).join()})` }] }])
}

export function dimKey(dim: Dim): string {
  return typeof dim === 'number' ? String(dim) : dim.key
}

/** Provably equal. Two dims that are not may still be equal at run time. */
export function equalDim(a: Dim, b: Dim): boolean {
  return a === b || (typeof a !== 'number' && typeof b !== 'number' && a.key === b.key)
}

/** Provably different: their difference is a number other than zero. */
export function differentDim(a: Dim, b: Dim): boolean {
  if (equalDim(a, b)) return false
  const difference = subDim(a, b)
  return typeof difference === 'number'
}

/** Every symbol in the expression, those inside functions too. */
export function symbolsOf(dim: Dim): readonly DimSymbol[] {
  const atoms = termsOf(dim).flatMap(t => t.atoms)
  return atoms.flatMap(atom => (atom instanceof DimSymbol ? [atom] : atom.args.flatMap(symbolsOf)))
}

/** Puts other dimensions for symbols. */
export function substituteDim(dim: Dim, replace: (symbol: DimSymbol) => Dim): Dim {
  if (typeof dim === 'number') return dim
  const apply = { floorDiv: floorDivDim, min: minDim, max: maxDim }
  return dim.terms.reduce<Dim>((sum, { coefficient, atoms }) => {
    const factors = atoms.map(atom =>
      atom instanceof DimSymbol
        ? replace(atom)
        : apply[atom.fn](substituteDim(atom.args[0], replace), substituteDim(atom.args[1], replace)),
    )
    return addDim(sum, factors.reduce(mulDim, coefficient))
  }, 0)
}

/** The size once every symbol is bound; throws an internal error for one that is not. */
export function evaluateDim(dim: Dim, value: (symbol: DimSymbol) => number): number {
  if (typeof dim === 'number') return dim
  let sum = 0
  for (let i = 0; i < dim.terms.length; i++) {
    const { coefficient, atoms } = dim.terms[i]!
    let product = coefficient
    for (let j = 0; j < atoms.length; j++) product *= evaluateAtom(atoms[j]!, value)
    sum += product
  }
  return sum
}

function evaluateAtom(atom: DimAtom, value: (symbol: DimSymbol) => number): number {
  if (atom instanceof DimSymbol) {
    const size: unknown = value(atom)
    if (typeof size !== 'number') throw new Error(`internal: unbound size ${atom.name ?? '?'}`)
    return size
  }
  const a = evaluateDim(atom.args[0], value)
  const b = evaluateDim(atom.args[1], value)
  switch (atom.fn) {
    case 'floorDiv':
      return Math.floor(a / b)
    case 'min':
      return Math.min(a, b)
    case 'max':
      return Math.max(a, b)
  }
}

/** Text for people: `batch`, `2·T + 1`, `?` for a symbol without a name (or what `nameOf` calls it). */
export function printDim(dim: Dim, nameOf: (symbol: DimSymbol) => string = s => s.name ?? '?'): string {
  if (typeof dim === 'number') return String(dim)
  const printAtom = (a: DimAtom) =>
    a instanceof DimSymbol ? nameOf(a) : `${a.fn}(${a.args.map(d => printDim(d, nameOf)).join(', ')})`
  return dim.terms
    .map(({ coefficient, atoms }) => {
      if (atoms.length === 0) return String(coefficient)
      const factor = coefficient === 1 ? '' : coefficient === -1 ? '-' : `${coefficient}·`
      return factor + atoms.map(printAtom).join('·')
    })
    .reverse()
    .join(' + ')
    .replaceAll('+ -', '- ')
}
