/**
 * What a back end is: a target that lowering may ask about, and a way to turn kernels into functions.
 *
 * Kernels work on one memory. They get byte addresses and sizes as int32 arguments, in the order of `Kernel.params`
 * (followed by nothing else: a kernel's range is among its params), and return nothing.
 */
import type { Kernel } from '@arignote/loops'
import type { Target } from '../program.js'

export type { Target }

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

export type KernelFunction = (...args: number[]) => void

export interface KernelBackend {
  readonly name: string
  readonly target: Target
  /** Functions for kernels, compiled together where they are new, and cached by their structure for the process. */
  load(kernels: readonly Kernel[], memory: KernelMemory): readonly KernelFunction[]
  /** The code of kernels as text: a WebAssembly module, or JavaScript functions. */
  text(kernels: readonly Kernel[]): string
  /** The size of that code in bytes. */
  bytes(kernels: readonly Kernel[]): number
  /** The same as a module that runs anywhere, exporting the kernels as k0, k1, …; absent where there is no such form. */
  module?(kernels: readonly Kernel[]): Uint8Array<ArrayBuffer>
}
