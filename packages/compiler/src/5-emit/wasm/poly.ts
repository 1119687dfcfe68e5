/**
 * Polynomials over nodes: int32 index arithmetic in normal form, exact because it wraps.
 *
 * An address is a polynomial; the parts of it that vary in different loops, the stride along an axis, and constant
 * distances between addresses are read off its terms.
 */
import type { Graph, Node } from './node.js'

export interface Term {
  readonly coefficient: number
  /** Ordered by number. */
  readonly factors: readonly Node[]
  readonly key: string
}

export interface Poly {
  /** Ordered by key. */
  readonly terms: readonly Term[]
  readonly constant: number
}

const none: readonly Term[] = []
const limit = 24

export const zero: Poly = { terms: none, constant: 0 }

export function polyOfInteger(constant: number): Poly {
  return constant === 0 ? zero : { terms: none, constant: constant | 0 }
}

export function polyOfNode(x: Node): Poly {
  if (x.op === 'i32.const') return polyOfInteger(x.immediates[0] as number)
  return { terms: [{ coefficient: 1, factors: [x], key: `${x.id}` }], constant: 0 }
}

function collect(terms: readonly Term[]): Term[] {
  const byKey = new Map<string, Term>()
  for (const term of terms) {
    const known = byKey.get(term.key)
    const coefficient = ((known?.coefficient ?? 0) + term.coefficient) | 0
    byKey.set(term.key, known === undefined ? term : { ...term, coefficient })
  }
  const left = [...byKey.values()].filter(term => term.coefficient !== 0)
  return left.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

export function addPoly(a: Poly, b: Poly): Poly {
  const constant = (a.constant + b.constant) | 0
  if (a.terms.length === 0) return { terms: b.terms, constant }
  if (b.terms.length === 0) return { terms: a.terms, constant }
  return { terms: collect([...a.terms, ...b.terms]), constant }
}

export function scalePoly(a: Poly, by: number): Poly {
  if (by === 1) return a
  if (by === 0) return zero
  const terms = a.terms.map(term => ({ ...term, coefficient: Math.imul(term.coefficient, by) }))
  return { terms: terms.filter(term => term.coefficient !== 0), constant: Math.imul(a.constant, by) }
}

export function subPoly(a: Poly, b: Poly): Poly {
  return addPoly(a, scalePoly(b, -1))
}

function product(a: Term, b: Term): Term {
  const factors = [...a.factors, ...b.factors].sort((x, y) => x.id - y.id)
  const coefficient = Math.imul(a.coefficient, b.coefficient)
  return { coefficient, factors, key: factors.map(x => x.id).join(' ') }
}

/** Null where the product would be unwieldy. */
export function mulPoly(a: Poly, b: Poly): Poly | null {
  if (b.terms.length === 0) return scalePoly(a, b.constant)
  if (a.terms.length === 0) return scalePoly(b, a.constant)
  if ((a.terms.length + 1) * (b.terms.length + 1) > limit) return null
  const terms = a.terms.flatMap(x => b.terms.map(y => product(x, y)))
  terms.push(...scalePoly({ terms: a.terms, constant: 0 }, b.constant).terms)
  terms.push(...scalePoly({ terms: b.terms, constant: 0 }, a.constant).terms)
  return { terms: collect(terms), constant: Math.imul(a.constant, b.constant) }
}

/** The same but for the constant. */
export function withoutConstant(a: Poly): Poly {
  return a.constant === 0 ? a : { terms: a.terms, constant: 0 }
}

export function keyOf(a: Poly): string {
  return `${a.terms.map(term => `${term.coefficient}*${term.key}`).join('+')}+${a.constant}`
}

/** What multiplies `x`; null if it depends on `x` itself. */
export function coefficientIn(a: Poly, x: Node): Poly | null {
  const terms: Term[] = []
  let constant = 0
  for (const term of a.terms) {
    const rest = term.factors.filter(factor => factor !== x)
    if (rest.length === term.factors.length) continue
    if (rest.length < term.factors.length - 1) return null
    if (rest.length === 0) constant = term.coefficient
    else terms.push({ coefficient: term.coefficient, factors: rest, key: rest.map(y => y.id).join(' ') })
  }
  return { terms: collect(terms), constant }
}

/** The polynomial with another in the place of `x`. */
export function substitute(a: Poly, x: Node, by: Poly): Poly | null {
  let sum: Poly = { terms: a.terms.filter(term => !term.factors.includes(x)), constant: a.constant }
  for (const term of a.terms) {
    if (!term.factors.includes(x)) continue
    let value: Poly | null = polyOfInteger(term.coefficient)
    for (const factor of term.factors) {
      value = mulPoly(value, factor === x ? by : polyOfNode(factor))
      if (value === null) return null
    }
    sum = addPoly(sum, value)
  }
  return sum
}

/** The value of a polynomial; what changes least is computed first, so that sub-sums stay outside the loops. */
export function nodeOfTerms(graph: Graph, terms: readonly Term[], start: Node): Node {
  const depthOf = (term: Term) => Math.max(...term.factors.map(x => x.home.depth))
  const ordered = [...terms].sort((a, b) => depthOf(a) - depthOf(b))
  let sum = start
  for (const term of ordered) {
    const factors = [...term.factors].sort((a, b) => a.home.depth - b.home.depth)
    let value = factors[0]!
    for (const factor of factors.slice(1)) value = graph.mul(value, factor)
    // A constant goes onto the least deep factor only where that is all there is; a shift is cheap anyway.
    sum = graph.add(sum, graph.mul(value, graph.int(term.coefficient)))
  }
  return sum
}

export function nodeOfPoly(graph: Graph, a: Poly): Node {
  return graph.add(nodeOfTerms(graph, a.terms, graph.int(0)), graph.int(a.constant))
}
