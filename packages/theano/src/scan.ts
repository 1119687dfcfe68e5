/**
 * `theano.scan` and what Theano makes of it, on `scan`: lists become records, and back.
 *
 * Outputs are in the order of the visits, as in Theano: a scan that goes backwards visits sequences that are turned around.
 */
import {
  badArgument,
  checkOptions,
  cloneReplace,
  DimExpr,
  dimValue,
  freeVariables,
  named,
  type Shared,
  type Size,
  scan as scanOf,
  until as untilOf,
  type Variable,
} from '@arignote/graph'
import {
  asList,
  asVariable,
  operation,
  type Returned,
  readReturned,
  sequencesOf,
  statesOf,
} from './scan-arguments.js'
import type {
  FoldKeywords,
  InitialsArgument,
  MapKeywords,
  NonSequencesArgument,
  ReduceKeywords,
  ScanKeywords,
  ScanResult,
  ScanUpdates,
  SequencesArgument,
  Step,
  StepResult,
  WithStep,
} from './scan-types.js'

type Any = ScanKeywords<SequencesArgument, InitialsArgument, NonSequencesArgument> &
  WithStep<null, null, null, StepResult>

const keywords = [
  'fn',
  'sequences',
  'outputs_info',
  'non_sequences',
  'n_steps',
  'truncate_gradient',
  'go_backwards',
  'strict',
  'name',
  'mode',
  'profile',
  'allow_gc',
]

interface History {
  readonly all: Variable
  readonly last: Variable
}

interface Ran {
  readonly outputs: readonly History[]
  readonly updates: ScanUpdates
}

/** The step updates shared variables that are not among the states yet. */
class NeedsStates {
  constructor(readonly shared: readonly Shared[]) {}
}

/** Runs the scan; where the step updates shared variables it is traced again, with them as states. */
function run(given: Any, shared: readonly Shared[] = []): Ran {
  const sequences = sequencesOf(asList(given.sequences), given.go_backwards ?? false)
  const infos = given.outputs_info === undefined ? null : asList(given.outputs_info)
  const slots = statesOf(infos ?? [], Object.keys(sequences))
  const states = slots.filter(slot => slot !== null)
  const others = asList(given.non_sequences as Variable).map(asVariable)
  const fixed = given.strict
    ? others.map((v, i) => (v.name === null ? named(v, `non_sequence ${i}`) : v))
    : others
  const hidden = shared.map((_, i) => `updated ${i}`)
  let names: readonly string[] = []
  const step = (inputs: { readonly [name: string]: Variable | readonly Variable[] }) => {
    const slices = Object.keys(sequences).flatMap(name => inputs[name]!)
    const past = states.flatMap(([name]) => inputs[name]!)
    const parts = readReturned(
      (given.fn as (...args: readonly Variable[]) => unknown)(...slices, ...past, ...fixed),
    )
    if ([...parts.updates.keys()].some(v => !shared.includes(v)))
      throw new NeedsStates([...parts.updates.keys()])
    const { outputs, updates, until } =
      shared.length === 0
        ? parts
        : replaced(
            parts,
            shared,
            hidden.map(name => inputs[name] as Variable),
          )
    if (infos !== null && infos.length !== outputs.length && infos.length > 0)
      throw badArgument(
        operation,
        `the step returned ${outputs.length} outputs for ${infos.length} entries of outputs_info`,
        'there is an entry for each output: null for one that is not handed on',
      )
    names = outputs.map((_, i) => slots[i]?.[0] ?? `output ${i}`)
    const results = Object.fromEntries([
      ...outputs.map((v, i) => [names[i]!, v] as const),
      ...shared.map((v, i) => [hidden[i]!, updates.get(v)!] as const),
    ])
    return until === null ? results : untilOf(until, results)
  }
  let histories: { readonly [name: string]: History }
  try {
    histories = scanOf(step as never, {
      sequences,
      state: Object.fromEntries([...states, ...shared.map((v, i) => [hidden[i]!, v] as const)]),
      ...(given.n_steps == null ? {} : { steps: stepsOf(given.n_steps) }),
      ...(given.name == null ? {} : { name: given.name }),
      ...truncateOf(given.truncate_gradient),
      ...(given.strict ? { strict: namesIn([...fixed, ...shared]) } : {}),
    }) as { readonly [name: string]: History }
  } catch (needs) {
    if (needs instanceof NeedsStates) return run(given, needs.shared)
    throw needs
  }
  return {
    outputs: names.map(name => histories[name]!),
    updates: new Map(shared.map((v, i) => [v, histories[hidden[i]!]!.last])),
  }
}

/** The shared variables' values of this step in the place of those before the scan. */
function replaced(parts: Returned, shared: readonly Shared[], values: readonly Variable[]): Returned {
  const updated = [...parts.updates]
  const list = [
    ...parts.outputs,
    ...updated.map(([, v]) => v),
    ...(parts.until === null ? [] : [parts.until]),
  ]
  const all = cloneReplace(
    list,
    shared.map((v, i) => [v, values[i]!] as const),
  ) as readonly Variable[]
  const count = parts.outputs.length
  return {
    outputs: all.slice(0, count),
    updates: new Map(updated.map(([v], i) => [v, all[count + i]!])),
    until: parts.until === null ? null : all.at(-1)!,
  }
}

/** Theano's −1 is all steps. */
function truncateOf(k: number | undefined): { readonly truncate?: { readonly last: number } } {
  if (k === undefined || k === -1) return {}
  if (!Number.isInteger(k) || k < 1)
    throw badArgument(
      operation,
      `truncate_gradient is ${k}`,
      'it is a number of steps, from 1 on, or -1 for all',
    )
  return { truncate: { last: k } }
}

const stepsOf = (n: Size): number | Variable => (n instanceof DimExpr ? dimValue(n) : n)

/** What a strict step may see: the non-sequences, and what they are made of. */
const namesIn = (list: readonly Variable[]): readonly string[] =>
  [...list, ...freeVariables(list)].flatMap(v => (v.name === null ? [] : [v.name]))

/** One alone, none as null. */
function packed(list: readonly Variable[]): unknown {
  return list.length === 0 ? null : list.length === 1 ? list[0] : list
}

/** The keywords, also behind a step that comes first: `theano.scan(fn, { sequences: x })`. */
function keywordsOf(
  name: string,
  first: unknown,
  second: object | undefined,
  allowed: readonly string[],
): Any {
  const given = typeof first === 'function' ? { ...second, fn: first } : (first as object)
  checkOptions(name, given, allowed)
  const { fn } = given as { readonly fn?: unknown }
  if (typeof fn !== 'function')
    throw badArgument(name, 'there is no step', 'fn is a function of symbolic tensors')
  return given as Any
}

type Sequences = SequencesArgument
type Initials = InitialsArgument
type Others = NonSequencesArgument

export interface Scan {
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    keywords: ScanKeywords<S, I, N> & WithStep<S, I, N, R>,
  ): ScanResult<R>
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    fn: Step<S, I, N, R>,
    keywords: ScanKeywords<S, I, N>,
  ): ScanResult<R>
}

/**
 * `theano.scan({ fn, sequences, outputs_info, non_sequences, n_steps, truncate_gradient, go_backwards })`, which gives
 * `[outputs, updates]`. The step gets the slices of the sequences, then the past values of the states, then the
 * non-sequences; what it closes over it finds by itself.
 * @throws as `scan` does
 */
export const scan: Scan = ((first: unknown, second?: object) => {
  const { outputs, updates } = run(keywordsOf(operation, first, second, keywords))
  return [packed(outputs.map(({ all }) => all)), updates]
}) as Scan

export interface MapOver {
  <const R extends StepResult, const S extends Sequences = null, const N extends Others = null>(
    keywords: MapKeywords<S, N> & WithStep<S, null, N, R>,
  ): ScanResult<R>
  <const R extends StepResult, const S extends Sequences = null, const N extends Others = null>(
    fn: Step<S, null, N, R>,
    keywords: MapKeywords<S, N>,
  ): ScanResult<R>
}

export interface Reduce {
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    keywords: ReduceKeywords<S, I, N> & WithStep<S, I, N, R>,
  ): ScanResult<R, 'last'>
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    fn: Step<S, I, N, R>,
    keywords: ReduceKeywords<S, I, N>,
  ): ScanResult<R, 'last'>
}

export interface Fold {
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    keywords: FoldKeywords<S, I, N> & WithStep<S, I, N, R>,
  ): ScanResult<R, 'last'>
  <
    const R extends StepResult,
    const S extends Sequences = null,
    const I extends Initials = null,
    const N extends Others = null,
  >(
    fn: Step<S, I, N, R>,
    keywords: FoldKeywords<S, I, N>,
  ): ScanResult<R, 'last'>
}

const without = (...left: readonly string[]) => keywords.filter(name => !left.includes(name))

/** `theano.map({ fn, sequences, non_sequences })`: a scan without states. */
export const map: MapOver = ((first: unknown, second?: object) =>
  scan(keywordsOf('theano.map', first, second, without('outputs_info', 'n_steps', 'strict')))) as MapOver

const reduction =
  (name: string, left: readonly string[], goesBackwards?: boolean) => (first: unknown, second?: object) => {
    const given = keywordsOf(name, first, second, without('n_steps', 'strict', 'truncate_gradient', ...left))
    const { outputs, updates } = run(
      goesBackwards === undefined ? given : { ...given, go_backwards: goesBackwards },
    )
    return [packed(outputs.map(({ last }) => last)), updates]
  }

/** `theano.reduce({ fn, sequences, outputs_info })`: of each state and output the last value only. */
export const reduce = reduction('theano.reduce', []) as Reduce
/** `theano.foldl`: a reduction from the first element on. */
export const foldl = reduction('theano.foldl', ['go_backwards'], false) as Fold
/** `theano.foldr`: a reduction from the last element on. */
export const foldr = reduction('theano.foldr', ['go_backwards'], true) as Fold
