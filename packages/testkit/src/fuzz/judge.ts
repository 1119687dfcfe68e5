/**
 * A program  →  whether all back ends, optimised and not, agree about it.
 *
 * Results are compared as `agree` does: 1e-10 of the scale in float64, 1e-5·√n in float32. The scale is the greatest
 * number in the result, or, where that does not do, the greatest that occurs on the way to it. float64 that was computed
 * of float32 counts as float32.
 *
 * What still differs is a finding, unless the program is at fault: if the reference itself changes its mind by as much
 * when its inputs change in their last digits, or when float32 becomes float64, or if it divides by zero, the difference
 * says nothing about the others. Such programs are *excused*, counted and listed.
 */
import { type CompiledFunction, compile } from '@arignote/compiler'
import { type Apply, bodiesOf, type NdArray, ndarrayOf, topologicalOrder, Variable } from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { agree, Disagreement, type Mode } from '../agree.js'
import { mismatch } from '../matchers.js'
import { randomOf } from '../rule-property.js'
import { type Built, build, Unbound } from './build.js'
import { type Arg, isRef, type Line, type Program } from './program.js'

export type Verdict =
  | { readonly kind: 'agree' }
  | { readonly kind: 'excused'; readonly message: string }
  /** `mode` is null where the reference throws, or already whatever makes the graph. */
  | {
      readonly kind: 'finding'
      readonly message: string
      readonly mode: Mode | null
      readonly throws: boolean
    }

/** Nodes of the graph, those in steps of scans and in branches included. */
export function nodesOf(built: Built): readonly Apply[] {
  const results = [...built.outputs, ...[...built.updates].map(([, v]) => v)]
  const found: Apply[] = []
  const pending: (readonly Variable[])[] = [results.filter(v => v instanceof Variable)]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of topologicalOrder(next)) {
      found.push(node)
      for (const body of bodiesOf(node)) pending.push(body.results)
    }
  }
  return found
}

/** `modes` are those to compare; default all. `seen` is shown the graph. */
export function judge(
  program: Program,
  { modes, seen }: { readonly modes?: readonly Mode[]; readonly seen?: (built: Built) => void } = {},
): Verdict {
  try {
    const built = build(program)
    seen?.(built)
    return judgeGraph(program, built, modes)
  } catch (error) {
    if (error instanceof Unbound) return { kind: 'excused', message: error.message }
    return {
      kind: 'finding',
      message: error instanceof Error ? error.message : String(error),
      mode: null,
      throws: true,
    }
  }
}

function judgeGraph(program: Program, built: Built, modes: readonly Mode[] | undefined): Verdict {
  const { inputs, outputs, updates, args } = built
  const nodes = nodesOf(built)
  const variables = [...inputs, ...nodes.flatMap(node => node.outputs)]
  const mixed = variables.some(v => v.dtype === 'float32')
  const compared = (more: { readonly scale?: number; readonly n?: number }) => {
    const single = more.n === undefined ? {} : { float32: 1e-5 * Math.sqrt(more.n) }
    const double = mixed ? { float64: single.float32 ?? 1e-5 } : {}
    agree(inputs, outputs, args[0]!, {
      updates,
      further: args.slice(1),
      onUnusedInput: 'ignore',
      onPrint: () => {},
      tolerance: { ...single, ...double },
      ...(more.scale === undefined ? {} : { scale: more.scale }),
      ...(modes === undefined ? {} : { modes }),
    })
  }
  try {
    compared({})
    return { kind: 'agree' }
  } catch (error) {
    if (!(error instanceof Disagreement)) throw error
    if (error.throws) return { kind: 'finding', message: error.message, mode: error.mode, throws: true }
  }
  const { scale, n } = greatestOnTheWay(built)
  try {
    compared({ scale, n })
    return { kind: 'agree' }
  } catch (error) {
    if (!(error instanceof Disagreement)) throw error
    const tolerance = mixed ? 1e-5 * Math.sqrt(n) : 1e-10
    const excuse = excuseOf(program, built, { mixed, tolerance, scale })
    return excuse === null
      ? { kind: 'finding', message: error.message, mode: error.mode, throws: false }
      : { kind: 'excused', message: `${excuse}; ${error.message}` }
  }
}

const reference = {
  backend: 'reference',
  optimize: false,
  onUnusedInput: 'ignore',
  onPrint: () => {},
} as const

/** What the reference gives for the outputs and new values, without updating anything. */
function evaluate(inputs: readonly Variable[], wanted: readonly Variable[], args: Built['args']) {
  const f = compile(inputs, wanted, { ...reference, updates: [] }) as unknown as CompiledFunction
  return args.map(given => f(...given) as unknown as readonly NdArray[])
}

const resultsOf = ({ outputs, updates }: Built): readonly Variable[] => [
  ...outputs,
  ...[...updates].map(([, v]) => v).filter(v => v instanceof Variable),
]

/** The greatest number of all values outside of scans, and the longest axis. */
function greatestOnTheWay(built: Built): { readonly scale: number; readonly n: number } {
  const order = topologicalOrder(resultsOf(built))
  const all = order.flatMap(node => node.outputs).filter(v => isFloat(v.dtype))
  let [scale, n] = [1, 1]
  for (const values of evaluate(built.inputs, all, built.args)) {
    for (const { data, shape } of values) {
      n = Math.max(n, ...shape)
      for (const x of data as Float64Array) if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x))
    }
  }
  return { scale, n }
}

interface Case {
  readonly mixed: boolean
  readonly tolerance: number
  readonly scale: number
}

const hugeNumber = 1e8

function excuseOf(program: Program, built: Built, { mixed, tolerance, scale }: Case): string | null {
  if (scale > hugeNumber) return `numbers of magnitude ${scale}`
  const results = resultsOf(built)
  const before = evaluate(built.inputs, results, built.args)
  const isInfinite = ({ data, dtype }: NdArray) =>
    dtype.startsWith('float') &&
    [...(data as Float64Array)].some(x => Math.abs(x) === Number.POSITIVE_INFINITY)
  if (before.flat().some(isInfinite)) return 'a division by zero, whose sign the optimiser may change'
  const differs = (after: readonly (readonly NdArray[])[]) =>
    after.some((call, i) =>
      call.some((x, j) => mismatch(x, before[i]![j]!, { scaled: tolerance / 4, magnitude: scale }) !== null),
    )
  const jiggled = built.args.map((given, call) =>
    given.map((value, i) => jiggle(value as NdArray, program, i, call, mixed ? 2e-7 : 1e-15)),
  )
  if (differs(evaluate(built.inputs, results, jiggled))) return 'the last digits of inputs count'
  if (!mixed || usesRandom(program.lines)) return null
  const precise = build(inFloat64(program))
  return differs(evaluate(precise.inputs, resultsOf(precise), precise.args)) ? 'float32 is not enough' : null
}

function jiggle(value: NdArray, { sources }: Program, index: number, call: number, by: number): NdArray {
  const source = sources.filter(s => s.kind === 'input')[index]!
  if (!isFloat(source.dtype) || source.whole) return value
  const random = randomOf(index * 7 + call)
  const data = (value.data as Float64Array).map(x => x * (1 + by * (2 * random() - 1)))
  return ndarrayOf(data, [...value.shape])
}

const usesRandom = (lines: readonly Line[]): boolean =>
  lines.some(line => (line.kind === 'scan' ? usesRandom(line.lines) : line.fn.startsWith('random.')))

/** The same program in double precision. */
function inFloat64(program: Program): Program {
  const double = (arg: Arg | undefined): Arg => {
    if (arg === 'float32') return 'float64'
    if (arg === undefined || isRef(arg)) return arg ?? null
    if (Array.isArray(arg)) return arg.map(a => double(a as Arg))
    if (typeof arg !== 'object' || arg === null) return arg
    return Object.fromEntries(Object.entries(arg).map(([key, a]) => [key, double(a as Arg)]))
  }
  const convert = (line: Line): Line =>
    line.kind === 'scan'
      ? { ...line, lines: line.lines.map(convert) }
      : { ...line, args: line.args.map(double) }
  const sources = program.sources.map(s => (s.dtype === 'float32' ? { ...s, dtype: 'float64' as const } : s))
  return { ...program, sources, lines: program.lines.map(convert) }
}
