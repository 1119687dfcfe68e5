/** What is peculiar to scans that were drawn, in words that coverage counts; and which of it gradients go through. */
import { type Id, idOf, isRef, type Line, madeBy, type Program, readBy, type Scan } from './program.js'
import { gradients } from './rows-gradient.js'

export const features = [
  'several states',
  'reverse',
  'taps on sequences, past',
  'taps on sequences, future',
  'taps on states',
  'taps on states, three back',
  'until',
  'until, all asked',
  'until, last asked',
  'truncate: k',
  'truncate: { last: k }',
  "remat: 'none'",
  "remat: 'step'",
  'remat: { every: k }',
  'unroll',
  'draws in steps',
  'in scans',
] as const

export type Feature = (typeof features)[number]

/** What no scan has together: one says more than the other, or the library refuses them (E091, E092, E093). */
export function excludes(a: Feature, b: Feature): boolean {
  const options = (text: string) => (x: Feature) => x.startsWith(text)
  const both = (p: (x: Feature) => boolean, q: (x: Feature) => boolean) => (p(a) && q(b)) || (q(a) && p(b))
  return (
    both(options('truncate'), options('truncate')) ||
    both(options('remat'), options('remat')) ||
    both(options('until'), options('unroll')) ||
    both(options('until'), options('remat: { every')) ||
    both(options('until, all'), options('in scans'))
  )
}

export function featuresOf({ sequences, states, outputs, until, options, lines }: Scan): readonly Feature[] {
  const offsets = sequences.flatMap(s => s.taps ?? [])
  const back = states.flatMap(s => s.taps ?? [])
  const results = [...states, ...outputs]
  const { reverse, truncate, remat, unroll } = options
  const holds: Readonly<Record<Feature, boolean>> = {
    'several states': states.length > 1,
    reverse: reverse === true,
    'taps on sequences, past': offsets.some(k => k < 0),
    'taps on sequences, future': offsets.some(k => k > 0),
    'taps on states': back.length > 0,
    'taps on states, three back': back.includes(-3),
    until: until !== null,
    'until, all asked': until !== null && results.some(r => r.all !== null),
    'until, last asked': until !== null && results.some(r => r.last !== null),
    'truncate: k': typeof truncate === 'number',
    'truncate: { last: k }': typeof truncate === 'object',
    "remat: 'none'": remat === 'none',
    "remat: 'step'": remat === 'step',
    'remat: { every: k }': typeof remat === 'object',
    unroll: unroll !== undefined,
    'draws in steps': lines.some(line => line.kind === 'call' && line.fn.startsWith('random.')),
    'in scans': false,
  }
  return features.filter(feature => holds[feature])
}

/** Each scan with its features, and whether a gradient goes through it. */
export function* scansWithFeatures({ lines }: Program): Generator<readonly [readonly Feature[], boolean]> {
  const passed = passedByGradients(lines)
  const walk = function* (
    list: readonly Line[],
    depth: number,
  ): Generator<readonly [readonly Feature[], boolean]> {
    for (const line of list) {
      if (line.kind === 'call') continue
      const own = featuresOf(line)
      yield [depth > 0 ? [...own, 'in scans'] : own, passed.has(line)]
      yield* walk(line.lines, depth + 1)
    }
  }
  yield* walk(lines, 0)
}

const gradientNames = new Set(gradients.map(row => row.name))

/** Scans that what is differentiated is computed with. */
function passedByGradients(lines: readonly Line[]): ReadonlySet<Scan> {
  const makers = new Map<Id, Line>()
  const differentiated: Id[] = []
  const collect = (list: readonly Line[]): void => {
    for (const line of list) {
      for (const id of madeBy(line)) makers.set(id, line)
      if (line.kind === 'scan') collect(line.lines)
      else if (gradientNames.has(line.fn) && isRef(line.args[0])) differentiated.push(idOf(line.args[0]))
    }
  }
  collect(lines)
  const found = new Set<Line>()
  for (let next = differentiated.pop(); next !== undefined; next = differentiated.pop()) {
    const line = makers.get(next)
    if (line === undefined || found.has(line)) continue
    found.add(line)
    differentiated.push(...readBy(line))
  }
  return new Set([...found].filter(line => line.kind === 'scan'))
}
