/**
 * Scans: sequences, several states, outputs, values from outside, scans in scans, both directions.
 *
 * A state lies in an interval that is fixed before the step is drawn; what the step makes of it is brought inside. That
 * is how nothing grows with the number of steps. Sums over the steps are states too: of small terms, in a wide interval.
 */
import { isFloat } from '@arignote/loops'
import type { Facts } from './drawing.js'
import { type Drawing, isFloating, type Known, moved, NotHere, ref, sameShape } from './drawing.js'
import type { Id, Ref, Scan, State } from './program.js'
import { type Row, row } from './row.js'

const mostSteps = 12

interface Slot {
  readonly initial: Known
  readonly param: Id
  readonly facts: Facts
  readonly accumulates: boolean
}

export const scans: readonly Row[] = [row('scan', drawScan)]

function drawScan(d: Drawing): void {
  const { lines, next } = drawn(d)
  next(lines)
}

function drawn(d: Drawing) {
  if (d.depth >= 2) throw new NotHere()
  const sequences = sequencesOf(d)
  const least = Math.min(...sequences.map(k => d.sizesOf(k.variable.shape[0]!)[0]))
  const steps = stepsOf(d, least)
  const slots = Array.from({ length: d.pick(sequences.length === 0 ? [1, 1, 2] : [0, 1, 1, 2, 2]) }, () =>
    slotOf(d),
  )
  const params = sequences.map(() => d.id())
  const reverse = d.chance(0.3)
  const fixed =
    sequences.every(k => typeof k.variable.shape[0] === 'number') &&
    (steps === undefined || typeof steps === 'number')
  const unroll = d.chance(0.1) ? d.pick([2, ...(fixed ? [true as const] : [])]) : undefined
  const options: Scan['options'] = {
    ...(steps === undefined ? {} : { steps }),
    ...(reverse ? { reverse } : {}),
    ...(unroll === undefined ? {} : { unroll }),
  }
  const hasSteps = least > 0 && leastOf(d, steps) > 0
  const scan = {
    kind: 'scan' as const,
    id: d.id(),
    sequences: sequences.map((k, i) => ({ from: k.id, param: params[i]! })),
    options,
  }
  const states: State[] = slots.map(({ initial, param }) => ({
    initial: initial.id,
    param,
    next: -1,
    all: null,
    last: null,
  }))
  const outputs: { value: Id; all: Id | null; last: Id | null }[] = []
  const facts: Facts[] = []
  const { lines } = d.inside(() => {
    d.environment.scan({ ...scan, states, outputs }, () => {
      sequences.forEach((k, i) => {
        d.add(params[i]!, d.environment.get(params[i]!), moved(k))
      })
      for (const { param, facts: own } of slots) d.add(param, d.environment.get(param), own)
      const before = d.known().length
      d.drawLines(1 + d.below(5))
      slots.forEach((slot, i) => {
        states[i] = { ...states[i]!, next: nextOf(d, slot).id, ...asked(d) }
      })
      const made = d.known().slice(before)
      const count = states.length === 0 ? 1 + d.below(2) : d.below(3)
      for (const k of new Set(Array.from({ length: count }, () => pickOutput(d, made)))) {
        outputs.push({ value: k.id, all: d.id(), last: hasSteps && d.chance(0.2) ? d.id() : null })
        facts.push(moved(k))
      }
    })
    return null
  })
  const next = (body: Scan['lines']) => {
    d.scan({ ...scan, states, outputs, lines: body })
    states.forEach(({ all, last }, i) => {
      for (const id of [all, last]) if (id !== null) d.add(id, d.environment.get(id), slots[i]!.facts)
    })
    outputs.forEach(({ all, last }, i) => {
      for (const id of [all, last]) if (id !== null) d.add(id, d.environment.get(id), facts[i]!)
    })
  }
  return { lines, next }
}

const pickOutput = (d: Drawing, made: readonly Known[]): Known =>
  made.length > 0 ? d.pick(made) : d.find(() => true)

function asked(d: Drawing): Pick<State, 'all' | 'last'> {
  const choice = d.below(4)
  return { all: choice === 0 ? null : d.id(), last: choice < 2 ? d.id() : null }
}

/** Values with as many rows. */
function sequencesOf(d: Drawing): readonly Known[] {
  if (d.chance(0.15)) return []
  const rows = (k: Known) => k.variable.shape[0]!
  const first = d.find(k => k.variable.ndim > 0 && d.sizesOf(rows(k))[1] <= mostSteps)
  if (d.chance(0.5)) return [first]
  const second = d.find(k => k.variable.ndim > 0 && sameShape([rows(k)], [rows(first)]))
  return [first, second]
}

function stepsOf(d: Drawing, least: number): Scan['options']['steps'] {
  if (least === Number.POSITIVE_INFINITY) {
    const k = d.known().find(v => v.variable.ndim > 0 && d.sizesOf(v.variable.shape[0]!)[1] <= mostSteps)
    if (k !== undefined && d.chance(0.3)) return { size: k.id, axis: 0 }
    return d.someSize(0, 1, 2, 3, 5) as number | Ref
  }
  return d.chance(0.15) && least > 0 ? d.below(least + 1) : undefined
}

function leastOf(d: Drawing, steps: Scan['options']['steps']): number {
  if (steps === undefined) return 1
  if (typeof steps === 'number' || !('size' in steps)) return typeof steps === 'number' ? steps : 0
  return d.sizesOf(d.environment.get(steps.size).shape[steps.axis]!)[0]
}

/** Floats near 0; integers as they are, their next values wrap. */
function slotOf(d: Drawing): Slot {
  const k = d.find(v => v.variable.ndim <= 3 && d.elements(v) <= 60)
  if (!isFloating(k))
    return {
      initial: k,
      param: d.id(),
      facts: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, exact: true, whole: true },
      accumulates: false,
    }
  const initial = d.within(k, -2, 2)
  const accumulates = d.chance(0.35)
  const most = accumulates ? 2 + 3 * mostSteps : 2
  return {
    initial,
    param: d.id(),
    facts: { low: -most, high: most, exact: false, whole: false },
    accumulates,
  }
}

/** A value of the state's type made in the step: of the sum so far, or of what there is. */
function nextOf(d: Drawing, { param, facts, accumulates }: Slot): Known {
  const state = d.known().find(k => k.id === param)!
  const { dtype, shape } = state.variable
  const fits = (k: Known) => k.variable.dtype === dtype && sameShape(k.variable.shape, shape)
  if (!isFloat(dtype)) return d.find(fits)
  if (accumulates)
    return d.call(d.pick(['add', 'sub']), [ref(state), ref(d.within(termFor(d, state), -3, 3))], facts)
  if (d.chance(0.3)) {
    const product = d.call('mul', [ref(state), ref(d.within(termFor(d, state), -0.9, 0.9))], {
      low: -1.8,
      high: 1.8,
    })
    return product
  }
  return d.within(
    d.find(k => fits(k) && (k !== state || d.chance(0.2))),
    facts.low,
    facts.high,
  )
}

/** What broadcasts to the state without changing its type. */
function termFor(d: Drawing, { variable: { dtype, shape } }: Known): Known {
  return d.find(
    k =>
      k.variable.dtype === dtype &&
      k.variable.ndim <= shape.length &&
      k.variable.shape.every(
        (n, i) => n === 1 || sameShape([n], [shape[shape.length - k.variable.ndim + i]!]),
      ),
  )
}
