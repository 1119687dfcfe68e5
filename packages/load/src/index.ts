/**
 * What `exportFunction` wrote  →  a function that runs without the compiler, in Node and in browsers.
 *
 * It has a memory of its own: its parameters are copies, and its updates change nothing but them.
 */
import { driverFor, type Machine } from './driver.js'
import { sizesRefused, unsupported, wrongArguments, wrongRank } from './errors.js'
import { type DType, type Input, type Manifest, type Opened, open, type Program } from './format.js'
import { arrays, countOf, type Elements, elementsOf, type NdArray, result, type Value } from './values.js'

export {
  ArgumentError,
  ArignoteError,
  DTypeError,
  GraphError,
  NumericError,
  ShapeError,
} from '@arignote/errors'
export {
  type Address,
  crc32,
  type DType,
  dataBegin,
  type Exit,
  type Failure,
  headerBytes,
  type Manifest,
  type Move,
  magic,
  type Program,
  type Step,
  type Stored,
  version,
} from './format.js'
export type { NdArray, Value } from './values.js'

/** What an input or output is: numbers, names of sizes, and null for a size without a name. */
export interface LoadedInput {
  readonly name: string | null
  readonly dtype: DType
  readonly shape: readonly (number | string | null)[]
}

/** An array, a list or a record of arrays: as the outputs were when the function was compiled. */
export type LoadedResults = NdArray | readonly NdArray[] | { readonly [name: string]: NdArray }

/** A function that was exported. Call it as the one that was compiled, with the sizes that it was exported for. */
export interface LoadedFunction<Results = LoadedResults> {
  /**
   * @throws ArgumentError, DTypeError, ShapeError where an argument does not fit, or has sizes that were not exported
   * @throws ArgumentError, NumericError where the function itself would; no parameter has changed then
   */
  (...args: readonly (Value | undefined | { readonly [name: string]: Value | undefined })[]): Results
  readonly inputs: readonly LoadedInput[]
  /** The shapes of the inputs that it takes. */
  readonly sizes: readonly (readonly (readonly number[])[])[]
  /** The values of its parameters now. */
  parameters(): { [name: string]: NdArray }
}

const page = 65536
const { sin, cos, tan } = Math

/**
 * Makes a function of a file's bytes.
 *
 * @example const predict = loadFunction(readFileSync('predict.arignote')); predict([[1, 2, 3]])
 * @throws ArgumentError for bytes that are foreign, damaged or of a later version, and on an engine that lacks something
 */
export function loadFunction<Results = LoadedResults>(
  bytes: ArrayBuffer | Uint8Array,
): LoadedFunction<Results> {
  const opened = open(bytes)
  const { manifest } = opened
  const loaded = new Loaded(opened)
  const f = (...args: readonly unknown[]) => loaded.call(args)
  Object.defineProperty(f, 'name', { value: manifest.name })
  return Object.assign(f, {
    inputs: manifest.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    sizes: manifest.programs.map(({ shapes }) => shapes),
    parameters: () => loaded.parameters(),
  }) as unknown as LoadedFunction<Results>
}

interface Ready {
  readonly program: Program
  readonly run: () => void
}

class Loaded {
  readonly #manifest: Manifest
  readonly #memory: ArrayBuffer
  readonly #machine: Machine
  readonly #defaults: readonly (Elements | null)[]
  readonly #programs = new Map<string, Program | Ready>()

  constructor({ manifest, stored }: Opened) {
    const { shared, constants, code, record, programs, inputs } = manifest
    const wasm = stored(code)
    if (!WebAssembly.validate(wasm)) throw unsupported()
    const memory = new WebAssembly.Memory({ initial: Math.ceil(manifest.bytes / page) })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
      host: { memory },
      math: { sin, cos, tan },
    })
    this.#manifest = manifest
    this.#memory = memory.buffer
    const bytes = new Uint8Array(memory.buffer)
    for (const each of [...shared, ...constants]) bytes.set(stored(each), each.at)
    const kernels = Object.keys(exports).map((_, i) => exports[`k${i}`] as Machine['kernels'][number])
    this.#machine = { kernels, bytes, record: new Int32Array(memory.buffer, record, 4) }
    this.#defaults = inputs.map(({ dtype, otherwise }) => {
      if (otherwise === null) return null
      const { shape } = otherwise
      return { data: new arrays[dtype](stored(otherwise).buffer), shape }
    })
    for (const program of programs) this.#programs.set(keyOf(program.shapes), program)
  }

  call(given: readonly unknown[]): LoadedResults {
    const { inputs, outputs, outputNames, shared } = this.#manifest
    const args = this.#positional(given)
    const elements = inputs.map((input, i) => this.#argument(input, i, args[i]))
    const { program, run } = this.#ready(elements.map(({ shape }) => shape))
    for (const [i, at] of program.inputs.entries()) {
      const { data } = elements[i]!
      if (at >= 0) this.#view(inputs[i]!.dtype, at, data.length).set(data)
    }
    run()
    const results = program.outputs.map(({ at, shape }, i) =>
      result(this.#view(outputs[i]!.dtype, at, countOf(shape)).slice(), shape),
    )
    for (const [i, from] of program.commits) {
      const { at, bytes } = shared[i]!
      this.#machine.bytes.copyWithin(at, from, from + bytes)
    }
    if (outputNames === 'one') return results[0]!
    return outputNames === 'list'
      ? results
      : Object.fromEntries(outputNames.map((name, i) => [name, results[i]!]))
  }

  parameters(): Record<string, NdArray> {
    return Object.fromEntries(
      this.#manifest.shared.map(({ name, dtype, shape, at }) => [
        name,
        result(this.#view(dtype, at, countOf(shape)).slice(), shape),
      ]),
    )
  }

  #positional(args: readonly unknown[]): readonly unknown[] {
    const { name, inputNames, inputs } = this.#manifest
    if (inputNames === null) {
      if (args.length <= inputs.length) return args
      throw wrongArguments(name, null, `${args.length} arguments are too many: it takes ${inputs.length}`)
    }
    const [record] = args
    if (args.length !== 1 || typeof record !== 'object' || record === null)
      throw wrongArguments(name, inputNames, 'what it was called with is not a record of its arguments')
    for (const key of Object.keys(record))
      if (!inputNames.includes(key)) throw wrongArguments(name, inputNames, `it has no input "${key}"`)
    return inputNames.map(key => (record as Record<string, unknown>)[key])
  }

  #argument({ name, dtype, shape }: Input, i: number, value: unknown): Elements {
    // As in a call of the compiled function, null is nothing.
    const what = `argument ${name === null ? i : `"${name}"`}`
    if (value === undefined || value === null) {
      const otherwise = this.#defaults[i]
      if (otherwise) return otherwise
      throw wrongArguments(this.#manifest.name, null, `the argument for ${name ?? `input ${i}`} is missing`)
    }
    const elements = elementsOf(value, dtype, what)
    if (elements.shape.length !== shape.length) throw wrongRank(what, elements.shape, shape)
    return elements
  }

  #ready(shapes: readonly (readonly number[])[]): Ready {
    const key = keyOf(shapes)
    const known = this.#programs.get(key)
    if (known === undefined) {
      const { name, programs, inputs } = this.#manifest
      const allowed = programs.map(program => program.shapes)
      throw sizesRefused(name, shapes, allowed, inputs)
    }
    if ('run' in known) return known
    const ready = { program: known, run: driverFor(known, this.#machine) }
    this.#programs.set(key, ready)
    return ready
  }

  #view(dtype: DType, at: number, length: number) {
    return new arrays[dtype](this.#memory, at, length)
  }
}

const keyOf = (shapes: readonly (readonly number[])[]): string => shapes.join(';')
