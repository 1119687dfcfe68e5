/**
 * Compile: symbolic inputs, outputs and updates  →  a function of arrays. The whole pipeline can be read here.
 *
 *   signature     what the user wrote, checked                             → results over inputs and shared variables
 *   optimize      a better graph of the same meaning                       Lambda → Lambda
 *   – at the first call with given sizes, remembered by them –
 *   prepare       the back end: see pipeline.ts                            Lambda, sizes → Executable
 *   call          arguments in, run, results out, updates committed        6-run
 */
import {
  badArgument,
  checkList,
  checkName,
  checkOptions,
  convert,
  type DimSymbol,
  describeGiven,
  type FunctionGraph,
  type NdArray,
  ownLambda,
  printGraph,
  printType,
  Shared,
  sink,
  type Value,
  Variable,
} from '@arignote/graph'
import { optimize } from './1-optimize/optimize.js'
import { jsBackend } from './5-emit/js/index.js'
import { referenceBackend } from './5-emit/reference/index.js'
import { wasmBackend, wasmScalarBackend } from './5-emit/wasm/index.js'
import { Compiled, type Source } from './6-run/compiled.js'
import { heap } from './6-run/heap.js'
import type { PrintEvent } from './effects.js'
import { notAList, notAVariable } from './errors.js'
import type { Backend, CompiledGraph, Inspection, MemoryReport } from './executable.js'
import { notProfiled } from './inspection-errors.js'
import { noLateSizes } from './late.js'
import { type Arguments, type Inputs, type NamedInputs, namedInputs } from './named-inputs.js'
import { nativeBackend } from './pipeline.js'
import { type Exporter, registerExporter } from './portable.js'
import { Profile, type ProfileReport } from './profile.js'
import { type Pairs, type Signature, signatureOf } from './signature.js'
import { asSymbol, sizesIn, variablesOf } from './sizes.js'
import { timed, trace } from './trace.js'

export type { Arguments, Inputs } from './named-inputs.js'

/** One variable, a list or a record of them. */
export type Outputs = Variable | readonly Variable[] | { readonly [name: string]: Variable }

/** What a call returns: arrays in the structure of the outputs. */
export type Results<O> = O extends Variable ? ResultOf<O> : { -readonly [K in keyof O]: ResultOf<O[K]> }
type ResultOf<V> = V extends Variable<infer D, infer R> ? NdArray<D, R> : NdArray

export interface CompileOptions {
  /** New values of shared variables, all computed from the old ones and set together after the call. */
  readonly updates?: Pairs<Shared, Variable | Value>
  /** Variables to be replaced in outputs and updates. */
  readonly givens?: Pairs<Variable, Variable | Value>
  /** For messages and profiles. */
  readonly name?: string
  /** What to do with an input that no output or update depends on; default 'raise'. */
  readonly onUnusedInput?: 'raise' | 'warn' | 'ignore'
  /** Values for inputs that a call leaves out. */
  readonly defaults?: ReadonlyMap<Variable, Value>
  /** Default 'wasm'. */
  readonly backend?: BackendName
  /** Receives what `print` prints, instead of the console; may not call a compiled function. */
  readonly onPrint?: (event: PrintEvent) => void
  /**
   * 'nan': a call that makes a NaN or an infinity throws, and names the operation that made the first. 'debug': a call
   * compares what each kernel stores with the reference, and names the first that differs. Both are slow; default 'none'.
   */
  readonly check?: 'none' | 'nan' | 'debug'
  /** Whether calls, time and bytes of each kernel are measured, for `profile()`; default false. */
  readonly profile?: boolean
  /** Whether the graph is rewritten; default true. An object leaves some rules out, by name. */
  readonly optimize?: boolean | { readonly without: readonly string[] }
}

/** A compiled function. Call it with values; sizes may change from call to call. */
export interface CompiledFunction<I extends Inputs = readonly Variable[], O = Outputs, Options = object> {
  /**
   * @throws ArgumentError, DTypeError, ShapeError where an argument does not fit; no shared variable has changed then
   */
  (...args: Arguments<I, Options>): Results<O>
  /** Like a call, but writes into arrays of the caller's and allocates nothing. */
  into(outs: Results<O>, ...args: Arguments<I, Options>): void
  /** What runs: the graph after optimisation. `debugPrint(f)` and `toDot(f)` show it. */
  readonly graph: FunctionGraph
  /** A summary: the signature, shared variables, back end, specialisations. */
  toString(): string
  /** Bytes by purpose. @throws GraphError before the first call where sizes are unknown */
  memory(): MemoryReport
  /** Each kernel as pseudo-code. @throws GraphError before the first call where sizes are unknown */
  kernels(): readonly string[]
  /** The code of the back end as text. @throws GraphError before the first call where sizes are unknown */
  wat(): string
  /** What each kernel has cost in all calls so far. @throws GraphError without the option `profile` */
  profile(): ProfileReport
}

const all = {
  wasm: nativeBackend(wasmBackend, heap),
  'wasm-scalar': nativeBackend(wasmScalarBackend, heap),
  js: nativeBackend(jsBackend, heap),
  reference: referenceBackend,
} satisfies Record<string, Backend>

export type BackendName = keyof typeof all

/** The back ends there are: one line each. `wasm-scalar` is WebAssembly without SIMD. */
export const backends: Readonly<Record<BackendName, Backend>> = all

/**
 * Compiles outputs and updates to a function of the inputs.
 *
 * @example const f = compile([x, y], x.add(y)); f([1, 2], [3, 4])
 * @example const f = compile({ x, y }, x.add(y)); f({ x: [1, 2], y: [3, 4] })
 * @throws GraphError for inputs that are repeated, unused, computed or not listed, and for updates of what is not shared
 * @throws DTypeError, ShapeError for updates and givens of another type
 * @throws ArgumentError for the name of a rule that does not exist
 */
export function compile<
  const I extends Inputs,
  const O extends Outputs,
  Options extends CompileOptions = CompileOptions,
>(inputs: I, outputs: O, options?: Options): CompiledFunction<I, O, Options> {
  const { backend = 'wasm' } = options ?? {}
  checkName('compile', 'back end', backend, Object.keys(backends))
  return compileFor(backends[backend], inputs, outputs, options)
}

/** The same for a back end that may not be in the list. */
export function compileFor<
  const I extends Inputs,
  const O extends Outputs,
  Options extends CompileOptions = CompileOptions,
>(backend: Backend, inputs: I, outputs: O, options?: Options): CompiledFunction<I, O, Options> {
  checkOptions('compile', options, optionNames)
  const {
    name = 'f',
    updates = [],
    givens = [],
    defaults = new Map(),
    onUnusedInput = 'raise',
  } = options ?? {}
  checkName(name, 'way to take onUnusedInput', onUnusedInput, ['raise', 'warn', 'ignore'])
  const named = namedInputs(name, inputs)
  const { list, positional } = named
  if (!(defaults instanceof Map)) throw notAList(name, 'defaults', describeGiven(defaults))
  for (const v of defaults.keys())
    if (!list.includes(v))
      throw badArgument(name, 'a default is given for what is no input', 'the keys of defaults are inputs', [
        v,
      ])
  const structure = structureOf(name, outputs)
  const signature = signatureOf(list, structure.list, { name, updates, givens, onUnusedInput })
  const inspection = inspectionOf(name, options ?? {})
  const written = graphOf(signature, structure.list.length, inspection)
  trace('graph', 'signature', () => printGraph({ graph: written }))
  const graph = timed('optimize', () => optimized(written, options?.optimize ?? true))
  trace(
    'graph',
    'optimize',
    () => printGraph({ graph }),
    () => printGraph({ graph: written }),
  )
  const compiled = new Compiled({
    graph,
    inputs: list,
    outputs: structure.list,
    defaults,
    sizes: signature.sizes,
    prepare: binding => timed('prepare', () => backend.prepare(graph, binding)),
    prepareSource: source => sourceOf(source, list),
  })
  const f = (...args: readonly unknown[]) => structure.pack(compiled.call(positional(args)))
  const methods = {
    into: (outs: unknown, ...args: readonly unknown[]) =>
      compiled.into(structure.unpack(outs), positional(args)),
    toString: () => summary(signature, structure.list, options ?? {}, compiled.specialisations),
    memory: () => compiled.latest.memory(),
    kernels: () => compiled.latest.kernels(),
    wat: () => compiled.latest.text(),
    profile: () => {
      if (inspection.profile === undefined) throw notProfiled(name)
      return inspection.profile.report()
    },
    graph,
  }
  Object.defineProperty(f, 'name', { value: name })
  registerExporter(f, exporterOf({ compiled, structure, named, backend }))
  return Object.assign(f, methods) as unknown as CompiledFunction<I, O, Options>
}

const optionNames = Object.keys({
  updates: true,
  givens: true,
  name: true,
  onUnusedInput: true,
  defaults: true,
  backend: true,
  onPrint: true,
  check: true,
  profile: true,
  optimize: true,
} satisfies Record<keyof CompileOptions, true>)

function graphOf(
  { name, inputs, shared, results, updates, sizes }: Signature,
  outputs: number,
  inspection: Inspection,
): CompiledGraph {
  const { late, hasBranches } = sizes
  const all = late.sources.length === 0 ? results : [...results, ...late.sources]
  const fn = ownLambda([...inputs, ...shared], hasBranches ? sink(all) : all)
  return { name, lambda: fn, inputs: inputs.length, outputs, shared, updates, late, inspection }
}

function inspectionOf(name: string, { onPrint, check, profile }: CompileOptions): Inspection {
  if (check !== undefined) checkName(name, 'check', check, ['none', 'nan', 'debug'])
  if (onPrint !== undefined && typeof onPrint !== 'function')
    throw badArgument(name, `onPrint is ${describeGiven(onPrint).what}`, 'onPrint is a function of an event')
  return {
    ...(onPrint === undefined ? {} : { onPrint }),
    ...(check === undefined || check === 'none' ? {} : { check }),
    ...(profile ? { profile: new Profile(name) } : {}),
  }
}

function optimized(graph: CompiledGraph, choice: NonNullable<CompileOptions['optimize']>): CompiledGraph {
  if (choice === false) return graph
  if (choice !== true) {
    checkOptions('optimize', choice, ['without'])
    if (choice.without !== undefined) checkList('optimize', 'without', choice.without)
  }
  return { ...graph, lambda: optimize(graph.lambda, choice === true ? {} : choice) }
}

interface Made {
  readonly compiled: Compiled
  readonly structure: Structure
  readonly named: NamedInputs
  readonly backend: Backend
}

/** What `exportFunction` may ask of a function. */
function exporterOf({ compiled, structure, named, backend }: Made): Exporter {
  const { graph, inputs, outputs, defaults, sizes } = compiled.parts
  const { names, positional } = named
  const symbols = new Set(inputs.flatMap(v => v.shape.flatMap(dim => asSymbol(dim) ?? [])))
  const otherwise = (v: Variable) => (defaults.has(v) ? convert(defaults.get(v), v.dtype, graph.name) : null)
  return {
    sizeNames: [...symbols].map(symbol => symbol.name),
    hasSources: sizes.sources.size + sizes.late.symbols.length > 0,
    known: () => compiled.known,
    ofSizes: given =>
      compiled.sizesOf({
        shapes: inputs.map(v =>
          v.shape.map(dim => (typeof dim === 'number' ? dim : given[asSymbol(dim)!.name!]!)),
        ),
      }),
    ofArguments: args => compiled.sizesOf({ args: positional(args) }),
    portable: (specialisations, other) => {
      const { portable } = other === undefined ? backend : backends[other]
      if (portable === undefined) return null
      return {
        name: graph.name,
        inputs: inputs.map(v => ({
          name: v.name,
          dtype: v.dtype,
          shape: v.shape.map(dim => (typeof dim === 'number' ? dim : (asSymbol(dim)?.name ?? null))),
          otherwise: otherwise(v),
        })),
        inputNames: names,
        outputs: outputs.map(({ name, dtype }) => ({ name, dtype })),
        outputNames: structure.names,
        ...portable(graph, specialisations),
      }
    },
  }
}

/** The small graph whose value is a size: evaluated node by node, its ancestors are few. */
function sourceOf(source: Variable, inputs: readonly Variable[]): Source {
  const use = sizesIn([source], new Map())
  const free = variablesOf([source], { ...use, sources: new Map() })
  const own = free.filter(v => !(v instanceof Shared))
  const shared = free.filter(v => v instanceof Shared)
  const fn = ownLambda([...own, ...shared], [source])
  const graph = {
    name: 'size',
    lambda: fn,
    inputs: own.length,
    outputs: 1,
    shared,
    updates: [],
    late: noLateSizes,
  }
  const symbols: readonly DimSymbol[] = [...use.symbols.keys()]
  return {
    inputs: own.map(v => inputs.indexOf(v)),
    symbols,
    prepare: binding => referenceBackend.prepare(graph, binding),
  }
}

interface Structure {
  readonly list: readonly Variable[]
  /** The names of a record, or whether there is one or a list. */
  readonly names: readonly string[] | 'one' | 'list'
  pack(results: readonly NdArray[]): unknown
  /** The arrays given in the structure, as a list. */
  unpack(outs: unknown): readonly unknown[]
}

function structureOf(name: string, outputs: Outputs): Structure {
  if (outputs instanceof Variable)
    return { list: [outputs], names: 'one', pack: ([x]) => x, unpack: out => [out] }
  if (Array.isArray(outputs))
    return { list: [...outputs], names: 'list', pack: list => list, unpack: list => list as unknown[] }
  if (Object.getPrototypeOf(outputs ?? 0) !== Object.prototype)
    throw notAVariable(name, 'the output', describeGiven(outputs), outputsAre)
  const names = Object.keys(outputs)
  return {
    list: Object.values(outputs),
    names,
    pack: list => Object.fromEntries(names.map((key, i) => [key, list[i]])),
    unpack: record => names.map(key => (record as Record<string, unknown>)[key]),
  }
}

const outputsAre = 'the outputs are a variable, or a list or a record of them; [] for none'

/** `train(x: f32[batch, 784]) → f32[]`, a line per shared variable, and how it was compiled. */
function summary(
  s: Signature,
  outputs: readonly Variable[],
  { backend = 'wasm', optimize: rules, check = 'none', profile }: CompileOptions,
  specialisations: number,
): string {
  const how = [
    backend,
    ...(rules === false ? ['not optimised'] : []),
    ...(check === 'none' ? [] : [`check ${check}`]),
    ...(profile ? ['profiled'] : []),
  ]
  const typed = (v: Variable) => `${v.name ?? '·'}: ${printType(v.type)}`
  const states = s.shared.map(v => `  ${typed(v)}${s.updates.includes(v) ? '   (updated)' : ''}`)
  return [
    `${s.name}(${s.inputs.map(typed).join(', ')}) → ${outputs.map(v => printType(v.type)).join(', ') || 'nothing'}`,
    ...(states.length === 0 ? [] : ['shared', ...states]),
    `${how.join(', ')}, ${specialisations} specialisation${specialisations === 1 ? '' : 's'}`,
  ].join('\n')
}
