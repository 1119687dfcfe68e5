/**
 * The engine: results of a graph and a list of rules  →  equal results to which no rule applies any more.
 *
 * Bottom-up: a node is looked at when its inputs are in normal form, and what a rule puts in its place is brought to
 * normal form in turn. Every variable is handled once (the graph is hash-consed, so the memo needs no keys), the bodies
 * of scans and branches included. Nothing here knows an op. Iterative; a chain of a hundred thousand nodes is fine.
 */
import { blocksOf, bodiesOf, hasBodies, withBodies } from '../bodies.js'
import { type Lambda, lambda } from '../lambda.js'
import type { FamilyKind } from '../op.js'
import { imagesOf, orderOf } from '../traverse.js'
import { equalType, printType } from '../type.js'
import { type Apply, apply, type Variable, withOrigins } from '../variable.js'
import {
  type AnyOp,
  type Captures,
  inputMakers,
  isAmong,
  type Makers,
  matches,
  orders,
  originsOf,
  type Pattern,
  type PatternNode,
  rootOf,
} from './pattern.js'

export interface Rule {
  /** The equation: `x + 0 → x`. */
  readonly name: string
  readonly pattern: PatternNode
  /** Null: does not apply after all. */
  readonly build: (captures: Captures, root: Variable) => Variable | null
}

/** A row of a rule table. */
export function rule<N extends string>(
  name: string,
  pattern: Pattern<N>,
  build: (captures: Captures<N>, root: Variable) => Variable | null,
): Rule {
  return { name, pattern, build: build as Rule['build'] }
}

export interface RewriteOptions {
  /** How many replacements to allow; the default grows with the graph. */
  readonly budget?: number
  /** Called for each replacement. */
  readonly trace?: (rule: string, before: Variable, after: Variable) => void
}

/** A rule with its pattern in one order of its commuting nodes, and what must have made the first two inputs. */
interface Attempt {
  readonly rule: Rule
  readonly pattern: PatternNode
  readonly first: Makers
  readonly second: Makers
}

/** By the op that made an input (undefined: none). */
type ByMaker<T> = Map<AnyOp | undefined, T>

/** What may match nodes whose first input was made by some op. */
interface Attempts {
  readonly all: readonly Attempt[]
  readonly bySecond: ByMaker<readonly Attempt[]>
}

/** What may match nodes of some op, in the order of the table. */
interface About {
  readonly all: readonly Attempt[]
  readonly byFirst: ByMaker<Attempts>
}

/** A rule table by what a node is and what its first two inputs are; rules that nothing looks like cost nothing. */
class Table {
  private readonly byRoot = new Map<
    AnyOp | FamilyKind,
    { readonly rule: Rule; readonly position: number }[]
  >()
  private readonly byOp = new Map<AnyOp, About>()
  private readonly byRule = new Map<Rule, readonly Attempt[]>()

  constructor(rules: readonly Rule[]) {
    for (let position = 0; position < rules.length; position++) {
      const rule = rules[position]!
      const root = rootOf(rule.pattern)
      const list = this.byRoot.get(root)
      if (list === undefined) this.byRoot.set(root, [{ rule, position }])
      else list.push({ rule, position })
    }
  }

  /** What might apply to a node, in the order of the table. */
  attemptsAt({ op, inputs }: Apply): readonly Attempt[] {
    const { all, bySecond } = this.withFirst(op, inputs[0]?.owner?.op)
    if (all.length === 0) return none
    const second = inputs[1]?.owner?.op
    let list = bySecond.get(second)
    if (list === undefined) {
      list = withMaker(all, 'second', second)
      bySecond.set(second, list)
    }
    return list
  }

  private withFirst(op: AnyOp, first: AnyOp | undefined): Attempts {
    const { all, byFirst } = this.about(op)
    let known = byFirst.get(first)
    if (known === undefined) {
      known = { all: withMaker(all, 'first', first), bySecond: new Map() }
      byFirst.set(first, known)
    }
    return known
  }

  private about(op: AnyOp): About {
    let about = this.byOp.get(op)
    if (about === undefined) {
      const rows = [...(this.byRoot.get(op) ?? []), ...(this.byRoot.get(op.family.kind) ?? [])]
      rows.sort((a, b) => a.position - b.position)
      about = { all: rows.flatMap(({ rule }) => this.attemptsOf(rule)), byFirst: new Map() }
      this.byOp.set(op, about)
    }
    return about
  }

  private attemptsOf(rule: Rule): readonly Attempt[] {
    let attempts = this.byRule.get(rule)
    if (attempts === undefined) {
      attempts = orders(rule.pattern).map(pattern => {
        return { rule, pattern, first: inputMakers(pattern, 0), second: inputMakers(pattern, 1) }
      })
      this.byRule.set(rule, attempts)
    }
    return attempts
  }
}

const none: readonly Attempt[] = []

/** Those that an op (undefined: none) may have made the first or the second input for. */
function withMaker(
  attempts: readonly Attempt[],
  input: 'first' | 'second',
  op: AnyOp | undefined,
): readonly Attempt[] {
  const found: Attempt[] = []
  for (let i = 0; i < attempts.length; i++) {
    const makers = attempts[i]![input]
    if (makers === null || (op !== undefined && isAmong(makers, op))) found.push(attempts[i]!)
  }
  return found.length === 0 ? none : found
}

const tables = new WeakMap<readonly Rule[], Table>()

function tableOf(rules: readonly Rule[]): Table {
  let table = tables.get(rules)
  if (table === undefined) {
    table = new Table(rules)
    tables.set(rules, table)
  }
  return table
}

/** The results, rewritten. */
export function rewrite(
  results: readonly Variable[],
  rules: readonly Rule[],
  options: RewriteOptions = {},
): readonly Variable[] {
  return new Rewriter(rules, options).rewrite([...results])
}

/** A rule set and what it has already brought to normal form: for those who rewrite a graph again after changing a part. */
export class Rewriter {
  /** Normal forms. A variable not in here may still be in `next`. */
  private readonly normal = new Map<Variable, Variable>()
  /** One step towards the normal form. */
  private readonly next = new Map<Variable, Variable>()
  private readonly bodies = new Map<Lambda, Lambda>()
  private readonly table: Table
  private readonly latest: string[] = []
  /** How many replacements one call may make; a graph that has been rewritten does not grow by much. */
  private allowance: number | null = null
  private budget = 0

  constructor(
    rules: readonly Rule[],
    private readonly options: RewriteOptions = {},
  ) {
    this.table = tableOf(rules)
  }

  /** The results, rewritten; the very list where nothing changes. It must not change later either: see `orderOf`. */
  rewrite(results: readonly Variable[]): readonly Variable[] {
    this.allowance ??= this.options.budget ?? 2000 + 50 * this.count(results)
    this.budget = this.allowance
    return this.normalize(results)
  }

  private normalize(results: readonly Variable[]): readonly Variable[] {
    const normal = this.normal
    const stack: Variable[] = []
    for (const result of results) {
      stack.push(result)
      while (stack.length > 0) {
        const v = stack[stack.length - 1]!
        if (normal.has(v)) {
          stack.pop()
          continue
        }
        const next = this.next.get(v)
        if (next === undefined) this.step(v, stack)
        else {
          const found = normal.get(next)
          if (found !== undefined) normal.set(v, found)
          else {
            this.spend()
            stack.push(next)
          }
        }
      }
    }
    return imagesOf(results, v => normal.get(v)!)
  }

  /** Waits for inputs, or takes one step: the node over normal inputs, or what the first rule that applies makes of it. */
  private step(v: Variable, stack: Variable[]): void {
    const normal = this.normal
    const node = v.owner
    if (node === null) {
      normal.set(v, v)
      return
    }
    const height = stack.length
    let changed = false
    for (let i = node.inputs.length - 1; i >= 0; i--) {
      const input = node.inputs[i]!
      const image = normal.get(input)
      if (image === undefined) stack.push(input)
      else if (image !== input) changed = true
    }
    if (stack.length > height) return
    const params = hasBodies(node) ? withBodies(node, bodiesOf(node).map(this.body)) : node.params
    if (changed || params !== node.params) {
      const rebuilt = this.overNormal(node, params)
      if (rebuilt !== node) {
        for (let i = 0; i < node.outputs.length; i++) this.next.set(node.outputs[i]!, rebuilt.outputs[i]!)
        return
      }
    }
    const after = this.applyFirst(node, v)
    if (after === null) normal.set(v, v)
    else this.next.set(v, after)
  }

  /** The node over the normal forms of its inputs. */
  private overNormal({ op, inputs, origins }: Apply, params: unknown): Apply {
    const images = inputs.map(input => this.normal.get(input)!)
    return withOrigins(origins, () => apply(op, images, params))
  }

  private applyFirst(node: Apply, v: Variable): Variable | null {
    const attempts = this.table.attemptsAt(node)
    for (let i = 0; i < attempts.length; i++) {
      const captures: Record<string, Variable> = {}
      if (!matches(attempts[i]!.pattern, v, captures)) continue
      const after = this.applyOne(attempts[i]!, v, captures)
      if (after !== null) return after
    }
    return null
  }

  /** What the rule makes of a variable that its pattern matches. */
  private applyOne({ rule, pattern }: Attempt, v: Variable, captures: Captures): Variable | null {
    const origins = () => originsOf(pattern, v)
    const after = withOrigins(origins, () => rule.build(captures, v))
    if (after === null || after === v || !this.fits(rule, v, after)) return null
    this.latest.push(rule.name)
    if (this.latest.length > 10) this.latest.shift()
    this.options.trace?.(rule.name, v, after)
    return after
  }

  /** A shape that is only perhaps the same would change the types of those who read it, so such a match is passed over. */
  private fits(rule: Rule, before: Variable, after: Variable): boolean {
    if (equalType(before.type, after.type)) return true
    if (before.dtype === after.dtype && before.ndim === after.ndim) return false
    throw new Error(
      `internal: the rule "${rule.name}" turns ${printType(before.type)} into ${printType(after.type)}`,
    )
  }

  /** How many nodes there are, those of new bodies included. */
  private count(results: readonly Variable[]): number {
    let count = orderOf(results).length
    for (const block of blocksOf(results))
      for (const body of bodiesOf(block)) if (!this.bodies.has(body)) count += this.count(body.results)
    return count
  }

  private readonly body = (body: Lambda): Lambda => {
    let after = this.bodies.get(body)
    if (after === undefined) {
      const results = this.normalize(body.results)
      after = results === body.results ? body : lambda(body.params, results)
      this.bodies.set(body, after)
      this.bodies.set(after, after)
    }
    return after
  }

  private spend(): void {
    if (this.budget-- > 0) return
    throw new Error(
      `internal: rewriting does not come to an end; the last rules were ${this.latest.join(' | ')}`,
    )
  }
}
