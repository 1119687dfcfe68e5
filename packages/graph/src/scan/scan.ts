/**
 * `scan`, as the user writes it: a step, traced once on fresh parameters, becomes the body of a scan.
 *
 * What is asked for is up to `request.ts`, what the step makes of its parameters to `step.ts`, what it closes over to
 * `closure.ts`. Decided here: in which form the loop is written, and what comes back.
 */
import { addDim } from '../dim.js'
import { iota } from '../ops/source.js'
import { freeVariables } from '../traverse.js'
import type { Variable } from '../variable.js'
import { type Loop, lastOf, type Ran } from './blocks.js'
import { closeOver } from './closure.js'
import { foreignInStep, notAStep, rematUntil } from './errors.js'
import { applyScan, type ScanParams, splitOutputs, splitResults } from './op.js'
import { runInSegments } from './remat.js'
import { type Request, requestOf, type ScanOptions } from './request.js'
import { newRows, rows } from './rows.js'
import { type TracedStep, tracedStep } from './step.js'
import type { Histories, InitialStates, Sequences, StepInputs, StepResults } from './types.js'
import { runUnrolled } from './unroll.js'
import { firstRowMade, ofSomeStep, stepsMade, type Until, withLastValues, withOwnCarries } from './until.js'

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
  const request = requestOf(options)
  const traced = tracedStep(inputs => step(inputs as unknown as StepInputs<X, S>), request)
  const loop = loopOf(request, traced, options.name ?? null)
  if (options.strict !== undefined) checkStrict(loop.slots.constants, options.strict)
  const ran = inItsForm(loop, request, traced.outputs.length)
  return historiesOf(ran, Object.keys(request.states), traced.outputs) as Histories<O>
}

/** The step, closed over its surroundings, and the values it begins with. */
function loopOf(request: Request, traced: TracedStep, name: string | null): Loop {
  const { sequences, length, reverse, cut, remat, every } = request
  const { carried, slices, trips, hasCondition } = traced
  const { nexts, ys, condition } = splitResults(traced.results, {
    counts: { carries: carried.length },
    until: hasCondition,
  })
  if (hasCondition && every !== null) throw rematUntil()
  const plain = { params: carried, initial: traced.initial, nexts, ys }
  const steps = hasCondition ? withOwnCarries(plain) : every !== null ? withLastValues(plain) : plain
  const { constants, body } = closeOver(
    [...steps.params, ...slices, ...trips],
    [...steps.nexts, ...steps.ys, ...(condition === null ? [] : [condition])],
  )
  return {
    slots: {
      constants,
      carries: steps.initial,
      sequences: [...Object.values(sequences).flatMap(s => s.outer), ...trips.map(() => iota([length], 0))],
    },
    body,
    length,
    reverse,
    until: hasCondition,
    name,
    last: cut !== null && !cut.isWritten ? cut.steps : null,
    remat,
  }
}

/** In segments, written out, or as one op. */
function inItsForm(loop: Loop, { every, unroll }: Request, ys: number): Ran {
  if (every !== null) return runInSegments(loop, every, ys, unroll)
  return unroll === 1 ? runScan(loop) : everyRow(loop, unroll)
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

/** What came of the loop, by name. */
function historiesOf(
  ran: Ran,
  states: readonly string[],
  outputs: readonly string[],
): Record<string, object> {
  const histories: Record<string, object> = {}
  states.forEach((name, i) => {
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
  return histories
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

function checkStrict(constants: readonly Variable[], allowed: readonly string[]): void {
  const listed = (v: Variable) => v.name !== null && allowed.includes(v.name)
  for (const constant of constants) {
    if (listed(constant)) continue
    const foreign = freeVariables([constant]).find(v => !listed(v))
    if (foreign !== undefined) throw foreignInStep(foreign, allowed)
  }
}
