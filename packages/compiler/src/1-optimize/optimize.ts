/**
 * Optimize: a closed tensor function  →  an equal one that costs less. Sizes may still be symbols.
 *
 * Two passes alternate until the second finds nothing to change in what the first has left: the rows of the rule tables,
 * bottom-up and in the bodies of scans too (`graph/rewrite`), and the rules that need to know who reads what, most of
 * them about scans and branches (`scans.ts`).
 */
import {
  type Apply,
  type Lambda,
  nearestName,
  ownLambda,
  Rewriter,
  type Rule,
  stability,
  type Variable,
} from '@arignote/graph'
import { unknownRule } from '../errors.js'
import { isTraced, output } from '../trace.js'
import { narrowRules } from './narrow.js'
import { branchMerge, branchRules } from './rules/branch.js'
import { chains } from './rules/chain.js'
import { constants } from './rules/constants.js'
import { contractions } from './rules/contract.js'
import { gathers } from './rules/gather.js'
import { identities } from './rules/identities.js'
import { reductions } from './rules/reduce.js'
import { mergeRules } from './rules/scan-merge.js'
import { scanViews } from './rules/scan-views.js'
import { views } from './rules/views.js'
import { Sweeper, scanRules } from './scans.js'

/** Every rule that looks at one node; the order decides where two apply. */
export const rows: readonly Rule[] = [
  ...identities,
  ...chains,
  ...stability,
  ...constants,
  ...reductions,
  ...views,
  ...gathers,
  ...contractions,
  ...scanViews,
]

/** The names of all rules, in the order of the tables. */
export const ruleNames: readonly string[] = [
  ...rows,
  ...narrowRules,
  ...mergeRules,
  ...scanRules,
  branchMerge,
  ...branchRules,
].map(({ name }) => name)

export interface OptimizeOptions {
  /** One line for each rule that was applied; ARIGNOTE_TRACE=rules writes them to the console. */
  readonly trace?: (line: string) => void
  /** Names of rules that are not to be applied: for finding the one that is at fault. */
  readonly without?: readonly string[]
}

const mostRounds = 50

/** @throws ArgumentError for the name of a rule that does not exist */
export function optimize(fn: Lambda, options: OptimizeOptions = {}): Lambda {
  const fromEnvironment = options.trace === undefined && isTraced('rules')
  const trace = options.trace ?? (fromEnvironment ? (line: string) => output.write(line) : null)
  const without = options.without ?? []
  const isOn = choice(without)
  const rewriter = new Rewriter(
    without.length === 0 ? rows : rows.filter(isOn),
    trace === null ? {} : { trace: (name, v) => trace(`${v.owner!.op.name}: ${name}`) },
  )
  const sweeper = new Sweeper(
    isOn,
    trace === null ? undefined : (name: string, node: Apply) => trace(`${node.op.name}: ${name}`),
  )
  let results: readonly Variable[] = fn.results
  if (fromEnvironment) output.write('── rules ──')
  for (let round = 0; ; round++) {
    if (round > mostRounds) throw new Error('internal: optimize does not come to an end')
    const normal = rewriter.rewrite(results)
    results = sweeper.sweep(normal)
    if (results === normal) break
  }
  const isSame = results.every((v, i) => v === fn.results[i])
  if (fromEnvironment && isSame) output.write('(unchanged)')
  return isSame ? fn : ownLambda(fn.params, results)
}

function choice(without: readonly string[]): (rule: { readonly name: string }) => boolean {
  if (without.length === 0) return () => true
  const names = new Set(ruleNames)
  for (const name of without) if (!names.has(name)) throw unknownRule(name, nearestName(name, names))
  return ({ name }) => !without.includes(name)
}
