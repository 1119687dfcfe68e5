/**
 * Which buffers share memory: results that take the place of what they are made from.
 *
 *   commits   the new value of a shared variable is written straight to its address, when nothing reads the old value
 *             later and nothing can fail later
 *   rings     a carry needs one row when each step is done reading the old value by the time it writes the new one
 *   scratch   a map takes the memory of an input that dies with it
 *   histories a history takes that of one that is read for the last time while it is written (`succeed.ts`)
 */
import { equalDim } from '@arignote/graph'
import type { Aliases, Buffer, BufferRef, Call, Program, Ring } from '../program.js'
import { type Access, type Interval, liveIntervals, type Placed, placedRuns, UsersOf } from './liveness.js'
import { succeedInTime } from './succeed.js'

export function findAliases(program: Program<Call>): Aliases {
  const placed = placedRuns(program)
  const { runs } = placed
  const users = new UsersOf(runs)
  const intervals = liveIntervals(program, placed)
  shrinkRings(users)
  const aliases = new Map<Buffer, Buffer>()
  commitInPlace(program, runs, users, aliases)
  const kept = new Set(
    [...program.outputs, ...program.commits.map(x => x.from), ...program.late.map(x => x.place)].map(
      place => place.ref.buffer,
    ),
  )
  const taken = new Set<Buffer>(aliases.values())
  succeedInTime({ runs, users, intervals, kept }, aliases, taken)
  reuseDying(runs, intervals, kept, aliases, taken)
  return aliases
}

const isWhole = (ref: BufferRef) => ref.offset === 0 && ref.perTrip.length === 0

/**
 * Whether the run may write `written` over `read`: each element is read before it is overwritten, and nowhere else.
 * `overlaps`: which reads of that buffer are of what is overwritten.
 */
function mayOverwrite(
  { task, reads: all }: Access,
  read: Buffer,
  written: Buffer,
  overlaps: (ref: BufferRef) => boolean = () => true,
): boolean {
  if (task === null) return false
  const at = (position: number) => task.args[position] as BufferRef
  const reads = all.filter(ref => ref.buffer === read && overlaps(ref))
  return (
    reads.length === 1 &&
    task.inPlace.some(([r, w]) => {
      return at(r) === reads[0] && at(w).buffer === written && equalDim(at(r).offset, at(w).offset)
    })
  )
}

function commitInPlace(
  program: Program<Call>,
  runs: readonly Placed[],
  users: UsersOf,
  aliases: Map<Buffer, Buffer>,
): void {
  const homes = new Map<object, Buffer>()
  for (const buffer of users.buffers) if (buffer.shared !== undefined) homes.set(buffer.shared, buffer)
  // What is required of a size is checked when it is known, and may fail.
  const sizes = new Set(program.late.map(({ place }) => place.ref.buffer))
  const mayFail = ({ canFail, writes }: Access) => canFail || writes.some(ref => sizes.has(ref.buffer))
  const lastFailing = runs.reduce((last, { run, position }) => (mayFail(run) ? position : last), -1)
  const outputs = new Set(program.outputs.map(place => place.ref.buffer))
  for (const { shared, from } of program.commits) {
    const fresh = from.ref.buffer
    const old = homes.get(shared)
    if (old === undefined || outputs.has(old) || !isWhole(from.ref) || !equalDim(old.size, fresh.size))
      continue
    const { writers } = users.of(fresh)
    const writer = writers[0]
    if (
      writers.length !== 1 ||
      writer === undefined ||
      writer.repeats.length > 0 ||
      writer.position <= lastFailing
    )
      continue
    const isSafe = users.of(old).readers.every(({ run, position }) => {
      return position < writer.position || (position === writer.position && mayOverwrite(run, old, fresh))
    })
    if (isSafe) aliases.set(fresh, old)
  }
}

/**
 * A ring needs no row of its own for the new value when in every trip the only write comes last, or may overwrite what it
 * reads: of the oldest row, that is; the others have to stay.
 */
function shrinkRings(users: UsersOf): void {
  for (const buffer of users.buffers) {
    const { ring } = buffer
    if (ring === undefined || ring.kept) continue
    const { readers, writers: all } = users.of(buffer)
    const writers = all.filter(({ run }) => run.writes.some(ref => moves(ref, ring)))
    const writer = writers[0]
    if (writers.length !== 1 || writer === undefined || writer.repeats.length !== buffer.depth + 1) continue
    const isOldest = (ref: BufferRef) => moves(ref, ring, 0)
    const isSafe = readers.every(({ run, position }) => {
      if (!run.reads.some(isOldest)) return true
      return (
        position < writer.position ||
        (position === writer.position && mayOverwrite(run, buffer, buffer, isOldest))
      )
    })
    if (isSafe) ring.slots--
  }
}

/** Whether the address moves in the ring with the trips; with `phase`: and is of that row at trip 0. */
function moves(ref: BufferRef, ring: Ring, phase?: number): boolean {
  return ref.perTrip.some(
    move => move.ring === ring && move.trip !== null && (phase === undefined || move.phase === phase),
  )
}

function reuseDying(
  runs: readonly Placed[],
  intervals: ReadonlyMap<Buffer, Interval>,
  kept: ReadonlySet<Buffer>,
  aliases: Map<Buffer, Buffer>,
  taken: Set<Buffer>,
): void {
  for (const { run, position } of runs) {
    const { task } = run
    if (task === null) continue
    for (const pair of task.inPlace) {
      const read = task.args[pair[0]] as BufferRef
      const written = task.args[pair[1]] as BufferRef
      const { buffer: source } = read
      const { buffer: target } = written
      if (source.role !== 'scratch' || target.role !== 'scratch' || kept.has(source) || taken.has(source))
        continue
      if (aliases.has(target) || source.depth !== target.depth || !isWhole(read) || !isWhole(written))
        continue
      if (
        !equalDim(source.size, target.size) ||
        source.dtype !== target.dtype ||
        !mayOverwrite(run, source, target)
      )
        continue
      const dies = intervals.get(source)!.end === position && intervals.get(target)!.begin === position
      if (!dies || aliases.has(source)) continue
      aliases.set(target, source)
      taken.add(source)
    }
  }
}
