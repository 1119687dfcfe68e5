/**
 * Sinking: what only one side of a branch needs moves into that side, so that it is computed only when that side runs.
 *
 * Outside stays what is needed whatever the conditions are: what leads to a result without passing through a side, and
 * what both sides of such a branch need; also branches that are needed under different conditions. Everything else is
 * computed in each side that needs it. Branches of one condition that do not wait for each other become one. A graph
 * without branches is left as it is.
 */
import type { Lambda } from '../lambda.js'
import { constant } from '../ops/constant.js'
import { isLight } from '../scan/closure.js'
import { overImages, substitute, topologicalOrder } from '../traverse.js'
import { type Apply, Variable, withOrigins } from '../variable.js'
import { HandedOut, type Known } from './handed-out.js'
import { mergeBranches } from './merge.js'
import { applyBranch, type BranchParams, choose, isBranch } from './op.js'

export interface SinkOptions {
  /** Variables of the surroundings: neither they nor what they are made of is looked at. */
  readonly outer?: { has(v: Variable): boolean }
  /** Variables that are computed outside of all branches. */
  readonly kept?: Iterable<Variable>
}

/** The results, with everything in its place. */
export function sink(results: readonly Variable[], options: SinkOptions = {}): readonly Variable[] {
  const { outer = nothing, kept = [] } = options
  const all = topologicalOrder(results, outer)
  if (!all.some(isBranch)) return results
  const { outside, sides } = needed(all, [...results, ...inside(all, kept)], outer)
  const isOutside = (v: Variable) => v.owner === null || outer.has(v) || outside.has(v.owner)
  const values = [...sides.values()].flatMap(x => [...x.thenValues, ...x.elseValues])
  const order = topologicalOrder([...results, ...values], outer).filter(node => outside.has(node))
  const handedOut = new HandedOut(order, sides, isOutside)
  const image = new Map<Variable, Variable>()
  const of = (v: Variable) => image.get(v) ?? v
  for (const node of order) {
    const rebuilt = withOrigins(node.origins, () => {
      if (isBranch(node))
        return rebuild(node.inputs[0]!, sides.get(node)!, handedOut.before(node), isOutside, of)
      return overImages(node, of)
    })
    if (rebuilt !== node) for (const [i, v] of node.outputs.entries()) image.set(v, rebuilt.outputs[i]!)
  }
  return mergeBranches(results.map(of), outer)
}

const nothing = { has: () => false }

function inside(order: readonly Apply[], kept: Iterable<Variable>): readonly Variable[] {
  const nodes = new Set(order)
  return [...kept].filter(v => v.owner !== null && nodes.has(v.owner))
}

/** What each side of a branch computes, as graphs over the branch's surroundings. */
export interface Sides {
  readonly thenValues: readonly Variable[]
  readonly elseValues: readonly Variable[]
}

export function sidesOf(node: Apply): Sides {
  const { thenBody, elseBody } = node.params as BranchParams
  const over = ({ params, results }: Lambda) =>
    substitute(results, new Map(params.map((v, i) => [v, node.inputs[i + 1]!])))
  return { thenValues: over(thenBody), elseValues: over(elseBody) }
}

/** The nodes that are needed in any case, and the sides of the branches among them. */
function needed(
  order: readonly Apply[],
  wanted: readonly Variable[],
  outer: { has(v: Variable): boolean },
): { readonly outside: ReadonlySet<Apply>; readonly sides: ReadonlyMap<Apply, Sides> } {
  const outside = new Set<Apply>()
  const sides = new Map<Apply, Sides>()
  const reach = (from: readonly Variable[], into: Set<Apply>) => {
    const pending = [...from]
    while (pending.length > 0) {
      const v = pending.pop()!
      const node = v.owner
      if (node === null || outer.has(v) || outside.has(node) || into.has(node)) continue
      into.add(node)
      if (isBranch(node)) pending.push(node.inputs[0]!)
      else pending.push(...node.inputs)
    }
  }
  reach(wanted, outside)
  const branches = order.filter(isBranch).reverse()
  // What goes outside may be a branch, whose sides may need something in common in turn.
  for (let before = -1; before < outside.size; ) {
    before = outside.size
    for (const node of branches) {
      if (!outside.has(node)) continue
      if (!sides.has(node)) sides.set(node, sidesOf(node))
      const [one, other] = [new Set<Apply>(), new Set<Apply>()]
      reach(sides.get(node)!.thenValues, one)
      if (one.size > 0) reach(sides.get(node)!.elseValues, other)
      for (const common of one) if (other.has(common)) outside.add(common)
    }
    if (before === outside.size)
      for (const node of sharedBranches(sides, outer, outside)) reach(node.outputs, outside)
  }
  return { outside, sides }
}

/**
 * Branches inside of sides of different conditions. Were each side to have its own, and they such branches in turn, the
 * graph would grow without bound.
 */
function sharedBranches(
  sides: ReadonlyMap<Apply, Sides>,
  outer: { has(v: Variable): boolean },
  outside: ReadonlySet<Apply>,
): readonly Apply[] {
  const stop = { has: (v: Variable) => outer.has(v) || (v.owner !== null && outside.has(v.owner)) }
  const under = new Map<Apply, Variable>()
  const shared = new Set<Apply>()
  for (const [node, { thenValues, elseValues }] of sides) {
    const condition = node.inputs[0]!
    for (const inner of topologicalOrder([...thenValues, ...elseValues], stop)) {
      if (!isBranch(inner)) continue
      const known = under.get(inner) ?? condition
      under.set(inner, known)
      if (known !== condition) shared.add(inner)
    }
  }
  return [...shared]
}

/** The branch whose sides hold all that is not outside, and that nobody before has computed under the same condition. */
function rebuild(
  condition: Variable,
  { thenValues, elseValues }: Sides,
  { whereTrue, whereFalse }: { readonly whereTrue: Known; readonly whereFalse: Known },
  isOutside: (v: Variable) => boolean,
  of: (v: Variable) => Variable,
): Apply {
  const params = new Map<Variable, Variable>()
  const paramOf = (v: Variable): Variable => {
    const param = params.get(v) ?? new Variable(v.type, null, 0, v.name)
    params.set(v, param)
    return param
  }
  const inSide = (results: readonly Variable[], known: Known, holds: boolean): readonly Variable[] => {
    const image = new Map<Variable, Variable>([[condition, constant(holds, 'bool')]])
    const meet = (v: Variable) => {
      const output = known.get(v)
      if (output !== undefined) image.set(v, paramOf(output))
      else if (v !== condition && isOutside(v) && !isSmall(v)) image.set(v, paramOf(v))
    }
    const stop = { has: (v: Variable) => known.has(v) || isOutside(v) }
    for (const node of topologicalOrder(results, stop)) node.inputs.forEach(meet)
    results.forEach(meet)
    return sink(substitute(results, image))
  }
  const whenTrue = inSide(thenValues, whereTrue, true)
  const whenFalse = inSide(elseValues, whereFalse, false)
  const all = [...params.values()]
  return applyBranch(
    of(condition),
    [...params.keys()].map(of),
    { params: all, results: whenTrue },
    { params: all, results: whenFalse },
  )
}

/** A small constant, or one laid out: cheaper to say again than to pass. */
function isSmall(v: Variable): boolean {
  let source = v
  while (source.owner?.op.family.kind === 'view' && source.owner.inputs.length === 1)
    source = source.owner.inputs[0]!
  return source.owner !== null && source.owner.inputs.length === 0 && isLight(source.owner, noVariables)
}

const noVariables: ReadonlySet<Variable> = new Set()

/** The results with every branch in its flat form: what sank is an ordinary part of the graph again. */
export function unsink(results: readonly Variable[]): readonly Variable[] {
  const image = new Map<Variable, Variable>()
  settle(results, image)
  return results.map(v => image.get(v) ?? v)
}

function settle(results: readonly Variable[], image: Map<Variable, Variable>): void {
  const of = (v: Variable) => image.get(v) ?? v
  for (const node of topologicalOrder(results, image)) {
    withOrigins(node.origins, () => {
      if (isBranch(node)) {
        const { thenValues, elseValues } = sidesOf(node)
        settle([...thenValues, ...elseValues], image)
        const condition = of(node.inputs[0]!)
        for (const [i, v] of node.outputs.entries())
          image.set(v, choose(condition, of(thenValues[i]!), of(elseValues[i]!)))
        return
      }
      const rebuilt = overImages(node, of)
      for (const [i, v] of node.outputs.entries()) image.set(v, rebuilt.outputs[i]!)
    })
  }
}
