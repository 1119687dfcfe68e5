/**
 * `theano.function`, `theano.In` and `theano.Out`: keywords and their values, as options of `compile`.
 */
import { type CompiledFunction, type CompileOptions, compile, type Pairs } from '@arignote/compiler'
import {
  badArgument,
  checkName,
  checkOptions,
  describeGiven,
  freeVariables,
  Shared,
  type Value,
  Variable,
} from '@arignote/graph'

// ── inputs and outputs ────────────────────────────────────────────────────────────────────────

export interface InKeywords {
  /** What the input is in calls that leave it out. */
  readonly value?: Value
  readonly name?: string
  /** Have no effect: arguments are copied, and one rule says which values fit. */
  readonly borrow?: boolean
  readonly mutable?: boolean
  readonly strict?: boolean
  readonly allow_downcast?: boolean | null
}

/** `theano.In(variable, { value })`: an input that a call may leave out. */
class Input<V extends Variable> {
  constructor(
    readonly variable: V,
    readonly value: Value | undefined,
  ) {}
}

export function In<V extends Variable>(variable: V, options: InKeywords = {}): Input<V> {
  checkOptions('theano.In', options, ['value', 'name', 'borrow', 'mutable', 'strict', 'allow_downcast'])
  return new Input(variable, options.value)
}

/** `theano.Out(variable, { borrow })`: the variable. Results are the caller's own. */
export function Out<V extends Variable>(variable: V, _options: { readonly borrow?: boolean } = {}): V {
  return variable
}

type Inputs = readonly (Variable | Input<Variable>)[]
type VariablesOf<I extends Inputs> = { -readonly [K in keyof I]: I[K] extends Input<infer V> ? V : I[K] }
type Outputs = Variable | readonly Variable[] | { readonly [name: string]: Variable }

/** Results in the form of the outputs; where there are none, `[]`. */
export type TheanoFunction<I extends Inputs, O> = CompiledFunction<
  VariablesOf<I> extends readonly Variable[] ? VariablesOf<I> : readonly Variable[],
  O extends Outputs ? O : readonly [],
  I extends readonly Variable[] ? object : { readonly defaults: object }
>

// ── keywords ──────────────────────────────────────────────────────────────────────────────────

/** Theano's modes that mean something here, or options of `compile` that say how. */
export type Mode =
  | keyof typeof modes
  | Pick<CompileOptions, 'backend' | 'check' | 'onPrint' | 'optimize' | 'profile'>

const modes = {
  FAST_RUN: {},
  FAST_COMPILE: { optimize: false },
  DebugMode: { check: 'debug' },
  DEBUG_MODE: { check: 'debug' },
  NanGuardMode: { check: 'nan' },
} as const satisfies Record<string, CompileOptions>

export interface FunctionKeywords {
  /** Pairs of shared variables and their new values, all computed from the old ones. */
  readonly updates?: Pairs<Shared, Variable | Value> | null
  /** Pairs of variables and what stands in their place. */
  readonly givens?: Pairs<Variable, Variable | Value> | null
  readonly name?: string | null
  readonly mode?: Mode | null
  readonly on_unused_input?: 'raise' | 'warn' | 'ignore' | null
  /** Shared variables whose default updates are left out; true: all. A random stream then draws the same in each call. */
  readonly no_default_updates?: boolean | readonly Shared[]
  readonly profile?: boolean | null
  /** Have no effect: docs/semantics.md says which values fit. */
  readonly allow_input_downcast?: boolean | null
  readonly accept_inplace?: boolean
  readonly rebuild_strict?: boolean
}

interface AllKeywords<I extends Inputs, O> extends FunctionKeywords {
  readonly inputs: I
  readonly outputs?: O
}

const keywords = Object.keys({
  updates: true,
  givens: true,
  name: true,
  mode: true,
  on_unused_input: true,
  no_default_updates: true,
  profile: true,
  allow_input_downcast: true,
  accept_inplace: true,
  rebuild_strict: true,
} satisfies Record<keyof FunctionKeywords, true>)

const operation = 'theano.function'

function optionsOf(given: FunctionKeywords, inputs: Inputs, outputs: Outputs): CompileOptions {
  checkOptions(operation, given, keywords)
  const { mode, name, on_unused_input, profile, givens } = given
  if (typeof mode === 'string') checkName(operation, 'mode', mode, Object.keys(modes))
  const defaults = inputs.flatMap(input =>
    input instanceof Input && input.value !== undefined ? [[input.variable, input.value] as const] : [],
  )
  return {
    ...(typeof mode === 'string' ? modes[mode] : mode),
    ...(name == null ? {} : { name }),
    ...(on_unused_input == null ? {} : { onUnusedInput: on_unused_input }),
    ...(profile == null ? {} : { profile }),
    ...(givens == null ? {} : { givens }),
    ...(defaults.length === 0 ? {} : { defaults: new Map(defaults) }),
    updates: updatesOf(given, outputs),
  }
}

/** The updates, and for those whose default is left out that they stay what they are. */
function updatesOf(given: FunctionKeywords, outputs: Outputs): Pairs<Shared, Variable | Value> {
  const { updates, no_default_updates: without = false } = given
  if (without === false) return updates ?? []
  const pairs = [...(updates ?? [])] as (readonly [Shared, Variable | Value])[]
  const written = pairs.flatMap(([, value]) => (value instanceof Variable ? [value] : []))
  const results = outputs instanceof Variable ? [outputs] : Object.values(outputs)
  const left = freeVariables([...results, ...written]).filter(
    (v): v is Shared =>
      v instanceof Shared && v.defaultUpdate !== null && (without === true || without.includes(v)),
  )
  const own = new Set(pairs.map(([v]) => v))
  return [...pairs, ...left.filter(v => !own.has(v)).map(v => [v, v] as const)]
}

/**
 * `theano.function([x], y, { updates, givens })`, or by keywords alone: `theano.function({ inputs: [x], outputs: y, updates })`.
 * One output gives its value, a list a list.
 * @throws as `compile` does
 */
export function theanoFunction<
  const I extends Inputs,
  const O extends Outputs | null | undefined = undefined,
>(keywords: AllKeywords<I, O>): TheanoFunction<I, O>
export function theanoFunction<
  const I extends Inputs,
  const O extends Outputs | null | undefined = undefined,
>(inputs: I, outputs?: O, options?: FunctionKeywords): TheanoFunction<I, O>
export function theanoFunction(
  first: Inputs | AllKeywords<Inputs, Outputs>,
  second?: Outputs | null,
  third: FunctionKeywords = {},
): unknown {
  if (Array.isArray(first)) return compiled(first as Inputs, second ?? [], third)
  if (first instanceof Variable || first instanceof Input || typeof first !== 'object' || first === null)
    throw badArgument(
      operation,
      `${describeGiven(first).what} is not a list of inputs`,
      'write theano.function([x], y)',
    )
  const { inputs, outputs, ...options } = first as AllKeywords<Inputs, Outputs>
  return compiled(inputs, outputs ?? [], options)
}

function compiled(inputs: Inputs, outputs: Outputs, options: FunctionKeywords): unknown {
  const list = inputs.map(input => (input instanceof Input ? input.variable : input))
  return compile(list, outputs, optionsOf(options, inputs, outputs))
}
