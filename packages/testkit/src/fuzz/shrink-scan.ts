/** Smaller scans: without options, with fewer taps, states, sequences and results, with fewer steps. */
import type { Id, Line, Program, Ref, Scan, Slot, State } from './program.js'
import { freshId, leafLike, replacedIn, variablesOf } from './replace.js'

export const scansOf = (lines: readonly Line[]): readonly Scan[] =>
  lines.flatMap(line => (line.kind === 'scan' ? [line, ...scansOf(line.lines)] : []))

const numberWeight = (n: number | Ref) => (typeof n === 'number' ? n : 20)

export function scanWeight({ sequences, states, outputs, until, options }: Scan): number {
  const { steps, reverse, truncate, remat, unroll } = options
  const asked = [...states, ...outputs]
    .flatMap(({ all, last }) => [all, last])
    .filter(id => id !== null).length
  const taps = [...sequences, ...states].flatMap(s =>
    s.taps === null ? [] : [4, ...s.taps.map(k => 2 + Math.abs(k))],
  )
  return (
    50 * (sequences.length + states.length + outputs.length) +
    10 * asked +
    taps.reduce((a, b) => a + b, 0) +
    (until === null ? 0 : 9) +
    (steps === undefined ? 0 : numberWeight(steps)) +
    (reverse ? 9 : 0) +
    (truncate === undefined ? 0 : typeof truncate === 'number' ? 9 + truncate : 10 + truncate.last) +
    (remat === undefined ? 0 : typeof remat === 'string' ? 9 : 10 + numberWeight(remat.every)) +
    (unroll === undefined ? 0 : 9)
  )
}

export function* simplerScans(program: Program, scan: Scan): Generator<Program> {
  const put = (changed: Scan, sources = program.sources): Program => {
    const inLines = (lines: readonly Line[]): readonly Line[] =>
      lines.map(line =>
        line === scan ? changed : line.kind === 'scan' ? { ...line, lines: inLines(line.lines) } : line,
      )
    return { ...program, sources, lines: inLines(program.lines) }
  }
  for (const options of simplerOptions(scan.options)) yield put({ ...scan, options })
  if (scan.until !== null) yield put({ ...scan, until: null })
  for (const [i] of scan.states.entries()) yield put({ ...scan, states: scan.states.toSpliced(i, 1) })
  for (const [i] of scan.sequences.entries()) {
    const sequences = scan.sequences.toSpliced(i, 1)
    yield put({
      ...scan,
      sequences,
      options: sequences.length > 0 ? scan.options : { steps: 2, ...scan.options },
    })
  }
  for (const [i, s] of scan.sequences.entries())
    for (const { slot, instead } of fewerTaps(s))
      yield put(standIn({ ...scan, sequences: scan.sequences.with(i, slot) }, instead))
  for (const [i, s] of scan.states.entries()) {
    for (const { slot, instead } of fewerTaps(s))
      yield* withInitial(program, slot, (initial, sources) =>
        put(standIn({ ...scan, states: scan.states.with(i, { ...slot, initial }) }, instead), sources),
      )
  }
  for (const [i, o] of scan.outputs.entries())
    if (o.all !== null && o.last !== null)
      yield put({ ...scan, outputs: scan.outputs.with(i, { ...o, last: null }) })
  for (const [i, s] of scan.states.entries()) {
    const [param] = s.params
    if (s.next !== param) yield put({ ...scan, states: scan.states.with(i, { ...s, next: param! }) })
  }
}

function* simplerOptions(options: Scan['options']): Generator<Scan['options']> {
  const { reverse, truncate, remat, unroll, steps } = options
  if (reverse) yield without(options, 'reverse')
  if (truncate !== undefined) yield without(options, 'truncate')
  if (remat !== undefined) yield without(options, 'remat')
  if (unroll !== undefined) yield without(options, 'unroll')
  for (const n of [1, 2, 3]) {
    if (typeof truncate === 'object')
      yield* [
        { ...options, truncate: n },
        { ...options, truncate: { last: n } },
      ]
    if (typeof truncate === 'number') yield { ...options, truncate: n }
    if (typeof remat === 'object') yield { ...options, remat: { every: n } }
  }
  if (steps !== undefined) for (const n of [1, 2, 0, 3]) yield { ...options, steps: n }
}

function without(options: Scan['options'], name: keyof Scan['options']): Scan['options'] {
  const { [name]: _, ...others } = options
  return others
}

interface Fewer<T> {
  readonly slot: T
  /** What is not given any more, and what stands in for it. */
  readonly instead: readonly [Id, Id] | null
}

/** One tap less; no taps instead of one. */
function* fewerTaps<T extends Slot>(slot: T): Generator<Fewer<T>> {
  const { taps, params } = slot
  if (taps === null) return
  if (taps.length === 1) {
    yield { slot: { ...slot, taps: null }, instead: null }
    const nearer = Math.sign(taps[0]!)
    if (nearer !== taps[0]) yield { slot: { ...slot, taps: [nearer] }, instead: null }
    return
  }
  for (const [i, param] of params.entries()) {
    const rest = { ...slot, taps: taps.toSpliced(i, 1), params: params.toSpliced(i, 1) }
    yield { slot: rest, instead: [param, rest.params[0]!] }
  }
}

function standIn(scan: Scan, instead: readonly [Id, Id] | null): Scan {
  return instead === null ? scan : (replacedIn([scan], ...instead)[0] as Scan)
}

/** The program with an initial value that has as many rows as the taps need: the one there is, or a new input. */
function* withInitial(
  program: Program,
  { initial, taps }: State,
  put: (initial: Id, sources: Program['sources']) => Program,
): Generator<Program> {
  yield put(initial, program.sources)
  const v = variablesOf(program).get(initial)
  if (v === undefined || v.ndim === 0) return
  const rows = taps === null ? [] : [-Math.min(...taps)]
  const leaf = leafLike({ dtype: v.dtype, shape: [...rows, ...v.shape.slice(1)] }, freshId(program))
  if (leaf !== null) yield put(leaf.id, [...program.sources, leaf])
}
