/**
 * The fusion decision: which variables get memory. Everything else is computed where it is used.
 *
 * What must lie in memory: what somebody asked to be stored, operands of contractions, whatever a scan takes or gives,
 * results of contractions and reductions (or the value at the end of the chain of maps that is their only use: the
 * epilogue). What should, by cost: a value whose recomputation over a broadcast costs more than a store and its loads,
 * and every so many nodes of a long chain, so that no kernel grows without bound. (`group.ts` adds what is dear to
 * repeat in a second kernel, once it knows the kernels.)
 */
import {
  type Apply,
  type Dim,
  equalDim,
  consumers as findConsumers,
  symbolsIn,
  symbolsOf,
  topologicalOrder,
  type Variable,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { nodeCost } from '../expression.js'
import { type LateSizes, noLateSizes } from '../late.js'
import type { Place, StoreTo } from '../program.js'
import {
  type Block,
  constantPlace,
  freshPlace,
  isContiguous,
  type Root,
  subPlace,
  viewPlace,
} from './block.js'
import type { Reads } from './window.js'

/** The largest number of nodes computed in one expression, and of maps after a contraction or reduction. */
const largestExpression = 160
const longestEpilogue = 16
/** Recomputing more instructions than this for every element of a broadcast is dearer than going through memory. */
const cheapToBroadcast = 4

const noVariables: readonly Variable[] = []

/** Late sizes, and the variables whose values they are. */
export interface SizesMade {
  readonly late: LateSizes
  readonly sources: readonly Variable[]
}

/** What a block has to do, and in whose memory it ends up. */
export class Decision {
  readonly scans: Apply[] = []
  readonly branches: Apply[] = []
  readonly effects: Apply[] = []
  /** Nodes that read or write by index values, in order. */
  readonly indexed: Apply[] = []
  readonly order: readonly Apply[]
  /** Stored values with memory of their own, by variable. */
  readonly roots = new Map<Variable, Root>()
  /** Values that lie elsewhere and are stored once more. */
  readonly copies: Root[] = []
  /** For a variable put together from parts: what fills it. */
  readonly parts = new Map<Variable, (Variable | Root)[]>()
  /** What has to be stored before a scan can start. */
  readonly initial = new Map<Apply, readonly (Variable | Root)[]>()
  /** Where each wanted value lies, in C order. */
  readonly wantedPlaces: readonly Place[]
  private readonly consumers: ReadonlyMap<Variable, readonly Apply[]>
  private readonly results: ReadonlySet<Variable>
  /** What sizes are computed from: it is there before a place with one of them is. */
  private readonly beforeSizes: ReadonlySet<Variable>
  private readonly anchors = new Map<Variable, Apply>()
  private readonly chained = new Set<Variable>()

  /** `stores` go where they say; `wanted` values may lie anywhere. */
  constructor(
    readonly block: Block,
    stores: readonly StoreTo[],
    wanted: readonly Variable[],
    prepareScan: (node: Apply, reads: Reads) => readonly StoreTo[],
    /** Whether nothing may be fused behind a contraction. */
    private readonly standsAlone: (node: Apply) => boolean,
    /** Whether every float value is to be seen in memory. */
    seesAll: boolean,
    /** Sizes that are computed here. */
    private readonly sizes: SizesMade = { late: noLateSizes, sources: [] },
  ) {
    const results = [...stores.map(x => x.value), ...wanted]
    this.results = new Set(results)
    // What a size is made of comes first, so it stands before whatever has that size.
    const { sources } = this.sizes
    this.order = topologicalOrder([...sources, ...results])
    this.beforeSizes = new Set(topologicalOrder(sources).flatMap(node => node.outputs))
    this.consumers = findConsumers(sources.length === 0 ? this.order : topologicalOrder(results))
    for (const node of this.order) this.sort(node)
    const reads: Reads = v => (this.results.has(v) ? 'all' : (this.consumers.get(v) ?? []))
    for (const node of this.scans)
      this.initial.set(
        node,
        prepareScan(node, reads).map(store => this.storeAt(store)),
      )
    for (const store of stores) this.storeAt(store)
    for (const node of this.order.filter(isAssembled).reverse()) this.add(node.outputs[0]!)
    for (const node of this.order) this.place(node)
    for (const v of wanted) this.add(v)
    if (seesAll)
      for (const { op, outputs } of this.order) if (isFloatMap(op, outputs[0]!)) this.add(outputs[0]!)
    this.limitExpressions()
    this.wantedPlaces = wanted.map(v => this.contiguous(v))
  }

  /** The variables whose values are sizes that a node mentions, or the place of a value; they must be known before. */
  sizesFor(of: Apply | Place): readonly Variable[] {
    return this.sizes.sources.length === 0 ? noVariables : this.sourcesFor(of)
  }

  private sourcesFor(of: Apply | Place): readonly Variable[] {
    const { late, sources } = this.sizes
    const symbols = new Set('op' in of ? symbolsIn(of) : dimsOf(of).flatMap(symbolsOf))
    // Grows while it is walked: what a symbol equals mentions others.
    for (const symbol of symbols)
      for (const other of symbolsOf(late.definitions.get(symbol) ?? 0)) symbols.add(other)
    return sources.filter((_, i) => symbols.has(late.symbols[i]!))
  }

  private sort(node: Apply): void {
    switch (node.op.family.kind) {
      case 'constant': {
        const output = node.outputs[0]!
        if (output.ndim > 0) this.block.places.set(output, constantPlace(node))
        break
      }
      case 'scan':
        this.scans.push(node)
        break
      case 'branch':
        this.branches.push(node)
        break
      case 'effect':
        this.effects.push(node)
        break
      case 'gather':
      case 'scatter':
        this.indexed.push(node)
    }
  }

  /** Gives a variable memory, unless it has some. */
  add(v: Variable): void {
    if (this.block.placeOf(v) !== null) return
    this.own(v, freshPlace(v.name ?? v.owner?.op.name ?? 'value', 'scratch', v.type, this.block.trips))
  }

  /** The contraction or reduction inside the expression of a root. */
  anchorOf(root: Root): Apply | null {
    return this.roots.get(root.store.value) === root ? (this.anchors.get(root.store.value) ?? null) : null
  }

  private own(v: Variable, place: Place): void {
    this.block.places.set(v, place)
    if (v.owner?.op.family.kind === 'branch') return
    if (!this.placeParts(v)) this.roots.set(v, { store: { value: v, place } })
  }

  /** Computes a value right where it belongs, or copies it there when it lies elsewhere or others need it longer. */
  private storeAt({ value, place }: StoreTo): Variable | Root {
    const lasts = !startsLoop(place) || this.isOnlyStart(value)
    const isTooEarly = this.beforeSizes.has(value) && this.sizesFor(place).length > 0
    if (
      lasts &&
      !isTooEarly &&
      this.block.placeOf(value) === null &&
      value.owner?.op.family.kind !== 'scan'
    ) {
      this.own(value, place)
      return value
    }
    this.add(value)
    const copy = { store: { value, place } }
    this.copies.push(copy)
    return copy
  }

  /** Whether nobody but a scan reads the value, and that only to start from. */
  private isOnlyStart(value: Variable): boolean {
    const [user, ...others] = this.consumers.get(value) ?? []
    if (user === undefined || others.length > 0 || this.results.has(value)) return false
    return user.op.family.kind !== 'scan' || isInitialCarryOnly(user, value)
  }

  /** Inputs that are put side by side are computed in their part of the whole. */
  private placeParts(v: Variable): boolean {
    const node = v.owner
    const family = node?.op.family
    if (node == null || family?.kind !== 'view' || family.assemble === undefined) return false
    const place = this.block.places.get(v)!
    const starts = family.assemble({
      params: node.params,
      inputs: node.inputs.map(x => x.type),
      output: v.type,
    })
    this.parts.set(
      v,
      starts.map((start, i) =>
        this.storeAt({ value: node.inputs[i]!, place: subPlace(place, start, node.inputs[i]!.shape) }),
      ),
    )
    return true
  }

  /** What the families ask for. */
  private place(node: Apply): void {
    const family = node.op.family
    const output = node.outputs[0]!
    switch (family.kind) {
      case 'contract':
        for (const operand of node.inputs) this.add(operand)
        this.anchor(node)
        break
      case 'reduce':
        this.anchor(node)
        break
      case 'scatter':
        this.add(output)
        break
      case 'routine':
        for (const input of node.inputs) this.add(input)
        this.add(output)
        break
      case 'gather':
        if (node.inputs[0]!.owner?.op.family.kind !== 'source') this.add(node.inputs[0]!)
        break
      case 'scan':
        for (const input of node.inputs) if (!isInitialCarryOnly(node, input)) this.add(input)
        break
      case 'branch':
        for (const input of node.inputs) this.add(input)
        for (const v of node.outputs) if (this.results.has(v) || this.consumers.has(v)) this.add(v)
        break
      case 'effect':
        this.add(affected(node))
        break
      case 'view':
        if (family.divides && this.block.placeOf(output) === null) this.add(node.inputs[0]!)
        break
      case 'map':
      case 'source':
      case 'constant':
        break
      default:
        family satisfies never
    }
  }

  /** Follows the chain of maps that is the only use of a contraction or reduction; its end is stored. */
  private anchor(node: Apply): void {
    let end = node.outputs[0]!
    this.chained.add(end)
    const longest = this.standsAlone(node) ? 0 : longestEpilogue
    for (
      let length = 0;
      length < longest && !this.block.places.has(end) && !this.results.has(end);
      length++
    ) {
      const users = this.consumers.get(end) ?? []
      const next = users.length === 1 && users[0]!.op.family.kind === 'map' ? users[0]!.outputs[0]! : null
      if (next === null || this.chained.has(next)) break
      end = next
      this.chained.add(end)
    }
    this.anchors.set(end, node)
    this.add(end)
  }

  private contiguous(v: Variable): Place {
    const place = this.block.placeOf(v)!
    if (isContiguous(place)) return place
    const copy = { store: { value: v, place: freshPlace('output', 'scratch', v.type, this.block.trips) } }
    this.copies.push(copy)
    return copy.store.place
  }

  /** What a chain of views that need no copy is a view of. */
  private unviewed(v: Variable): Variable {
    let source = v
    for (let node = v.owner; node !== null; node = source.owner) {
      const { family } = node.op
      if (family.kind !== 'view' || family.strided === undefined || this.block.placeOf(source) !== null) break
      source = node.inputs[0]!
    }
    return source
  }

  /** Memory for what is dear to repeat over a broadcast, and every so often along a long chain. */
  private limitExpressions(): void {
    const cost = new Map<Variable, number>()
    const nodes = new Map<Variable, number>()
    /** Numbers made of sizes and constants: a kernel computes them once, before its loops. */
    const fixed = new Set<Variable>()
    const isOpen = (v: Variable) => this.block.placeOf(v) === null
    for (let at = 0; at < this.order.length; at++) {
      const node = this.order[at]!
      const output = node.outputs[0]!
      const kind = node.op.family.kind
      if (kind === 'scan' || kind === 'branch' || !isOpen(output)) continue
      if (kind === 'view' && broadcasts(node)) {
        const source = this.unviewed(node.inputs[0]!)
        const isDear = (cost.get(source) ?? 0) > cheapToBroadcast
        if (isDear && isOpen(source)) this.add(source)
        if (!isOpen(output)) continue
      }
      if (output.ndim === 0 && node.inputs.every(v => fixed.has(v))) fixed.add(output)
      let size = 1
      let sum = fixed.has(output) ? 0 : nodeCost(node)
      for (let i = 0; i < node.inputs.length; i++) {
        const within = nodes.get(node.inputs[i]!)
        if (within === undefined || !isOpen(node.inputs[i]!)) continue
        size += within
        sum += cost.get(node.inputs[i]!)!
      }
      if (size > largestExpression && !this.chained.has(output)) this.add(output)
      else {
        nodes.set(output, size)
        cost.set(output, sum)
      }
    }
  }
}

function dimsOf({ ref, shape, strides }: Place): readonly Dim[] {
  const moves = ref.perTrip.flatMap(({ stride, phase }) => [stride, phase])
  return [...shape, ...strides, ref.offset, ref.buffer.size, ...moves]
}

function isFloatMap({ family }: Apply['op'], { dtype }: Variable): boolean {
  return family.kind === 'map' && isFloat(dtype)
}

/** What the host looks at: the value that is printed, or whether what is asserted holds. */
export function affected(node: Apply): Variable {
  return node.inputs.at(-1)!
}

/** It is put together from parts, which are then computed where they belong. */
function isAssembled({ op: { family } }: Apply): boolean {
  return family.kind === 'view' && family.assemble !== undefined
}

/** Whether the memory is a state's before the first step: the steps write over it. */
function startsLoop({ ref }: Place): boolean {
  const rings = ref.perTrip.filter(({ ring }) => ring !== null)
  return rings.length > 0 && rings.every(({ trip }) => trip === null)
}

function isInitialCarryOnly(node: Apply, input: Variable): boolean {
  const { counts } = node.params as {
    readonly counts: { readonly constants: number; readonly carries: number }
  }
  return node.inputs.every(
    (v, i) => v !== input || (i >= counts.constants && i < counts.constants + counts.carries),
  )
}

function broadcasts(node: Apply): boolean {
  const input = node.inputs[0]!.type
  const buffer = { name: '', role: 'scratch', dtype: input.dtype, size: 1, depth: 0 } as const
  const strides = input.shape.map(() => 1)
  const place = viewPlace(node, {
    ref: { buffer, offset: 0, perTrip: [] },
    shape: input.shape,
    strides,
    scope: [],
  })
  return place?.strides.some((stride, i) => stride === 0 && !equalDim(place.shape[i]!, 1)) ?? false
}
