/**
 * A program, compiled and exported: what was loaded gives the same bits as what was compiled, call by call, in results and
 * in what updates leave behind; and it fails where that fails.
 */
import { type CompiledFunction, type CompileOptions, compile, type Outputs } from '@arignote/compiler'
import type { Value, Variable } from '@arignote/graph'
import { exportFunction, type LoadedFunction, loadFunction } from 'arignote/save'

/** Anything that two results may differ in. */
function bitsOf(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) throw new Error('a result is an array, or several')
  if (!('data' in result)) return Object.entries(result).map(([key, x]) => [key, bitsOf(x)])
  const { data, shape } = result as { data: Float32Array; shape: number[] }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return [data.constructor.name, [...shape], Buffer.from(bytes).toString('base64')]
}

/** The result, or the code and class of the error. */
function outcome(call: () => unknown): unknown {
  try {
    return bitsOf(call())
  } catch (error) {
    const { name, code } = error as { name: string; code?: string }
    if (code === undefined) throw error
    return [name, code]
  }
}

export interface Exported {
  readonly compiled: CompiledFunction
  readonly loaded: LoadedFunction
  readonly bytes: Uint8Array
}

/** @throws Error where the two differ */
export function agreeExported(
  inputs: readonly Variable[],
  outputs: Outputs,
  calls: readonly (readonly Value[])[],
  options: CompileOptions = {},
): Exported {
  const compiled = compile(inputs, outputs, options) as unknown as CompiledFunction
  const bytes = exportFunction(compiled, { examples: calls })
  const loaded = loadFunction(bytes)
  calls.forEach((args, i) => {
    const [wanted, found] = [outcome(() => compiled(...args)), outcome(() => loaded(...(args as number[])))]
    if (JSON.stringify(wanted) !== JSON.stringify(found))
      throw new Error(`call ${i + 1}: ${JSON.stringify(wanted)} was exported as ${JSON.stringify(found)}`)
  })
  // The state of both, as another export shows it.
  const state = (f: LoadedFunction) => Object.values(f.parameters()).map(bitsOf)
  const again = loadFunction(exportFunction(compiled, { examples: calls }))
  if (JSON.stringify(state(again)) !== JSON.stringify(state(loaded)))
    throw new Error('parameters differ after the calls')
  return { compiled, loaded, bytes }
}
