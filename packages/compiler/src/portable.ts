/**
 * Portable: a compiled function as data, complete enough to run without any of its compiler.
 *
 * One memory holds everything, at addresses that are fixed: the error record, shared variables, constants, and one arena
 * that all specialisations use in turn. What depends on sizes is numbers here. `@arignote/save` writes it to a file, and
 * `@arignote/load` runs that.
 */
import { checkName, checkOptions } from '@arignote/graph'
import type { Program } from '@arignote/load'
import type { DType, TypedArray } from '@arignote/loops'
import type { Specialisation } from './executable.js'
import { cannotExport, notCompiled, wrongSizes } from './export-errors.js'

/** A program is what the loader runs: see `@arignote/load`, format.ts. */
export type {
  Address as PortableAddress,
  Exit as PortableExit,
  Failure as PortableFailure,
  Move as PortableMove,
  Program as PortableProgram,
  Step as PortableStep,
} from '@arignote/load'

export interface PortableInput {
  readonly name: string | null
  readonly dtype: DType
  /** Numbers, names of sizes, and null for a size without a name. */
  readonly shape: readonly (number | string | null)[]
  /** What stands in for an argument that is left out. */
  readonly otherwise: { readonly shape: readonly number[]; readonly data: TypedArray } | null
}

export interface PortableShared {
  readonly name: string | null
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly at: number
  readonly data: TypedArray
}

export interface Portable {
  readonly name: string
  readonly inputs: readonly PortableInput[]
  /** The names of a record of inputs; null: they are a list. */
  readonly inputNames: readonly string[] | null
  readonly outputs: readonly { readonly name: string | null; readonly dtype: DType }[]
  /** The names of a record of outputs, or whether there is one or a list of them. */
  readonly outputNames: readonly string[] | 'one' | 'list'
  readonly shared: readonly PortableShared[]
  readonly constants: readonly { readonly at: number; readonly data: TypedArray }[]
  /** A WebAssembly module that imports `host.memory` and some of `math`, and exports kernels as k0, k1, … */
  readonly code: Uint8Array<ArrayBuffer>
  /** The address of the error record: four int32. */
  readonly record: number
  /** Bytes of the memory. */
  readonly bytes: number
  readonly programs: readonly Program[]
}

/** What the back end contributes to it. */
export type PortableCode = Pick<Portable, 'shared' | 'constants' | 'code' | 'record' | 'bytes' | 'programs'>

/** The sizes that a portable function is made for; by default those that the function was called with so far. */
export interface PortableOptions {
  /** A value for each named size of the inputs, or several: then every combination of them. */
  readonly sizes?: readonly { readonly [size: string]: number | readonly number[] }[]
  /** Arguments that have the sizes. */
  readonly examples?: readonly (readonly unknown[])[]
  /** Code for engines without vectors; by default what the function itself uses. */
  readonly backend?: 'wasm' | 'wasm-scalar'
}

/** What `compile` knows of a function that it has made. */
export interface Exporter {
  /** The names of the sizes that arguments decide; null: one without a name. */
  readonly sizeNames: readonly (string | null)[]
  /** Whether values decide sizes. */
  readonly hasSources: boolean
  /** Of the calls so far. */
  known(): readonly Specialisation[]
  ofSizes(sizes: Readonly<Record<string, number>>): Specialisation
  ofArguments(args: readonly unknown[]): Specialisation
  /** Null where the back end has no such form. */
  portable(specialisations: readonly Specialisation[], backend: PortableOptions['backend']): Portable | null
}

const exporters = new WeakMap<object, Exporter>()

export function registerExporter(f: object, exporter: Exporter): void {
  exporters.set(f, exporter)
}

/**
 * A compiled function as data.
 * @throws ArgumentError for what is no compiled function, or for sizes that it does not have
 * @throws GraphError for a function that cannot run elsewhere
 */
export function portableOf(f: unknown, options: PortableOptions = {}): Portable {
  const exporter = typeof f === 'function' ? exporters.get(f) : undefined
  if (exporter === undefined) throw notCompiled(f)
  const { name } = f as { readonly name: string }
  checkOptions('exportFunction', options, ['sizes', 'examples', 'backend'])
  const { sizes, examples, backend } = options
  if (backend !== undefined) checkName('exportFunction', 'back end', backend, ['wasm', 'wasm-scalar'])
  if (exporter.hasSources)
    throw cannotExport(
      name,
      'the value of an argument or of a shared variable decides a size',
      'an exported function has the sizes that it was exported for: make such a value a number, or a function for each',
    )
  const wanted =
    sizes === undefined && examples === undefined
      ? knownTo(exporter)
      : [
          ...combinations(name, sizes ?? [], exporter.sizeNames).map(each => exporter.ofSizes(each)),
          ...(examples ?? []).map(args => exporter.ofArguments(args)),
        ]
  if (wanted.length === 0)
    throw wrongSizes(name, `${name} was not called yet, and no sizes are given`, exporter.sizeNames)
  const distinct = new Map(
    wanted.map(specialisation => [JSON.stringify(specialisation.shapes), specialisation]),
  )
  const portable = exporter.portable([...distinct.values()], backend)
  if (portable === null)
    throw cannotExport(
      name,
      'its back end makes no WebAssembly',
      "say exportFunction(f, { backend: 'wasm' }); results may then differ in the last bits",
    )
  return portable
}

/** The sizes of the calls so far; where arguments decide none, those that there are. */
function knownTo(exporter: Exporter): readonly Specialisation[] {
  const known = exporter.known()
  return known.length === 0 && exporter.sizeNames.length === 0 ? [exporter.ofSizes({})] : known
}

/** Every combination of the values that are given for sizes. */
function combinations(
  name: string,
  given: NonNullable<PortableOptions['sizes']>,
  names: readonly (string | null)[],
): readonly Readonly<Record<string, number>>[] {
  return given.flatMap(sizes => {
    for (const [size, values] of Object.entries(sizes)) {
      if (!names.includes(size)) throw wrongSizes(name, `${name} has no size "${size}"`, names)
      for (const n of [values].flat())
        if (!Number.isInteger(n) || n < 0) throw wrongSizes(name, `the size ${size} cannot be ${n}`, names)
    }
    let found: readonly Readonly<Record<string, number>>[] = [{}]
    for (const size of names) {
      if (size === null) throw wrongSizes(name, 'a size has no name, so it is told by arguments', names)
      const values = sizes[size]
      if (values === undefined) throw wrongSizes(name, `the size ${size} is missing`, names)
      found = found.flatMap(each => [values].flat().map(n => ({ ...each, [size]: n })))
    }
    return found
  })
}
