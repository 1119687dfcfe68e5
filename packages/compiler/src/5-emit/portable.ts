/**
 * Portable programs: a planned program, for one binding of its sizes  →  steps of numbers.
 *
 * What the driver would compute once for a plan and an arena is computed here, for a memory that will be laid out as
 * `Layout` says. The steps are then what the driver does, in the same order and in the same pieces, so results are the
 * same to the bit.
 */
import { type Dim, type EffectParams, evaluateDim, type Shared } from '@arignote/graph'
import { bytesOf, type Kernel, type TypedArray } from '@arignote/loops'
import type { Binding, CompiledGraph } from '../executable.js'
import { cannotExport } from '../export-errors.js'
import type {
  PortableAddress,
  PortableCode,
  PortableExit,
  PortableFailure,
  PortableMove,
  PortableProgram,
  PortableStep,
} from '../portable.js'
import {
  type Aliases,
  type Buffer,
  type BufferRef,
  type Call,
  type Exit,
  homeOf,
  isInPlace,
  type Place,
  type Program,
  type Repeat,
  type Run,
  type Step,
} from '../program.js'
import { numberedBy } from '../visits.js'
import { depthIn, rowOf } from './driver.js'

const alignment = 64
/** Nothing lies near address 0. */
const begin = 1024
const recordBytes = 16
/** Vectors may be loaded whole at the very end. */
const margin = 1024
const align = (bytes: number) => Math.ceil(bytes / alignment) * alignment

/** Where things lie in the memory of a portable function: the error record, shared variables, the arena, constants. */
export class Layout {
  readonly record = begin
  readonly arena: number
  #end = begin
  readonly #shared = new Map<Shared, number>()
  readonly #constants = new Map<TypedArray, number>()

  constructor(shared: readonly Shared[], arenaBytes: number) {
    this.#take(recordBytes)
    for (const v of shared) this.#shared.set(v, this.#take(v.cell.read().byteLength))
    this.arena = this.#take(arenaBytes)
  }

  #take(bytes: number): number {
    const at = this.#end
    this.#end = align(at + Math.max(1, bytes))
    return at
  }

  shared(v: Shared): number {
    return this.#shared.get(v)!
  }

  constant(data: TypedArray): number {
    let at = this.#constants.get(data)
    if (at === undefined) {
      at = this.#take(data.byteLength)
      this.#constants.set(data, at)
    }
    return at
  }

  /** What was placed. */
  parts(): Pick<PortableCode, 'shared' | 'constants' | 'record' | 'bytes'> {
    return {
      shared: [...this.#shared].map(([{ name, dtype, cell }, at]) => ({
        name,
        dtype,
        shape: [...cell.shape],
        at,
        data: cell.read().slice(),
      })),
      constants: [...this.#constants].map(([data, at]) => ({ at, data })),
      record: this.record,
      bytes: this.#end + margin,
    }
  }
}

export interface PortableParts {
  readonly graph: CompiledGraph
  readonly program: Program<Call>
  readonly aliases: Aliases
  readonly offsets: ReadonlyMap<Buffer, number>
  readonly binding: Binding
  readonly shapes: readonly (readonly number[])[]
  kernel(kernel: Kernel): number
}

/** The program for one binding. @throws GraphError for what cannot be taken along */
export function portableProgram(parts: PortableParts, layout: Layout): PortableProgram {
  return new Flattening(parts, layout).program()
}

class Flattening {
  readonly #failures: PortableFailure[]

  constructor(
    private readonly parts: PortableParts,
    private readonly layout: Layout,
  ) {
    this.#failures = parts.program.failures.map(({ node, size, shape }) => {
      const { family, name, calledAs } = node.op
      const place = { shape: shape.map(this.#evaluate) }
      if (size !== null)
        return {
          kind: 'index',
          operation: calledAs ?? name,
          problem: this.#evaluate(size),
          hint: '',
          ...place,
        }
      const { problem, hint } = (family.kind === 'routine' && family.failure) || { problem: '', hint: '' }
      return { kind: 'routine', operation: name, problem, hint, ...place }
    })
  }

  readonly #evaluate = (dim: Dim): number =>
    evaluateDim(dim, symbol => {
      const size = this.parts.binding.get(symbol)
      if (size === undefined)
        throw new Error(`internal: size ${symbol.name ?? 'without a name'} is not bound`)
      return size
    })

  program(): PortableProgram {
    const { program, graph, offsets, aliases, shapes } = this.parts
    const inputs = shapes.map(() => -1)
    for (const buffer of offsets.keys())
      if (buffer.input !== undefined) inputs[buffer.input] = this.#addressOf(buffer)
    const commits = program.commits
      .filter(commit => {
        this.#checkSize(commit.shared, commit.from)
        return !isInPlace(aliases, commit)
      })
      .map(({ shared, from }) => [graph.shared.indexOf(shared), this.#fixed(from.ref)] as const)
    return {
      shapes,
      inputs,
      steps: this.#steps(program.steps),
      outputs: program.outputs.map(({ ref, shape }) => ({
        at: this.#fixed(ref),
        shape: shape.map(this.#evaluate),
      })),
      commits,
      failures: this.#failures,
    }
  }

  /** A shared variable has one place, so its size may not change. */
  #checkSize({ name, cell }: Shared, from: Place): void {
    if (from.shape.some((n, axis) => this.#evaluate(n) !== cell.shape[axis]))
      throw cannotExport(
        this.parts.graph.name,
        `an update changes the size of ${name === null ? 'a shared variable' : `"${name}"`}`,
        'an exported function keeps its state in one place: give the variable all the rows that it will ever have',
      )
  }

  #steps(steps: readonly Step<Call>[]): readonly PortableStep[] {
    return steps.map((step): PortableStep => {
      switch (step.kind) {
        case 'run':
          return this.#run(step)
        case 'repeat':
          return this.#repeat(step)
        case 'branch':
          return [
            'branch',
            this.#address(step.condition),
            this.#steps(step.thenSteps),
            this.#steps(step.elseSteps),
          ]
        case 'host': {
          const { family } = step.node.op
          if (family.kind !== 'effect' || family.effect !== 'assert')
            throw cannotExport(
              this.parts.graph.name,
              'it prints',
              'there may be nobody to read it: compile the function once more without print',
            )
          const { text } = step.node.params as EffectParams
          this.#failures.push({
            kind: 'assert',
            operation: 'assert',
            problem: text ?? '',
            hint: '',
            shape: [],
          })
          return ['assert', this.#address(step.value.ref), this.#failures.length - 1]
        }
        default:
          return step satisfies never
      }
    })
  }

  #repeat({ kind, trip, count, name, numbering, body, exit, ...rest }: Repeat<Call>): PortableStep {
    // A new property of repeats must be thought of here.
    rest satisfies Record<PropertyKey, never>
    const evaluate = (dim: Dim) => this.#evaluate(dim)
    return [
      kind,
      depthIn(trip),
      evaluate(count),
      name,
      this.#steps(body),
      exit && this.#exit(exit),
      numberedBy(numbering, evaluate),
    ]
  }

  #exit({ condition, finals }: Exit): PortableExit {
    const copies = finals.map(({ from, to, size }) => {
      const bytes = bytesOf(to.buffer.dtype) * this.#evaluate(size)
      return [this.#address(from), this.#address(to), bytes] as const
    })
    return [this.#address(condition), copies]
  }

  #run({ task, canFail }: Run<Call>): PortableStep {
    const args = task.args.map(arg => {
      if (typeof arg === 'number' || !('buffer' in arg)) return this.#evaluate(arg)
      const address = this.#address(arg)
      return address.length === 1 ? address[0] : address
    })
    const [extent, chunk] =
      task.range === null ? [-1, 0] : [this.#evaluate(task.range.extent), task.range.chunk]
    return ['run', this.parts.kernel(task.kernel), args, extent, chunk, canFail ? 1 : 0]
  }

  #address(ref: BufferRef): PortableAddress {
    const size = bytesOf(ref.buffer.dtype)
    let start = this.#addressOf(ref.buffer) + size * this.#evaluate(ref.offset)
    const moves: PortableMove[] = []
    for (const move of ref.perTrip) {
      const bytes = size * this.#evaluate(move.stride)
      const phase = rowOf(move, this.#evaluate(move.phase))
      if (move.trip === null) start += bytes * phase
      else moves.push([depthIn(move.trip), bytes, move.ring?.slots ?? 0, phase])
    }
    return [start, ...moves]
  }

  /** Of a value that is there when all steps are done. */
  #fixed(ref: BufferRef): number {
    return this.#address({ ...ref, perTrip: ref.perTrip.map(move => ({ ...move, trip: null })) })[0]
  }

  #addressOf(buffer: Buffer): number {
    const owner = homeOf(this.parts.aliases, buffer)
    if (owner.shared !== undefined) return this.layout.shared(owner.shared)
    if (owner.role === 'errors') return this.layout.record
    if (owner.data !== undefined) return this.layout.constant(owner.data)
    return this.layout.arena + this.parts.offsets.get(owner)!
  }
}
