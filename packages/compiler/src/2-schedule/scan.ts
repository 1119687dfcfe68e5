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
  subDim,
  type TensorType,
  type Variable,
} from '@arignote/graph'
import type { BufferRef, BufferRole, Place, Ring, StoreTo, Trip } from '../program.js'
import { Block, wholePlace } from './block.js'

/** Where one carry lives: before, during and after. */
interface CarryPlaces {
  readonly initial: Place
  readonly current: Place
  readonly next: Place
}

export interface PreparedScan {
  readonly node: Apply
  readonly trip: Trip
  readonly carries: readonly CarryPlaces[]
  /** The row of each y that a step writes; null for a y that nobody reads. */
  readonly rows: readonly (Place | null)[]
}

/** Gives memory to carries and to the outputs somebody reads; outputs get their places in the block at once. */
export function prepareScan(block: Block, node: Apply, used: ReadonlySet<Variable>): PreparedScan {
  const { counts, length, reverse, name } = node.params as ScanParams
  const trip: Trip = { depth: block.trips.length }
  const inside = [...block.trips, trip]
  const carries: CarryPlaces[] = []
  for (let k = 0; k < counts.carries; k++) {
    const type = node.inputs[counts.constants + k]!.type
    const final = node.outputs[k]!
    const trajectory = node.outputs[counts.carries + k]!
    const label = `${name ?? 'scan'}.${k}`
    carries.push(used.has(trajectory) ? inTrajectory(label, final, trajectory) : inRing(label, type, final))
  }
  const rows = node.outputs.slice(2 * counts.carries).map((y, k) => {
    if (!used.has(y)) return null
    const whole = fresh(`${name ?? 'scan'}.y${k}`, 'history', y.type)
    block.places.set(y, whole)
    return rowAt(whole, reverse ? subDim(length, 1) : 0, reverse, trip, inside)
  })
  return { node, trip, carries, rows }

  function fresh(label: string, role: BufferRole, type: TensorType): Place {
    const buffer = { name: label, role, dtype: type.dtype, size: productDim(type.shape), depth: trip.depth }
    return wholePlace(buffer, type.shape, block.trips)
  }

  function inTrajectory(label: string, final: Variable, trajectory: Variable): CarryPlaces {
    const whole = fresh(label, 'history', trajectory.type)
    block.places.set(trajectory, whole)
    block.places.set(final, row(whole, reverse ? 0 : length))
    return {
      initial: row(whole, reverse ? length : 0),
      current: rowAt(whole, reverse ? length : 0, reverse, trip, inside),
      next: rowAt(whole, reverse ? subDim(length, 1) : 1, reverse, trip, inside),
    }
  }

  function inRing(label: string, type: TensorType, final: Variable): CarryPlaces {
    const size = productDim(type.shape)
    const ring: Ring = { slots: 2 }
    const buffer = {
      name: label,
      role: 'state',
      dtype: type.dtype,
      size,
      ring,
      depth: trip.depth,
    } as const
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

/** What has to be stored before the first step. */
export function initialStores({ node, carries }: PreparedScan): readonly StoreTo[] {
  const { counts } = node.params as ScanParams
  return carries.map(({ initial }, k) => ({ value: node.inputs[counts.constants + k]!, place: initial }))
}

/** The body's block with its params in place, and what a step has to store. */
export function bodyBlock(
  block: Block,
  { node, trip, carries, rows }: PreparedScan,
): { body: Block; stores: readonly StoreTo[] } {
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
  lambda.results.forEach((value, k) => {
    const place = carries[k]?.next ?? rows[k - counts.carries]
    if (place != null) stores.push({ value, place })
  })
  return { body, stores }
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
