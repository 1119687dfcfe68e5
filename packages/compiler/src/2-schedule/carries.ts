/**
 * Where the carries of a scan lie.
 *
 * A carry whose next value is what another one was before this step – a state that looks back several steps is made of
 * such – holds an older row of the same history. So carries come in chains, and a chain of d is one sequence of length + d
 * rows, of which a step reads d neighbours and writes the next; nothing is copied from one row to another:
 *
 *   forward    row   0 …  d − 1 | d …            initial values, oldest first, then new values
 *   reverse    row … length − 1 | length …       new values, the last one first, then initial values, newest first
 *
 * The trajectory of the j-th of the chain (the newest is the first) is length + 1 of these rows. If nobody reads a
 * trajectory, a ring of d + 1 rows is enough; if only the end is read, one of as many rows as are read.
 */
import {
  addDim,
  contiguousStrides,
  type Dim,
  equalType,
  mulDim,
  productDim,
  type ScanParams,
  splitInputs,
  subDim,
  type Variable,
} from '@arignote/graph'
import type { Buffer, Place, Ring, Trip } from '../program.js'
import { wholePlace } from './block.js'
import { row, rowAt } from './row.js'
import { type Reads, rowsRead } from './window.js'

/** Where one carry lies: before, during and after. */
export interface CarryPlaces {
  readonly initial: Place
  readonly current: Place
  /** Null: the next value lies there already, it is another carry's present one. */
  readonly next: Place | null
}

/** Rows of one variable: where it lies as a whole, and the row at an index (which moves on with the trip, if one is given). */
export interface Rows {
  readonly whole: Place
  at(index: Dim, trip: Trip | null): Place
}

/** Where and how a scan runs: the trips around it, its own, its direction, and whether it may end before its last row. */
export interface Surroundings {
  readonly outside: readonly Trip[]
  readonly trip: Trip
  readonly reverse: boolean
  readonly until: boolean
}

/**
 * The carries as chains, each with its newest first: in the next step, each other one is what the one before it is now.
 * All carries are in one.
 */
export function chainsOf({ body, counts }: ScanParams): readonly (readonly number[])[] {
  const params = splitInputs(body.params, counts).carries
  const followers = new Map<number, number>()
  const heads = new Set(params.keys())
  for (const k of params.keys()) {
    const before = params.indexOf(body.results[k]!)
    if (before < 0 || before === k || followers.has(before)) continue
    if (!equalType(params[before]!.type, params[k]!.type)) continue
    followers.set(before, k)
    heads.delete(k)
  }
  const chained = [...heads].map(head => {
    const chain = [head]
    for (let next = followers.get(head); next !== undefined; next = followers.get(next)) chain.push(next)
    return chain
  })
  const found = new Set(chained.flat())
  const inCircles = [...params.keys()].filter(k => !found.has(k))
  return [...chained, ...inCircles.map(k => [k])]
}

/** A chain's places, by position in it; the places of finals and trajectories are told to `placed`. */
export function placeChain(
  label: string,
  { length, reverse }: Pick<ScanParams, 'length' | 'reverse'>,
  finals: readonly Variable[],
  trajectories: readonly Variable[],
  where: Surroundings,
  reads: Reads,
  placed: (v: Variable, place: Place) => void,
): readonly CarryPlaces[] {
  const d = finals.length
  const { dtype, shape } = finals[0]!.type
  const isRead = trajectories.some(v => reads(v).length > 0)
  const kept = trajectories.map((v, i) => {
    const count = rowsRead(v, reads)
    return count === null ? null : count + i
  })
  const history = isRead
    ? rowsOf(label, { dtype, shape: [addDim(length, d), ...shape] }, kept, d + 1, where)
    : ringOf(label, { dtype, shape }, d + 1, where)
  /** Rings are in visiting order. */
  const downwards = isRead && reverse
  /** The row of the j-th newest, `count` rows from the start; of the 0th, which a step makes, the one beyond. */
  const rowOf = (j: number, count: Dim): Dim => addDim(count, downwards ? j - 1 : d - j)
  const [before, after] = downwards ? [length, 0] : [0, length]
  return finals.map((final, i) => {
    const j = i + 1
    placed(final, history.at(rowOf(j, after), null))
    if (isRead) {
      const { ref } = row(history.whole, rowOf(j, 0))
      placed(trajectories[i]!, { ...history.whole, ref, shape: [addDim(length, 1), ...shape] })
    }
    return {
      initial: history.at(rowOf(j, before), null),
      current: history.at(rowOf(j, before), where.trip),
      next: i === 0 ? history.at(rowOf(0, before), where.trip) : null,
    }
  })
}

interface Stacked {
  readonly dtype: Buffer['dtype']
  readonly shape: readonly Dim[]
}

/**
 * Memory for all rows or, where steps go forward to the last and only the end is read, for the last ones: row r lies in slot
 * (r − rows + slots) mod slots, so that in the end the last rows lie in order. `whole` then holds for these alone.
 * `kept`: how many rows at the end are read, all the readers; null: any may be.
 */
export function rowsOf(
  label: string,
  { dtype, shape: [count, ...shape] }: Stacked,
  kept: readonly (number | null)[],
  fewest: number,
  { outside, trip, reverse, until }: Surroundings,
): Rows {
  const inside = [...outside, trip]
  const stride = productDim(shape)
  const bounded = !reverse && !until && !kept.includes(null)
  const slots = bounded ? Math.max(fewest, ...(kept as readonly number[])) : null
  const all = [count!, ...shape]
  if (slots === null || (typeof count === 'number' && count <= slots + 1)) {
    const size = mulDim(count!, stride)
    const buffer: Buffer = { name: label, role: 'history', dtype, size, depth: trip.depth }
    const whole = wholePlace(buffer, all, outside)
    return {
      whole,
      at: (index, at) => (at === null ? row(whole, index) : rowAt(whole, index, reverse, at, inside)),
    }
  }
  const ring: Ring = { slots, kept: true }
  const buffer: Buffer = { name: label, role: 'history', dtype, size: stride, ring, depth: trip.depth }
  const start = wholePlace(buffer, all, outside)
  return {
    whole: { ...start, ref: { ...start.ref, offset: mulDim(subDim(slots, count!), stride) } },
    at: (index, at) => {
      const phase = addDim(index, subDim(slots, count!))
      const ref = { buffer, offset: 0, perTrip: [{ trip: at, stride, ring, phase }] }
      return { ref, shape, strides: start.strides.slice(1), scope: at === null ? outside : inside }
    },
  }
}

/** Rows that nobody reads but the steps: indices count trips, in both directions. */
function ringOf(
  label: string,
  { dtype, shape }: Stacked,
  slots: number,
  { outside, trip }: Surroundings,
): Rows {
  const size = productDim(shape)
  const ring: Ring = { slots }
  const buffer: Buffer = { name: label, role: 'state', dtype, size, ring, depth: trip.depth }
  const at = (index: Dim, moving: Trip | null): Place => ({
    ref: { buffer, offset: 0, perTrip: [{ trip: moving, stride: size, ring, phase: index }] },
    shape,
    strides: contiguousStrides(shape),
    scope: moving === null ? outside : [...outside, trip],
  })
  return { whole: at(0, null), at }
}
