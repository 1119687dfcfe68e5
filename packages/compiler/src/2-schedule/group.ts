/**
 * Which stores share a kernel, and in which order everything runs.
 *
 * Elementwise stores over one space join when they share work or reads and no other kernel has to run in between.
 * To see the latter cheaply every unit has a level, one more than the highest level it depends on: a store may join a
 * kernel of level n if what else it needs lies below n.
 */
import { type Apply, type Dim, dimKey, type Variable } from '@arignote/graph'
import {
  type Expression,
  expressionOf,
  isPlainMap,
  nodeCost,
  reading,
  repeatedScalar,
} from '../expression.js'
import type { Buffer } from '../program.js'
import type { Root } from './block.js'
import { affected, type Decision } from './materialize.js'
import { inOrder, readOldValuesFirst, sparingly } from './order.js'

/** A kernel to be, a scan, a branch, an effect, or a check of index values. */
export interface Unit {
  readonly kind: 'map' | 'anchored' | 'scan' | 'branch' | 'effect' | 'check'
  readonly roots: Root[]
  readonly node: Apply | null
  readonly needs: Set<Unit>
  level: number
  /** Position of the first thing it computes, in the order of the graph. */
  readonly position: number
  readonly expressions: Expression[]
}

/** How many kernels back a store looks for one to join, and how many stores a kernel may hold. */
const farthestKernel = 24
const mostStores = 12
/** Recomputing more instructions than this in a second kernel is dearer than a store and a load. */
const cheapToRepeat = 8
const mostRounds = 4

/**
 * The units of a block in a valid order. May give memory to values that several kernels would compute. `replaced`: for
 * the buffer of a new value the variable whose old one it replaces.
 */
export function groupUnits(
  decision: Decision,
  estimate: (dim: Dim) => number,
  replaced: ReadonlyMap<Buffer, Variable> = new Map(),
): readonly Unit[] {
  for (let round = 1; ; round++) {
    const units = formUnits(decision)
    const dear = round < mostRounds ? dearToRepeat(decision, units) : []
    if (dear.length === 0) {
      readOldValuesFirst(units, decision, replaced)
      const lasting = new Set([...replaced.keys(), ...decision.wantedPlaces.map(place => place.ref.buffer)])
      const depth = decision.block.trips.length
      const isOwn = (buffer: Buffer) => buffer.depth === depth && !lasting.has(buffer)
      return sparingly(inOrder(units), decision, isOwn, estimate)
    }
    for (const v of dear) decision.add(v)
  }
}

function formUnits(decision: Decision): Unit[] {
  const { block, order } = decision
  const placeOf = (v: Variable) => block.placeOf(v)
  const position = new Map(order.map((node, i) => [node, i]))
  const at = (v: Variable) => (v.owner === null ? -1 : (position.get(v.owner) ?? -1))
  const units: Unit[] = []
  const producer = new Map<Variable | Root | Apply, Unit>()
  const open = new Map<string, Unit[]>()
  const checks = new Map<Variable, Map<string, Unit>>()

  const pending = [
    ...decision.indexed.map(node => ({ position: position.get(node)! - 0.5, root: null, node })),
    ...[...decision.scans, ...decision.branches].map(node => ({
      position: position.get(node)!,
      root: null,
      node,
    })),
    ...decision.effects.map(node => ({ position: position.get(node)! - 0.5, root: null, node })),
    ...[...decision.roots.values(), ...decision.copies].map(root => ({
      // A place with a size that is computed is none before.
      position: Math.max(
        at(root.store.value),
        ...decision.sizesFor(root.store.place).map(size => at(size) + 0.25),
      ),
      root,
      node: null,
    })),
  ].sort((a, b) => a.position - b.position)

  for (const item of pending) {
    const { root, node } = item
    if (node === null) addRoot(root!, item.position)
    else addNode(node, item.position)
  }
  return units

  /** The same index values are checked once, however many nodes use them. */
  function checkOf(node: Apply, at: number): Unit {
    const ids = node.inputs[indexInput(node)]!
    const known = checks.get(ids) ?? new Map<string, Unit>()
    checks.set(ids, known)
    const size = dimKey(indexedSize(node))
    let unit = known.get(size)
    if (unit === undefined) {
      const expression = expressionOf(placeOf, ids, block.placeOf(ids) === null)
      unit = addUnit('check', node, [], expression, needsOf(expression, node), at)
      known.set(size, unit)
    }
    return unit
  }

  function addNode(node: Apply, at: number): void {
    const { kind } = node.op.family
    if (kind === 'scan' || kind === 'branch') addBlock(kind, node, at)
    else if (kind === 'effect') producer.set(node, addEffect(node, at))
    else producer.set(node, checkOf(node, at))
  }

  function addEffect(node: Apply, at: number): Unit {
    const expression = reading(affected(node))
    return addUnit('effect', node, [], expression, needsOf(expression), at)
  }

  function addRoot(root: Root, at: number): void {
    const { value } = root.store
    const own = decision.roots.get(value) === root
    const expression = expressionOf(placeOf, value, own)
    const needs = needsOf(expression, root)
    const node = decision.anchorOf(root)
    const kind = node !== null || (own && fillsItsOutput(value)) ? 'anchored' : 'map'
    const home = kind === 'map' ? joinable(root, expression, needs) : null
    if (home !== null) {
      home.roots.push(root)
      home.expressions.push(expression)
      for (const unit of needs) if (unit !== home) home.needs.add(unit)
    }
    const unit = home ?? addUnit(kind, node ?? value.owner, [root], expression, needs, at)
    if (home === null && kind === 'map') {
      const space = spaceKey(root)
      open.set(space, [...(open.get(space) ?? []).slice(-farthestKernel + 1), unit])
    }
    producer.set(own ? value : root, unit)
  }

  function addBlock(kind: 'scan' | 'branch', node: Apply, at: number): void {
    const needs = new Set<Unit>()
    const places = node.inputs.flatMap(v => placeOf(v) ?? [])
    const sizes = [node, ...places].flatMap(of => decision.sizesFor(of))
    for (const v of [...node.inputs, ...sizes]) for (const unit of producersOf(v)) needs.add(unit)
    for (const copy of decision.initial.get(node) ?? [])
      for (const unit of producersOfPart(copy)) needs.add(unit)
    const unit = addUnit(kind, node, [], { interior: new Map(), leaves: [] }, needs, at)
    for (const output of node.outputs) producer.set(output, unit)
  }

  function addUnit(
    kind: Unit['kind'],
    node: Apply | null,
    roots: Root[],
    expression: Expression,
    needs: Set<Unit>,
    at: number,
  ): Unit {
    let level = 0
    for (const unit of needs) level = Math.max(level, unit.level + 1)
    const unit: Unit = { kind, roots, node, needs, level, position: at, expressions: [expression] }
    units.push(unit)
    return unit
  }

  function needsOf(expression: Expression, of: Apply | Root | null = null): Set<Unit> {
    const needs = new Set<Unit>()
    const need = (v: Variable) => {
      for (const unit of producersOf(v)) needs.add(unit)
    }
    for (const { variable } of expression.leaves) {
      need(variable)
      decision.sizesFor(placeOf(variable)!).forEach(need)
    }
    for (const v of expression.interior.keys()) {
      if (v.owner === null) continue
      const check = producer.get(v.owner)
      if (check !== undefined) needs.add(check)
      decision.sizesFor(v.owner).forEach(need)
    }
    if (of !== null) decision.sizesFor('store' in of ? of.store.place : of).forEach(need)
    return needs
  }

  function producersOf(v: Variable): readonly Unit[] {
    const owner = block.ownerOf(v)
    const parts = decision.parts.get(owner)
    if (parts !== undefined) return parts.flatMap(producersOfPart)
    const unit = producer.get(owner)
    return unit === undefined ? [] : [unit]
  }

  function producersOfPart(part: Variable | Root): readonly Unit[] {
    if (!('store' in part)) return producersOf(part)
    const unit = producer.get(part)
    return unit === undefined ? [] : [unit]
  }

  function joinable(root: Root, expression: Expression, needs: Set<Unit>): Unit | null {
    for (const unit of [...(open.get(spaceKey(root)) ?? [])].reverse()) {
      if (unit.roots.length >= mostStores) continue
      if ([...needs].some(needed => needed !== unit && needed.level >= unit.level)) continue
      if (needs.has(unit) && !readsPointwise(expression, unit)) continue
      if (root.store.place.shape.length === 0 || sharesWork(decision, expression, unit) || needs.has(unit))
        return unit
    }
    return null
  }

  /** Everything read from the unit's results is read at the index that is being stored, from where it was stored. */
  function readsPointwise(expression: Expression, unit: Unit): boolean {
    return expression.leaves.every(
      leaf =>
        !producersOf(leaf.variable).includes(unit) || (leaf.pointwise && decision.roots.has(leaf.variable)),
    )
  }
}

/** Made by a kernel of its own, which says no element by itself. */
function fillsItsOutput({ owner }: Variable): boolean {
  return owner?.op.family.kind === 'scatter' || owner?.op.family.kind === 'routine'
}

/** Where a gather or scatter has its index values. */
export function indexInput(node: Apply): number {
  return node.op.family.kind === 'gather' ? 1 : 0
}

/** What the index values of a gather or scatter must be less than. */
export function indexedSize(node: Apply): Dim {
  const { family } = node.op
  if (family.kind === 'scatter') return family.size(node.params)
  if (family.kind !== 'gather') throw new Error('internal: nothing is indexed')
  return node.inputs[0]!.shape[family.axis(node.params)]!
}

/** Kernels are laid out by shape. */
function spaceKey({ store }: Root): string {
  return store.place.shape.map(dimKey).join()
}

/** They read from the same memory, or compute something in common; a single number, or an expand of one, is nothing. */
function sharesWork(decision: Decision, expression: Expression, unit: Unit): boolean {
  const memory = ({ leaves }: Expression) =>
    leaves.flatMap(({ variable }) => (variable.ndim > 0 ? [decision.block.ownerOf(variable)] : []))
  const read = new Set(memory(expression))
  return unit.expressions.some(
    other =>
      memory(other).some(owner => read.has(owner)) ||
      [...expression.interior.keys()].some(v => repeatedScalar(v) === null && other.interior.has(v)),
  )
}

/** What a unit computes, each value once. */
function interiorOf({ expressions }: Unit): Iterable<Variable> {
  if (expressions.length === 1) return expressions[0]!.interior.keys()
  return new Set(expressions.flatMap(({ interior }) => [...interior.keys()]))
}

/**
 * The outermost values that more than one unit would compute at more than a trifling cost. Not those that are made of
 * positions and single numbers alone, by plain instructions: a random mask is computed again, and needs no memory.
 */
function dearToRepeat(decision: Decision, units: readonly Unit[]): readonly Variable[] {
  const users = new Map<Variable, number>()
  for (const unit of units) {
    for (const v of interiorOf(unit)) users.set(v, (users.get(v) ?? 0) + 1)
  }
  const cost = new Map<Variable, number>()
  const dear = new Set<Variable>()
  const numbers = new Set<Variable>()
  for (const node of decision.order) {
    const v = node.outputs[0]!
    if (!users.has(v)) continue
    const isOfNumbers = (x: Variable) => numbers.has(x) || repeatedScalar(x) !== null
    if (node.op.family.kind === 'source' || (isPlainMap(node) && node.inputs.every(isOfNumbers)))
      numbers.add(v)
    const sum = node.inputs.reduce((total, input) => total + (cost.get(input) ?? 0), nodeCost(node))
    if (decision.block.placeOf(v) !== null) continue
    cost.set(v, sum)
    if (users.get(v)! > 1 && sum > cheapToRepeat && v.ndim > 0 && !numbers.has(v)) {
      dear.add(v)
      for (const input of node.inputs) if (users.get(input) === users.get(v)) dear.delete(input)
    }
  }
  return [...dear]
}
