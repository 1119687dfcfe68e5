/**
 * Module: exports  →  everything that is reachable from them.
 *
 * Only the exports are named; functions, imports and globals are collected. Their order
 * here is the order of their indices. `binary.ts` writes them down.
 */
import { encodeModule } from './binary.js'
import { noMemory, sharedNeedsMaximum, twoMemories, unfinished } from './errors.js'
import type { Callable, Global, ImportedFunction, WasmFunction } from './instruction.js'
import type { ValueType } from './opcode.js'

/** Size of a memory in pages of 64 KiB. A shared memory needs a maximum. */
export interface Limits {
  readonly initial: number
  readonly maximum?: number
  readonly shared?: boolean
}

/** The memory of a module: its own, or one that the host provides. */
export interface Memory extends Limits {
  readonly kind: 'memory'
  readonly from?: { readonly module: string; readonly name: string }
}

/** What a module can export. */
export type Exportable = Callable | Memory | Global

/** What `assemble` is given. */
export interface ModuleParts {
  /** The one memory; may be left out if it is exported or if no function touches memory. */
  readonly memory?: Memory
  readonly exports: Readonly<Record<string, Exportable>>
}

/** What a module consists of, everything in the order of its indices. */
export interface ModuleContent {
  readonly imports: readonly ImportedFunction[]
  readonly functions: readonly WasmFunction[]
  readonly globals: readonly Global[]
  readonly memory: Memory | undefined
  readonly exports: Readonly<Record<string, Exportable>>
}

/** A complete module that can be encoded. */
export interface WasmModule extends ModuleContent {
  /** The binary format, for `new WebAssembly.Module`. */
  toBytes(): Uint8Array<ArrayBuffer>
}

/** A function of the host. */
export function importFunction(
  module: string,
  name: string,
  params: readonly ValueType[],
  results: readonly ValueType[],
): ImportedFunction {
  return { kind: 'import', module, name, params, results }
}

/** A memory of the host. */
export function importMemory(module: string, name: string, limits: Limits): Memory {
  return { ...memory(limits), from: { module, name } }
}

/** A memory of the module itself. */
export function memory(limits: Limits): Memory {
  if (limits.shared && limits.maximum === undefined) throw sharedNeedsMaximum()
  return { kind: 'memory', ...limits }
}

/** A global of the module itself; mutable unless said otherwise. */
export function global(name: string, type: Global['type'], initial: number, mutable = true): Global {
  return { kind: 'global', name, type, mutable, initial }
}

/** Collects a module from its exports. */
export function assemble({ memory: given, exports }: ModuleParts): WasmModule {
  const imports = new Set<ImportedFunction>()
  const functions = new Set<WasmFunction>()
  const globals = new Set<Global>()
  const memories = new Set<Memory>(given ? [given] : [])

  const waiting: Callable[] = []
  for (const item of Object.values(exports)) {
    if (item.kind === 'memory') memories.add(item)
    else if (item.kind === 'global') globals.add(item)
    else waiting.push(item)
  }
  // The list grows while it is walked: exports first, then what they call.
  for (const callable of waiting) {
    if (callable.kind === 'import') imports.add(callable)
    else if (!functions.has(callable)) {
      if (!callable.finished) throw unfinished(callable.name)
      functions.add(callable)
      waiting.push(...callable.calls)
      for (const item of callable.globals) globals.add(item)
    }
  }

  if (memories.size > 1) throw twoMemories()
  const [only] = memories
  if (!only) for (const { usesMemory, name } of functions) if (usesMemory) throw noMemory(name)

  const parts = {
    imports: [...imports],
    functions: [...functions],
    globals: [...globals],
    memory: only,
    exports,
  }
  return { ...parts, toBytes: () => encodeModule(parts) }
}
