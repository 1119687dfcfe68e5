/**
 * A scan as a repeat: where its carries, trajectories and ys lie, and its body as a block of its own.
 *
 * A carry whose trajectory somebody reads lives in it: each step reads one row and writes the next (see the header of
 * graph's `scan/op.ts`). Other carries live in a ring of two rows. Carries that hold older values of another share its
 * rows (see `carries.ts`). Slices and rows are addresses that move with the trip, never copies.
 */
import {
  type Apply,
  productDim,
  type ScanParams,
  splitOutputs,
  splitResults,
  subDim,
  type Variable,
} from '@arignote/graph'
import type { Exit, Place, StoreTo, Trip } from '../program.js'
import { besideEachOther } from './beside.js'
import { Block, freshPlace } from './block.js'
import { type CarryPlaces, chainsOf, placeChain, rowsOf } from './carries.js'
import { rowAt } from './row.js'
import { type Reads, rowsRead } from './window.js'

export interface PreparedScan {
  readonly node: Apply
  readonly trip: Trip
  readonly carries: readonly CarryPlaces[]
  /** Where a loop that may stop early leaves the final value of each carry; null if nobody reads it. */
  readonly finals: readonly (Place | null)[]
  /** The row of each y that a step writes; null for a y that nobody reads. */
  readonly rows: readonly (Place | null)[]
}

/** Gives memory to carries and to the outputs somebody reads; outputs get their places in the block at once. */
export function prepareScan(block: Block, node: Apply, reads: Reads): PreparedScan {
  const params = node.params as ScanParams
  const { counts, length, reverse, until } = params
  const name = params.name ?? 'scan'
  const trip: Trip = { depth: block.trips.length }
  const where = { outside: block.trips, trip, reverse, until }
  const outputs = splitOutputs(node.outputs, counts)
  const carries: CarryPlaces[] = []
  for (const chain of chainsOf(params)) {
    const places = placeChain(
      `${name}.${chain[0]}`,
      params,
      chain.map(k => outputs.finals[k]!),
      chain.map(k => outputs.trajectories[k]!),
      where,
      reads,
      (v, place) => block.places.set(v, place),
    )
    for (const [i, k] of chain.entries()) carries[k] = places[i]!
  }
  const beside = besideEachOther(outputs.ys, reads, name, block.trips)
  const rows = outputs.ys.map((y, k) => {
    if (reads(y).length === 0) return null
    const first = reverse ? subDim(length, 1) : 0
    const place = beside.get(y)
    if (place !== undefined) {
      block.places.set(y, place)
      return rowAt(place, first, reverse, trip, [...block.trips, trip])
    }
    const history = rowsOf(`${name}.y${k}`, y.type, [rowsRead(y, reads)], 1, where)
    block.places.set(y, history.whole)
    return history.at(first, trip)
  })
  const finals = outputs.finals.map((v, k) => (until ? ownFinal(`${name}.${k} final`, v) : null))
  return { node, trip, carries, finals, rows }

  /** Which of its rows holds the final value is known when the loop has ended; then it is copied. */
  function ownFinal(label: string, final: Variable): Place | null {
    if (reads(final).length === 0) return null
    const place = freshPlace(label, 'state', final.type, block.trips)
    block.places.set(final, place)
    return place
  }
}

/** What has to be stored before the first step. */
export function initialStores({ node, carries }: PreparedScan): readonly StoreTo[] {
  const { counts } = node.params as ScanParams
  return carries.map(({ initial }, k) => ({ value: node.inputs[counts.constants + k]!, place: initial }))
}

/** The body's block with its params in place, what a step has to store, and how the loop may end before its last trip. */
export function bodyBlock(
  block: Block,
  { node, trip, carries, finals, rows }: PreparedScan,
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
  const store = (value: Variable, place: Place | null) => {
    if (place !== null) stores.push({ value, place })
  }
  for (const [k, value] of nexts.entries()) store(value, carries[k]!.next)
  for (const [k, value] of ys.entries()) store(value, rows[k]!)
  if (condition === null) return { body, stores, exit: null }
  const place = freshPlace('until', 'scratch', condition.type, body.trips)
  store(condition, place)
  const copied = finals.flatMap((to, k) =>
    to === null ? [] : [{ from: carries[k]!.current.ref, to: to.ref, size: productDim(to.shape) }],
  )
  return { body, stores, exit: { condition: place.ref, finals: copied } }
}
