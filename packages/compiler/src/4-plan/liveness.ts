/**
 * When each buffer's content matters: from its first write to its last read, in positions of the program's runs.
 *
 * What is touched inside a repeat but lies outside it matters for the whole repeat.
 */
import type { Buffer, BufferRef, Call, Exit, Program, Run, Step } from '../program.js'

export interface Interval {
  begin: number
  end: number
}

/** What a step does to memory. A branch that reads its condition, and the host, have no kernel. */
export type Access = Pick<Run<Call>, 'reads' | 'writes' | 'canFail'> & { readonly task: Call | null }

/** A run with its position, and the repeats around it as spans of positions. The sides of a branch follow each other. */
export interface Placed {
  readonly run: Access
  readonly position: number
  readonly repeats: readonly Interval[]
}

interface PlacedRuns {
  readonly runs: readonly Placed[]
  readonly end: number
}

/** Every run of the program in order. Inputs are there before position 0, outputs are read at `end`. */
export function placedRuns(program: Program<Call>): PlacedRuns {
  const runs: Placed[] = []
  const walk = (steps: readonly Step<Call>[], repeats: readonly Interval[]) => {
    for (const step of steps) {
      if (step.kind === 'run') runs.push({ run: step, position: runs.length, repeats })
      else if (step.kind === 'branch') {
        runs.push({ run: reading(step.condition, false), position: runs.length, repeats })
        walk(step.thenSteps, repeats)
        walk(step.elseSteps, repeats)
      } else if (step.kind === 'host') {
        runs.push({ run: reading(step.value.ref, true), position: runs.length, repeats })
      } else {
        const span = { begin: runs.length, end: runs.length }
        walk(step.body, [...repeats, span])
        if (step.exit !== null)
          runs.push({
            run: reading(step.exit.condition, false),
            position: runs.length,
            repeats: [...repeats, span],
          })
        span.end = Math.max(span.begin, runs.length - 1)
        if (step.exit !== null) runs.push({ run: finalCopies(step.exit), position: runs.length, repeats })
      }
    }
  }
  walk(program.steps, [])
  return { runs, end: runs.length }
}

/** After the loop, whichever rows the values lie in. */
const finalCopies = ({ finals }: Exit): Access => ({
  reads: finals.map(({ from: { buffer } }) => ({ buffer, offset: 0, perTrip: [] })),
  writes: finals.map(({ to }) => to),
  canFail: false,
  task: null,
})

const reading = (ref: BufferRef, canFail: boolean): Access => ({
  reads: [ref],
  writes: [],
  canFail,
  task: null,
})

/** Who reads and who writes a buffer, in order. */
export interface Users {
  readonly readers: readonly Placed[]
  readonly writers: readonly Placed[]
}

const nobody: Users = { readers: [], writers: [] }

export class UsersOf {
  readonly #users = new Map<Buffer, { readonly readers: Placed[]; readonly writers: Placed[] }>()

  constructor(runs: readonly Placed[]) {
    for (const placed of runs) {
      for (const { buffer } of placed.run.reads) this.#add(buffer, 'readers', placed)
      for (const { buffer } of placed.run.writes) this.#add(buffer, 'writers', placed)
    }
  }

  get buffers(): Iterable<Buffer> {
    return this.#users.keys()
  }

  of(buffer: Buffer): Users {
    return this.#users.get(buffer) ?? nobody
  }

  #add(buffer: Buffer, as: keyof Users, placed: Placed): void {
    let users = this.#users.get(buffer)
    if (users === undefined) {
      users = { readers: [], writers: [] }
      this.#users.set(buffer, users)
    }
    const list = users[as]
    if (list[list.length - 1] !== placed) list.push(placed)
  }
}

const known = new WeakMap<Program<Call>, ReadonlyMap<Buffer, Interval>>()

/** Once for a program, however many bindings of its sizes it is placed for. */
export function liveIntervals(program: Program<Call>, placed?: PlacedRuns): ReadonlyMap<Buffer, Interval> {
  let intervals = known.get(program)
  if (intervals === undefined) {
    intervals = intervalsIn(program, placed ?? placedRuns(program))
    known.set(program, intervals)
  }
  return intervals
}

function intervalsIn(program: Program<Call>, { runs, end }: PlacedRuns): ReadonlyMap<Buffer, Interval> {
  const intervals = new Map<Buffer, Interval>()
  const touch = (buffer: Buffer, from: number, to: number) => {
    const known = intervals.get(buffer)
    if (known === undefined) intervals.set(buffer, { begin: buffer.role === 'input' ? -1 : from, end: to })
    else {
      known.begin = Math.min(known.begin, from)
      known.end = Math.max(known.end, to)
    }
  }
  for (const { run, position, repeats } of runs) {
    const touched = (ref: BufferRef) => {
      const span = repeats[ref.buffer.depth]
      touch(ref.buffer, span?.begin ?? position, span?.end ?? position)
    }
    for (const ref of run.reads) touched(ref)
    for (const ref of run.writes) touched(ref)
  }
  for (const { ref } of program.outputs) touch(ref.buffer, end, end)
  for (const { from } of program.commits) touch(from.ref.buffer, end, end)
  for (const { place } of program.late) touch(place.ref.buffer, end, end)
  return intervals
}
