/**
 * The heap: one WebAssembly memory for the whole process.
 *
 * Calls are synchronous, so all functions share one scratch arena, as large as the largest request. Blocks that last
 * belong to shared variables and constants, and go back when those are collected: a compiled function owns no memory.
 * Growth detaches every typed array made before it, so views are made on demand and never kept.
 */
import { type Cell, makeCellsWith, type Shared } from '@arignote/graph'
import { bytesOf, type DType, dtypeInfo, type TypedArray } from '@arignote/loops'
import { memoryExhausted } from '../errors.js'
import { alignment, alignUp, Blocks } from './blocks.js'

const page = 65536
/** 4 GiB but for one page: the last address must fit the length of a typed array. */
const mostPages = 65535
/** 64 MiB: pages that nobody has touched cost nothing, and after each growth the garbage collector looks at everything. */
const leastGrowth = 1024

/** The typed arrays over all of the memory; growth replaces the fields of this one object. */
export interface HeapViews {
  float32: Float32Array
  float64: Float64Array
  int32: Int32Array
  uint8: Uint8Array
}

interface Block {
  address: number
  bytes: number
}

export interface HeapOptions {
  /** Memory that threads can share. */
  readonly shared?: boolean
  readonly maximumPages?: number
}

export class Heap {
  readonly #options: Required<HeapOptions>
  /** Address 0 is nobody's. */
  readonly #blocks = new Blocks(alignment)
  readonly #constants = new WeakMap<TypedArray, Block>()
  readonly #collected = new FinalizationRegistry<Block>(block => this.release(block))
  readonly #views: HeapViews = noViews()
  #memory: WebAssembly.Memory | null = null
  #arena: Block | null = null

  constructor({ shared = false, maximumPages = mostPages }: HeapOptions = {}) {
    this.#options = { shared, maximumPages }
  }

  /** Made on first use. */
  get memory(): WebAssembly.Memory {
    if (this.#memory === null) {
      const { shared, maximumPages } = this.#options
      this.#memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages, shared })
      this.#blocks.extend(page)
    }
    return this.#memory
  }

  /** Valid until the memory grows; the object itself is valid for ever. */
  get views(): HeapViews {
    const { buffer } = this.memory
    if (this.#views.uint8.buffer !== buffer) Object.assign(this.#views, viewsOf(buffer))
    return this.#views
  }

  /** Bytes of the memory, and how many of them are free. */
  get usage(): { readonly bytes: number; readonly free: number } {
    return { bytes: this.memory.buffer.byteLength, free: this.#blocks.freeBytes }
  }

  /**
   * Makes room for variables that are to be adopted and for an arena, in one growth: each growth makes a new buffer of the
   * whole memory, which the garbage collector counts in full.
   */
  reserve(shared: readonly Shared[], scratch: number): void {
    const { memory } = this
    const arena = this.#arena?.bytes ?? 0
    let bytes = arena < scratch ? alignUp(scratch) - arena : 0
    for (const { cell } of shared) if (!this.#holds(cell)) bytes += alignUp(bytesIn(cell))
    const missing = bytes - this.#blocks.freeBytes
    if (missing > 0) this.#grow(memory, this.#blocks.tail + missing)
  }

  /**
   * The address of a shared variable's value: the first time it moves here, with its cell. The address is for life,
   * unless the variable was made with unknown axes and its size changes: so ask at every call.
   */
  adopt(shared: Shared): number {
    if (this.#holds(shared.cell)) return shared.cell.address
    const { dtype, shape } = shared.cell
    const cell = this.cell(dtype, shared.cell.read(), shape)
    shared.cell = cell
    return cell.address
  }

  /** A place for life for the value of a shared variable. */
  cell(dtype: DType, data: TypedArray, shape: readonly number[]): HeapCell {
    const cell = new HeapCell(this, dtype, shape, this.#copyIn(data))
    this.#collected.register(cell, cell.block)
    return cell
  }

  /** The address of a constant's data, which stays there as long as the array `data` itself is alive. */
  place(data: TypedArray): number {
    let block = this.#constants.get(data)
    if (block === undefined) {
      block = this.#copyIn(data)
      this.#constants.set(data, block)
      this.#collected.register(data, block)
    }
    return block.address
  }

  /** The address of the arena that all calls use in turn, at least `bytes` large. Nothing in it outlives a call. */
  scratch(bytes: number): number {
    if (this.#arena === null || this.#arena.bytes < bytes) {
      if (this.#arena !== null) this.release(this.#arena)
      this.#arena = null
      this.#arena = this.allocate(bytes)
    }
    return this.#arena.address
  }

  /**
   * The arena, made larger while a call is at work: the content of its first `kept` bytes goes along.
   */
  enlarge(bytes: number, kept: number): number {
    const before = this.#arena
    if (before === null || before.bytes >= bytes) return this.scratch(bytes)
    const arena = this.allocate(bytes)
    this.views.uint8.copyWithin(arena.address, before.address, before.address + kept)
    this.release(before)
    this.#arena = arena
    return arena.address
  }

  /** A block of at least `bytes`; its content is whatever was there. */
  allocate(bytes: number): Block {
    const { memory } = this
    let address = this.#blocks.take(bytes)
    if (address === null) {
      this.#grow(memory, bytes)
      address = this.#blocks.take(bytes)!
    }
    return { address, bytes }
  }

  release({ address, bytes }: Block): void {
    this.#blocks.release(address, bytes)
  }

  /** The elements of a block, valid until the memory grows. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return new dtypeInfo[dtype].array(this.memory.buffer, address, length)
  }

  #holds(cell: Cell): cell is HeapCell {
    return cell instanceof HeapCell && cell.heap === this
  }

  /** Data of this very memory, a borrowed value, must not be lost when the memory grows. */
  #copyIn(given: TypedArray): Block {
    const data = given.buffer === this.memory.buffer ? given.slice() : given
    const block = this.allocate(data.byteLength)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.views.uint8.set(bytes, block.address)
    return block
  }

  /** By 64 MiB and a quarter at least, so that growth is rare; where that is too much, by what is needed. */
  #grow(memory: WebAssembly.Memory, bytes: number): void {
    const present = memory.buffer.byteLength / page
    const needed = Math.ceil((alignUp(bytes) - this.#blocks.tail) / page)
    const wanted = Math.max(needed, present >> 2, leastGrowth)
    const generous = Math.min(wanted, this.#options.maximumPages - present)
    for (const pages of generous > needed ? [generous, needed] : [needed]) {
      if (present + pages > this.#options.maximumPages) continue
      try {
        memory.grow(pages)
      } catch {
        continue
      }
      this.#blocks.extend(memory.buffer.byteLength)
      void this.views
      return
    }
    throw memoryExhausted(bytes, present * page, this.#options.maximumPages * page)
  }
}

/** The cell of an adopted shared variable: its value lies in the heap. */
class HeapCell implements Cell {
  constructor(
    readonly heap: Heap,
    readonly dtype: DType,
    public shape: readonly number[],
    /** Changed in place when the value moves, so that its present place is freed in the end. */
    readonly block: Block,
  ) {}

  get address(): number {
    return this.block.address
  }

  read(): TypedArray {
    const length = this.shape.reduce((n, size) => n * size, 1)
    return this.heap.view(this.dtype, this.address, length)
  }

  write(data: TypedArray, shape: readonly number[]): void {
    if (data.byteLength !== this.block.bytes) {
      const kept = data.buffer === this.heap.memory.buffer ? data.slice() : data
      const { address, bytes } = this.heap.allocate(kept.byteLength)
      this.heap.release({ ...this.block })
      this.block.address = address
      this.block.bytes = bytes
      data = kept
    }
    this.shape = [...shape]
    this.read().set(data)
  }
}

function bytesIn({ dtype, shape }: Cell): number {
  return shape.reduce((bytes, size) => bytes * size, bytesOf(dtype))
}

const noViews = (): HeapViews => viewsOf(new ArrayBuffer(0))

function viewsOf(buffer: ArrayBufferLike): HeapViews {
  return {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    uint8: new Uint8Array(buffer),
  }
}

/** The heap that all compiled functions of the process share. */
export const heap = new Heap()
makeCellsWith((dtype, data, shape) => heap.cell(dtype, data, shape))
