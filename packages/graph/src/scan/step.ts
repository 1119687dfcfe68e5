/**
 * The step of a scan: called once, on fresh parameters; what it returns is checked, and made the results of a body.
 *
 * What of that is a state and what an output is decided here.
 */
import { unknownName } from '../argument-errors.js'
import { isBranch } from '../branch/op.js'
import { sink } from '../branch/sink.js'
import { dependents, freeVariables, topologicalOrder } from '../traverse.js'
import { Variable } from '../variable.js'
import { historyInside, lengthVaries, notARecord, notATensor, stateMissing } from './errors.js'
import { guardIndices } from './guard.js'
import { sourcesOf } from './length.js'
import { mapRecord, type Request } from './request.js'
import { settleStates } from './states.js'
import { traceStep, tripParameter } from './trips.js'
import { cutWritten } from './truncate.js'
import { countedBy, Until } from './until.js'

/** A step as a graph: parameters, and results over them and over whatever the step closes over. */
export interface TracedStep {
  /** Parameters of what is carried, with its initial values. */
  readonly carried: readonly Variable[]
  readonly initial: readonly Variable[]
  readonly slices: readonly Variable[]
  /** The number of the step, if it is needed. */
  readonly trips: readonly Variable[]
  /** The next values of what is carried, the outputs, and under `until` the condition. */
  readonly results: readonly Variable[]
  readonly hasCondition: boolean
  /** Names, in the order of the results. */
  readonly outputs: readonly string[]
}

/** @throws GraphError, ShapeError for a step that returns what it must not */
export function tracedStep(
  step: (inputs: { readonly [name: string]: unknown }) => unknown,
  { sequences, states, length, reverse, cut }: Request,
): TracedStep {
  const begin = new Variable({ dtype: 'bool', shape: [] }, null, 0, 'begin').id
  const given = mapRecord({ ...sequences, ...states }, slots => slots.given)
  const traced = traceStep(() => step(nameChecked(given)))
  const made = traced.returned
  const hasCondition = made instanceof Until
  const returned: unknown = hasCondition ? made.results : made
  const names = Object.keys(states)
  checkReturned(returned, names)
  const trips = cut?.isWritten && traced.trips.length === 0 ? [tripParameter()] : traced.trips
  const settled = settleStates(states, returned, hasCondition ? [made.condition] : [])
  const older = Object.values(states).flatMap(s => s.older)
  const outputs = Object.keys(returned).filter(name => !Object.hasOwn(states, name))
  const slices = Object.values(sequences).flatMap(s => s.params)
  const carried = [...settled.params, ...older.map(o => o.param)]
  const own = [...carried, ...slices, ...trips]
  const ofNames = (names: readonly string[]) => names.map(name => settled.returned[name]!)
  const found = [...ofNames(names), ...older.map(o => o.next), ...ofNames(outputs)]
  const guarded = guardIndices(own, [...found, ...settled.others], length, begin)
  checkSizes(guarded, own)
  const results = withBranches(guarded, own)
  return {
    carried,
    initial: [...settled.initial, ...older.map(o => o.initial)],
    slices,
    trips,
    results: cut?.isWritten
      ? cutWritten(cut, results, { states: carried, trip: trips[0]!, length, reverse })
      : results,
    hasCondition,
    outputs,
  }
}

/** What only one side of an `ifElse` needs of the step is computed there; what is the same in every step, before the loop. */
function withBranches(results: readonly Variable[], own: readonly Variable[]): readonly Variable[] {
  if (!topologicalOrder(results).some(isBranch)) return results
  const inside = dependents(results, own)
  return sink(results, { outer: { has: v => !inside.has(v) } })
}

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
