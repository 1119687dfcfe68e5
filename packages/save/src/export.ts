/**
 * A compiled function  →  the bytes of one file, which `loadFunction` runs without the compiler. `@arignote/load` says what
 * lies where in it.
 */
import { type CompiledFunction, type Portable, type PortableOptions, portableOf } from '@arignote/compiler'
import { crc32, dataBegin, headerBytes, type Manifest, magic, type Stored, version } from '@arignote/load'
import { pathOf, writeFile } from './file.js'

// biome-ignore lint/suspicious/noExplicitAny: whatever its inputs and outputs are
type AnyFunction = CompiledFunction<any, any, any>

/**
 * The function, its parameters as they are now, and its code: for the sizes it was called with so far, or for those that
 * are given.
 *
 * @example const bytes = exportFunction(predict, { sizes: [{ batch: 1, time: 100 }] })
 * @throws ArgumentError for what is no compiled function, and for sizes that it does not have
 * @throws GraphError for a function that cannot run elsewhere: one that prints, or whose values decide sizes
 */
export function exportFunction(f: AnyFunction, options?: PortableOptions): Uint8Array<ArrayBuffer> {
  return fileOf(portableOf(f, options))
}

/** The same into a file, which is replaced as a whole or not at all. */
export function saveFunction(path: string | URL, f: AnyFunction, options?: PortableOptions): void {
  const operation = 'saveFunction'
  writeFile({ operation, file: pathOf(operation, path) }, exportFunction(f, options))
}

const alignment = 8

function fileOf(portable: Portable): Uint8Array<ArrayBuffer> {
  const data = new Data()
  const names = uniqueNames(portable.shared.map(({ name }) => name))
  const manifest: Manifest = {
    ...portable,
    inputs: portable.inputs.map(({ otherwise, ...input }) => ({
      ...input,
      otherwise: otherwise && { shape: otherwise.shape, ...data.add(otherwise.data) },
    })),
    shared: portable.shared.map(({ data: value, ...variable }, i) => ({
      ...variable,
      name: names[i]!,
      ...data.add(value),
    })),
    constants: portable.constants.map(({ at, data: value }) => ({ at, ...data.add(value) })),
    code: data.add(portable.code),
  }
  const text = new TextEncoder().encode(JSON.stringify(manifest))
  const begin = dataBegin(text.length)
  const bytes = new Uint8Array(begin + data.bytes)
  bytes.set(new TextEncoder().encode(magic))
  bytes.set(text, headerBytes)
  data.writeTo(bytes.subarray(begin))
  const view = new DataView(bytes.buffer)
  view.setUint32(8, version, true)
  view.setUint32(16, bytes.length, true)
  view.setUint32(20, text.length, true)
  view.setUint32(12, crc32(bytes.subarray(16)), true)
  return bytes
}

/** What lies behind the manifest, aligned. */
class Data {
  bytes = 0
  readonly #parts: (readonly [number, Uint8Array])[] = []

  add(value: ArrayBufferView): Stored {
    const part = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    const from = this.bytes
    this.#parts.push([from, part])
    this.bytes = Math.ceil((from + part.length) / alignment) * alignment
    return { from, bytes: part.length }
  }

  writeTo(bytes: Uint8Array): void {
    for (const [from, part] of this.#parts) bytes.set(part, from)
  }
}

/** Parameters are known by names, so that those without one get one, and no two the same. */
function uniqueNames(names: readonly (string | null)[]): readonly string[] {
  const taken = new Set<string>()
  return names.map(name => {
    const base = name ?? 'shared'
    let free = base
    for (let n = 2; taken.has(free); n++) free = `${base} ${n}`
    taken.add(free)
    return free
  })
}
