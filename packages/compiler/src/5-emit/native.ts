/**
 * A planned program of kernels (Wasm or JavaScript) at work on the heap: arguments in, kernels run, results out, commits.
 */
import { type Dim, evaluateDim, ndarrayOf } from '@arignote/graph'
import { allocate, bytesOf, type Kernel, type TypedArray } from '@arignote/loops'
import { happen, type Visit } from '../effects.js'
import { notSpecialised } from '../errors.js'
import type { Binding, CompiledGraph, Executable, MemoryReport, ResultFor } from '../executable.js'
import { Telling } from '../late.js'
import { checkGiven } from '../non-finite.js'
import {
  type Aliases,
  type Buffer,
  type BufferRef,
  type Call,
  type GroupTask,
  type Host,
  homeOf,
  isInPlace,
  type Place,
  type Program,
  runsOf,
} from '../program.js'
import type { KernelBackend, KernelFunction, KernelMemory } from './backend.js'
import { addressOf, makeDriver, rowOf } from './driver.js'
import { type Wrap, wrapperFor } from './inspect.js'
import { countOf, offsetsOf, stridesOf } from './reference/value.js'
import { type Cut, cutsOf, Stage } from './stages.js'

/** What the process's heap offers to executables. */
export interface NativeHeap extends KernelMemory {
  reserve(shared: CompiledGraph['shared'], scratch: number): void
  adopt(shared: CompiledGraph['shared'][number]): number
  place(data: TypedArray): number
  scratch(bytes: number): number
  enlarge(bytes: number, kept: number): number
}

/** A program with its memory planned for one binding. */
export interface NativePlan {
  readonly offsets: ReadonlyMap<Buffer, number>
  readonly aliases: Aliases
  readonly bytes: number
  readonly byRole: ReadonlyMap<Buffer['role'], number>
  readonly scratch: number
}

export interface NativeParts {
  readonly graph: CompiledGraph
  readonly program: Program<Call>
  readonly plan: NativePlan
  readonly kernels: ReadonlyMap<Call, KernelFunction>
  readonly backend: KernelBackend
  readonly heap: NativeHeap
  readonly binding: Binding
  /** What each kernel had to compute; only where calls are inspected. */
  readonly tasks: ReadonlyMap<Call, GroupTask> | null
  /** Addresses for what has none yet, when more sizes are known. */
  extend(offsets: ReadonlyMap<Buffer, number>, evaluate: (dim: Dim) => number | null): NativePlan
  /** The user's error for an index that left an entry in the error record. */
  fail(record: ArrayLike<number>, stopped: readonly Visit[], evaluate: (dim: Dim) => number): Error
  print(): readonly string[]
}

export class NativeExecutable implements Executable {
  readonly #evaluate: (dim: Dim) => number
  readonly #sizes: Telling
  readonly #cuts: readonly Cut[]
  readonly #record = new Int32Array(4)
  readonly #inputs: readonly { readonly buffer: Buffer; readonly index: number; readonly length: number }[]
  #base = -1
  /** Where the arena was when the first stage was made ready. */
  #firstBase = -1
  #first: Stage<NativePlan>
  /** That of the present stage. */
  #plan: NativePlan
  #shapes: readonly (readonly number[])[] = []
  #sharedAddresses: number[] = []

  constructor(private readonly parts: NativeParts) {
    const { program, binding, plan, graph } = parts
    this.#sizes = new Telling(graph.late, symbol => binding.get(symbol) ?? unbound(symbol.name))
    this.#evaluate = dim => evaluateDim(dim, this.#sizes.size)
    this.#cuts = cutsOf(program)
    this.#plan = plan
    this.#first = new Stage(plan, () => null)
    if (this.#sizes.isComplete) this.#shapes = this.#shapesNow()
    this.#inputs = [...plan.offsets.keys()].flatMap(buffer =>
      buffer.input === undefined
        ? []
        : [{ buffer, index: buffer.input, length: this.#evaluate(buffer.size) }],
    )
  }

  call(args: readonly { copyTo(target: TypedArray): void }[], result: ResultFor): void {
    this.#sizes.begin()
    this.#prepare()
    const { program, heap } = this.parts
    for (const { buffer, index, length } of this.#inputs) {
      const target = this.#view(buffer, this.#addressOf(buffer), length)
      args[index]!.copyTo(target)
    }
    if (this.parts.graph.inspection?.check === 'nan') this.#checkGiven()
    const errors = () => this.#view(program.errors, heap.place(this.#record), 4)
    errors().fill(0)
    let targets: readonly TypedArray[] = []
    let stage = this.#first
    for (const [i, { tells }] of this.#cuts.entries()) {
      this.#plan = stage.plan
      if (i === this.#cuts.length - 1) targets = this.#shapes.map((shape, k) => result(k, shape))
      const stopped = stage.driver()
      // Who listens to prints may have made the memory grow, so it is looked at anew.
      if (stopped !== null) throw this.parts.fail(errors(), stopped, this.#evaluate)
      if (tells.length > 0) stage = this.#advance(stage, i)
    }
    for (const [i, place] of program.outputs.entries())
      targets[i]!.set(this.#valueAt(place, this.#shapes[i]!))
    for (const commit of program.commits) {
      const { shared, from } = commit
      if (isInPlace(this.parts.plan.aliases, commit)) continue
      const shape = from.shape.map(this.#evaluate)
      const value = this.#valueAt(from, shape)
      const { cell } = shared
      if (shape.every((n, i) => n === cell.shape[i])) cell.read().set(value)
      else cell.write(value.slice(), shape)
    }
  }

  /** Arguments are in the arena, shared variables at home. */
  #checkGiven(): void {
    const { lambda, inputs, shared } = this.parts.graph
    for (const { buffer, index, length } of this.#inputs) {
      const v = lambda.params[index]!
      const data = this.#view(buffer, this.#addressOf(buffer), length)
      checkGiven(v, { dtype: v.dtype, shape: v.shape.map(this.#evaluate), data })
    }
    for (const [i, { cell, dtype }] of shared.entries())
      checkGiven(lambda.params[inputs + i]!, { dtype, shape: cell.shape, data: cell.read() })
  }

  /** Reads the sizes that a stage has told, and makes the next one ready. */
  #advance(stage: Stage<NativePlan>, index: number): Stage<NativePlan> {
    const { tells } = this.#cuts[index]!
    const told = tells.map(({ symbol, place }) => {
      const value = this.#valueAt(place, [])[0]!
      this.#sizes.tell(symbol, value)
      return value
    })
    this.#sizes.check()
    if (this.#sizes.isComplete) this.#shapes = this.#shapesNow()
    return stage.after(told.join(), () => {
      const plan = this.parts.extend(stage.plan.offsets, this.#sizes.valueOf)
      this.#plan = plan
      const before = this.#base
      this.#base = this.parts.heap.enlarge(plan.bytes, stage.plan.bytes)
      if (this.#base !== before) this.#firstBase = -1
      return this.#stage(plan, index + 1)
    })
  }

  #shapesNow(): readonly (readonly number[])[] {
    return this.parts.program.outputs.map(place => place.shape.map(this.#evaluate))
  }

  memory(): MemoryReport {
    const { graph, program } = this.parts
    const plan = this.#plan
    if (!this.#sizes.isComplete) throw notSpecialised(graph.name)
    const of = (role: Buffer['role']) => plan.byRole.get(role) ?? 0
    const parameters = graph.shared.reduce((sum, v) => sum + v.cell.read().byteLength, 0)
    const constants = [...constantsOf(program)].reduce((sum, { data }) => sum + data!.byteLength, 0)
    const outputs = program.outputs.reduce((sum, { ref }, i) => {
      return sum + bytesOf(ref.buffer.dtype) * this.#shapes[i]!.reduce((product, n) => product * n, 1)
    }, 0)
    const [inputs, states, histories] = [of('input'), of('state'), of('history')]
    const kernels = this.parts.backend.bytes(this.#kernels)
    return {
      parameters,
      inputs,
      outputs,
      states,
      histories,
      scratch: plan.scratch,
      constants,
      kernels,
      total: parameters + constants + plan.bytes,
    }
  }

  kernels(): readonly string[] {
    return this.parts.print()
  }

  text(): string {
    return this.parts.backend.text(this.#kernels)
  }

  get #kernels(): readonly Kernel[] {
    return [...new Set([...this.parts.kernels.keys()].map(call => call.kernel))]
  }

  /** Makes the driver anew when the arena or a shared variable has moved. */
  #prepare(): void {
    const { heap, plan, graph } = this.parts
    if (this.#base < 0) heap.reserve(graph.shared, plan.bytes)
    const addresses = graph.shared.map(shared => heap.adopt(shared))
    // What an earlier call needed in its last stage is asked for at once.
    const base = heap.scratch(Math.max(plan.bytes, this.#plan.bytes))
    const moved =
      base !== this.#firstBase || addresses.some((address, i) => address !== this.#sharedAddresses[i])
    this.#base = base
    if (!moved) return
    this.#firstBase = base
    this.#sharedAddresses = addresses
    this.#plan = plan
    this.#first = this.#stage(plan, 0)
  }

  #stage(plan: NativePlan, index: number): Stage<NativePlan> {
    const { heap, program, kernels } = this.parts
    const address = (ref: BufferRef) => this.#addressOf(ref.buffer)
    const driver = makeDriver(this.#cuts[index]!.steps, {
      address,
      evaluate: this.#evaluate,
      wrap: this.#wrapper(address),
      kernel: call => kernels.get(call)!,
      failed: () => this.#view(program.errors, heap.place(this.#record), 4)[0] !== 0,
      isSet: address => heap.views.uint8[address] !== 0,
      copy: (from, to, bytes) => void heap.views.uint8.copyWithin(to, from, from + bytes),
      effect: (step, address, visits) => this.#effect(step, address, visits),
    })
    return new Stage(plan, driver)
  }

  /** What is done around each kernel, if anything. */
  #wrapper(address: (ref: BufferRef) => number): Wrap | null {
    const { graph, tasks, backend } = this.parts
    if (tasks === null || graph.inspection === undefined) return null
    const addresses = new Map<Place, (trips: Int32Array) => number>()
    const addressIn = (place: Place, trips: Int32Array) => {
      const known = addresses.get(place) ?? addressOf(place.ref, { address, evaluate: this.#evaluate })
      addresses.set(place, known)
      return known(trips)
    }
    const count = (place: Place) => countOf(place.shape.map(this.#evaluate))
    return wrapperFor(graph.inspection, {
      backend: backend.name,
      tasks,
      sizes: this.#sizes.size,
      memory: {
        count,
        read: (place, trips, copied) => {
          const at = addressIn(place, trips)
          const isPlain = !copied && isContiguous(place.shape, place.strides, this.#evaluate)
          const { buffer } = place.ref
          const data = isPlain ? this.#view(buffer, at, count(place)) : this.#copyOf(place, at)
          return { dtype: buffer.dtype, shape: place.shape.map(this.#evaluate), data }
        },
      },
    })
  }

  #effect({ node, value }: Host, address: number, visits: readonly Visit[]): void {
    const read = {
      value: () => ndarrayOf(this.#copyOf(value, address), value.shape.map(this.#evaluate)),
      holds: () => this.parts.heap.views.uint8[address] !== 0,
    }
    happen(node, visits, read, this.parts.graph.inspection?.onPrint)
  }

  /** The elements of a place in C order. */
  #copyOf({ ref, shape, strides }: Place, address: number): TypedArray {
    const elements = this.#elementsOf(ref.buffer)
    const start = address / bytesOf(ref.buffer.dtype)
    const offsets = offsetsOf(shape.map(this.#evaluate), strides.map(this.#evaluate))
    const copy = allocate(ref.buffer.dtype, offsets.length)
    for (let i = 0; i < offsets.length; i++) copy[i] = elements[start + offsets[i]!]!
    return copy
  }

  #addressOf(buffer: Buffer): number {
    const { heap, graph } = this.parts
    const plan = this.#plan
    const owner = homeOf(plan.aliases, buffer)
    if (owner.shared !== undefined) return this.#sharedAddresses[graph.shared.indexOf(owner.shared)]!
    if (owner.role === 'errors') return heap.place(this.#record)
    if (owner.data !== undefined) return heap.place(owner.data)
    const offset = plan.offsets.get(owner)
    if (offset === undefined) throw new Error(`internal: ${owner.name} has no place`)
    return this.#base + offset
  }

  #valueAt({ ref }: Place, shape: readonly number[]): TypedArray {
    return this.#view(
      ref.buffer,
      this.#addressIn(ref),
      shape.reduce((product, n) => product * n, 1),
    )
  }

  #addressIn(ref: BufferRef): number {
    const size = bytesOf(ref.buffer.dtype)
    const start = this.#addressOf(ref.buffer) + size * this.#evaluate(ref.offset)
    return ref.perTrip.reduce(
      (address, move) =>
        address + size * this.#evaluate(move.stride) * rowOf(move, this.#evaluate(move.phase)),
      start,
    )
  }

  #elementsOf({ dtype }: Buffer): TypedArray {
    const { views } = this.parts.heap
    return dtype === 'bool' ? views.uint8 : views[dtype]
  }

  #view(buffer: Buffer, address: number, length: number): TypedArray {
    const whole = this.#elementsOf(buffer)
    const start = address / bytesOf(buffer.dtype)
    return whole.subarray(start, start + length)
  }
}

function constantsOf(program: Program<Call>): ReadonlySet<Buffer> {
  const found = new Set<Buffer>()
  for (const { reads } of runsOf(program.steps))
    for (const { buffer } of reads) if (buffer.role === 'constant') found.add(buffer)
  return found
}

/** C order without gaps, for these sizes. */
function isContiguous(
  shape: readonly Dim[],
  strides: readonly Dim[],
  evaluate: (dim: Dim) => number,
): boolean {
  const sizes = shape.map(evaluate)
  return stridesOf(sizes).every((stride, i) => sizes[i]! <= 1 || stride === evaluate(strides[i]!))
}

function unbound(name: string | null): never {
  throw new Error(`internal: size ${name ?? 'without a name'} is not bound`)
}
