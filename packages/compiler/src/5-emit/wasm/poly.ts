/**
 * Polynomials over nodes: int32 index arithmetic in normal form, exact because it wraps.
 *
 * An address is a polynomial; the parts of it that vary in different loops, the stride along an axis, and constant
 * distances between addresses are read off its terms.
 */
import type { Graph } from './graph.js'
import { type Block, deeper, type Node } from './node.js'

export interface Term {
  readonly coefficient: number
  /** Ordered by number. */
  readonly factors: readonly Node[]
  readonly key: string
}

/** A sum of terms without its constant; ordered by key, which polynomials at constant distances share. */
export interface Terms {
  readonly list: readonly Term[]
  key: string | null
}

export interface Poly {
  readonly terms: Terms
  readonly constant: number
}

const none: Terms = { list: [], key: '' }
const limit = 48

export function polyOfInteger(constant: number): Poly {
  return { terms: none, constant: constant | 0 }
}

export function polyOfNode(x: Node): Poly {
  if (x.poly === null) {
    const term = { coefficient: 1, factors: [x], key: String(x.id) }
    x.poly =
      x.op === 'i32.const'
        ? polyOfInteger(x.immediates[0] as number)
        : { terms: { list: [term], key: null }, constant: 0 }
  }
  return x.poly
}

export function isInteger(a: Poly): boolean {
  return a.terms.list.length === 0
}

/** Distinguishes sums of terms. */
export function keyOf(terms: Terms): string {
  if (terms.key === null) {
    let key = ''
    const { list } = terms
    for (let i = 0; i < list.length; i++) key += `${list[i]!.coefficient}*${list[i]!.key}+`
    terms.key = key
  }
  return terms.key
}

function termsOf(list: readonly Term[]): Terms {
  return list.length === 0 ? none : { list, key: null }
}

/** The terms of two sums, both in order, merged; none twice, and none that vanish. */
function merged(a: readonly Term[], b: readonly Term[]): readonly Term[] {
  const list = new Array<Term>(a.length + b.length)
  let count = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a[i]!
    const y = b[j]!
    if (x.key === y.key) {
      const coefficient = (x.coefficient + y.coefficient) | 0
      if (coefficient !== 0) list[count++] = { coefficient, factors: x.factors, key: x.key }
      i++
      j++
    } else if (x.key < y.key) {
      list[count++] = x
      i++
    } else {
      list[count++] = y
      j++
    }
  }
  while (i < a.length) list[count++] = a[i++]!
  while (j < b.length) list[count++] = b[j++]!
  list.length = count
  return list
}

/** Terms that come in any order. */
function collected(list: readonly Term[]): Terms {
  let sum: readonly Term[] = none.list
  for (const term of list) sum = merged(sum, [term])
  return termsOf(sum)
}

export function addPoly(a: Poly, b: Poly): Poly {
  const x = a.terms.list
  const y = b.terms.list
  const constant = (a.constant + b.constant) | 0
  if (x.length === 0) return a.constant === 0 ? b : { terms: b.terms, constant }
  if (y.length === 0) return b.constant === 0 ? a : { terms: a.terms, constant }
  return { terms: termsOf(merged(x, y)), constant }
}

export function scalePoly(a: Poly, by: number): Poly {
  if (by === 1) return a
  if (by === 0 || isInteger(a)) return polyOfInteger(Math.imul(a.constant, by))
  const terms = a.terms.list
  const list = new Array<Term>(terms.length)
  let count = 0
  for (let i = 0; i < terms.length; i++) {
    const { coefficient, factors, key } = terms[i]!
    const scaled = Math.imul(coefficient, by)
    if (scaled !== 0) list[count++] = { coefficient: scaled, factors, key }
  }
  list.length = count
  return { terms: termsOf(list), constant: Math.imul(a.constant, by) }
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
  if (isInteger(b)) return scalePoly(a, b.constant)
  if (isInteger(a)) return scalePoly(b, a.constant)
  const [x, y] = [a.terms.list, b.terms.list]
  if ((x.length + 1) * (y.length + 1) > limit) return null
  const list = x.flatMap(s => y.map(t => product(s, t)))
  list.push(...scalePoly({ terms: a.terms, constant: 0 }, b.constant).terms.list)
  list.push(...scalePoly({ terms: b.terms, constant: 0 }, a.constant).terms.list)
  return { terms: collected(list), constant: Math.imul(a.constant, b.constant) }
}

/** What multiplies `x`; null if it depends on `x` itself. */
export function coefficientIn(a: Poly, x: Node): Poly | null {
  const list: Term[] = []
  let constant = 0
  const terms = a.terms.list
  for (let i = 0; i < terms.length; i++) {
    const term = terms[i]!
    if (!term.factors.includes(x)) continue
    if (term.factors.length === 1) {
      constant = term.coefficient
      continue
    }
    const rest = term.factors.filter(factor => factor !== x)
    if (rest.length < term.factors.length - 1) return null
    list.push({ coefficient: term.coefficient, factors: rest, key: rest.map(y => y.id).join(' ') })
  }
  return list.length === 0 ? polyOfInteger(constant) : { terms: collected(list), constant }
}

/** The polynomial with another in the place of `x`. */
export function substitute(a: Poly, x: Node, by: Poly): Poly | null {
  const terms = a.terms.list
  const left = new Array<Term>(terms.length)
  let count = 0
  for (let i = 0; i < terms.length; i++) if (!terms[i]!.factors.includes(x)) left[count++] = terms[i]!
  if (count === terms.length) return a
  left.length = count
  let sum: Poly = { terms: termsOf(left), constant: a.constant }
  for (let i = 0; i < terms.length; i++) {
    const { factors, coefficient } = terms[i]!
    if (!factors.includes(x)) continue
    let value: Poly | null = factors.length === 1 ? by : polyOfInteger(1)
    for (let k = 0; k < factors.length && factors.length > 1; k++) {
      value = mulPoly(value, factors[k] === x ? by : polyOfNode(factors[k]!))
      if (value === null) return null
    }
    sum = addPoly(sum, scalePoly(value, coefficient))
  }
  return sum
}

/** The deepest block that a factor lives in, `outer` at least. */
export function homeOf({ list }: Terms, outer: Block): Block {
  let home = outer
  for (let i = 0; i < list.length; i++) {
    const { factors } = list[i]!
    for (let k = 0; k < factors.length; k++) home = deeper(home, factors[k]!.home)
  }
  return home
}

/** By rank, what ranks alike as it was. */
function ordered<T>(list: readonly T[], rankOf: (x: T) => number): readonly T[] {
  for (let i = 1; i < list.length; i++) {
    if (rankOf(list[i - 1]!) > rankOf(list[i]!)) return [...list].sort((a, b) => rankOf(a) - rankOf(b))
  }
  return list
}

function depthOf({ factors }: Term): number {
  let depth = 0
  for (let i = 0; i < factors.length; i++) depth = Math.max(depth, factors[i]!.home.depth)
  return depth
}

/** A sum of terms, on top of `start` if there is one. What changes least is computed first, so that sub-sums stay outside the loops. */
export function nodeOfTerms(graph: Graph, list: readonly Term[], start: Node | null = null): Node {
  const terms = list.length < 2 ? list : ordered(list, depthOf)
  let sum = start
  for (let k = 0; k < terms.length; k++) {
    const { factors, coefficient } = terms[k]!
    const inOrder = factors.length < 2 ? factors : ordered(factors, x => x.home.depth)
    let value = inOrder[0]!
    for (let i = 1; i < inOrder.length; i++) value = graph.mul(value, inOrder[i]!)
    if (coefficient === -1) {
      sum = graph.sub(sum ?? graph.int(0), value)
      continue
    }
    const term = coefficient === 1 ? value : graph.mul(value, graph.int(coefficient))
    sum = sum === null ? term : graph.add(sum, term)
  }
  return sum ?? graph.int(0)
}

export function nodeOfPoly(graph: Graph, a: Poly): Node {
  if (isInteger(a)) return graph.int(a.constant)
  const sum = nodeOfTerms(graph, a.terms.list)
  return a.constant === 0 ? sum : graph.add(sum, graph.int(a.constant))
}
