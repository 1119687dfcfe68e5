/**
 * Narrowing: of what is read in part, only the part is computed.
 *
 * Backwards through the graph each value learns which box of it is read: what slices read, and what values that are
 * narrowed themselves read. Contractions, reductions and scans of which less than all is read are then made smaller, and
 * the maps between them and the slices with them. Maps alone are left as they are, for a kernel computes no more of a map
 * than is stored.
 */
import {
  type Apply,
  addDim,
  apply,
  type Contraction,
  type Dim,
  equalDim,
  hasEffects,
  imagesOf,
  maxDim,
  minDim,
  overImages,
  provablyAtLeast,
  type ReduceParams,
  type ScanParams,
  type SliceParams,
  slice,
  splitOutputs,
  subDim,
  symbolsOf,
  type Variable,
  withOrigins,
} from '@arignote/graph'
import { type Box, type Range, readBy, union, wholeOf } from './box.js'
import { view } from './build.js'

/** Which kinds of nodes may be narrowed. */
export const narrowRules = [
  { name: 'slice (f x) → f (slice x), nothing else read', kind: 'map' },
  { name: 'slice (a · b) → slice a · slice b, nothing else read', kind: 'contract' },
  { name: 'slice (Σ x) → Σ (slice x), nothing else read', kind: 'reduce' },
  { name: 'scan: the first steps only are read → fewer steps', kind: 'scan' },
] as const

export type NarrowRule = (typeof narrowRules)[number]

/** A node that is to be made smaller. */
interface Plan {
  readonly rule: NarrowRule
  /** What is read of its output. */
  readonly box: readonly Range[]
  /** Of a scan: how many steps are left. */
  readonly steps?: Dim
}

export function narrow(
  results: readonly Variable[],
  order: readonly Apply[],
  rules: readonly NarrowRule[],
  trace?: (rule: string, node: Apply) => void,
): readonly Variable[] {
  if (!hasCandidates(results, order, rules)) return results
  const plans = plansFor(results, order, rules)
  if (plans.size === 0) return results
  for (const [node, { rule }] of plans) trace?.(rule.name, node)
  return rebuild(results, order, plans)
}

// ── who reads what ────────────────────────────────────────────────────────────────────────────

/** Whether slices read a part, and nothing else reads more, of what could be narrowed: a quick look, for most graphs say no. */
function hasCandidates(
  results: readonly Variable[],
  order: readonly Apply[],
  rules: readonly NarrowRule[],
): boolean {
  const read = new Map<Variable, Box>()
  for (const { op, inputs, params } of order) {
    if (op !== slice.op) continue
    const [v] = inputs as readonly [Variable]
    const box = readBy(params as SliceParams)
    read.set(v, read.has(v) ? union(read.get(v)!, box, v.shape) : box)
  }
  const couldBe = () =>
    [...read].some(([v, box]) => box !== null && v.owner !== null && planFor(v.owner, read, rules) !== null)
  if (!couldBe()) return false
  for (const v of results) if (read.has(v)) read.set(v, null)
  for (const { op, inputs } of order)
    if (op !== slice.op) for (const v of inputs) if (read.has(v)) read.set(v, null)
  return couldBe()
}

function plansFor(
  results: readonly Variable[],
  order: readonly Apply[],
  rules: readonly NarrowRule[],
): ReadonlyMap<Apply, Plan> {
  const read = new Map<Variable, Box>(results.map(v => [v, null]))
  const demand = (v: Variable, box: Box) => read.set(v, read.has(v) ? union(read.get(v)!, box, v.shape) : box)
  const plans = new Map<Apply, Plan>()
  for (const node of [...order].reverse()) {
    if (node.op === slice.op) {
      demand(node.inputs[0]!, readBy(node.params as SliceParams))
      continue
    }
    const plan = planFor(node, read, rules)
    if (plan === null) for (const v of node.inputs) demand(v, null)
    else {
      plans.set(node, plan)
      for (const [i, v] of node.inputs.entries()) demand(v, boxOfInput(node, i, plan))
    }
  }
  return worthwhile(order, plans)
}

function planFor(node: Apply, read: ReadonlyMap<Variable, Box>, rules: readonly NarrowRule[]): Plan | null {
  const rule = rules.find(({ kind }) => kind === node.op.family.kind)
  if (rule === undefined) return null
  if (rule.kind === 'scan') {
    const steps = stepsRead(node, read)
    return steps === null || hasEffects(node) ? null : { rule, box: [], steps }
  }
  const [v] = node.outputs as readonly [Variable]
  const box = read.get(v) ?? null
  return box?.some((range, axis) => isLess(range.size, v.shape[axis]!)) ? { rule, box } : null
}

/** Few for certain, where the whole is more or unknown. */
function isLess(size: Dim, whole: Dim): boolean {
  const most = largest(size)
  return most !== null && !equalDim(size, whole) && (typeof whole !== 'number' || most < whole)
}

/** A number that a size cannot exceed: a minimum with one, as clamped slices have it. */
function largest(size: Dim): number | null {
  if (typeof size === 'number') return size
  const [term, ...others] = size.terms
  const atom = term!.atoms[0]
  if (others.length > 0 || term!.coefficient !== 1 || term!.atoms.length > 1 || !('fn' in atom!)) return null
  if (atom.fn !== 'min') return null
  const numbers = atom.args.filter(n => typeof n === 'number')
  return numbers.length === 0 ? null : Math.min(...numbers)
}

/** How many steps a scan needs for the rows that are read; null: all, or as good as all. */
function stepsRead(node: Apply, read: ReadonlyMap<Variable, Box>): Dim | null {
  const { length, reverse, until, counts } = node.params as ScanParams
  const { finals, trajectories, ys } = splitOutputs(node.outputs, counts)
  if (until || finals.some(v => read.has(v))) return null
  let most: Dim = 0
  for (const v of [...trajectories, ...ys]) {
    if (!read.has(v)) continue
    const [rows] = read.get(v) ?? []
    if (rows === undefined) return null
    const beyond = subDim(v.shape[0]!, length)
    const end = reverse ? subDim(length, rows.low) : subDim(addDim(rows.low, rows.size), beyond)
    const last = largest(end) ?? end
    if (sharesSymbols(last, length)) return null
    most = provablyAtLeast(most, last) ? most : provablyAtLeast(last, most) ? last : maxDim(most, last)
  }
  if (provablyAtLeast(most, length)) return null
  return provablyAtLeast(length, most) ? most : minDim(length, most)
}

/** Counted from the end, so that it is not few steps. */
function sharesSymbols(a: Dim, b: Dim): boolean {
  const symbols = new Set(symbolsOf(b))
  return symbolsOf(a).some(symbol => symbols.has(symbol))
}

/** What a narrowed node reads of an input. */
function boxOfInput(node: Apply, index: number, { rule, box, steps }: Plan): Box {
  const whole = wholeOf(node.inputs[index]!.shape)
  switch (rule.kind) {
    case 'map':
      return box
    case 'contract': {
      const { left, right, out } = node.params as Contraction
      return [left, right][index]!.map((label, axis) => box[out.indexOf(label)] ?? whole[axis]!)
    }
    case 'reduce': {
      const { axes } = node.params as ReduceParams
      const kept = box.values()
      return whole.map((range, axis) => (axes.includes(axis) ? range : kept.next().value!))
    }
    case 'scan': {
      const { length, reverse, counts } = node.params as ScanParams
      if (index < counts.constants + counts.carries) return null
      return whole.with(0, { low: reverse ? subDim(length, steps!) : 0, size: steps! })
    }
    default:
      return rule satisfies never
  }
}

/** Those that make something smaller that would be stored, or lead to it. */
function worthwhile(order: readonly Apply[], plans: ReadonlyMap<Apply, Plan>): ReadonlyMap<Apply, Plan> {
  const kept = new Map<Apply, Plan>()
  for (const node of order) {
    const plan = plans.get(node)
    if (plan === undefined) continue
    const leads = node.inputs.some(v => v.owner !== null && kept.has(v.owner))
    if (plan.rule.kind !== 'map' || leads) kept.set(node, plan)
  }
  return kept
}

// ── the smaller graph ─────────────────────────────────────────────────────────────────────────

function rebuild(
  results: readonly Variable[],
  order: readonly Apply[],
  plans: ReadonlyMap<Apply, Plan>,
): readonly Variable[] {
  const image = new Map<Variable, Variable>()
  /** For what is narrowed: where in the whole its first element lies. */
  const starts = new Map<Variable, readonly Dim[]>()
  const of = (v: Variable) => image.get(v) ?? v
  /** A box of what a variable was. */
  const part = (v: Variable, { starts: from, steps, sizes }: SliceParams): Variable => {
    const offset = starts.get(v)
    return view.slice(of(v), {
      starts: offset === undefined ? from : from.map((start, axis) => subDim(start, offset[axis]!)),
      steps,
      sizes,
    })
  }
  for (const node of order) {
    const plan = plans.get(node)
    withOrigins(node.origins, () => {
      if (plan !== undefined) {
        const inputs = node.inputs.map((v, i) => {
          const box = boxOfInput(node, i, plan)
          return box === null ? of(v) : part(v, slicing(box))
        })
        setNarrowed(node, apply(node.op, inputs, paramsOf(node, plan)), plan)
        return
      }
      const [v] = node.inputs
      if (node.op === slice.op && starts.has(v!)) {
        image.set(node.outputs[0]!, part(v!, node.params as SliceParams))
        return
      }
      const { outputs } = overImages(node, of)
      if (outputs === node.outputs) return
      for (let i = 0; i < outputs.length; i++) image.set(node.outputs[i]!, outputs[i]!)
    })
  }
  return imagesOf(results, of)

  function setNarrowed(node: Apply, { outputs }: Apply, { box, steps }: Plan): void {
    for (const [i, v] of node.outputs.entries()) {
      image.set(v, outputs[i]!)
      if (steps === undefined)
        starts.set(
          v,
          box.map(range => range.low),
        )
      else starts.set(v, firstRow(node, v, steps))
    }
  }
}

const slicing = (box: readonly Range[]): SliceParams => ({
  starts: box.map(({ low }) => low),
  steps: box.map(() => 1),
  sizes: box.map(({ size }) => size),
})

function paramsOf(node: Apply, { steps }: Plan): unknown {
  return steps === undefined ? node.params : { ...(node.params as ScanParams), length: steps }
}

/** In a reverse scan the first steps make the last rows. */
function firstRow(node: Apply, v: Variable, steps: Dim): readonly Dim[] {
  const { length, reverse } = node.params as ScanParams
  const low = reverse ? subDim(length, steps) : 0
  return v.shape.map((_, axis) => (axis === 0 ? low : 0))
}
