/**
 * Inspection of kernels at work: around each run of a kernel something is looked at, compared or measured.
 *
 * What a kernel had to compute is known as a graph (its group), and what it read and wrote is in memory. So the reference
 * can say of one kernel what it should have stored, and which of the operations fused in it made a NaN. Nothing here is
 * there unless somebody asked for it.
 */
import { type Apply, placesOf, topologicalOrder, type Variable } from '@arignote/graph'
import { bytesOf, type DType, isFloat } from '@arignote/loops'
import type { Visit } from '../effects.js'
import type { Inspection } from '../executable.js'
import { kernelDiffers, madeNonFinite } from '../inspection-errors.js'
import { checkMade, hasNonFinite, nonFiniteIn, wasMade } from '../non-finite.js'
import type { Profile } from '../profile.js'
import type { Call, GroupTask, Place, Run, StoreTo } from '../program.js'
import { prepareNode } from './reference/evaluate.js'
import type { Evaluator, Sizes, Value } from './reference/value.js'

export type Action = (trips: Int32Array) => boolean

/** Puts something around the action of a run; `visits` tells the steps of scans it is in. */
export type Wrap = (run: Run<Call>, action: Action, visits: (trips: Int32Array) => readonly Visit[]) => Action

/** What the memory of a running program shows. */
export interface MemoryView {
  /** The value at a place, in C order; a copy if `copied`, else for at once. */
  read(place: Place, trips: Int32Array, copied: boolean): Value
  /** Elements of a place. */
  count(place: Place): number
}

export interface InspectedProgram {
  readonly backend: string
  readonly tasks: ReadonlyMap<Call, GroupTask>
  readonly sizes: Sizes
  readonly memory: MemoryView
}

/** What has to be put around each run; null: nothing. */
export function wrapperFor({ check, profile }: Inspection, program: InspectedProgram): Wrap | null {
  const wraps = [
    ...(check === 'nan' ? [watchingForNaN(program)] : []),
    ...(check === 'debug' ? [comparing(program)] : []),
    ...(profile === undefined ? [] : [measuring(profile, program)]),
  ]
  if (wraps.length === 0) return null
  return (run, action, visits) => wraps.reduce((inner, wrap) => wrap(run, inner, visits), action)
}

/** What a kernel computes: the nodes between what it reads and what it stores. */
class Work {
  readonly stores: readonly StoreTo[]
  readonly leaves: readonly Variable[]
  readonly order: readonly Apply[]
  readonly #evaluators = new Map<Apply, Evaluator>()

  constructor(
    readonly task: GroupTask,
    private readonly sizes: Sizes,
  ) {
    const { group, placeOf } = task
    this.stores = group.kind === 'map' ? group.stores : 'store' in group ? [group.store] : []
    const own = new Set(this.stores.filter(x => placeOf(x.value) === x.place).map(x => x.value))
    const isLeaf = (v: Variable) => placeOf(v) !== null && !own.has(v)
    const values = this.stores.map(x => x.value)
    this.order = topologicalOrder(values, { has: isLeaf })
    this.leaves = [...new Set([...values, ...this.order.flatMap(node => node.inputs)])].filter(isLeaf)
  }

  /** Every value on the way, from those of the leaves. */
  evaluate(leaves: ReadonlyMap<Variable, Value>): ReadonlyMap<Variable, Value> {
    const values = new Map(leaves)
    for (const node of this.order) {
      const inputs = node.inputs.map(v => values.get(v)!)
      const outputs = node.op.family.kind === 'effect' ? [inputs[0]!] : this.#evaluator(node)(inputs)
      for (const [i, v] of node.outputs.entries()) values.set(v, outputs[i]!)
    }
    return values
  }

  read(memory: MemoryView, trips: Int32Array): ReadonlyMap<Variable, Value> {
    return new Map(this.leaves.map(v => [v, memory.read(this.task.placeOf(v)!, trips, true)]))
  }

  #evaluator(node: Apply): Evaluator {
    const known = this.#evaluators.get(node) ?? prepareNode(node, this.sizes, { passed: [], inspection: {} })
    this.#evaluators.set(node, known)
    return known
  }
}

function workOf(run: Run<Call>, { tasks, sizes }: InspectedProgram): Work | null {
  const task = tasks.get(run.task)
  const work = task === undefined ? null : new Work(task, sizes)
  return work === null || work.stores.length === 0 ? null : work
}

// ── check: 'nan' ──────────────────────────────────────────────────────────────────────────────

/** Needs a program that stores every value, and nothing over what it reads: see `pipeline.ts`. */
const watchingForNaN =
  (program: InspectedProgram): Wrap =>
  (run, action, visits) => {
    const work = workOf(run, program)
    const stores = work?.stores.filter(({ place }) => isFloat(place.ref.buffer.dtype)) ?? []
    if (work === null || stores.length === 0) return action
    const { memory } = program
    return trips => {
      if (!action(trips)) return false
      const isFine = stores.every(({ place }) => !hasNonFinite(memory.read(place, trips, false).data))
      if (!isFine) diagnose(work, memory, trips, visits(trips))
      return true
    }
  }

/** Node by node; where the reference, which rounds otherwise, comes to something finite, what is stored counts. */
function diagnose(work: Work, memory: MemoryView, trips: Int32Array, steps: readonly Visit[]): void {
  const leaves = work.read(memory, trips)
  const values = work.evaluate(leaves)
  for (const node of work.order) {
    checkMade(
      node,
      node.outputs.map(v => values.get(v)!),
      node.inputs.map(v => values.get(v)!),
      steps,
    )
  }
  for (const { value, place } of work.stores) {
    const stored = memory.read(place, trips, true)
    const node = value.owner
    if (node === null || node.inputs.length === 0 || nonFiniteIn(values.get(value)!) !== null) continue
    if (!wasMade(stored, [...leaves.values()])) continue
    throw madeNonFinite(
      node,
      stored,
      node.inputs.map(v => values.get(v)!),
      steps,
    )
  }
}

// ── check: 'debug' ────────────────────────────────────────────────────────────────────────────

const comparing =
  (program: InspectedProgram): Wrap =>
  (run, action, visits) => {
    const work = workOf(run, program)
    if (work === null) return action
    const { memory, backend } = program
    return trips => {
      const leaves = work.read(memory, trips)
      if (!action(trips)) return false
      const values = work.evaluate(leaves)
      const greatest = Math.max(1, ...[...leaves.values()].map(greatestOf))
      for (const { value, place } of work.stores) {
        const [actual, expected] = [memory.read(place, trips, true), values.get(value)!]
        const wrong = differences(actual, expected, toleranceOf(work.task, place.ref.buffer.dtype, greatest))
        if (wrong.length === 0) continue
        const [position] = wrong as [number]
        const difference = {
          kernel: run.task.kernel.name,
          backend,
          node: value.owner!,
          value: actual,
          position,
          expected: expected.data[position]!,
          count: wrong.length,
          inputs: [...leaves],
        }
        throw kernelDiffers(difference, visits(trips))
      }
      return true
    }
  }

/** Sums in another order differ by a few roundings of what is summed: products, in a contraction. */
function toleranceOf({ group }: GroupTask, dtype: DType, greatest: number): number {
  if (!isFloat(dtype)) return 0
  const scale = group.kind === 'contract' ? greatest * greatest : greatest
  return scale * (dtype === 'float32' ? 1e-4 : 1e-10)
}

/** Positions where the numbers differ by more than the tolerance, which grows with the greatest of them. */
function differences(actual: Value, expected: Value, tolerance: number): readonly number[] {
  const allowed = tolerance * Math.max(1, greatestOf(expected))
  const found: number[] = []
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [actual.data[i]!, expected.data[i]!]
    if (!(Object.is(a, b) || a === b || Math.abs(a - b) <= allowed)) found.push(i)
  }
  return found
}

function greatestOf({ data }: Value): number {
  let greatest = 0
  for (let i = 0; i < data.length; i++) {
    const x = Math.abs(data[i]!)
    if (x > greatest && x < Number.POSITIVE_INFINITY) greatest = x
  }
  return greatest
}

// ── profile ───────────────────────────────────────────────────────────────────────────────────

const measuring =
  (profile: Profile, program: InspectedProgram): Wrap =>
  (run, action) => {
    const { kernel, operation, node, places } = described(run, program)
    const row = profile.row(run.task, () => ({
      kernel,
      operation,
      place: node === null ? null : (placesOf(node.origins)[0] ?? null),
    }))
    const bytes = places.reduce((sum, place) => sum + sizeOf(place, program.memory), 0)
    return trips => {
      const start = performance.now()
      const isGood = action(trips)
      row.add(performance.now() - start, bytes)
      return isGood
    }
  }

/** What a kernel is called in a profile, and what it reads and writes. */
function described(run: Run<Call>, program: InspectedProgram) {
  const kernel = run.task.kernel.name
  const work = workOf(run, program)
  if (work !== null) {
    const node = work.stores[0]!.value.owner
    const read = work.leaves.map(v => work.task.placeOf(v)!)
    const places = [...work.stores.map(x => x.place), ...read]
    return { kernel, operation: node?.op.name ?? 'copy', node, places }
  }
  const { group, placeOf } = program.tasks.get(run.task)!
  if (group.kind === 'pack') {
    const { b, panels } = group.form
    return { kernel, operation: b.ref.buffer.name, node: null, places: [b, panels!.place] }
  }
  const node = 'node' in group ? group.node : null
  const ids = group.kind === 'check' ? placeOf(group.ids) : null
  return { kernel, operation: node?.op.name ?? kernel, node, places: ids === null ? [] : [ids] }
}

const sizeOf = (place: Place, memory: MemoryView) => memory.count(place) * bytesOf(place.ref.buffer.dtype)
