/**
 * The driver: runs a planned program, calling kernels with addresses that move with the trips of its repeats.
 *
 * Arguments are prepared once for a plan and an arena; only those that move are recomputed per trip. Long kernels are
 * called in pieces, so that an engine can replace slow first code by fast code between them.
 */
import type { Dim } from '@arignote/graph'
import { bytesOf } from '@arignote/loops'
import {
  type Branch,
  type BufferRef,
  type Call,
  type Exit,
  type Host,
  type PerTrip,
  type Repeat,
  type Run,
  type Step,
  stepsIn,
  type Trip,
} from '../program.js'
import { numberedBy, type Passed, type Visit, visitsOf } from '../visits.js'
import type { KernelFunction } from './backend.js'
import type { Action, Wrap } from './inspect.js'

/** A program made ready: null when it ran to its end; where it stopped when an error was left in the record. */
export type Driver = () => readonly Visit[] | null

export interface DriverContext {
  /** The address of a buffer's first byte. */
  address(ref: BufferRef): number
  evaluate(dim: Dim): number
  kernel(call: Call): KernelFunction
  /** Whether the error record has an entry. */
  failed(): boolean
  /** Whether the byte at an address is not 0. */
  isSet(address: number): boolean
  copy(from: number, to: number, bytes: number): void
  /** An effect on the value that begins at an address, in these steps; may throw. */
  effect(step: Host, address: number, visits: readonly Visit[]): void
  /** Something to be done around each run. */
  readonly wrap?: Wrap | null
}

const { imul } = Math

interface Move {
  readonly argument: number
  readonly depth: number
  readonly bytes: number
  readonly slots: number
  readonly phase: number
}

export function makeDriver(steps: readonly Step<Call>[], context: DriverContext): Driver {
  const deepest = depthOf(steps)
  const trips = new Int32Array(deepest + 1)
  const passed: Passed[] = []
  const action = sequence(steps, { context, passed, around: [] })
  return () => {
    passed.length = 0
    return action(trips) ? null : visitsOf(passed)
  }
}

function depthOf(steps: readonly Step<Call>[]): number {
  return steps.reduce((depth, step) => {
    const own = step.kind === 'repeat' ? 1 : 0
    return Math.max(depth, own + depthOf(stepsIn(step)))
  }, 0)
}

/** A repeat that something is inside of. */
interface Around extends Omit<Passed, 'trip'> {
  readonly depth: number
}

/** What actions are made with: `passed` is for them to fill, `around` the repeats they are inside of. */
interface Making {
  readonly context: DriverContext
  readonly passed: Passed[]
  readonly around: readonly Around[]
}

function actionOf(step: Step<Call>, making: Making): Action {
  switch (step.kind) {
    case 'run': {
      const { context, around } = making
      const action = runAction(step, context)
      return context.wrap == null ? action : context.wrap(step, action, trips => visited(around, trips))
    }
    case 'repeat':
      return repeatAction(step, making)
    case 'branch':
      return branchAction(step, making)
    case 'host':
      return hostAction(step, making)
    default:
      return step satisfies never
  }
}

function sequence(steps: readonly Step<Call>[], making: Making): Action {
  const actions = steps.map(step => actionOf(step, making))
  return trips => {
    for (let i = 0; i < actions.length; i++) if (!actions[i]!(trips)) return false
    return true
  }
}

function repeatAction(step: Repeat<Call>, making: Making): Action {
  const { context, passed, around } = making
  const count = context.evaluate(step.count)
  const { depth } = step.trip
  const { name: scan } = step
  const numbering = numberedBy(step.numbering, context.evaluate)
  const body = sequence(step.body, { ...making, around: [...around, { scan, depth, numbering }] })
  const exit = step.exit === null ? null : exitAction(step.exit, context)
  return trips => {
    let t = 0
    while (t < count) {
      trips[depth] = t
      if (!body(trips)) {
        passed.unshift({ scan, trip: t, numbering })
        return false
      }
      t++
      if (exit?.isDue(trips)) break
    }
    trips[depth] = t
    exit?.leave(trips)
    return true
  }
}

/** Whether a loop ends with this trip, and what is done when it has. */
function exitAction({ condition, finals }: Exit, context: DriverContext) {
  const at = addressOf(condition, context)
  const copies = finals.map(({ from, to, size }) => ({
    from: addressOf(from, context),
    to: addressOf(to, context),
    bytes: bytesOf(to.buffer.dtype) * context.evaluate(size),
  }))
  return {
    isDue: (trips: Int32Array) => context.isSet(at(trips)),
    leave: (trips: Int32Array) => {
      for (const { from, to, bytes } of copies) context.copy(from(trips), to(trips), bytes)
    },
  }
}

function branchAction(step: Branch<Call>, making: Making): Action {
  const { context } = making
  const condition = addressOf(step.condition, context)
  const onTrue = sequence(step.thenSteps, making)
  const onFalse = sequence(step.elseSteps, making)
  return trips => (context.isSet(condition(trips)) ? onTrue(trips) : onFalse(trips))
}

function hostAction(step: Host, { context, around }: Making): Action {
  const value = addressOf(step.value.ref, context)
  return trips => {
    context.effect(step, value(trips), visited(around, trips))
    return true
  }
}

const visited = (around: readonly Around[], trips: Int32Array): readonly Visit[] =>
  visitsOf(around.map(({ scan, depth, numbering }) => ({ scan, trip: trips[depth]!, numbering })))

/** The address of a value, given the trips. */
export function addressOf(
  ref: BufferRef,
  context: Pick<DriverContext, 'address' | 'evaluate'>,
): (trips: Int32Array) => number {
  const moves: Move[] = []
  const start = prepareRef(ref, 0, moves, context)
  return trips => moves.reduce((address, move) => moved(address, move, trips), start)
}

function moved(address: number, { depth, bytes, slots, phase }: Move, trips: Int32Array): number {
  const t = trips[depth]! + phase
  return (address + imul(bytes, slots === 0 ? t : t % slots)) >>> 0
}

function runAction(run: Run<Call>, context: DriverContext): Action {
  const { task } = run
  const kernel = context.kernel(task)
  const moves: Move[] = []
  const start = task.args.map((arg, argument) => {
    if (typeof arg === 'number' || !('buffer' in arg)) return context.evaluate(arg)
    return prepareRef(arg, argument, moves, context)
  })
  const { canFail } = run
  const args = [...start]
  const invoke = invocation(kernel, args, task, context)
  if (moves.length === 0) {
    return () => {
      invoke()
      return !canFail || !context.failed()
    }
  }
  const moving = [...new Set(moves.map(move => move.argument))]
  // Called for every trip: no iterators, and integers only, so that nothing is allocated.
  return trips => {
    for (let i = 0; i < moving.length; i++) args[moving[i]!] = start[moving[i]!]!
    for (let i = 0; i < moves.length; i++) {
      const move = moves[i]!
      args[move.argument] = moved(args[move.argument]!, move, trips)
    }
    invoke()
    return !canFail || !context.failed()
  }
}

/** The address outside all repeats; what repeats add goes to `moves`. */
function prepareRef(
  ref: BufferRef,
  argument: number,
  moves: Move[],
  context: Pick<DriverContext, 'address' | 'evaluate'>,
): number {
  const size = bytesOf(ref.buffer.dtype)
  let address = context.address(ref) + size * context.evaluate(ref.offset)
  for (const move of ref.perTrip) {
    const bytes = size * context.evaluate(move.stride)
    const slots = move.ring?.slots ?? 0
    const phase = rowOf(move, context.evaluate(move.phase))
    if (move.trip === null) address += bytes * phase
    else moves.push({ argument, depth: depthIn(move.trip), bytes, slots, phase })
  }
  return address
}

/** How many repeats are around it. */
export const depthIn = (trip: Trip) => trip.depth

/** The row at a phase, which outside the repeat is the one that holds the value before or after it. */
export function rowOf({ ring }: PerTrip, phase: number): number {
  if (ring === null) return phase
  const row = phase % ring.slots
  return row < 0 ? row + ring.slots : row
}

/** Calls the kernel with the present arguments, over its whole range. */
function invocation(kernel: KernelFunction, args: number[], task: Call, context: DriverContext): () => void {
  if (task.range === null) return () => kernel(...args)
  const extent = context.evaluate(task.range.extent)
  const { chunk } = task.range
  const begin = args.length
  args.push(0, extent)
  if (extent <= 2 * chunk) return () => kernel(...args)
  return () => {
    for (let at = 0; at < extent; at += chunk) {
      args[begin] = at
      args[begin + 1] = Math.min(extent, at + chunk)
      kernel(...args)
    }
  }
}
