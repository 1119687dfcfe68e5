/**
 * Patterns: what a piece of graph must look like for a rule to apply, as data.
 *
 * Because they are data they are indexed by their root (`engine.ts`), printed in messages, and instantiated into random
 * graphs by the testkit. The names of captures are part of a pattern's type, so a rule that uses a name it did not
 * capture does not compile. A name that occurs twice must capture one and the same variable.
 */
import type { FamilyKind, Op } from '../op.js'
import type { Origin } from '../origin.js'
import { type Apply, mostOrigins, type Variable } from '../variable.js'
import { literalMakers, literalOf } from './literal.js'

/** Params differ per op; a pattern does not look at them. */
// biome-ignore lint/suspicious/noExplicitAny: Op<P> is invariant in P, and any op may stand in a pattern
export type AnyOp = Op<any>

/** An op, or the builder that makes it. */
export type OpLike = AnyOp | { readonly op: AnyOp }

export type PatternNode =
  | { readonly kind: 'anything'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: number }
  | {
      readonly kind: 'of'
      readonly op: AnyOp
      readonly inputs: readonly PatternNode[]
      readonly commutes: boolean
    }
  | {
      readonly kind: 'made'
      readonly by: AnyOp | FamilyKind
      /** What must have made each input; null: anything. */
      readonly from: readonly FamilyKind[] | null
    }
  | { readonly kind: 'viewOf'; readonly pattern: PatternNode }
  | { readonly kind: 'oneOf'; readonly patterns: readonly PatternNode[] }
  | { readonly kind: 'as'; readonly name: string; readonly pattern: PatternNode }
  | {
      readonly kind: 'suchThat'
      readonly pattern: PatternNode
      readonly holds: (v: Variable) => boolean
    }

/** A pattern whose captures have the names `N`. */
export type Pattern<N extends string = string> = PatternNode & { readonly __captures?: N }

type CapturesOf<P> = P extends { readonly __captures?: infer N extends string } ? N : never

export type Captures<N extends string = string> = Readonly<Record<N, Variable>>

/** Any variable. */
export function anything<N extends string>(name: N): Pattern<N> {
  return { kind: 'anything', name }
}

/** A scalar constant of this value, or an expand of one, of any dtype. */
export function literal(value: number): Pattern<never> {
  return { kind: 'literal', value }
}

/** An application of the op to exactly these inputs. */
export function of<const P extends readonly Pattern[]>(
  op: OpLike,
  ...inputs: P
): Pattern<CapturesOf<P[number]>> {
  return { kind: 'of', op: opOf(op), inputs, commutes: false }
}

/** An application of a binary op to these inputs, in either order. */
export function commuted<const P extends readonly [Pattern, Pattern]>(
  op: OpLike,
  ...inputs: P
): Pattern<CapturesOf<P[number]>> {
  return { kind: 'of', op: opOf(op), inputs, commutes: true }
}

/** Whatever the op, or any op of the family, made: from any inputs, or from such as ops of some families made. */
export function madeBy(by: OpLike | FamilyKind, from: readonly FamilyKind[] | null = null): Pattern<never> {
  return { kind: 'made', by: typeof by === 'string' ? by : opOf(by), from }
}

/** What the pattern matches, seen through any number of views that only read it: parts of it, or repetitions. */
export function viewOf<N extends string>(pattern: Pattern<N>): Pattern<N> {
  return { kind: 'viewOf', pattern }
}

/** What one of the patterns matches; their captures count only for the patterns themselves. */
export function oneOf(...patterns: readonly Pattern[]): Pattern<never> {
  return { kind: 'oneOf', patterns: patterns.flatMap(orders) }
}

/** Captures what the pattern matches. */
export function as<N extends string, M extends string>(name: N, pattern: Pattern<M>): Pattern<N | M> {
  return { kind: 'as', name, pattern }
}

/** The pattern, and a condition on what it matched. */
export function suchThat<N extends string>(pattern: Pattern<N>, holds: (v: Variable) => boolean): Pattern<N> {
  return { kind: 'suchThat', pattern, holds }
}

function opOf(op: OpLike): AnyOp {
  return 'op' in op ? op.op : op
}

/** Fills `captures` and says whether the variable fits. Commuting patterns are taken in the order written. */
export function matches(pattern: PatternNode, v: Variable, captures: Record<string, Variable>): boolean {
  switch (pattern.kind) {
    case 'anything':
      return capture(pattern.name, v, captures)
    case 'literal':
      return literalOf(v) === pattern.value
    case 'of': {
      const node = v.owner
      if (node === null || node.op !== pattern.op || node.inputs.length !== pattern.inputs.length)
        return false
      for (let i = 0; i < pattern.inputs.length; i++) {
        if (!matches(pattern.inputs[i]!, node.inputs[i]!, captures)) return false
      }
      return true
    }
    case 'made':
      return v.owner !== null && isBy(v.owner.op, pattern.by) && isFrom(v.owner.inputs, pattern.from)
    case 'viewOf':
      return matches(pattern.pattern, viewed(v), captures)
    case 'oneOf':
      for (const one of pattern.patterns) if (matches(one, v, {})) return true
      return false
    case 'as':
      return capture(pattern.name, v, captures) && matches(pattern.pattern, v, captures)
    case 'suchThat':
      return matches(pattern.pattern, v, captures) && pattern.holds(v)
  }
}

/** Where the nodes that the pattern matched were made, the root's places first. */
export function originsOf(pattern: PatternNode, v: Variable): readonly Origin[] {
  const found: Origin[] = []
  collectOrigins(pattern, v, found)
  return found
}

function collectOrigins(pattern: PatternNode, v: Variable, found: Origin[]): void {
  switch (pattern.kind) {
    case 'of': {
      const { origins, inputs } = v.owner!
      addSome(origins, found)
      for (let i = 0; i < inputs.length && found.length < mostOrigins; i++)
        collectOrigins(pattern.inputs[i]!, inputs[i]!, found)
      return
    }
    case 'viewOf':
      collectOrigins(pattern.pattern, viewed(v), found)
      return
    case 'as':
    case 'suchThat':
      collectOrigins(pattern.pattern, v, found)
      return
    case 'made':
      addSome(v.owner!.origins, found)
  }
}

function addSome(origins: readonly Origin[], found: Origin[]): void {
  for (let i = 0; i < origins.length && found.length < mostOrigins; i++)
    if (!found.includes(origins[i]!)) found.push(origins[i]!)
}

/** A view of one input all of whose elements are elements of it: no padding. */
const isReading = ({ op: { family }, inputs }: Apply) =>
  family.kind === 'view' && family.strided !== undefined && inputs.length === 1

/** What a variable is a view of, in the end; perhaps itself. */
export function viewed(v: Variable): Variable {
  let { owner } = v
  while (owner !== null && isReading(owner)) {
    v = owner.inputs[0]!
    owner = v.owner
  }
  return v
}

function capture(name: string, v: Variable, captures: Record<string, Variable>): boolean {
  const known = captures[name]
  if (known !== undefined) return known === v
  captures[name] = v
  return true
}

/** What the root must be made by; a rule's pattern always has such a root. */
export function rootOf(pattern: PatternNode): AnyOp | FamilyKind {
  switch (pattern.kind) {
    case 'of':
      return pattern.op
    case 'made':
      return pattern.by
    case 'as':
    case 'suchThat':
      return rootOf(pattern.pattern)
    default:
      throw new Error(`internal: ${printPattern(pattern)} cannot be the root of a rule`)
  }
}

/** What may have made a variable: an op, any op of a family, or one of several of them; null: anything, or nothing. */
export type Makers = null | AnyOp | FamilyKind | readonly (AnyOp | FamilyKind)[]

/** What must have made an input of the root for the pattern to match. Commuting patterns are taken in the order written. */
export function inputMakers(pattern: PatternNode, position: number): Makers {
  switch (pattern.kind) {
    case 'of':
      return position < pattern.inputs.length ? makersOf(pattern.inputs[position]!) : null
    case 'made':
      return position === 0 ? pattern.from : null
    case 'as':
    case 'suchThat':
      return inputMakers(pattern.pattern, position)
    default:
      return null
  }
}

function makersOf(pattern: PatternNode): Makers {
  switch (pattern.kind) {
    case 'literal':
      return literalMakers
    case 'of':
      return pattern.op
    case 'made':
      return pattern.by
    case 'as':
    case 'suchThat':
      return makersOf(pattern.pattern)
    default:
      return null
  }
}

/** Whether an op is among the makers. */
export function isAmong(makers: Exclude<Makers, null>, op: AnyOp): boolean {
  if (op === makers || op.family.kind === makers) return true
  return Array.isArray(makers) && (makers.includes(op) || makers.includes(op.family.kind))
}

const isBy = (op: AnyOp, by: AnyOp | FamilyKind) => op === by || op.family.kind === by

function isFrom(inputs: readonly Variable[], kinds: readonly FamilyKind[] | null): boolean {
  if (kinds === null) return true
  for (let i = 0; i < inputs.length; i++) {
    const { owner } = inputs[i]!
    if (owner === null || !kinds.includes(owner.op.family.kind)) return false
  }
  return inputs.length > 0
}

/** The pattern with each commuting node in one order: every combination. */
export function orders(pattern: PatternNode): readonly PatternNode[] {
  if (!hasOrders(pattern)) return [pattern]
  switch (pattern.kind) {
    case 'of': {
      const lists = pattern.inputs.reduce<PatternNode[][]>(
        (sofar, input) => sofar.flatMap(list => orders(input).map(one => [...list, one])),
        [[]],
      )
      const both = pattern.commutes ? [...lists, ...lists.map(list => list.toReversed())] : lists
      return both.map(inputs => ({ ...pattern, inputs, commutes: false }))
    }
    case 'viewOf':
    case 'as':
    case 'suchThat':
      return orders(pattern.pattern).map(inner => ({ ...pattern, pattern: inner }))
    default:
      return [pattern]
  }
}

function hasOrders(pattern: PatternNode): boolean {
  switch (pattern.kind) {
    case 'of':
      return pattern.commutes || pattern.inputs.some(hasOrders)
    case 'viewOf':
    case 'as':
    case 'suchThat':
      return hasOrders(pattern.pattern)
    default:
      return false
  }
}

/** `add(x, 0)`. */
export function printPattern(pattern: PatternNode): string {
  switch (pattern.kind) {
    case 'anything':
      return pattern.name
    case 'literal':
      return String(pattern.value)
    case 'of':
      return `${pattern.op.name}(${pattern.inputs.map(printPattern).join(', ')})`
    case 'made':
      return `${typeof pattern.by === 'string' ? pattern.by : pattern.by.name}(…)`
    case 'viewOf':
      return `view(${printPattern(pattern.pattern)})`
    case 'oneOf':
      return `(${pattern.patterns.map(printPattern).join(' or ')})`
    case 'as':
      return `${pattern.name}=${printPattern(pattern.pattern)}`
    case 'suchThat':
      return `${printPattern(pattern.pattern)}?`
  }
}
