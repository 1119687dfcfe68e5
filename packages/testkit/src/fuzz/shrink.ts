/**
 * A program  →  smaller programs, the most promising first. Many of them are nonsense (types do not fit any more); who
 * tries them finds out.
 *
 * Each has less weight than what it was made of, so that shrinking comes to an end.
 */
import { equalShape } from '@arignote/graph'
import {
  type Arg,
  type Id,
  isRef,
  type Line,
  lineCount,
  type Program,
  readBy,
  type Source,
  withoutDead,
} from './program.js'
import { freshId, leafLike, replaced, variablesOf } from './replace.js'
import { scansOf, scanWeight, simplerScans } from './shrink-scan.js'

export function* smaller(program: Program): Generator<Program> {
  const limit = weight(program)
  for (const candidate of candidates(program)) {
    const live = withoutDead(candidate)
    if (weight(live) < limit) yield live
  }
}

/** Lines count most, then what is asked for, then leaves, sizes and options. */
export function weight({ lines, outputs, updates, calls, sources, sizes }: Program): number {
  const elements = (source: Source) =>
    source.shape.reduce<number>(
      (n, size) => n * (typeof size === 'number' ? size : Math.max(...sizes[size]!)),
      1,
    )
  const leaves = sources.map(
    s =>
      100 +
      Math.min(elements(s), 400) +
      8 * s.shape.length +
      (s.whole ? 0 : 3) +
      (s.kind === 'shared' ? 2 : 0),
  )
  return (
    1000 * lineCount(lines) +
    scansOf(lines).reduce((sum, scan) => sum + scanWeight(scan), 0) +
    60 * outputs.length +
    60 * updates.length +
    30 * calls +
    leaves.reduce((a, b) => a + b, 0) +
    Object.values(sizes).reduce((sum, [a, b]) => sum + 40 + a + b + (a === b ? 0 : 5), 0) +
    numbersIn(lines)
  )
}

function numbersIn(lines: readonly Line[]): number {
  const inArg = (arg: Arg | undefined): number => {
    if (typeof arg === 'number') return Math.min(Math.abs(arg), 50) / 100
    if (typeof arg !== 'object' || arg === null || isRef(arg)) return 0
    return 0.2 + Object.values(arg).reduce<number>((sum, a) => sum + inArg(a as Arg), 0)
  }
  return lines.reduce(
    (sum, line) =>
      sum +
      (line.kind === 'scan' ? numbersIn(line.lines) : line.args.reduce<number>((n, a) => n + inArg(a), 0)),
    0,
  )
}

function* candidates(program: Program): Generator<Program> {
  yield* fewerResults(program)
  if (program.calls > 1) yield { ...program, calls: 1 }
  if (program.calls > 2) yield { ...program, calls: 2 }
  yield* earlierResults(program)
  yield* fewerValues(program)
  for (const scan of scansOf(program.lines)) yield* simplerScans(program, scan)
  yield* smallerSizes(program)
  yield* simplerLeaves(program)
  yield* simplerArguments(program)
}

function* fewerResults(program: Program): Generator<Program> {
  const { outputs, updates } = program
  if (outputs.length + updates.length > 1) {
    for (const output of outputs) yield { ...program, outputs: [output], updates: [] }
    for (const update of updates) yield { ...program, outputs: [], updates: [update] }
  }
  for (const [i] of updates.entries()) yield { ...program, updates: updates.toSpliced(i, 1) }
  for (const [i] of outputs.entries()) yield { ...program, outputs: outputs.toSpliced(i, 1) }
}

/** Asks for what a result was made of instead. */
function* earlierResults(program: Program): Generator<Program> {
  const { outputs, lines } = program
  for (const [i, output] of outputs.entries()) {
    const line = lines.find(l => l.kind === 'call' && l.id === output)
    if (line === undefined) continue
    for (const id of new Set(readBy(line))) yield { ...program, outputs: outputs.with(i, id) }
  }
}

/** Puts another value of the same type, or a new leaf, in the place of one. */
function* fewerValues(program: Program): Generator<Program> {
  const types = variablesOf(program)
  const made = [...madeIn(program.lines)].reverse()
  const early = program.sources.map(s => s.id)
  for (const { id, from } of made) {
    const v = types.get(id)
    if (v === undefined) continue
    const alike = (other: Id) => {
      const w = types.get(other)
      return other !== id && w !== undefined && w.dtype === v.dtype && equalShape(w.shape, v.shape)
    }
    for (const other of new Set([...from, ...early].filter(alike))) yield replaced(program, id, other)
    const leaf = leafLike(v, freshId(program))
    if (leaf === null) continue
    yield replaced({ ...program, sources: [...program.sources, leaf] }, id, leaf.id)
  }
}

/** Values of a program with what each was made of, those of steps and their parameters included. */
function* madeIn(lines: readonly Line[]): Generator<{ readonly id: Id; readonly from: readonly Id[] }> {
  for (const line of lines) {
    if (line.kind === 'call') {
      yield { id: line.id, from: readBy(line) }
      continue
    }
    for (const { from, params } of line.sequences)
      for (const id of params) yield { id, from: [...params, from] }
    for (const { initial, params } of line.states)
      for (const id of params) yield { id, from: [...params, initial] }
    yield* madeIn(line.lines)
    for (const { initial, all, last } of line.states)
      for (const id of [all, last]) if (id !== null) yield { id, from: [initial, ...readBy(line)] }
    for (const { all, last } of line.outputs)
      for (const id of [all, last]) if (id !== null) yield { id, from: readBy(line) }
  }
}

/** A size everywhere it stands. */
function* smallerSizes(program: Program): Generator<Program> {
  const literals = new Set(program.sources.flatMap(s => s.shape).filter(n => typeof n === 'number'))
  for (const n of [...literals].sort((a, b) => b - a)) {
    for (const m of new Set([1, 2, Math.ceil(n / 2), n - 1, 0])) {
      if (m >= n || m < 0) continue
      const sources = program.sources.map(s => ({ ...s, shape: s.shape.map(k => (k === n ? m : k)) }))
      yield { ...program, sources, lines: withNumbers(program.lines, k => (k === n ? m : k)) }
      yield { ...program, sources }
    }
  }
  for (const [name, [a, b]] of Object.entries(program.sizes)) {
    const { [name]: _, ...others } = program.sizes
    const fixed = (n: number) => ({
      ...program,
      sizes: others,
      sources: program.sources.map(s => ({ ...s, shape: s.shape.map(k => (k === name ? n : k)) })),
    })
    yield fixed(a)
    yield fixed(b)
    const pairs = [
      [a, a],
      [b, b],
      [2, 2],
      [1, 1],
      [3, 3],
      [2, 1],
      [1, 2],
      [0, 1],
      [1, 0],
      [a - 1, b],
      [a, b - 1],
    ] as const
    for (const pair of pairs)
      if (Math.min(...pair) >= 0) yield { ...program, sizes: { ...program.sizes, [name]: pair } }
  }
  for (const [i, s] of program.sources.entries())
    for (const [axis] of s.shape.entries())
      yield { ...program, sources: program.sources.with(i, { ...s, shape: s.shape.toSpliced(axis, 1) }) }
}

function withNumbers(lines: readonly Line[], change: (n: number) => number): readonly Line[] {
  const inArg = (arg: Arg | undefined): Arg => {
    if (typeof arg === 'number') return change(arg)
    if (typeof arg !== 'object' || arg === null || isRef(arg)) return arg ?? null
    if (Array.isArray(arg)) return arg.map(a => inArg(a as Arg))
    return Object.fromEntries(Object.entries(arg).map(([key, a]) => [key, inArg(a as Arg)]))
  }
  return lines.map(line =>
    line.kind === 'scan'
      ? { ...line, lines: withNumbers(line.lines, change) }
      : { ...line, args: line.args.map(inArg) },
  )
}

function* simplerLeaves(program: Program): Generator<Program> {
  for (const [i, s] of program.sources.entries()) {
    const put = (changed: Source): Program => ({ ...program, sources: program.sources.with(i, changed) })
    if (s.kind === 'shared' && !program.updates.some(u => u.shared === s.id))
      yield put({ ...s, kind: 'input' })
    if (!s.whole) yield put({ ...s, whole: true, low: 1, high: 4, seed: 1 })
  }
}

/** A number among the arguments that is closer to 0. */
function* simplerArguments(program: Program): Generator<Program> {
  const numbers = new Set<number>()
  withNumbers(program.lines, n => {
    numbers.add(n)
    return n
  })
  for (const n of numbers)
    for (const m of new Set([0, 1, 2]))
      if (Math.abs(m) < Math.abs(n))
        yield { ...program, lines: withNumbers(program.lines, k => (k === n ? m : k)) }
}
