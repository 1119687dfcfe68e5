/**
 * The rules that have to know who reads what, most of them about scans and branches; inner ones first.
 *
 * One sweep: what is read in part is computed in part (`narrow.ts`), bodies are swept before the nodes they belong to,
 * scans are merged, then each is taken apart (`recurrence.ts`), changed by the rules until none applies, and put together
 * again. What a sweep brings outside or merges gives the rows of the other tables something to do, and they the next
 * sweep; `optimize` alternates.
 */
import {
  type Apply,
  apply,
  blocksOf,
  bodiesOf,
  imagesOf,
  type Lambda,
  lambda,
  orderOf,
  overImages,
  type Variable,
  withBodies,
  withOrigins,
} from '@arignote/graph'
import { type MergeRule, mergeIn } from './merge.js'
import { type NarrowRule, narrow, narrowRules } from './narrow.js'
import { Recurrence } from './recurrence.js'
import { type BranchRule, branchMerge, branchRules } from './rules/branch.js'
import { scanAccumulate } from './rules/scan-accumulate.js'
import { scanInvariants, scanSequences } from './rules/scan-hoist.js'
import { scanLift } from './rules/scan-lift.js'
import { mergeRules } from './rules/scan-merge.js'
import { scanProducts } from './rules/scan-products.js'
import { scanSteps } from './rules/scan-steps.js'
import { type ScanRule, scanEqualCarries, scanTidy } from './rules/scan-tidy.js'

/** The first that applies is applied, and then all are asked again. */
export const scanRules: readonly ScanRule[] = [
  scanSteps,
  ...scanTidy,
  scanInvariants,
  scanAccumulate,
  ...scanSequences,
  scanLift,
  scanProducts,
  scanEqualCarries,
]

const longest = 1000
/** A chain of values between views takes a round each; a longer one is not worth it. */
const mostNarrowings = 30

/** Remembers which scans are in order already, so that a sweep over a finished graph costs little. */
export class Sweeper {
  private readonly settled = new Map<Apply, string>()

  private readonly rules: readonly ScanRule[]
  private readonly merges: readonly MergeRule[]
  private readonly narrowings: readonly NarrowRule[]
  private narrowed = 0
  private readonly branchRules: readonly BranchRule[]
  private readonly mergesBranches: boolean

  constructor(
    isOn: (rule: { readonly name: string }) => boolean,
    private readonly trace?: (rule: string, node: Apply) => void,
  ) {
    this.rules = scanRules.filter(isOn)
    this.merges = mergeRules.filter(isOn)
    this.narrowings = narrowRules.filter(isOn)
    this.branchRules = branchRules.filter(isOn)
    this.mergesBranches = isOn(branchMerge)
  }

  sweep(given: readonly Variable[]): readonly Variable[] {
    const results = this.narrow(given, orderOf(given))
    return blocksOf(results).length === 0 ? results : this.each(this.merge(results))
  }

  private narrow(results: readonly Variable[], order: readonly Apply[]): readonly Variable[] {
    if (this.narrowed >= mostNarrowings) return results
    const narrower = narrow(results, order, this.narrowings, this.trace)
    if (narrower !== results) this.narrowed++
    return narrower
  }

  private merge(results: readonly Variable[]): readonly Variable[] {
    for (const rule of this.merges) {
      const groups = rule.groups(blocksOf(results).filter(isScan), orderOf(results))
      if (groups.length === 0) continue
      for (const [node] of groups) this.trace?.(rule.name, node!)
      results = mergeIn(results, rule, groups)
    }
    if (!this.mergesBranches || blocksOf(results).every(isScan)) return results
    const merged = branchMerge.apply(results)
    if (merged !== results) this.trace?.(branchMerge.name, results[0]!.owner!)
    return merged
  }

  private each(results: readonly Variable[]): readonly Variable[] {
    const order = orderOf(results)
    const blocks = new Set(blocksOf(results))
    const read = readOf(blocks, results, order)
    const image = new Map<Variable, Variable>()
    const of = (v: Variable) => image.get(v) ?? v
    for (const node of order) {
      const rebuilt = image.size === 0 ? node : overImages(node, of)
      if (!blocks.has(node)) {
        if (rebuilt !== node)
          for (let i = 0; i < node.outputs.length; i++) image.set(node.outputs[i]!, rebuilt.outputs[i]!)
        continue
      }
      const outputs = this.simplifyBlock(rebuilt, node, read)
      for (const [i, v] of node.outputs.entries())
        if (outputs[i] !== v && outputs[i] !== null) image.set(v, outputs[i]!)
    }
    return imagesOf(results, of)
  }

  /** `node` over what its inputs have become. */
  private simplifyBlock(
    rebuilt: Apply,
    node: Apply,
    read: ReadonlySet<Variable>,
  ): readonly (Variable | null)[] {
    const wanted = node.outputs.map(v => read.has(v))
    return withOrigins(node.origins, () =>
      isScan(node) ? this.simplify(rebuilt, wanted) : this.simplifyBranch(rebuilt, wanted),
    )
  }

  /** What the outputs that are read become; null for the others. */
  private simplify(node: Apply, read: readonly boolean[]): readonly (Variable | null)[] {
    const usage = read.join()
    if (this.settled.get(node) === usage) return node.outputs
    const swept = this.sweepBody(node)
    const r = new Recurrence(swept, i => read[i]!)
    for (let count = 0; this.applyOne(r); count++) {
      if (count > longest) throw new Error('internal: the rules about a scan do not come to an end')
    }
    if (!r.changed) {
      this.settled.set(swept, usage)
      return swept.outputs
    }
    const image = r.close()
    return swept.outputs.map(v => image.get(v) ?? null)
  }

  /** One step; the next sweep goes on where there is more to do. */
  private simplifyBranch(node: Apply, read: readonly boolean[]): readonly (Variable | null)[] {
    const swept = this.sweepBody(node)
    for (const rule of this.branchRules) {
      const outputs = rule.apply(swept, read)
      if (outputs === null) continue
      this.trace?.(rule.name, node)
      return outputs
    }
    return swept.outputs
  }

  private sweepBody(node: Apply): Apply {
    const params = withBodies(node, bodiesOf(node).map(this.swept))
    return params === node.params ? node : apply(node.op, node.inputs, params)
  }

  private readonly swept = (body: Lambda): Lambda => {
    const results = this.sweep(body.results)
    return results === body.results ? body : lambda(body.params, results)
  }

  private applyOne(r: Recurrence): boolean {
    for (const rule of this.rules) {
      if (!rule.apply(r)) continue
      this.trace?.(rule.name, r.node)
      return true
    }
    return false
  }
}

/** Which outputs of the blocks are read. */
function readOf(
  blocks: ReadonlySet<Apply>,
  results: readonly Variable[],
  order: readonly Apply[],
): ReadonlySet<Variable> {
  const outputs = new Set<Variable>()
  for (const block of blocks) for (const v of block.outputs) outputs.add(v)
  const read = new Set(results.filter(v => outputs.has(v)))
  for (let at = 0; at < order.length; at++) {
    const { inputs } = order[at]!
    for (let i = 0; i < inputs.length; i++) if (outputs.has(inputs[i]!)) read.add(inputs[i]!)
  }
  return read
}

function isScan(node: Apply): boolean {
  return node.op.family.kind === 'scan'
}
