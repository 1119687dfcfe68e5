/**
 * What a step of a drawn scan is given: rows of sequences and states, with taps or without, and what becomes of states.
 *
 * A state lies in an interval that is fixed before the step is drawn; what the step makes of it is brought inside. That
 * is how nothing grows with the number of steps. Sums over the steps are states too: of small terms, in a wide interval,
 * or of whole numbers, which are exact, so that a scan may stop by what they are.
 */
import { isFloat } from '@arignote/loops'
import { type Drawing, type Facts, isFloating, type Known, moved, ref, sameShape } from './drawing.js'
import type { Slot } from './program.js'

export const mostSteps = 12

/** Greatest magnitude of what sums of whole numbers add. */
const mostTerm = 20

export interface Visited extends Slot {
  readonly of: Known
}

/** A sequence, and how many of its rows are visited, at least. */
export interface Walk extends Visited {
  readonly least: number
}

export interface Remembered extends Visited {
  readonly facts: Facts
  readonly kind: 'bounded' | 'sum' | 'count'
}

const sequenceTaps = [[0], [-1], [1], [-1, 0], [0, 1], [1, -1], [-1, 0, 1], [-2, 0], [0, 2], [-3], [-2, 1]]
const stateTaps = [[-1], [-2], [-2, -1], [-1, -2], [-3], [-3, -1], [-3, -2, -1]]

const slot = (d: Drawing, taps: readonly number[] | null): Slot => ({
  params: (taps ?? [0]).map(() => d.id()),
  taps,
})

export function sequencesOf(d: Drawing): readonly Walk[] {
  if (d.chance(0.15)) return []
  const rows = (k: Known) => k.variable.shape[0]!
  const isShort = (k: Known) => k.variable.ndim > 0 && d.sizesOf(rows(k))[1] <= mostSteps
  const first = d.find(isShort)
  if (d.chance(0.5)) return [walkOf(d, first)]
  const second = d.find(k => isShort(k) && (d.chance(0.2) || sameShape([rows(k)], [rows(first)])))
  return [walkOf(d, first), walkOf(d, second)]
}

/** With taps that reach no further than there are rows. */
function walkOf(d: Drawing, of: Known): Walk {
  const [rows] = d.sizesOf(of.variable.shape[0]!)
  const reach = (taps: readonly number[]) => Math.max(0, ...taps) - Math.min(0, ...taps)
  const fitting = sequenceTaps.filter(taps => reach(taps) <= rows)
  const taps = d.chance(0.3) ? d.pick(fitting) : null
  return { of, least: rows - reach(taps ?? []), ...slot(d, taps) }
}

/** Floats near 0; integers as they are, their next values wrap. */
export function stateOf(d: Drawing): Remembered {
  const taps = d.chance(0.3) ? d.pick(stateTaps) : null
  const k =
    taps === null
      ? d.find(v => v.variable.ndim <= 3 && d.elements(v) <= 60)
      : initialRows(d, -Math.min(...taps))
  if (!isFloating(k)) {
    const anything = {
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      exact: true,
      whole: true,
    }
    return { of: k, ...slot(d, taps), facts: anything, kind: 'bounded' }
  }
  if (isSmallWhole(k) && d.chance(0.5)) {
    const most = mostTerm * (1 + mostSteps)
    return {
      of: k,
      ...slot(d, taps),
      facts: { low: -most, high: most, exact: true, whole: true },
      kind: 'count',
    }
  }
  const kind = d.chance(0.35) ? 'sum' : 'bounded'
  const most = kind === 'sum' ? 2 + 3 * mostSteps : 2
  return {
    of: d.within(k, -2, 2),
    ...slot(d, taps),
    facts: { low: -most, high: most, exact: false, whole: false },
    kind,
  }
}

const isSmallWhole = (k: Known) => k.exact && k.whole && k.low >= -mostTerm && k.high <= mostTerm

/** As many rows as are remembered: of a value that happens to have them, else stacked. */
function initialRows(d: Drawing, count: number): Known {
  const has = (k: Known) =>
    k.variable.ndim > 0 &&
    k.variable.ndim <= 4 &&
    d.elements(k) <= 120 &&
    d.sizesOf(k.variable.shape[0]!).every(n => n === count)
  if (d.chance(0.6) && d.known().some(has)) return d.find(has)
  const first = d.find(v => v.variable.ndim <= 3 && d.elements(v) <= 60)
  const alike = (k: Known) =>
    k.variable.dtype === first.variable.dtype && sameShape(k.variable.shape, first.variable.shape)
  const rows = Array.from({ length: count }, (_, i) => (i === 0 ? first : d.find(alike)))
  return d.call('stack', [rows.map(ref), 0], moved(...rows))
}

/** What is known of each of the values that the step is given. */
export const givenFacts = ({ of }: Walk): Facts => moved(of)

/** A value of the state's type made in the step: of the sum so far, or of what there is. */
export function nextOf(d: Drawing, { params, facts, kind }: Remembered): Known {
  const param = d.pick(params)
  const state = d.known().find(k => k.id === param)!
  const { dtype, shape } = state.variable
  const fits = (k: Known) => k.variable.dtype === dtype && sameShape(k.variable.shape, shape)
  if (!isFloat(dtype)) return d.find(fits)
  if (kind === 'count') return d.call(d.pick(['add', 'add', 'sub']), [ref(state), wholeTerm(d, state)], facts)
  if (kind === 'sum')
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

function wholeTerm(d: Drawing, state: Known) {
  const fits = (k: Known) => isSmallWhole(k) && broadcastsTo(k, state)
  return d.chance(0.7) && d.known().some(fits) ? ref(d.find(fits)) : 1
}

/** What broadcasts to the state without changing its type. */
const termFor = (d: Drawing, state: Known): Known => d.find(k => broadcastsTo(k, state))

function broadcastsTo({ variable: v }: Known, { variable: { dtype, shape } }: Known): boolean {
  return (
    v.dtype === dtype &&
    v.ndim <= shape.length &&
    v.shape.every((n, i) => n === 1 || sameShape([n], [shape[shape.length - v.ndim + i]!]))
  )
}
