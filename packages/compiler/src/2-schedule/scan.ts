/**
 * A scan as a repeat: where its carries, trajectories and ys lie, and its body as a block of its own.
 *
 * A carry whose trajectory somebody reads lives in it: each step reads one row and writes the next (see the header of
 * graph's `scan/op.ts`). Other carries live in a ring of two rows. Slices and rows are addresses that move with the trip,
 * never copies.
 */
import {
  type Apply,
  addDim,
  contiguousStrides,
  type Dim,
  equalDim,
  mulDim,
  productDim,
  type ScanParams,
  splitResults,
  subDim,
  type TensorType,
  type Variable,
} from '@arignote/graph'
import type { Buffer, BufferRef, Exit, Place, Ring, StoreTo, Trip } from '../program.js'
import { Block, freshPlace, wholePlace } from './block.js'
import { type Reads, rowsRead } from './window.js'

/** Where one carry lives: before, during and after. */
interface CarryPlaces {
  readonly initial: Place
  readonly current: Place
  readonly next: Place
  /** Where a loop that may stop early leaves the final value, if somebody reads it. */
  readonly final?: Place | null
}

export interface PreparedScan {
  readonly node: Apply
  readonly trip: Trip
  readonly carries: readonly CarryPlaces[]
  /** The row of each y that a step writes; null for a y that nobody reads. */
  readonly rows: readonly (Place | null)[]
}

/** Gives memory to carries and to the outputs somebody reads; outputs get their places in the block at once. */
export function prepareScan(block: Block, node: Apply, reads: Reads): PreparedScan {
  const { counts, length, reverse, until, name } = node.params as ScanParams
  const trip: Trip = { depth: block.trips.length }
  const inside = [...block.trips, trip]
  const carries: CarryPlaces[] = []
  const isRead = (v: Variable) => reads(v).length > 0
  for (let k = 0; k < counts.carries; k++) {
    const type = node.inputs[counts.constants + k]!.type
    const final = node.outputs[k]!
    const trajectory = node.outputs[counts.carries + k]!
    const label = `${name ?? 'scan'}.${k}`
    const places = isRead(trajectory) ? inTrajectory(label, final, trajectory) : inRing(label, type, final)
    carries.push(until ? { ...places, final: ownFinal(label, final) } : places)
  }
  const rows = node.outputs.slice(2 * counts.carries).map((y, k) => {
    if (!isRead(y)) return null
    const history = historyOf(`${name ?? 'scan'}.y${k}`, y, 1)
    block.places.set(y, history.whole)
    return history.at(reverse ? subDim(length, 1) : 0, trip)
  })
  return { node, trip, carries, rows }

  /** Which of its rows holds the final value is known when the loop has ended; then it is copied. */
  function ownFinal(label: string, final: Variable): Place | null {
    if (!isRead(final)) return null
    const place = freshPlace(`${label} final`, 'state', final.type, block.trips)
    block.places.set(final, place)
    return place
  }

  /**
   * Memory for all rows or, where steps go forward and only the end is read, for the last ones: row r lies in slot
   * (r − rows + slots) mod slots, so that in the end the last rows lie in order. `whole` then holds for these alone.
   */
  function historyOf(label: string, v: Variable, fewest: number): History {
    const [count, ...shape] = v.shape as [Dim, ...Dim[]]
    const stride = productDim(shape)
    const kept = reverse || until ? null : rowsRead(v, reads)
    const slots = kept === null ? null : Math.max(kept, fewest)
    const dtype = v.dtype
    if (slots === null || (typeof count === 'number' && count <= slots + 1)) {
      const buffer = {
        name: label,
        role: 'history',
        dtype,
        size: mulDim(count, stride),
        depth: trip.depth,
      } as const
      const whole = wholePlace(buffer, v.shape, block.trips)
      return {
        whole,
        at: (index, at) => (at === null ? row(whole, index) : rowAt(whole, index, reverse, at, inside)),
      }
    }
    const ring: Ring = { slots, kept: true }
    const buffer: Buffer = { name: label, role: 'history', dtype, size: stride, ring, depth: trip.depth }
    const start = wholePlace(buffer, v.shape, block.trips)
    return {
      whole: { ...start, ref: { ...start.ref, offset: mulDim(subDim(slots, count), stride) } },
      at: (index, at) => {
        const phase = addDim(index, subDim(slots, count))
        const ref = { buffer, offset: 0, perTrip: [{ trip: at, stride, ring, phase }] }
        return { ref, shape, strides: start.strides.slice(1), scope: at === null ? block.trips : inside }
      },
    }
  }

  function inTrajectory(label: string, final: Variable, trajectory: Variable): CarryPlaces {
    const history = historyOf(label, trajectory, 2)
    block.places.set(trajectory, history.whole)
    block.places.set(final, history.at(reverse ? 0 : length, null))
    return {
      initial: history.at(reverse ? length : 0, null),
      current: history.at(reverse ? length : 0, trip),
      next: history.at(reverse ? subDim(length, 1) : 1, trip),
    }
  }

  function inRing(label: string, type: TensorType, final: Variable): CarryPlaces {
    const size = productDim(type.shape)
    const ring: Ring = { slots: 2 }
    const buffer: Buffer = { name: label, role: 'state', dtype: type.dtype, size, ring, depth: trip.depth }
    const slot = (at: Trip | null, phase: Dim, scope: readonly Trip[]): Place => ({
      ref: { buffer, offset: 0, perTrip: [{ trip: at, stride: size, ring, phase }] },
      shape: type.shape,
      strides: contiguousStrides(type.shape),
      scope,
    })
    block.places.set(final, slot(null, length, block.trips))
    return {
      initial: slot(null, 0, block.trips),
      current: slot(trip, 0, inside),
      next: slot(trip, 1, inside),
    }
  }
}

/** Rows of one variable: where it lies as a whole, and the row at an index (which moves on with the trip, if one is given). */
interface History {
  readonly whole: Place
  at(index: Dim, trip: Trip | null): Place
}

/** What has to be stored before the first step. */
export function initialStores({ node, carries }: PreparedScan): readonly StoreTo[] {
  const { counts } = node.params as ScanParams
  return carries.map(({ initial }, k) => ({ value: node.inputs[counts.constants + k]!, place: initial }))
}

/** The body's block with its params in place, what a step has to store, and how the loop may end before its last trip. */
export function bodyBlock(
  block: Block,
  { node, trip, carries, rows }: PreparedScan,
): { readonly body: Block; readonly stores: readonly StoreTo[]; readonly exit: Exit | null } {
  const { counts, length, reverse, body: lambda } = node.params as ScanParams
  const body = new Block([...block.trips, trip], block)
  lambda.params.forEach((param, i) => {
    const carry = carries[i - counts.constants]
    if (carry !== undefined) body.places.set(param, carry.current)
    else {
      const whole = block.placeOf(node.inputs[i]!)!
      const isSlice = i >= counts.constants + counts.carries
      const start = reverse ? subDim(length, 1) : 0
      body.places.set(param, isSlice ? rowAt(whole, start, reverse, trip, body.trips) : whole)
    }
  })
  const stores: StoreTo[] = []
  const { nexts, ys, condition } = splitResults(lambda.results, node.params as ScanParams)
  for (const [k, value] of nexts.entries()) stores.push({ value, place: carries[k]!.next })
  for (const [k, value] of ys.entries()) {
    const place = rows[k]
    if (place != null) stores.push({ value, place })
  }
  if (condition === null) return { body, stores, exit: null }
  const place = freshPlace('until', 'scratch', condition.type, body.trips)
  stores.push({ value: condition, place })
  const finals = carries.flatMap(({ current, final }) =>
    final == null ? [] : [{ from: current.ref, to: final.ref, size: productDim(final.shape) }],
  )
  return { body, stores, exit: { condition: place.ref, finals } }
}

function row(whole: Place, index: Dim): Place {
  return {
    ref: shifted(whole.ref, mulDim(index, whole.strides[0]!)),
    shape: whole.shape.slice(1),
    strides: whole.strides.slice(1),
    scope: whole.scope,
  }
}

/** The row that a step visits: `first` at trip 0, then the next or, in reverse, the one before. */
function rowAt(whole: Place, first: Dim, reverse: boolean, trip: Trip, scope: readonly Trip[]): Place {
  const at = row(whole, first)
  const stride = mulDim(whole.strides[0]!, reverse ? -1 : 1)
  if (equalDim(stride, 0)) return { ...at, scope }
  return {
    ...at,
    ref: { ...at.ref, perTrip: [...at.ref.perTrip, { trip, stride, ring: null, phase: 0 }] },
    scope,
  }
}

function shifted(ref: BufferRef, by: Dim): BufferRef {
  return { ...ref, offset: addDim(ref.offset, by) }
}
