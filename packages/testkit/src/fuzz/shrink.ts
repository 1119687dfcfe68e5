/**
 * A program  →  smaller programs, the most promising first. Many of them are nonsense (types do not fit any more); who
 * tries them finds out.
 *
 * Each has less weight than what it was made of, so that shrinking comes to an end.
 */
import { equalShape, type Variable } from '@arignote/graph'
import { Environment, leafOf } from './build.js'
import {
  type Arg,
  type Id,
  idOf,
  isRef,
  type Line,
  lineCount,
  mapRefs,
  type Program,
  readBy,
  type Scan,
  type Source,
  withoutDead,
} from './program.js'

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

function scanWeight({ sequences, states, outputs, options }: Scan): number {
  const steps = options.steps === undefined ? 0 : typeof options.steps === 'number' ? options.steps : 20
  const asked = [...states, ...outputs]
    .flatMap(({ all, last }) => [all, last])
    .filter(id => id !== null).length
  return (
    50 * (sequences.length + states.length + outputs.length) +
    10 * asked +
    steps +
    (options.reverse ? 9 : 0) +
    (options.unroll === undefined ? 0 : 9)
  )
}

const scansOf = (lines: readonly Line[]): readonly Scan[] =>
  lines.flatMap(line => (line.kind === 'scan' ? [line, ...scansOf(line.lines)] : []))

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
    for (const { from, param } of line.sequences) yield { id: param, from: [from] }
    for (const { initial, param } of line.states) yield { id: param, from: [initial] }
    yield* madeIn(line.lines)
    for (const { initial, all, last } of line.states)
      for (const id of [all, last]) if (id !== null) yield { id, from: [initial, ...readBy(line)] }
    for (const { all, last } of line.outputs)
      for (const id of [all, last]) if (id !== null) yield { id, from: readBy(line) }
  }
}

function variablesOf(program: Program): ReadonlyMap<Id, Variable> {
  const environment = new Environment()
  try {
    for (const source of program.sources) environment.values.set(source.id, leafOf(source, program.sizes))
    environment.run(program.lines)
  } catch {
    // What was made before it failed is there.
  }
  return environment.values
}

function leafLike({ dtype, shape }: Variable, id: Id): Source | null {
  const sizes = shape.map(n => (typeof n === 'number' ? n : n.toString()))
  if (sizes.some(n => typeof n === 'string' && !/^\w+$/.test(n))) return null
  const whole = !dtype.startsWith('float')
  return {
    id,
    kind: 'input',
    dtype,
    shape: sizes,
    seed: 1,
    low: whole ? 0 : 0.2,
    high: whole ? 1 : 0.9,
    whole,
  }
}

function freshId(program: Program): Id {
  const inLine = (line: Line): Id =>
    line.kind === 'call'
      ? line.id
      : Math.max(
          line.id,
          ...[...line.sequences, ...line.states].map(s => s.param),
          ...[...line.states, ...line.outputs].flatMap(({ all, last }) => [all ?? 0, last ?? 0]),
          ...line.lines.map(inLine),
        )
  return 1 + Math.max(...program.sources.map(s => s.id), ...program.lines.map(inLine), 0)
}

/** Whatever read one value reads another. */
function replaced(program: Program, id: Id, by: Id): Program {
  const image = (other: Id) => (other === id ? by : other)
  const inArg = (arg: Arg) =>
    mapRefs(arg, ref => (idOf(ref) !== id ? ref : 'ref' in ref ? { ref: by } : { ...ref, size: by }))
  const inLine = (line: Line): Line => {
    if (line.kind === 'call') return { ...line, args: line.args.map(inArg) }
    const { steps } = line.options
    return {
      ...line,
      sequences: line.sequences.map(s => ({ ...s, from: image(s.from) })),
      states: line.states.map(s => ({ ...s, initial: image(s.initial), next: image(s.next) })),
      outputs: line.outputs.map(o => ({ ...o, value: image(o.value) })),
      lines: line.lines.map(inLine),
      options: { ...line.options, ...(steps === undefined ? {} : { steps: inArg(steps) as typeof steps }) },
    }
  }
  return {
    ...program,
    lines: program.lines.map(inLine),
    outputs: program.outputs.map(image),
    updates: program.updates.map(u => ({ ...u, value: image(u.value) })),
  }
}

function* simplerScans(program: Program, scan: Scan): Generator<Program> {
  const put = (changed: Scan): Program => {
    const inLines = (lines: readonly Line[]): readonly Line[] =>
      lines.map(line =>
        line === scan ? changed : line.kind === 'scan' ? { ...line, lines: inLines(line.lines) } : line,
      )
    return { ...program, lines: inLines(program.lines) }
  }
  const { reverse, unroll, ...rest } = scan.options
  if (reverse) yield put({ ...scan, options: { ...scan.options, reverse: false } })
  if (unroll !== undefined) yield put({ ...scan, options: { ...rest, ...(reverse ? { reverse } : {}) } })
  if (rest.steps !== undefined)
    for (const steps of [1, 2, 0, 3]) yield put({ ...scan, options: { ...scan.options, steps } })
  for (const [i] of scan.states.entries()) yield put({ ...scan, states: scan.states.toSpliced(i, 1) })
  for (const [i] of scan.sequences.entries()) {
    const sequences = scan.sequences.toSpliced(i, 1)
    yield put({
      ...scan,
      sequences,
      options: sequences.length > 0 ? scan.options : { steps: 2, ...scan.options },
    })
  }
  for (const [i, o] of scan.outputs.entries())
    if (o.all !== null && o.last !== null)
      yield put({ ...scan, outputs: scan.outputs.with(i, { ...o, last: null }) })
  for (const [i, s] of scan.states.entries()) {
    if (s.next !== s.param) yield put({ ...scan, states: scan.states.with(i, { ...s, next: s.param }) })
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
