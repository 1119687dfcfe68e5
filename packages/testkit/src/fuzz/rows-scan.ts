/**
 * Scans: sequences, states and outputs, with taps or without, values from outside, scans in scans, both directions, all
 * options, early exit.
 */
import { type Drawing, type Facts, type Known, moved, NotHere, ref } from './drawing.js'
import type { Id, Scan, State } from './program.js'
import { type Row, row } from './row.js'
import { draws } from './rows-index.js'
import { countsTo, leastOf, optionsOf, stepsOf, stopOf } from './scan-options.js'
import { givenFacts, nextOf, type Remembered, sequencesOf, stateOf } from './scan-slots.js'

export const scans: readonly Row[] = [row('scan', drawScan)]

function drawScan(d: Drawing): void {
  if (d.depth >= 2) throw new NotHere()
  const walks = sequencesOf(d)
  const least = Math.min(...walks.map(w => w.least))
  const steps = stepsOf(d, least)
  const stops = d.chance(0.25)
  const counter = stops && d.chance(0.4) ? counterOf(d) : null
  const count = d.pick(walks.length === 0 && counter === null ? [1, 1, 2] : [0, 1, 1, 2, 2])
  const slots = [...Array.from({ length: count }, () => stateOf(d)), ...(counter === null ? [] : [counter])]
  const isFixed =
    walks.every(({ of }) => typeof of.variable.shape[0] === 'number') &&
    (steps === undefined || typeof steps === 'number')
  const limit = counter === null ? null : countsTo(d)
  const hasSteps = least > 0 && leastOf(d, steps) > 0
  // In a step of another scan there is no telling how many rows such a history has.
  const hasHistory = !stops || d.depth === 0
  const wanted = (all: boolean, last: boolean) => ({
    all: all && hasHistory ? d.id() : null,
    last: last || !hasHistory ? d.id() : null,
  })
  const states: State[] = slots.map(({ of, params, taps }) => ({
    initial: of.id,
    params,
    taps,
    next: -1,
    all: null,
    last: null,
  }))
  const outputs: { value: Id; all: Id | null; last: Id | null }[] = []
  const facts: Facts[] = []
  const scan: Omit<Scan, 'lines'> & { until: Id | null } = {
    kind: 'scan',
    id: d.id(),
    sequences: walks.map(({ of, params, taps }) => ({ from: of.id, params, taps })),
    states,
    outputs,
    until: null,
    options: { ...(steps === undefined ? {} : { steps }), ...optionsOf(d, { stops, isFixed }) },
  }
  const { lines } = d.inside(() => {
    d.environment.scan(scan, () => {
      for (const walk of walks) give(d, walk.params, givenFacts(walk))
      for (const slot of slots) give(d, slot.params, slot.facts)
      const before = d.known().length
      if (d.chance(0.15)) d.drawLines(1, draws)
      d.drawLines(1 + d.below(5))
      slots.forEach((slot, i) => {
        const next =
          slot === counter
            ? d.call('add', [{ ref: slot.params[0]! }, 1], { low: 1, high: 21 })
            : nextOf(d, slot)
        const choice = d.below(4)
        states[i] = { ...states[i]!, next: next.id, ...wanted(choice !== 0, choice < 2) }
        if (slot === counter) scan.until = d.call('ge', [ref(next), limit!]).id
      })
      const made = d.known().slice(before)
      if (stops && counter === null) scan.until = stopOf(d, made).id
      if (!hasHistory && !hasSteps) return
      const most = states.length === 0 ? 1 + d.below(2) : d.below(3)
      for (const k of new Set(Array.from({ length: most }, () => pickOutput(d, made)))) {
        outputs.push({ value: k.id, ...wanted(true, hasSteps && d.chance(0.2)) })
        facts.push(moved(k))
      }
    })
  })
  d.scan({ ...scan, lines })
  const all = [
    ...states.map((s, i) => [s, slots[i]!.facts] as const),
    ...outputs.map((o, i) => [o, facts[i]!] as const),
  ]
  for (const [{ all: history, last }, own] of all)
    for (const id of [history, last]) if (id !== null) d.add(id, d.environment.get(id), own)
}

function give(d: Drawing, params: readonly Id[], facts: Facts): void {
  for (const param of params) d.add(param, d.environment.get(param), facts)
}

const pickOutput = (d: Drawing, made: readonly Known[]): Known =>
  made.length > 0 ? d.pick(made) : d.find(() => true)

/** A state that counts the steps. */
function counterOf(d: Drawing): Remembered {
  const of = d.call('constant', [0, 'int32'], { low: 0, high: 0 })
  return {
    of,
    params: [d.id()],
    taps: null,
    facts: { low: 0, high: 20, exact: true, whole: true },
    kind: 'bounded',
  }
}
