/**
 * A compiled function at work: arguments checked, sizes bound, the specialisation found or made, results handed out.
 *
 * When a call has the same sizes as the one before, nothing is looked up and nothing allocated but the results.
 */
import { type DimSymbol, evaluateDim, type NdArray, type Variable } from '@arignote/graph'
import { refuseInsidePrint } from '../effects.js'
import { missingArgument, notSpecialised, surplusArguments } from '../errors.js'
import type { Binding, CompiledGraph, Executable, Specialisation } from '../executable.js'
import type { SizeRules } from '../sizes.js'
import { bindSizes } from './bind.js'
import { freshResult, Slot, type Target, targetOf } from './host.js'
import { Specialisations } from './specialisations.js'

export interface CompiledParts {
  readonly graph: CompiledGraph
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
  readonly defaults: ReadonlyMap<Variable, unknown>
  readonly sizes: SizeRules
  prepare(binding: Binding): Executable
  /** The graphs whose values are sizes. */
  prepareSource(source: Variable): Source
}

/** An int32 scalar graph over some of the inputs and shared variables. */
export interface Source {
  readonly inputs: readonly number[]
  readonly symbols: readonly DimSymbol[]
  prepare(binding: Binding): Executable
}

export class Compiled {
  readonly #slots: readonly Slot[]
  readonly #specialisations = new Specialisations<{
    readonly executable: Executable
    readonly specialisation: Specialisation
  }>()
  readonly #sources = new Map<
    Variable,
    { readonly source: Source; readonly ready: Specialisations<Executable> }
  >()
  #latest: { readonly executable: Executable; readonly shapes: readonly (readonly number[])[] } | null = null

  constructor(readonly parts: CompiledParts) {
    this.#slots = parts.inputs.map((v, i) => new Slot(v, i))
    if (parts.sizes.symbols.size === 0)
      this.#specialise(parts.sizes.params.map(v => v.shape as readonly number[]))
  }

  /** Runs once, with fresh arrays for the results. */
  call(args: readonly unknown[]): NdArray[] {
    return this.#run(args, executable => {
      const { outputs } = this.parts
      const results = new Array<NdArray>(outputs.length)
      executable.call(this.#slots, (i, shape) => {
        results[i] = freshResult(outputs[i]!.dtype, shape)
        return results[i].data
      })
      return results
    })
  }

  /** Runs once, with arrays that the user provides. */
  into(outs: readonly unknown[], args: readonly unknown[]): void {
    this.#run(args, executable => {
      const { outputs } = this.parts
      const targets = new Array<Target>(outputs.length)
      executable.call(this.#slots, (i, shape) => {
        const v = outputs[i]!
        targets[i] = targetOf(outs[i], v, shape, v.name ?? `output ${i}`)
        return targets[i].data
      })
      for (const { finish } of targets) finish?.()
    })
  }

  /** The latest specialisation; throws GraphError where sizes are still unknown. */
  get latest(): Executable {
    if (this.#latest === null) throw notSpecialised(this.parts.graph.name)
    return this.#latest.executable
  }

  get specialisations(): number {
    return this.#specialisations.size
  }

  #run<T>(args: readonly unknown[], work: (executable: Executable) => T): T {
    const { graph } = this.parts
    refuseInsidePrint(graph.name)
    const profile = graph.inspection?.profile
    const start = profile === undefined ? 0 : performance.now()
    try {
      this.#take(args)
      return work(this.#executable())
    } finally {
      profile?.add(performance.now() - start)
      for (const slot of this.#slots) slot.release()
    }
  }

  #take(args: readonly unknown[]): void {
    const { inputs, defaults, graph } = this.parts
    if (args.length > inputs.length) throw surplusArguments(graph.name, inputs, args.length)
    this.#slots.forEach((slot, i) => {
      const value = args[i] ?? defaults.get(slot.input)
      if (value === undefined) throw missingArgument(graph.name, inputs, i, args.length)
      slot.take(value)
    })
  }

  #shapeOf(i: number): readonly number[] {
    const { inputs } = this.parts
    return i < inputs.length ? this.#slots[i]!.shape : this.parts.sizes.shared[i - inputs.length]!.cell.shape
  }

  #executable(): Executable {
    const { sizes } = this.parts
    if (this.#latest !== null && sizes.sources.size === 0) {
      let same = true
      for (const [i, shape] of this.#latest.shapes.entries()) same = same && equal(shape, this.#shapeOf(i))
      if (same) return this.#latest.executable
    }
    return this.#specialise(sizes.params.map((_, i) => this.#shapeOf(i)))
  }

  #specialise(shapes: readonly (readonly number[])[]): Executable {
    const { sizes } = this.parts
    const binding = bindSizes(sizes, shapes, (source, size) => this.#evaluate(source, size))
    const key = [...sizes.symbols.keys()].map(symbol => binding.get(symbol)).join()
    const { executable } = this.#specialisations.get(key, () => ({
      executable: this.parts.prepare(binding),
      specialisation: this.#specialisation(binding, shapes),
    }))
    this.#latest = { executable, shapes: shapes.map(shape => [...shape]) }
    return executable
  }

  #specialisation(binding: Binding, shapes: readonly (readonly number[])[]): Specialisation {
    return { binding, shapes: shapes.slice(0, this.parts.inputs.length).map(shape => [...shape]) }
  }

  /** The sizes of the calls so far, as far as the sizes of shared variables are still the same. */
  get known(): readonly Specialisation[] {
    return this.#specialisations.values().flatMap(({ specialisation }) => {
      const { binding } = specialisation
      const holds = this.parts.sizes.shared.every(({ shape, cell }) =>
        shape.every((dim, axis) => evaluateDim(dim, symbol => binding.get(symbol)!) === cell.shape[axis]),
      )
      return holds ? [specialisation] : []
    })
  }

  /** The sizes of a call with these arguments, or with arguments of these shapes; nothing runs. */
  sizesOf(
    given: { readonly args: readonly unknown[] } | { readonly shapes: Specialisation['shapes'] },
  ): Specialisation {
    const { sizes, inputs } = this.parts
    try {
      if ('args' in given) this.#take(given.args)
      const shapes = sizes.params.map((_, i) =>
        i < inputs.length && 'shapes' in given ? given.shapes[i]! : this.#shapeOf(i),
      )
      const binding = bindSizes(sizes, shapes, (source, size) => this.#evaluate(source, size))
      return this.#specialisation(binding, shapes)
    } finally {
      for (const slot of this.#slots) slot.release()
    }
  }

  #evaluate(variable: Variable, size: (symbol: DimSymbol) => number): number {
    let known = this.#sources.get(variable)
    if (known === undefined) {
      known = { source: this.parts.prepareSource(variable), ready: new Specialisations() }
      this.#sources.set(variable, known)
    }
    const { source, ready } = known
    const binding = new Map(source.symbols.map(symbol => [symbol, size(symbol)]))
    const executable = ready.get([...binding.values()].join(), () => source.prepare(binding))
    const value = new Int32Array(1)
    executable.call(
      source.inputs.map(i => this.#slots[i]!),
      () => value,
    )
    return value[0]!
  }
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
