/**
 * What a back end is: a target that lowering may ask about, and a way to turn kernels into functions.
 *
 * Kernels work on one memory. They get byte addresses and sizes as int32 arguments, in the order of `Kernel.params`
 * (followed by nothing else: a kernel's range is among its params), and return nothing.
 */
import type { DType, Kernel } from '@arignote/loops'

/** The memory that all kernels of the process share. `views` is one object for life; growth replaces its fields. */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory
  readonly views: {
    readonly float32: Float32Array
    readonly float64: Float64Array
    readonly int32: Int32Array
    readonly uint8: Uint8Array
  }
}

/** The shape of the contraction's register tile: `rows` accumulators of `columns(dtype)` elements each. */
export interface Target {
  readonly tileRows: number
  /** Vectors side by side in a tile (the jam of its lanes loop). */
  readonly tileVectors: number
  /** Elements of one vector register for a kernel whose widest dtype this is; 1 without SIMD. */
  lanes(widest: DType): number
}

export type KernelFunction = (...args: number[]) => void

export interface KernelBackend {
  readonly name: 'wasm' | 'js'
  readonly target: Target
  /** Functions for kernels, compiled together where they are new, and cached by their printed text for the process. */
  load(kernels: readonly Kernel[], memory: KernelMemory): readonly KernelFunction[]
  /** The code of a kernel as text: WebAssembly text or JavaScript. */
  text(kernel: Kernel): string
}
