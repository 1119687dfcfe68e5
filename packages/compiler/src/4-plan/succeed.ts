/**
 * Succession: a repeat that reads the rows of one buffer for the last time and writes those of another, each in the same
 * order, may write them over those it has read.
 *
 *     trip t:   … = source[t] …      target[t] = …          one memory for both
 *
 * The gates of a recurrence take the place of the sums they are made from, and the gates' gradients theirs.
 */
import { equalDim } from '@arignote/graph'
import type { Buffer, BufferRef } from '../program.js'
import type { Interval, Placed, UsersOf } from './liveness.js'

export interface Lives {
  readonly runs: readonly Placed[]
  readonly users: UsersOf
  readonly intervals: ReadonlyMap<Buffer, Interval>
  /** Buffers that somebody reads in the end. */
  readonly kept: ReadonlySet<Buffer>
}

/** Adds to `aliases`; `taken` are the buffers in whose memory another lies already. */
export function succeedInTime(lives: Lives, aliases: Map<Buffer, Buffer>, taken: Set<Buffer>): void {
  for (const target of lives.intervals.keys()) {
    if (target.role !== 'history' || target.ring !== undefined || aliases.has(target)) continue
    const source = predecessorOf(target, lives, taken)
    if (source === null) continue
    aliases.set(target, source)
    taken.add(source)
  }
}

function predecessorOf(
  target: Buffer,
  { runs, users, intervals, kept }: Lives,
  taken: ReadonlySet<Buffer>,
): Buffer | null {
  const { depth } = target
  const { writers } = users.of(target)
  const span = writers[0]?.repeats[depth]
  if (span === undefined || intervals.get(target)!.begin !== span.begin) return null
  if (!writers.every(placed => placed.repeats[depth] === span && placed.repeats.length === depth + 1))
    return null
  const inside = runs.slice(span.begin, span.end + 1)
  const read = new Set(inside.flatMap(({ run }) => run.reads.map(ref => ref.buffer)))
  for (const source of read) {
    if (source === target || kept.has(source) || taken.has(source) || !isLike(source, target)) continue
    if (intervals.get(source)!.end !== span.end) continue
    const { readers, writers: before } = users.of(source)
    if (before.some(({ position }) => position >= span.begin)) continue
    const last = readers.filter(({ position }) => position >= span.begin)
    if (last.every(placed => readsBefore(placed, source, target, writers))) return source
  }
  return null
}

function isLike(source: Buffer, target: Buffer): boolean {
  return (
    (source.role === 'scratch' || source.role === 'history') &&
    source.ring === undefined &&
    source.depth === target.depth &&
    source.dtype === target.dtype &&
    equalDim(source.size, target.size)
  )
}

/**
 * Whether all that a run reads of the source lies in the row that is written over in the same trip, and is read by then: by
 * an earlier kernel, or by the same one, element by element. What starts where a row is written, and moves as that does,
 * lies in that row.
 */
function readsBefore(
  { run, position, repeats }: Placed,
  source: Buffer,
  target: Buffer,
  writers: readonly Placed[],
): boolean {
  return run.reads.every(ref => {
    if (ref.buffer !== source) return true
    if (repeats.length !== target.depth + 1) return false
    const isOver = (written: BufferRef) => written.buffer === target && startAlike(ref, written)
    if (!writers.some(writer => writer.run.writes.some(isOver))) return false
    return writers.every(writer => {
      if (writer.position !== position) return position < writer.position
      const inPlace = run.task?.inPlace ?? []
      return inPlace.some(([r, w]) => run.task!.args[r] === ref && isOver(run.task!.args[w] as BufferRef))
    })
  })
}

/** At the same element of row 0, a row further in each trip of the same repeat. */
function startAlike(a: BufferRef, b: BufferRef): boolean {
  const [x, y] = [a.perTrip[0], b.perTrip[0]]
  return (
    a.perTrip.length === 1 &&
    b.perTrip.length === 1 &&
    x!.trip !== null &&
    x!.trip === y!.trip &&
    x!.trip.depth === a.buffer.depth &&
    equalDim(x!.stride, y!.stride) &&
    equalDim(x!.phase, y!.phase) &&
    equalDim(a.offset, b.offset)
  )
}
