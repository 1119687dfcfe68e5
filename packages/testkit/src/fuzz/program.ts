/**
 * A generated program is plain data: leaves, lines that each make a value of earlier ones, and what is asked for.
 *
 * `build.ts` makes a graph of it, `print.ts` the text of a test, `shrink.ts` smaller ones. Every value has a number,
 * unique in the program, so that the step of a scan may refer to what is outside.
 */
import type { DType } from '@arignote/loops'

export type Id = number

/** A value, or the size of an axis of one. */
export type Ref = { readonly ref: Id } | { readonly size: Id; readonly axis: number }

/** An argument of a call: a host value, a reference, or a list or record of them. */
export type Arg =
  | null
  | boolean
  | number
  | string
  | Ref
  | readonly Arg[]
  | { readonly [option: string]: Arg | undefined }

/** An input, or a shared variable. Its values are made from the seed. */
export interface Source {
  readonly id: Id
  readonly kind: 'input' | 'shared'
  readonly dtype: DType
  /** Numbers, and names of sizes. */
  readonly shape: readonly (number | string)[]
  readonly seed: number
  readonly low: number
  readonly high: number
  /** Whole numbers only. */
  readonly whole: boolean
}

/** value = fn(...args), or one element of what that returns. */
export interface Call {
  readonly kind: 'call'
  readonly id: Id
  /** A public name; one of the graph package; or `random.` and a method of the program's stream. */
  readonly fn: string
  readonly args: readonly Arg[]
  readonly element?: number | string
}

/** What a step sees of a sequence or a state: one value, or a tuple of one per tap. */
export interface Slot {
  readonly params: readonly Id[]
  readonly taps: readonly number[] | null
}

export interface State extends Slot {
  readonly initial: Id
  /** Of the step. */
  readonly next: Id
  /** The values outside; null: nobody asks. */
  readonly all: Id | null
  readonly last: Id | null
}

export interface Scan {
  readonly kind: 'scan'
  readonly id: Id
  readonly sequences: readonly (Slot & { readonly from: Id })[]
  readonly states: readonly State[]
  readonly outputs: readonly { readonly value: Id; readonly all: Id | null; readonly last: Id | null }[]
  readonly lines: readonly Line[]
  /** Of the step; null: all steps are made. */
  readonly until: Id | null
  readonly options: {
    readonly steps?: number | Ref
    readonly reverse?: boolean
    readonly truncate?: number | { readonly last: number }
    readonly remat?: 'none' | 'step' | { readonly every: number | Ref }
    readonly unroll?: number | true
  }
}

export type Line = Call | Scan

export interface Program {
  /** Of each named size, its value in the first and in the second call. */
  readonly sizes: { readonly [name: string]: readonly [number, number] }
  readonly sources: readonly Source[]
  readonly lines: readonly Line[]
  readonly outputs: readonly Id[]
  readonly updates: readonly { readonly shared: Id; readonly value: Id }[]
  /** The first arguments, then the second, then the first again; shared variables go on from call to call. */
  readonly calls: 1 | 2 | 3
}

export const isRef = (arg: Arg | undefined): arg is Ref =>
  typeof arg === 'object' && arg !== null && ('ref' in arg || 'size' in arg)

/** The value that a reference is about. */
export const idOf = (ref: Ref): Id => ('ref' in ref ? ref.ref : ref.size)

/** The argument with its references replaced. */
export function mapRefs(arg: Arg, replace: (ref: Ref) => Arg): Arg {
  if (isRef(arg)) return replace(arg)
  if (Array.isArray(arg)) return arg.map(a => mapRefs(a as Arg, replace))
  if (typeof arg !== 'object' || arg === null) return arg
  return Object.fromEntries(Object.entries(arg).map(([key, a]) => [key, mapRefs(a as Arg, replace)]))
}

function refsOf(arg: Arg): readonly Id[] {
  const found: Id[] = []
  mapRefs(arg, ref => {
    found.push(idOf(ref))
    return ref
  })
  return found
}

/** The values that a line makes for those after it. */
export function madeBy(line: Line): readonly Id[] {
  if (line.kind === 'call') return [line.id]
  return [...line.states, ...line.outputs].flatMap(({ all, last }) => [all, last]).filter(id => id !== null)
}

/** The values that a line reads, those of its step included (also what the step makes itself). */
export function readBy(line: Line): readonly Id[] {
  if (line.kind === 'call') return line.args.flatMap(refsOf)
  return [
    ...line.sequences.map(s => s.from),
    ...line.states.flatMap(s => [s.initial, s.next]),
    ...line.outputs.map(o => o.value),
    ...(line.until === null ? [] : [line.until]),
    ...refsOf(line.options),
    ...line.lines.flatMap(readBy),
  ]
}

/** How many lines there are, those of steps included. */
export const lineCount = (lines: readonly Line[]): number =>
  lines.reduce((n, line) => n + 1 + (line.kind === 'scan' ? lineCount(line.lines) : 0), 0)

/** Without lines and leaves that nothing depends on, and without results of scans that nobody asks for. */
export function withoutDead(program: Program): Program {
  const used = new Set<Id>([...program.outputs, ...program.updates.flatMap(u => [u.shared, u.value])])
  const lines = liveLines(program.lines, used)
  const sources = program.sources.filter(source => used.has(source.id))
  const named = new Set(sources.flatMap(source => source.shape))
  const sizes = Object.fromEntries(Object.entries(program.sizes).filter(([name]) => named.has(name)))
  return { ...program, sizes, sources, lines }
}

function liveLines(lines: readonly Line[], used: Set<Id>): readonly Line[] {
  return lines
    .toReversed()
    .flatMap(line => liveLine(line, used) ?? [])
    .toReversed()
}

function liveLine(line: Line, used: Set<Id>): Line | null {
  if (!madeBy(line).some(id => used.has(id))) return null
  if (line.kind === 'call') {
    for (const id of readBy(line)) used.add(id)
    return line
  }
  const asked = <T extends { readonly all: Id | null; readonly last: Id | null }>(o: T): T => ({
    ...o,
    all: o.all !== null && used.has(o.all) ? o.all : null,
    last: o.last !== null && used.has(o.last) ? o.last : null,
  })
  const states = line.states.map(asked)
  const outputs = line.outputs.map(asked).filter(o => o.all !== null || o.last !== null)
  for (const id of [...states.map(s => s.next), ...outputs.map(o => o.value)]) used.add(id)
  if (line.until !== null) used.add(line.until)
  const inner = liveLines(line.lines, used)
  const live = { ...line, states, outputs, lines: inner }
  for (const id of readBy(live)) used.add(id)
  return live
}
