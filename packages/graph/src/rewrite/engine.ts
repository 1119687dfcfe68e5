/**
 * The engine: results of a graph and a list of rules  →  equal results to which no rule applies any more.
 *
 * Bottom-up: a node is looked at when its inputs are in normal form, and what a rule puts in its place is brought to
 * normal form in turn. Every variable is handled once (the graph is hash-consed, so the memo needs no keys), the bodies
 * of scans and branches included. Nothing here knows an op. Iterative; a chain of a hundred thousand nodes is fine.
 */
import { bodiesOf, hasBodies, withBodies } from '../bodies.js'
import { type Lambda, lambda } from '../lambda.js'
import type { FamilyKind } from '../op.js'
import { topologicalOrder } from '../traverse.js'
import { equalType, printType } from '../type.js'
import { type Apply, apply, type Variable, withOrigins } from '../variable.js'
import {
  type AnyOp,
  type Captures,
  inputOps,
  matches,
  opsOf,
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

/** A rule with its pattern in one order of its commuting nodes. */
interface Attempt {
  readonly rule: Rule
  readonly pattern: PatternNode
  /** The ops that must have made the first two inputs; null: any. Most attempts fail here already. */
  readonly first: AnyOp | null
  readonly second: AnyOp | null
}

/** A rule that might apply to nodes of some op. */
class Candidate {
  /** The ops that it cannot match without. */
  readonly needs: readonly AnyOp[]
  private made: readonly Attempt[] | null = null

  constructor(readonly rule: Rule) {
    this.needs = opsOf(rule.pattern)
  }

  /** Made when there is something that they might match. */
  get attempts(): readonly Attempt[] {
    this.made ??= orders(this.rule.pattern).map(pattern => {
      const [first = null, second = null] = inputOps(pattern)
      return { rule: this.rule, pattern, first, second }
    })
    return this.made
  }
}

/** What may match nodes of an op, now that so many ops have been met. */
interface Possible {
  met: number
  readonly attempts: readonly Attempt[]
  /** The same, by the op that made the first input. */
  readonly byFirst: Map<AnyOp | undefined, readonly Attempt[]>
  /** What cannot match yet: it needs an op that has not been met. */
  readonly waiting: readonly Candidate[]
}

/** A rule table by the roots of its patterns; rules whose root is never met cost nothing. */
class Table {
  private readonly byRoot = new Map<
    AnyOp | FamilyKind,
    { readonly rule: Rule; readonly position: number }[]
  >()
  private readonly byOp = new Map<AnyOp, readonly Candidate[]>()
  private readonly byRule = new Map<Rule, Candidate>()

  constructor(rules: readonly Rule[]) {
    for (const [position, rule] of rules.entries()) {
      const root = rootOf(rule.pattern)
      const list = this.byRoot.get(root)
      if (list === undefined) this.byRoot.set(root, [{ rule, position }])
      else list.push({ rule, position })
    }
  }

  private candidate(rule: Rule): Candidate {
    let candidate = this.byRule.get(rule)
    if (candidate === undefined) {
      candidate = new Candidate(rule)
      this.byRule.set(rule, candidate)
    }
    return candidate
  }

  /** What might apply to a node of the op, in the order of the table. */
  candidates(op: AnyOp): readonly Candidate[] {
    let list = this.byOp.get(op)
    if (list === undefined) {
      const rules = [...(this.byRoot.get(op) ?? []), ...(this.byRoot.get(op.family.kind) ?? [])]
      list = rules.sort((a, b) => a.position - b.position).map(({ rule }) => this.candidate(rule))
      this.byOp.set(op, list)
    }
    return list
  }
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
  return new Rewriter(rules, options).rewrite(results)
}

/** A rule set and what it has already brought to normal form: for those who rewrite a graph again after changing a part. */
export class Rewriter {
  /** Normal forms. A variable not in here may still be in `next`. */
  private readonly normal = new Map<Variable, Variable>()
  /** One step towards the normal form. */
  private readonly next = new Map<Variable, Variable>()
  private readonly bodies = new Map<Lambda, Lambda>()
  private readonly table: Table
  private readonly possible = new Map<AnyOp, Possible>()
  private readonly met = new Set<AnyOp>()
  private readonly latest: string[] = []
  private budget = 0

  constructor(
    rules: readonly Rule[],
    private readonly options: RewriteOptions = {},
  ) {
    this.table = tableOf(rules)
  }

  rewrite(results: readonly Variable[]): readonly Variable[] {
    const order = topologicalOrder(results)
    const count = this.meet(order)
    this.budget = this.options.budget ?? 2000 + 50 * count
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
    return results.map(v => normal.get(v)!)
  }

  /** Waits for inputs, or takes one step: the node over normal inputs, or what the first rule that applies makes of it. */
  private step(v: Variable, stack: Variable[]): void {
    const normal = this.normal
    const node = v.owner
    if (node === null) {
      normal.set(v, v)
      return
    }
    this.met.add(node.op)
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
      const inputs = node.inputs.map(input => normal.get(input)!)
      const rebuilt = withOrigins(node.origins, () => apply(node.op, inputs, params))
      if (rebuilt !== node) {
        for (let i = 0; i < node.outputs.length; i++) this.next.set(node.outputs[i]!, rebuilt.outputs[i]!)
        return
      }
    }
    const after = this.applyFirst(node, v)
    if (after === null) normal.set(v, v)
    else this.next.set(v, after)
  }

  private applyFirst(node: Apply, v: Variable): Variable | null {
    const { inputs } = node
    const attempts = this.attemptsAt(node.op, inputs[0]?.owner?.op)
    const b = inputs[1]?.owner?.op
    for (let i = 0; i < attempts.length; i++) {
      const { rule, pattern, second } = attempts[i]!
      if (second !== null && second !== b) continue
      const after = this.tryOne(rule, pattern, v)
      if (after !== null) return after
    }
    return null
  }

  private tryOne(rule: Rule, pattern: PatternNode, v: Variable): Variable | null {
    const captures: Record<string, Variable> = {}
    if (!matches(pattern, v, captures)) return null
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

  /** Notes which ops there are, so that rules about others cost nothing. How many nodes, those of new bodies included. */
  private meet(order: readonly Apply[]): number {
    let count = order.length
    for (const node of order) {
      this.met.add(node.op)
      for (const body of bodiesOf(node))
        if (!this.bodies.has(body)) count += this.meet(topologicalOrder(body.results))
    }
    return count
  }

  /** What may match a node of the op whose first input was made by `first`, in the order of the table. */
  private attemptsAt(op: AnyOp, first: AnyOp | undefined): readonly Attempt[] {
    const { attempts, byFirst } = this.possibleAt(op)
    let list = byFirst.get(first)
    if (list === undefined) {
      list = attempts.filter(attempt => attempt.first === null || attempt.first === first)
      byFirst.set(first, list)
    }
    return list
  }

  private possibleAt(op: AnyOp): Possible {
    const before = this.possible.get(op)
    if (before !== undefined) {
      if (before.met === this.met.size) return before
      before.met = this.met.size
      if (!before.waiting.some(this.isPossible)) return before
    }
    const candidates = this.table.candidates(op)
    const possible: Possible = {
      met: this.met.size,
      attempts: candidates.filter(this.isPossible).flatMap(({ attempts }) => attempts),
      byFirst: new Map(),
      waiting: candidates.filter(candidate => !this.isPossible(candidate)),
    }
    this.possible.set(op, possible)
    return possible
  }

  private readonly isPossible = ({ needs }: Candidate): boolean => needs.every(needed => this.met.has(needed))

  private readonly body = (body: Lambda): Lambda => {
    let after = this.bodies.get(body)
    if (after === undefined) {
      const results = this.normalize(body.results)
      after = results.every((v, i) => v === body.results[i]) ? body : lambda(body.params, results)
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
