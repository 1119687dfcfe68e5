import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Cell, Shared, tensorType } from '@arignote/graph'
import type { DType, TypedArray } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { Blocks } from '../src/6-run/blocks.js'
import { Heap } from '../src/6-run/heap.js'

class PlainCell implements Cell {
  constructor(
    readonly dtype: DType,
    public data: TypedArray,
    public shape: readonly number[] = [data.length],
  ) {}
  read = () => this.data
  write(data: TypedArray, shape: readonly number[]) {
    this.data = data
    this.shape = shape
  }
}

const state = (data: TypedArray, dtype: DType = 'float32') =>
  new Shared(tensorType(dtype, [data.length]), 'state', new PlainCell(dtype, data))

const mebibyte = 2 ** 20

describe('the heap', () => {
  test('gives a shared variable one aligned address for life, and moves its value there', () => {
    const heap = new Heap()
    const v = state(Float32Array.of(1, 2, 3))
    const address = heap.adopt(v)
    expect(address % 64).toBe(0)
    expect(address).toBeGreaterThan(0)
    expect(heap.adopt(v)).toBe(address)
    expect([...v.cell.read()]).toEqual([1, 2, 3])
    expect(heap.views.float32[address / 4 + 1]).toBe(2)
    v.cell.write(Float32Array.of(4, 5, 6), [3])
    expect(heap.adopt(v)).toBe(address)
    expect(heap.views.float32[address / 4 + 1]).toBe(5)
  })

  test('keeps values, and its one views object, when it grows', () => {
    const heap = new Heap()
    const { views } = heap
    const v = state(Int32Array.of(7, 8), 'int32')
    const address = heap.adopt(v)
    const before = views.int32
    heap.scratch(3 * mebibyte)
    expect(heap.views).toBe(views)
    expect(views.int32).not.toBe(before)
    expect(views.int32[address / 4]).toBe(7)
    expect([...v.cell.read()]).toEqual([7, 8])
  })

  test('copies a value out of itself, also where there has to be room made for the copy', () => {
    const heap = new Heap()
    const half = new Float32Array(9 * mebibyte).fill(3)
    const first = heap.cell('float32', half, [half.length])
    const pages = heap.memory.buffer.byteLength
    const second = heap.cell('float32', first.read(), [half.length])
    expect(heap.memory.buffer.byteLength).toBeGreaterThan(pages)
    expect(second.read()).toHaveLength(half.length)
    expect([second.read()[0], second.read().at(-1)]).toEqual([3, 3])
  })

  test('notices growth that somebody else asked for', () => {
    const heap = new Heap()
    const { views } = heap
    const before = views.uint8.length
    heap.memory.grow(2)
    expect(heap.views.uint8.length).toBe(before + 2 * 65536)
    expect(views.uint8.length).toBe(before + 2 * 65536)
    heap.scratch(mebibyte)
    expect(heap.view('uint8', heap.scratch(1), mebibyte)).toHaveLength(mebibyte)
  })

  test('has one scratch arena, as large as the largest request', () => {
    const heap = new Heap()
    heap.scratch(1000)
    const base = heap.scratch(200_000)
    const { bytes } = heap.usage
    expect(heap.scratch(10)).toBe(base)
    expect(heap.scratch(200_000)).toBe(base)
    expect(heap.usage.bytes).toBe(bytes)
  })

  test('places a constant once', () => {
    const heap = new Heap()
    const data = Float64Array.of(1.5, 2.5)
    const address = heap.place(data)
    expect(heap.place(data)).toBe(address)
    expect([...heap.view('float64', address, 2)]).toEqual([1.5, 2.5])
  })

  test('moves a shared variable whose size changes, and frees its old place', () => {
    const heap = new Heap()
    const v = state(new Float32Array(1000))
    heap.adopt(v)
    const { free } = heap.usage
    v.cell.write(v.cell.read().slice(0, 10).fill(2), [10])
    expect([...v.cell.read()]).toEqual(new Array(10).fill(2))
    expect(v.cell.shape).toEqual([10])
    expect(heap.usage.free).toBe(free + 4032 - 64)
  })

  test('blocks given back are used again', () => {
    const heap = new Heap()
    const a = heap.allocate(30_000)
    heap.allocate(64)
    heap.release(a)
    expect(heap.allocate(20_000).address).toBe(a.address)
  })

  test('says so when there is no more', () => {
    const heap = new Heap({ maximumPages: 4 })
    const v = state(Float32Array.of(1))
    heap.adopt(v)
    expect(() => heap.scratch(mebibyte)).toThrow(/memory: 1\.0 MiB more do not fit/)
    expect(heap.scratch(1000)).toBeGreaterThan(0)
    expect([...v.cell.read()]).toEqual([1])
  })

  test('can be memory that threads share', () => {
    const heap = new Heap({ shared: true, maximumPages: 100 })
    const v = state(Float32Array.of(1, 2))
    heap.adopt(v)
    heap.scratch(mebibyte)
    expect(heap.memory.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...v.cell.read()]).toEqual([1, 2])
  })
})

/** Collects garbage until the condition holds, or gives up after seconds: finalizers run when the engine finds the time. */
async function collect(until: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < 300 && !until(); i++) {
    gc()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

test('blocks of collected shared variables and constants are free again', async () => {
  const heap = new Heap()
  const kept = heap.place(Float32Array.of(1))
  const { free } = heap.usage
  const fill = () => {
    heap.adopt(state(new Float32Array(100)))
    heap.place(new Float64Array(100))
  }
  fill()
  expect(heap.usage.free).toBeLessThan(free)
  await collect(() => heap.usage.free >= free)
  expect(heap.usage.free).toBeGreaterThanOrEqual(free)
  expect(heap.views.float32[kept / 4]).toBe(1)
}, 60_000)

describe('blocks', () => {
  test('neighbours coalesce in any order of release', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const blocks = new Blocks(64)
      blocks.extend(64 + 3 * 128)
      const taken = [0, 1, 2].map(() => blocks.take(128)!)
      expect(blocks.take(1)).toBeNull()
      for (const i of order) blocks.release(taken[i]!, 128)
      expect(blocks.take(3 * 128)).toBe(64)
    }
  })

  test('the best fit is taken', () => {
    const blocks = new Blocks(0)
    blocks.extend(64 * 20)
    const [large, , small] = [64 * 5, 64, 64 * 2, 64].map(bytes => blocks.take(bytes)!)
    blocks.release(large!, 64 * 5)
    blocks.release(small!, 64 * 2)
    expect(blocks.take(100)).toBe(small)
    expect(blocks.take(200)).toBe(large)
  })

  test('the tail is what an extension would enlarge', () => {
    const blocks = new Blocks(0)
    blocks.extend(640)
    blocks.take(64)
    expect(blocks.tail).toBe(576)
    blocks.extend(1280)
    expect(blocks.take(1216)).toBe(64)
    expect(blocks.tail).toBe(0)
  })
})
