/** Runs kernels as WebAssembly on a small memory of their own, and holds them to the interpreter's answers. */

import {
  type BufferParam,
  type DType,
  dtypeInfo,
  interpretKernel,
  type Kernel,
  type KernelParam,
  type Loop,
  type Scalar,
  type SizeParam,
  type Statement,
  s,
  type TypedArray,
} from '@arignote/loops'
import { hasRelaxedSimd } from '@arignote/wasm'
import type { KernelBackend, KernelMemory } from '../src/5-emit/backend.js'
import { wasmBackendWith, wasmScalarBackend } from '../src/5-emit/wasm/index.js'

export const simd = wasmBackendWith({ simd: true, fused: false })
export const backends: readonly (readonly [string, KernelBackend])[] = [
  ['scalar', wasmScalarBackend],
  ['simd', simd],
]
export const fused = hasRelaxedSimd() ? wasmBackendWith({ simd: true, fused: true }) : null

const memory = new WebAssembly.Memory({ initial: 32 })
const bytes = new Uint8Array(memory.buffer)
export const kernelMemory: KernelMemory = {
  memory,
  views: {
    float32: new Float32Array(memory.buffer),
    float64: new Float64Array(memory.buffer),
    int32: new Int32Array(memory.buffer),
    uint8: bytes,
  },
}

const bytesIn = (array: TypedArray) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** Runs the kernel on copies of the arguments, which it returns. Nothing around them may be touched. */
export function run(
  backend: KernelBackend,
  kernel: Kernel,
  args: readonly (TypedArray | number)[],
): TypedArray[] {
  const [f] = backend.load([kernel], kernelMemory)
  bytes.fill(0xa5)
  let at = 1024
  const places = args.map(arg => {
    if (typeof arg === 'number') return arg
    bytes.set(bytesIn(arg), at)
    const place = at
    at += (arg.byteLength + 63) & ~15
    return place
  })
  f!(...places)
  const results: TypedArray[] = []
  let guard = 1024
  for (const [i, arg] of args.entries()) {
    if (typeof arg === 'number') continue
    const place = places[i]!
    for (; guard < place; guard++) if (bytes[guard] !== 0xa5) throw new Error(`byte ${guard} was overwritten`)
    guard += arg.byteLength
    const copy = arg.slice()
    bytesIn(copy).set(bytes.subarray(place, place + arg.byteLength))
    results.push(copy)
  }
  for (; guard < at + 256; guard++)
    if (bytes[guard] !== 0xa5) throw new Error(`byte ${guard} was overwritten`)
  return results
}

/** The interpreter's answer on copies of the arguments. */
export function expected(kernel: Kernel, args: readonly (TypedArray | number)[]): TypedArray[] {
  const copies = args.map(arg => (typeof arg === 'number' ? arg : arg.slice()))
  interpretKernel(kernel, copies)
  return copies.filter(copy => typeof copy !== 'number')
}

/** Throws where a back end's answer is not the interpreter's; `tolerance` is relative. */
export function agree(kernel: Kernel, args: readonly (TypedArray | number)[], tolerance = 0): void {
  const right = expected(kernel, args)
  for (const [name, backend] of backends) {
    const results = run(backend, kernel, args)
    for (const [b, result] of results.entries()) {
      for (const [i, x] of result.entries()) {
        const y = right[b]![i]!
        const isClose = Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y))
        if (!Object.is(x, y) && !(tolerance > 0 && isClose)) {
          throw new Error(`${name}: buffer ${b}[${i}] is ${x}, not ${y}\n${backend.text([kernel])}`)
        }
      }
    }
  }
}

export const buffer = (name: string, dtype: DType, access: BufferParam['access'] = 'read'): BufferParam => {
  return { kind: 'buffer', name, dtype, access }
}
export const size = (name: string): SizeParam => ({ kind: 'size', name })
export const kernel = (params: readonly KernelParam[], body: readonly Statement[]): Kernel => {
  return { name: 'test', params, body, range: null }
}

type LoopOptions = Partial<Pick<Loop, 'begin' | 'step' | 'mode' | 'jam' | 'folds'>>

/** A loop over a new axis. */
export function loop(end: Scalar | number, options: LoopOptions, body: (i: Scalar) => Statement[]): Loop {
  const axis = { name: 'i' }
  const whole = typeof end === 'number' ? s.int(end) : end
  const defaults = { begin: s.int(0), step: 1, mode: 'serial', jam: 1, folds: [] } as const
  return { kind: 'loop', axis, end: whole, ...defaults, ...options, body: body(s.axis(axis)) }
}

export const lanes = (end: Scalar | number, jam: number, body: (i: Scalar) => Statement[]): Loop => {
  return loop(end, { mode: 'lanes', jam }, body)
}

export const store = (to: BufferParam, index: Scalar | number, value: Scalar): Statement => {
  return { kind: 'store', buffer: to, index: typeof index === 'number' ? s.int(index) : index, value }
}

/** An array of a dtype. */
export function filled(dtype: DType, length: number, f: (i: number) => number): TypedArray {
  const array = new dtypeInfo[dtype].array(length)
  for (let i = 0; i < length; i++) array[i] = f(i)
  return array
}
