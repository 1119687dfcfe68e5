/**
 * Agreement: one program under every back end, optimised and not, against the reference.
 *
 * Tolerances, of the greatest element of each result (at least 1): float64 1e-10, float32 1e-5·√n, where n is the longest
 * axis among the arguments (errors of sums grow like that); integers and bools are equal.
 */
import {
  type BackendName,
  backends,
  type CompiledFunction,
  type CompileOptions,
  compile,
  type Outputs,
  type Results,
} from '@arignote/compiler'
import {
  convert,
  freeVariables,
  type NdArray,
  ndarrayOf,
  Shared,
  symbolsOf,
  type Value,
  Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { mismatch } from './matchers.js'

export interface Mode {
  readonly name: string
  readonly options: Pick<CompileOptions, 'backend' | 'optimize'>
}

const others = (Object.keys(backends) as readonly BackendName[]).filter(name => name !== 'reference')
const names: readonly BackendName[] = ['reference', ...others]

/** Every way there is to run a program. */
export const modes: readonly Mode[] = names.flatMap(backend =>
  [true, false].map(optimize => ({
    name: optimize ? backend : `${backend}, not optimised`,
    options: { backend, optimize },
  })),
)

const oracle: CompileOptions = { backend: 'reference', optimize: false }

export interface AgreeOptions extends Omit<CompileOptions, 'backend' | 'optimize'> {
  /** Instead of the rule above. */
  readonly tolerance?: Partial<Record<DType, number>>
  /** How often each is called; updates make later calls see other states. Default 1. */
  readonly calls?: number
  /** Arguments of more calls after those, maybe of other sizes. Every call is compared. */
  readonly further?: readonly (readonly Value[])[]
  /** Tolerances are of this, where nothing in the result is greater: of what occurred on the way. Default 1. */
  readonly scale?: number
  /** Default: all. */
  readonly modes?: readonly Mode[]
}

/** A mode gives other results than the reference, or throws where that does not. */
export class Disagreement extends Error {
  readonly throws: boolean

  constructor(
    readonly mode: Mode,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${mode.name}: ${problem}`, options)
    this.throws = options?.cause !== undefined
  }
}

/**
 * Runs the program in every mode and returns what the reference gives (by the last call). Shared variables are put back
 * before each mode, and end as the reference leaves them.
 * @throws Disagreement naming the mode, the result or shared variable, and the first elements that differ
 */
export function agree<const I extends readonly Variable[], const O extends Outputs>(
  inputs: I,
  outputs: O,
  args: readonly Value[],
  options: AgreeOptions = {},
): Results<O> {
  const { tolerance = {}, calls = 1, further = [], scale = 1, modes: chosen = modes, ...rest } = options
  const allArgs = [...Array.from({ length: calls }, () => args), ...further]
  const states = statesOf(outputs, [...(rest.updates ?? [])])
  const start = states.map(stateOf)
  const n = longestAxis(allArgs.flat())
  const allowed = { float32: 1e-5 * Math.sqrt(n), float64: 1e-10, int32: 0, uint8: 0, bool: 0, ...tolerance }

  const run = (mode: CompileOptions) => {
    states.forEach((v, i) => {
      v.cell.write(start[i]!.data.slice(), start[i]!.shape)
    })
    const f = compile(inputs, outputs, { ...rest, ...mode }) as unknown as CompiledFunction
    return allArgs.map(given => ({ results: f(...given) as unknown, states: states.map(stateOf) }))
  }

  const runOrDisagree = (mode: Mode) => {
    try {
      return run(mode.options)
    } catch (error) {
      throw new Disagreement(mode, `it throws: ${(error as Error).message}`, { cause: error })
    }
  }

  const expected = run(oracle)
  for (const mode of chosen) {
    // It would only be compared with itself.
    if (mode.options.backend === oracle.backend && mode.options.optimize === oracle.optimize) continue
    runOrDisagree(mode).forEach((actual, call) => {
      const wanted = expected[call]!
      const check = (what: string, x: NdArray, y: NdArray, { dtype }: Variable) => {
        const problem = mismatch(x, y, { scaled: allowed[dtype], magnitude: scale })
        if (problem === null) return
        throw new Disagreement(mode, `${allArgs.length === 1 ? '' : `call ${call + 1}: `}${what}: ${problem}`)
      }
      const known = named(outputs, wanted.results)
      named(outputs, actual.results).forEach(([what, x, v], i) => {
        check(what, x, known[i]![1], v)
      })
      states.forEach((v, i) => {
        check(`state ${v.name ?? i}`, actual.states[i]!, wanted.states[i]!, v)
      })
    })
  }
  const last = expected.at(-1)!
  states.forEach((v, i) => {
    v.cell.write(last.states[i]!.data, last.states[i]!.shape)
  })
  return last.results as Results<O>
}

/** What is updated, by the options or by itself. */
function statesOf(
  outputs: Outputs,
  updates: readonly (readonly [Shared, Variable | Value])[],
): readonly Shared[] {
  const results = outputs instanceof Variable ? [outputs] : Object.values(outputs as Record<string, Variable>)
  const values = updates.map(([, value]) => value).filter(value => value instanceof Variable)
  const own = freeVariables(withSizes([...results, ...values])).filter(v => v instanceof Shared)
  return [...new Set([...updates.map(([v]) => v), ...own.filter(v => v.defaultUpdate !== null)])]
}

/** With what tells their sizes: how many steps a scan makes may hang on a stream that no element does. */
function withSizes(results: readonly Variable[]): readonly Variable[] {
  const all = new Set(results)
  // The set grows while it is walked.
  for (const v of all)
    for (const { source } of v.shape.flatMap(symbolsOf)) if (source !== null) all.add(source as Variable)
  return [...all]
}

const stateOf = ({ cell }: Shared): NdArray => ndarrayOf(cell.read().slice(), [...cell.shape])

/** Each result with its name and variable. */
function named(outputs: Outputs, results: unknown): (readonly [string, NdArray, Variable])[] {
  if (outputs instanceof Variable) return [['the result', results as NdArray, outputs]]
  return Object.entries(outputs as Record<string, Variable>).map(([key, v]) => [
    `result ${key}`,
    (results as Record<string, NdArray>)[key]!,
    v,
  ])
}

const longestAxis = (args: readonly Value[]) =>
  Math.max(1, ...args.flatMap(value => convert(value, 'float64', 'agree').shape))
