/** The JavaScript back end: kernels as generated functions, kept for the process by their keys. */
import { type Kernel, kernelKey, native, nearest } from '@arignote/loops'
import type { KernelBackend, KernelFunction, KernelMemory, Target } from '../backend.js'
import { bits } from './instructions.js'
import { emitKernel } from './kernel.js'

export { emitKernel } from './kernel.js'

type Views = KernelMemory['views']
type Factory = (views: Views) => KernelFunction

/** No vectors: a tile is a column of registers. */
const target: Target = { tileRows: 4, tileVectors: 1, lanes: () => 1 }

/** The functions that `Math` has not. */
const unlikeMath = Object.fromEntries(Object.entries(native).filter(([name]) => !(name in Math)))

/** What generated code names. `Math` is among it since globals are slow to look up in Jest's contexts. */
const scope = { Math, BigInt, fround: Math.fround, nearest, ...unlikeMath, ...bits }
const factories = new Map<string, Factory>()
const functions = new WeakMap<Views, Map<string, KernelFunction>>()

function factoryOf(kernel: Kernel, key: string): Factory {
  const known = factories.get(key)
  if (known !== undefined) return known
  const source = `'use strict'\nreturn ${emitKernel(kernel)}`
  const compiled = new Function('views', ...Object.keys(scope), source)
  const factory: Factory = views => compiled(views, ...Object.values(scope))
  factories.set(key, factory)
  return factory
}

function load(kernels: readonly Kernel[], memory: KernelMemory): readonly KernelFunction[] {
  const loaded = functions.get(memory.views) ?? new Map<string, KernelFunction>()
  functions.set(memory.views, loaded)
  return kernels.map(kernel => {
    const key = kernelKey(kernel)
    const found = loaded.get(key) ?? factoryOf(kernel, key)(memory.views)
    loaded.set(key, found)
    return found
  })
}

/** Of the source; what the engine makes of it, it does not say. */
const bytes = (kernels: readonly Kernel[]): number => new TextEncoder().encode(text(kernels)).length

const text = (kernels: readonly Kernel[]): string => kernels.map(emitKernel).join('\n\n')

export const jsBackend: KernelBackend = { name: 'js', target, load, text, bytes }
