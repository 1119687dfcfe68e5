/**
 * The WebAssembly back end: kernels  →  one module for each batch of new ones, on the process's memory.
 *
 * Functions are cached by the kernels' structure, so a kernel that was hot stays hot wherever it turns up again.
 */
import { type DType, type Kernel, kernelKey } from '@arignote/loops'
import {
  assemble,
  type Exportable,
  hasRelaxedSimd,
  hasSimd,
  importMemory,
  type Limits,
  printModule,
  type WasmModule,
} from '@arignote/wasm'
import type { KernelBackend, KernelFunction, KernelMemory, Target } from '../backend.js'
import { emitKernel } from './function.js'
import { hostFunctions } from './large-arguments.js'
import type { EmitOptions } from './scope.js'
import { tileOf } from './tile.js'

class WasmBackend implements KernelBackend {
  readonly name = 'wasm'
  readonly #options: () => EmitOptions
  readonly #functions = new WeakMap<WebAssembly.Memory, Map<string, KernelFunction>>()
  #target: Target | null = null

  constructor(options: () => EmitOptions) {
    this.#options = options
  }

  get target(): Target {
    this.#target ??= targetOf(this.#options())
    return this.#target
  }

  load(kernels: readonly Kernel[], { memory }: KernelMemory): readonly KernelFunction[] {
    let known = this.#functions.get(memory)
    if (known === undefined) {
      known = new Map()
      this.#functions.set(memory, known)
    }
    const keys = kernels.map(kernelKey)
    const fresh = new Map<string, Kernel>()
    for (const [i, key] of keys.entries()) if (!known.has(key)) fresh.set(key, kernels[i]!)
    if (fresh.size > 0) {
      const functions = compile([...fresh.values()], memory, this.#options())
      for (const [i, key] of [...fresh.keys()].entries()) known.set(key, functions[i]!)
    }
    return keys.map(key => known.get(key)!)
  }

  text(kernels: readonly Kernel[]): string {
    return printModule(moduleOf(kernels, { initial: 0 }, this.#options()))
  }

  bytes(kernels: readonly Kernel[]): number {
    return this.module(kernels).length
  }

  module(kernels: readonly Kernel[]): Uint8Array<ArrayBuffer> {
    return moduleOf(kernels, { initial: 0 }, this.#options()).toBytes()
  }
}

function compile(
  kernels: readonly Kernel[],
  memory: WebAssembly.Memory,
  options: EmitOptions,
): KernelFunction[] {
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer
  const limits = shared ? { initial: 0, maximum: 65536, shared } : { initial: 0 }
  const bytes = moduleOf(kernels, limits, options).toBytes()
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    host: { memory },
    math: hostFunctions,
  })
  return kernels.map((_, i) => instance.exports[`k${i}`] as KernelFunction)
}

/** A module that exports the kernels as k0, k1, … */
function moduleOf(kernels: readonly Kernel[], limits: Limits, options: EmitOptions): WasmModule {
  const exports: Record<string, Exportable> = {}
  for (const [i, kernel] of kernels.entries()) exports[`k${i}`] = emitKernel(kernel, options)
  return assemble({ memory: importMemory('host', 'memory', limits), exports })
}

function targetOf({ simd, fused }: EmitOptions): Target {
  const lanes = (widest: DType) => (!simd ? 1 : widest === 'float64' ? 2 : 4)
  return { ...tileOf(simd, fused), lanes }
}

/** Kernels as WebAssembly with whatever vectors the engine has. */
export const wasmBackend: KernelBackend = new WasmBackend(() => {
  const simd = hasSimd()
  return { simd, fused: simd && hasRelaxedSimd() }
})

/** The same without vectors: lanes loops run one by one. */
export const wasmScalarBackend: KernelBackend = new WasmBackend(() => ({ simd: false, fused: false }))

/** A back end with chosen features, for tests and measurements. */
export function wasmBackendWith(options: EmitOptions): KernelBackend {
  return new WasmBackend(() => options)
}
