/**
 * `scan`, as the user writes it: a step, traced once on fresh parameters, becomes the body of a scan.
 *
 * Decided here: what is a state and what an output, and what comes back. What the step sees of sequences and states is
 * up to `taps.ts`; what it closes over is found by `closure.ts`, the number of steps by `length.ts`, the states' types by
 * `states.ts`.
 */

import { unknownName } from '../argument-errors.js'
import { isBranch } from '../branch/op.js'
import { sink } from '../branch/sink.js'
import { addDim } from '../dim.js'
import { checkOptions } from '../given.js'
import { iota } from '../ops/source.js'
import { dependents, freeVariables, topologicalOrder } from '../traverse.js'
import { Variable } from '../variable.js'
import { type Loop, lastOf, type Ran } from './blocks.js'
import { closeOver } from './closure.js'
import {
  foreignInStep,
  historyInside,
  lengthVaries,
  namesOverlap,
  noLength,
  notARecord,
  notAStep,
  notATensor,
  rematUntil,
  stateMissing,
} from './errors.js'
import { guardIndices } from './guard.js'
import { scanLength, sourcesOf } from './length.js'
import { applyScan, type ScanParams, splitOutputs, splitResults } from './op.js'
import { type Remat, rematOf, runInSegments } from './remat.js'
import { newRows, rows } from './rows.js'
import { settleStates } from './states.js'
import { rememberState, walkSequence } from './taps.js'
import { traceStep, tripParameter } from './trips.js'
import { cutOf, cutWritten, type Truncate } from './truncate.js'
import type { Histories, InitialStates, Sequences, StepInputs, StepResults } from './types.js'
import { runUnrolled } from './unroll.js'
import {
  countedBy,
  firstRowMade,
  ofSomeStep,
  stepsMade,
  Until,
  withLastValues,
  withOwnCarries,
} from './until.js'

export interface ScanOptions<X extends Sequences, S extends InitialStates> {
  /** Visited along axis 0, one slice per step; or a tuple of slices, see `taps`. */
  readonly sequences?: X
  /** Initial values. A number, or a scalar, stands for a whole state of it. For more than one step back, see `taps`. */
  readonly state?: S
  /** How many steps: a number or a symbolic int32 scalar. Without it, as many as the shortest sequence has rows. */
  readonly steps?: number | Variable
  /** Visit from the end; `all` stays in sequence order. */
  readonly reverse?: boolean
  /**
   * How far back gradients go: k cuts them between steps jk − 1 and jk, so that each loss looks back 1 to k steps;
   * `{ last: k }` lets only the k steps visited last propagate, and is Theano's `truncate_gradient`.
   */
  readonly truncate?: Truncate
  /**
   * What backward steps compute again instead of reading it from memory: 'auto' (default) what is cheap, 'none' nothing,
   * 'step' all but the states; `{ every: k }` keeps the states of every k-th step only and computes segments again.
   */
  readonly remat?: Remat
  /** Write the step out this many times per trip of the loop; true: no loop at all. */
  readonly unroll?: number | true
  /** Names of the only variables the step may close over. */
  readonly strict?: readonly string[]
  readonly name?: string
}

/**
 * A recurrence: the step maps slices and states to next states and outputs, and is traced once.
 *
 * A returned name that is in `state` is its next value, any other is an output of its own. What the step closes over is
 * found by itself. A step that returns `until(condition, { … })` is the last one if the condition holds.
 */
export function scan<
  X extends Sequences = Record<never, never>,
  S extends InitialStates = Record<never, never>,
  const O extends StepResults<S> = StepResults<S>,
>(step: (inputs: StepInputs<X, S>) => O | Until<O>, options: ScanOptions<X, S>): Histories<O> {
  if (typeof step !== 'function') throw notAStep(step)
  checkOptions('scan', options, scanOptions)
  if (typeof options !== 'object') throw noLength()
  const sequences: Sequences = options.sequences ?? {}
  const state: InitialStates = options.state ?? {}
  const overlap = Object.keys(sequences).find(name => Object.hasOwn(state, name))
  if (overlap !== undefined) throw namesOverlap(overlap)
  const walked = mapRecord(sequences, (v, name) => walkSequence(name, v, options.reverse ?? false))
  const length = scanLength(
    mapRecord(walked, ({ outer }) => outer[0]!),
    options.steps,
  )
  const states = mapRecord(state, (v, name) => rememberState(name, v))
  const begin = new Variable({ dtype: 'bool', shape: [] }, null, 0, 'begin').id
  const given = mapRecord({ ...walked, ...states }, slots => slots.given)
  const reverse = options.reverse ?? false
  const { unroll } = options
  const { policy, every } = rematOf(options.remat)
  const isUnrolled = unroll !== undefined && unroll !== 1
  const isPlain = !isUnrolled && every === null
  const cut = cutOf(options.truncate, length)
  const isWritten = cut !== null && !(isPlain && cut.kind === 'last')
  const traced = traceStep((): unknown => step(nameChecked(given) as unknown as StepInputs<X, S>))
  const made = traced.returned
  const trips = isWritten && traced.trips.length === 0 ? [tripParameter()] : traced.trips
  const returned = made instanceof Until ? made.results : made
  checkReturned(returned, Object.keys(state))
  const settled = settleStates(states, returned, made instanceof Until ? [made.condition] : [])
  const older = Object.values(states).flatMap(s => s.older)
  const outputs = Object.keys(returned).filter(name => !Object.hasOwn(state, name))
  const slices = Object.values(walked).flatMap(s => s.params)
  const carried = [...settled.params, ...older.map(o => o.param)]
  const own = [...carried, ...slices, ...trips]
  const ofNames = (names: readonly string[]) => names.map(name => settled.returned[name]!)
  const found = [...ofNames(Object.keys(state)), ...older.map(o => o.next), ...ofNames(outputs)]
  const written = guardIndices(own, [...found, ...settled.others], length, begin)
  checkSizes(written, own)
  const branched = withBranches(written, own)
  const results = isWritten
    ? cutWritten(cut, branched, { states: carried, trip: trips[0]!, length, reverse })
    : branched
  const { nexts, ys, condition } = splitResults(results, {
    counts: { carries: carried.length },
    until: made instanceof Until,
  })
  const plain = {
    params: carried,
    initial: [...settled.initial, ...older.map(o => o.initial)],
    nexts,
    ys,
  }
  if (condition !== null && every !== null) throw rematUntil()
  const steps = condition !== null ? withOwnCarries(plain) : every !== null ? withLastValues(plain) : plain
  const { constants, body } = closeOver(
    [...steps.params, ...slices, ...trips],
    [...steps.nexts, ...steps.ys, ...(condition === null ? [] : [condition])],
  )
  if (options.strict !== undefined) checkStrict(constants, options.strict)
  const loop: Loop = {
    slots: {
      constants,
      carries: steps.initial,
      sequences: [...Object.values(walked).flatMap(s => s.outer), ...trips.map(() => iota([length], 0))],
    },
    body,
    length,
    reverse,
    until: condition !== null,
    name: options.name ?? null,
    last: cut !== null && !isWritten ? cut.steps : null,
    remat: policy,
  }
  const ran =
    every !== null
      ? runInSegments(loop, every, ys.length, unroll)
      : isUnrolled
        ? everyRow(loop, unroll)
        : runScan(loop)
  const histories: Record<string, object> = {}
  Object.keys(state).forEach((name, i) => {
    histories[name] = history(
      () => ran.histories[i]!(),
      () => ran.finals[i]!,
    )
  })
  outputs.forEach((name, i) => {
    histories[name] = history(
      () => ran.ys[i]!(),
      () => ran.lasts[i]!(),
    )
  })
  return histories as Histories<O>
}

/** What only one side of an `ifElse` needs of the step is computed there; what is the same in every step, before the loop. */
function withBranches(results: readonly Variable[], own: readonly Variable[]): readonly Variable[] {
  if (!topologicalOrder(results).some(isBranch)) return results
  const inside = dependents(results, own)
  return sink(results, { outer: { has: v => !inside.has(v) } })
}

function runScan({ slots, body, ...how }: Loop): Ran {
  const node = applyScan(slots, body, how)
  const { finals, trajectories, ys } = splitOutputs(node.outputs, { carries: slots.carries.length })
  const first = () => addDim(newRows(node.params as ScanParams), firstRowMade(node))
  const histories = trajectories.map(all => () => rows(all, first(), stepsMade(node)))
  if (!how.until)
    return { finals, histories, ys: ys.map(all => () => all), lasts: ys.map(all => () => lastOf(all, how)) }
  const states = finals.length - ys.length
  return {
    finals: finals.slice(1, states),
    histories: histories.slice(1, states),
    ys: ys.map(all => () => rows(all, firstRowMade(node), stepsMade(node))),
    lasts: finals.slice(states).map(v => () => ofSomeStep(v, how.length)),
  }
}

function everyRow(loop: Loop, unroll: number | true): Ran {
  const { finals, stacks } = runUnrolled(loop, unroll)
  const views = stacks.map(v => () => v)
  const ys = stacks.slice(finals.length)
  return {
    finals,
    histories: views.slice(0, finals.length),
    ys: views.slice(finals.length),
    lasts: ys.map(v => () => lastOf(v, loop)),
  }
}

/** Views made when somebody asks: the last row of no rows is an error only for who wants it. */
const history = (all: () => Variable, last: () => Variable) => ({
  get all() {
    return all()
  },
  get last() {
    return last()
  },
})

export const scanOptions: readonly string[] = [
  'sequences',
  'state',
  'steps',
  'reverse',
  'truncate',
  'remat',
  'unroll',
  'strict',
  'name',
]

/** The record, but a name that it lacks is an error: a step that misspells one should not compute with undefined. */
function nameChecked<T extends object>(inputs: T): T {
  const names = Object.keys(inputs)
  return new Proxy(inputs, {
    get(target, name) {
      if (typeof name === 'string' && !(name in target))
        throw unknownName('scan', 'sequence or state', name, names)
      return Reflect.get(target, name)
    },
  })
}

function mapRecord<T, U>(
  record: { readonly [name: string]: T },
  f: (value: T, name: string) => U,
): { readonly [name: string]: U } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))
}

function checkReturned(
  returned: unknown,
  states: readonly string[],
): asserts returned is { readonly [name: string]: Variable } {
  if (
    typeof returned !== 'object' ||
    returned === null ||
    Array.isArray(returned) ||
    returned instanceof Variable
  ) {
    throw notARecord(returned)
  }
  for (const [name, value] of Object.entries(returned))
    if (!(value instanceof Variable)) throw notATensor(name, value)
  const missing = states.find(name => !Object.hasOwn(returned, name))
  if (missing !== undefined) throw stateMissing(missing, Object.keys(returned), states)
}

/** Sizes inside the step must be known before the loop starts. */
function checkSizes(results: readonly Variable[], own: readonly Variable[]): void {
  const inside = new Set(own)
  const checked = new Set<Variable>()
  for (const node of topologicalOrder(results)) {
    for (const source of sourcesOf(node.outputs.flatMap(v => v.shape))) {
      if (checked.has(source)) continue
      checked.add(source)
      if (!freeVariables([source]).some(v => inside.has(v))) continue
      const counted = countedBy(source)
      throw counted === null ? lengthVaries(node, source) : historyInside(counted)
    }
  }
}

function checkStrict(constants: readonly Variable[], allowed: readonly string[]): void {
  const listed = (v: Variable) => v.name !== null && allowed.includes(v.name)
  for (const constant of constants) {
    if (listed(constant)) continue
    const foreign = freeVariables([constant]).find(v => !listed(v))
    if (foreign !== undefined) throw foreignInStep(foreign, allowed)
  }
}
