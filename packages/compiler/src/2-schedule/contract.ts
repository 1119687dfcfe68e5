/**
 * How a contraction is laid out as loops: which axes are rows, columns and sums, which operand gives the columns, and
 * whether that operand is rearranged into panels first.
 *
 * An operand that does not change inside the surrounding scans is packed once, before them. At batch 32 that is worth
 * more than any tuning of the inner loop.
 */
import {
  type Apply,
  addDim,
  type Contraction,
  contiguousStrides,
  type Dim,
  dimKey,
  equalDim,
  floorDivDim,
  mulDim,
  productDim,
} from '@arignote/graph'
import { bytesOf } from '@arignote/loops'
import { type Expression, isPointwise } from '../expression.js'
import type {
  Buffer,
  ContractionAxis,
  ContractionForm,
  Group,
  Panels,
  Place,
  StoreTo,
  Target,
  Trip,
} from '../program.js'
import { Block } from './block.js'

/** Below this many columns lanes along the sum do better, where both operands are contiguous there. */
const fewColumns = 8
/** With fewer rows than this, rearranging the other operand costs more than it saves. */
const rowsWorthPacking = 12
const mostAccumulators = 8
/** Terms of a sum that are done together when it is long; a panel of that many rows fits the first cache. */
const longestSum = 512

type AxisClass = 'loop' | 'left' | 'right'

/** Panels are made and used a part at a time where all of them would be larger than this. */
const mostPanelBytes = 1 << 21
const mostParts = 16

/** Emits the kernel of a contraction, preceded by its pack step (in the block where the operand was made). */
export function emitContraction(
  block: Block,
  node: Apply,
  store: StoreTo,
  expression: Expression,
  target: Target,
  estimate: (dim: Dim) => number,
  emit: (block: Block, group: Group) => void,
): void {
  const { axes, sums } = axesOf(block, node, store, expression)
  const [left, right] = node.inputs.map(v => block.placeOf(v)!) as [Place, Place]
  const plain = arrange(left, right, axes, sums, 'left', estimate)
  const swapped = arrange(right, left, axes, sums, 'right', estimate)
  const chosen = suitability(plain, estimate) >= suitability(swapped, estimate) ? plain : swapped
  const lanes = target.lanes(node.outputs[0]!.dtype)
  const form = {
    ...tiled(chosen, target, estimate),
    sumBlock: sumBlockOf(chosen.sums, store.value === node.outputs[0], estimate),
  }
  if (form.mode === 'dot' || !worthPacking(form, block, estimate)) {
    emit(block, { kind: 'contract', node, store, form })
    return
  }
  const columns = lanes * target.tileVectors
  const packedForm = { ...form, tileVectors: target.tileVectors, tileRows: target.tileRows }
  const parts = partsOf(packedForm, block, columns, estimate)
  if (parts > 1) emitParts(block, node, store, packedForm, { columns, parts }, emit)
  else {
    const panels = packed(block, packedForm, columns, emit)
    emit(block, { kind: 'contract', node, store, form: { ...packedForm, panels } })
  }
}

/**
 * How many parts the columns are cut into, so that the panels of one fit `mostPanelBytes`. Only where there is a long sum, of
 * which each part is much work.
 */
function partsOf(
  { b, loops, sums, column, sumBlock }: ContractionForm,
  block: Block,
  columns: number,
  estimate: (dim: Dim) => number,
): number {
  const { extent, merged } = column
  const isInvariant = b.scope.length < block.trips.length
  if (sumBlock === null || loops.length > 0 || isInvariant || typeof extent !== 'number' || merged.length > 1)
    return 1
  const terms = sums.reduce((product, x) => product * estimate(x.extent), 1)
  const bytes = terms * extent * bytesOf(b.ref.buffer.dtype)
  for (let parts = Math.ceil(bytes / mostPanelBytes); parts <= mostParts; parts++)
    if (extent % (parts * columns) === 0) return parts
  return 1
}

/** A repeat over parts of the columns: each is packed into the same memory, and done. */
function emitParts(
  block: Block,
  node: Apply,
  store: StoreTo,
  form: ContractionForm,
  { columns, parts }: { readonly columns: number; readonly parts: number },
  emit: (block: Block, group: Group) => void,
): void {
  const trip: Trip = { depth: block.trips.length }
  const inside = new Block([...block.trips, trip], block)
  const width = (form.column.extent as number) / parts
  const part = (place: Place, stride: Dim): Place => {
    const move = { trip, stride: mulDim(stride, width), ring: null, phase: 0 }
    return {
      ...place,
      ref: { ...place.ref, perTrip: [...place.ref.perTrip, move] },
      scope: inside.trips,
    }
  }
  const whole = part(store.place, form.column.out)
  const place = { ...whole, shape: whole.shape.with(form.column.merged[0]!, width) }
  const b = part(form.b, form.column.b)
  const narrow = { ...form, b, column: { ...form.column, extent: width } }
  for (const v of node.inputs) inside.places.set(v, block.placeOf(v)!)
  const panels = packed(inside, narrow, columns, emit)
  emit(inside, {
    kind: 'contract',
    node,
    store: { value: store.value, place },
    form: { ...narrow, panels },
  })
  block.steps.push({
    kind: 'repeat',
    trip,
    count: parts,
    name: 'columns',
    numbering: null,
    body: inside.steps,
    exit: null,
  })
}

interface Axes {
  readonly axes: readonly (ContractionAxis & { readonly kind: AxisClass })[]
  readonly sums: readonly ContractionAxis[]
}

/** The contraction's labels as axes with strides (a: left, b: right), neighbours merged where all strides allow it. */
function axesOf(block: Block, node: Apply, store: StoreTo, expression: Expression): Axes {
  const family = node.op.family
  if (family.kind !== 'contract') throw new Error('internal: not a contraction')
  const spec: Contraction = family.spec(node.params)
  const [left, right] = node.inputs.map(v => block.placeOf(v)!) as [Place, Place]
  const strideIn = (labels: readonly number[], place: Place, label: number): Dim => {
    const at = labels.indexOf(label)
    return at < 0 ? 0 : place.strides[at]!
  }
  const axis = (label: number, extent: Dim, out: Dim, merged: readonly number[]) => ({
    extent,
    a: strideIn(spec.left, left, label),
    b: strideIn(spec.right, right, label),
    out,
    merged,
  })
  const leaves = expression.leaves.filter(leaf => !node.inputs.includes(leaf.variable))
  const mayMerge = isPointwise(expression, node)
  const epilogue = leaves.filter(leaf => leaf.variable.ndim > 0).map(leaf => block.placeOf(leaf.variable)!)

  const axes: (ContractionAxis & { kind: AxisClass })[] = []
  spec.out.forEach((label, position) => {
    const kind = !spec.left.includes(label) ? 'right' : spec.right.includes(label) ? 'loop' : 'left'
    const next = {
      ...axis(label, store.place.shape[position]!, store.place.strides[position]!, [position]),
      kind,
    } as const
    const before = axes.at(-1)
    const compatible = (place: Place) =>
      equalDim(place.strides[position - 1]!, mulDim(place.strides[position]!, next.extent))
    if (before?.kind === kind && mayMerge && mergeable(before, next) && epilogue.every(compatible)) {
      axes[axes.length - 1] = {
        ...next,
        extent: mulDim(before.extent, next.extent),
        merged: [...before.merged, position],
      }
    } else axes.push(next)
  })

  const sums: ContractionAxis[] = []
  const summed = [...new Set([...spec.left, ...spec.right])].filter(label => !spec.out.includes(label))
  for (const label of summed) {
    const inLeft = spec.left.indexOf(label)
    const extent = inLeft >= 0 ? left.shape[inLeft]! : right.shape[spec.right.indexOf(label)]!
    const next = axis(label, extent, 0, [])
    const before = sums.at(-1)
    if (before !== undefined && mergeable(before, next)) {
      sums[sums.length - 1] = { ...next, extent: mulDim(before.extent, extent) }
    } else sums.push(next)
  }
  return { axes, sums }
}

function mergeable(outer: ContractionAxis, inner: ContractionAxis): boolean {
  return (['a', 'b', 'out'] as const).every(x => equalDim(outer[x], mulDim(inner[x], inner.extent)))
}

type Arranged = Pick<ContractionForm, 'a' | 'b' | 'loops' | 'row' | 'column' | 'sums'>

const single: ContractionAxis = { extent: 1, a: 0, b: 0, out: 0, merged: [] }

/** With the operand `rows` giving the rows and the other the columns. */
function arrange(
  a: Place,
  b: Place,
  axes: Axes['axes'],
  sums: readonly ContractionAxis[],
  rows: 'left' | 'right',
  estimate: (dim: Dim) => number,
): Arranged {
  const turned = <T extends ContractionAxis>(x: T): T => (rows === 'left' ? x : { ...x, a: x.b, b: x.a })
  const all = axes.map(turned)
  const largest = (list: typeof all) =>
    list.reduce<(typeof all)[number] | null>(
      (best, x) => (best && estimate(best.extent) >= estimate(x.extent) ? best : x),
      null,
    )
  const columns = all.filter(x => x.kind !== 'loop' && x.kind !== rows)
  const column = columns.find(x => equalDim(x.out, 1)) ?? largest(columns)
  const row = largest(all.filter(x => x.kind === rows))
  return {
    a,
    b,
    loops: all.filter(x => x !== row && x !== column),
    row: row ?? single,
    column: column ?? single,
    sums: sums.map(turned),
  }
}

/** How well the columns suit lanes: contiguous in the result, then in the operand; many of them. */
function suitability({ column }: Arranged, estimate: (dim: Dim) => number): number {
  const many = estimate(column.extent) >= fewColumns ? 4 : 0
  return many + (equalDim(column.out, 1) ? 2 : 0) + (equalDim(column.b, 1) ? 1 : 0)
}

function tiled(arranged: Arranged, target: Target, estimate: (dim: Dim) => number): ContractionForm {
  const { row, column, sums } = arranged
  const last = sums.at(-1)
  const contiguousSum = last !== undefined && equalDim(last.a, 1) && equalDim(last.b, 1)
  const lanesAlongColumns = estimate(column.extent) >= fewColumns && equalDim(column.b, 1)
  const rows = estimate(row.extent)
  const dot =
    contiguousSum && (estimate(column.extent) < fewColumns || (!lanesAlongColumns && rows < rowsWorthPacking))
  const fewRows = typeof row.extent === 'number' && row.extent < target.tileRows
  const product = isProduct(sums)
  const tileRows = product ? 1 : fewRows ? Math.max(1, row.extent) : target.tileRows
  const tileVectors =
    product || tileRows === target.tileRows ? target.tileVectors : Math.floor(mostAccumulators / tileRows)
  return { ...arranged, mode: dot ? 'dot' : 'tile', tileRows, tileVectors, panels: null, sumBlock: null }
}

/** Sums of a single term each: nothing is read twice that a tile could keep. */
function isProduct(sums: readonly ContractionAxis[]): boolean {
  return sums.every(({ extent }) => equalDim(extent, 1))
}

/** Whether a contraction sums so many terms that it is done in blocks; nothing can be fused behind it then. */
export function hasLongSum(node: Apply, estimate: (dim: Dim) => number): boolean {
  const family = node.op.family
  if (family.kind !== 'contract') return false
  const { left, out } = family.spec(node.params)
  const shape = node.inputs[0]!.shape
  return (
    left.reduce((terms, label, i) => (out.includes(label) ? terms : terms * estimate(shape[i]!)), 1) >
    2 * longestSum
  )
}

function sumBlockOf(
  sums: readonly ContractionAxis[],
  isPlain: boolean,
  estimate: (dim: Dim) => number,
): number | null {
  const [first, ...inner] = sums.map(x => estimate(x.extent))
  if (!isPlain || first === undefined) return null
  const within = inner.reduce((product, n) => product * n, 1)
  return first * within <= 2 * longestSum ? null : Math.max(1, Math.floor(longestSum / within))
}

function worthPacking(form: ContractionForm, block: Block, estimate: (dim: Dim) => number): boolean {
  if (estimate(form.column.extent) < fewColumns || isProduct(form.sums)) return false
  const invariant = form.b.scope.length < block.trips.length
  const rows = estimate(form.row.extent)
  return invariant ? rows >= 2 || !equalDim(form.column.b, 1) : rows >= rowsWorthPacking
}

const bufferIds = new WeakMap<Buffer, number>()
let buffers = 0

function bufferId(buffer: Buffer): number {
  let id = bufferIds.get(buffer)
  if (id === undefined) {
    id = buffers++
    bufferIds.set(buffer, id)
  }
  return id
}

/** The panels of `b`, packed once where `b` was made. */
function packed(
  block: Block,
  form: ContractionForm,
  columns: number,
  emit: (block: Block, group: Group) => void,
): Panels {
  const { b, loops, sums, column } = form
  let home = block
  while (home.parent !== null && b.scope.length < home.trips.length) home = home.parent
  const own = loops.filter(axis => !equalDim(axis.b, 0))
  const described = [...own, ...sums, column].map(x => `${dimKey(x.extent)}/${dimKey(x.b)}`).join()
  const moving = b.ref.perTrip.map(x => `${x.trip?.depth}:${dimKey(x.stride)}:${dimKey(x.phase)}`).join()
  const key = `${bufferId(b.ref.buffer)}+${dimKey(b.ref.offset)} ${moving} ${described} ${columns}`
  const known = home.panels.get(key)
  if (known !== undefined) return { columns, place: known }
  const count = floorDivDim(addDim(column.extent, columns - 1), columns)
  const shape = [...own.map(x => x.extent), count, productDim(sums.map(x => x.extent)), columns]
  const buffer: Buffer = {
    name: `${b.ref.buffer.name} panels`,
    role: 'scratch',
    dtype: b.ref.buffer.dtype,
    size: productDim(shape),
    depth: home.trips.length,
  }
  const place: Place = {
    ref: { buffer, offset: 0, perTrip: [] },
    shape,
    strides: contiguousStrides(shape),
    scope: home.trips,
  }
  home.panels.set(key, place)
  emit(home, { kind: 'pack', form: { ...form, panels: { columns, place } } })
  return { columns, place }
}
