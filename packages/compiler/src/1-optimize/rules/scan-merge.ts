/**
 * Scans that become one: of one recurrence, or siblings that walk over the same rows.
 *
 * A gradient reads an extended copy of the user's scan; the two are one again. And several recurrences over one sequence
 * (two cells, the gradients of two losses) are one loop, whose kernels share what they read and what they compute from it.
 *
 * Siblings have the same length by the algebra of sizes, not merely at run time; the same direction; and no path from one
 * to the other, also none through what has been merged before.
 */
import {
  type Apply,
  applyScan,
  courseKey,
  lambda,
  numberingKey,
  type ScanParams,
  type ScanSlots,
  splitInputs,
  splitOutputs,
  splitResults,
  Variable,
} from '@arignote/graph'
import type { Group, MergeRule } from '../merge.js'
import { replaceIn } from '../replace.js'
import { isPlainView } from './scan-hoist.js'

const paramsOf = (node: Apply) => node.params as ScanParams

function groupsBy(scans: readonly Apply[], key: (node: Apply) => string): readonly Group[] {
  const alike = new Map<string, Apply[]>()
  for (const node of scans) {
    const own = key(node)
    alike.set(own, [...(alike.get(own) ?? []), node])
  }
  return [...alike.values()].filter(group => group.length > 1)
}

// ── one recurrence ────────────────────────────────────────────────────────────────────────────

/** Same inputs and the same next values. */
function ofOneRecurrence(scans: readonly Apply[]): readonly Group[] {
  const key = (node: Apply) => {
    const { counts } = paramsOf(node)
    return [node.inputs.map(v => v.id), courseKey(paramsOf(node)), counts.constants, counts.carries].join(' ')
  }
  return groupsBy(scans, key).flatMap(alike => {
    const [host] = alike as [Apply]
    const { body, counts } = paramsOf(host)
    const own = splitResults(body.results, paramsOf(host))
    const isSame = (node: Apply) => {
      const { nexts, condition } = splitResults(overParams(node, body.params), paramsOf(node))
      return condition === own.condition && nexts.every((next, i) => next === own.nexts[i])
    }
    const members = counts.carries === 0 ? [] : alike.filter(isSame)
    return members.length > 1 ? [members] : []
  })
}

/** The results of a scan's body, written over other params. */
function overParams(node: Apply, params: readonly Variable[]): readonly Variable[] {
  const { body } = paramsOf(node)
  if (body.params === params) return body.results
  return replaceIn(body.results, new Map(body.params.map((v, i) => [v, params[i]!])))
}

function mergeRecurrence(group: Group, inputs: (member: Apply) => readonly Variable[]) {
  const [host] = group as [Apply]
  const { body, counts, ...rest } = paramsOf(host)
  const { nexts, condition } = splitResults(body.results, paramsOf(host))
  const members = group.map(node => ({
    node,
    ys: splitResults(overParams(node, body.params), paramsOf(node)).ys,
  }))
  const ys = [...new Set(members.flatMap(m => m.ys))]
  const results = [...nexts, ...ys, ...(condition === null ? [] : [condition])]
  const merged = applyScan(splitInputs(inputs(host), counts), lambda(body.params, results), rest)
  const image = new Map<Variable, Variable>()
  const states = 2 * counts.carries
  for (const member of members)
    for (const [i, v] of member.node.outputs.entries())
      image.set(v, merged.outputs[i < states ? i : states + ys.indexOf(member.ys[i - states]!)]!)
  return image
}

// ── siblings ──────────────────────────────────────────────────────────────────────────────────

/** Scans of the same steps that pay, without a path between them. One that may stop early makes steps of its own. */
function siblings(scans: readonly Apply[], order: readonly Apply[]): readonly Group[] {
  const alike = groupsBy(
    scans.filter(node => !paramsOf(node).until),
    loopKey,
  )
  const candidates = alike.flat().filter((a, _, all) => all.some(b => a !== b && isWorthMerging(a, b)))
  if (candidates.length === 0) return []
  const before = pathsAmong(candidates, order)
  const found: Apply[][] = []
  for (const node of candidates) {
    const home = found.find(
      group =>
        group.some(other => isWorthMerging(other, node)) &&
        !before.isBetween(group[0]!, node) &&
        !before.isBetween(node, group[0]!),
    )
    if (home === undefined) found.push([node])
    else {
      before.unite(home[0]!, node)
      home.push(node)
    }
  }
  return found.filter(group => group.length > 1)
}

/** Equal for scans of the same steps that may become one: what a gradient was asked to compute again stays so. */
const loopKey = (node: Apply): string =>
  `${courseKey(paramsOf(node))} ${paramsOf(node).remat} ${numberingKey(paramsOf(node))}`

/** They read the same rows, or all they do is a few numbers per step. */
function isWorthMerging(a: Apply, b: Apply): boolean {
  if (loopKey(a) !== loopKey(b)) return false
  const rows = new Set(walkedBy(a))
  return walkedBy(b).some(v => rows.has(v)) || (isOfNumbers(a) && isOfNumbers(b))
}

/** The tensors that the sequences are views of. */
function walkedBy(node: Apply): readonly Variable[] {
  return splitInputs(node.inputs, paramsOf(node).counts).sequences.map(v => {
    let base = v
    while (base.owner !== null && isPlainView(base.owner)) base = base.owner.inputs[0]!
    return base
  })
}

function isOfNumbers(node: Apply): boolean {
  return paramsOf(node).body.results.every(v => v.ndim === 0)
}

/** Which of some nodes depend on which, kept up to date as nodes are united. */
function pathsAmong(nodes: readonly Apply[], order: readonly Apply[]) {
  const index = new Map(nodes.map((node, i) => [node, i]))
  /** For each of the nodes, as bits, those that it depends on. */
  const above = nodes.map(() => 0n)
  const reached = new Map<Apply, bigint>()
  for (const node of order) {
    let bits = 0n
    for (const { owner } of node.inputs) if (owner !== null) bits |= reached.get(owner) ?? 0n
    const own = index.get(node)
    if (own !== undefined) above[own] = bits
    reached.set(node, own === undefined ? bits : bits | (1n << BigInt(own)))
  }
  const at = (node: Apply) => index.get(node)!
  const has = (bits: bigint, i: number) => ((bits >> BigInt(i)) & 1n) === 1n
  return {
    isBetween: (a: Apply, b: Apply): boolean => has(above[at(b)]!, at(a)),
    /** What depends on one of the two now depends on what either depends on. */
    unite(a: Apply, b: Apply): void {
      const [i, j] = [at(a), at(b)]
      const both = above[i]! | above[j]!
      const pair = (1n << BigInt(i)) | (1n << BigInt(j))
      above[i] = both
      above[j] = both
      for (let k = 0; k < above.length; k++) if ((above[k]! & pair) !== 0n) above[k]! |= both | pair
    },
  }
}

function mergeSiblings(group: Group, inputs: (member: Apply) => readonly Variable[]) {
  const members = group.map((node, i) => {
    const { body, counts } = paramsOf(node)
    const params = i === 0 ? body.params : body.params.map(v => new Variable(v.type, null, 0, v.name))
    const results = overParams(node, params)
    return {
      node,
      inputs: splitInputs(inputs(node), counts),
      params: splitInputs(params, counts),
      nexts: results.slice(0, counts.carries),
      ys: results.slice(counts.carries),
    }
  })
  const slots = (of: (m: (typeof members)[number]) => ScanSlots<Variable>): ScanSlots<Variable> => ({
    constants: members.flatMap(m => of(m).constants),
    carries: members.flatMap(m => of(m).carries),
    sequences: members.flatMap(m => of(m).sequences),
  })
  const params = slots(m => m.params)
  const body = lambda(
    [...params.constants, ...params.carries, ...params.sequences],
    [...members.flatMap(m => m.nexts), ...members.flatMap(m => m.ys)],
  )
  const { length, reverse, until, remat, numbering } = paramsOf(group[0]!)
  const names = [...new Set(group.map(node => paramsOf(node).name))].filter(name => name !== null)
  const name = names.length === 0 ? null : names.join(' + ')
  const merged = splitOutputs(
    applyScan(
      slots(m => m.inputs),
      body,
      { length, reverse, until, name, remat, numbering },
    ).outputs,
    {
      carries: params.carries.length,
    },
  )
  const image = new Map<Variable, Variable>()
  const places = { finals: 0, trajectories: 0, ys: 0 }
  for (const { node } of members) {
    const own = splitOutputs(node.outputs, paramsOf(node).counts)
    for (const kind of ['finals', 'trajectories', 'ys'] as const)
      for (const v of own[kind]) image.set(v, merged[kind][places[kind]++]!)
  }
  return image
}

export const mergeRules: readonly MergeRule[] = [
  { name: 'scan ∪ scan, of one recurrence', groups: ofOneRecurrence, merge: mergeRecurrence },
  { name: 'scan ∪ scan, over the same rows', groups: siblings, merge: mergeSiblings },
]
