/**
 * HDF5 files, through h5wasm: the C library as WebAssembly, 4 MB, loaded when the first such file is met. Bytes lie in
 * its own memory as a file, so that browsers can do the same.
 */
import { ArignoteError } from '@arignote/graph'
import { allocate, type DType } from '@arignote/loops'
import type { Tensor } from '@arignote/save/files'
import { damagedFile, needsHdf5 } from './errors.js'
import type { Hdf5 } from './keras-file.js'

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

/** Whether bytes begin as an HDF5 file. */
export const isHdf5 = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte)

export type H5 = typeof import('h5wasm')
type Group = import('h5wasm').Group
type Attribute = import('h5wasm').Attribute

let library: Promise<H5 | null> | null = null

/** @throws ArgumentError where it is not installed */
export async function loadLibrary(operation: string, file: string | null): Promise<H5> {
  // With the failure seen to right here, bundlers take it for what need not be installed.
  library ??= import('h5wasm').catch(() => null)
  const h5 = await library
  if (h5 === null) {
    library = null
    throw needsHdf5(
      operation,
      file,
      'h5wasm reads and writes such files, and is not installed: npm install h5wasm',
    )
  }
  const { activate_throwing_error_handler } = await h5.ready
  activate_throwing_error_handler()
  return h5
}

let files = 0

/** A name in the library's memory. */
export const newName = (): string => `/arignote-${files++}.h5`

/**
 * What `read` makes of the file, which is open as long as that runs.
 * @throws ArgumentError for a file that is damaged or not HDF5, and where h5wasm is not installed
 */
export async function withHdf5<R>(
  operation: string,
  file: string | null,
  bytes: Uint8Array,
  read: (file: Hdf5) => R,
): Promise<R> {
  const h5 = await loadLibrary(operation, file)
  const { FS } = await h5.ready
  const name = newName()
  FS.writeFile(name, bytes)
  let open: import('h5wasm').File | null = null
  try {
    const found = attempt(operation, file, () => new h5.File(name, 'r'))
    open = found
    return attempt(operation, file, () => read(reader(h5, found)))
  } finally {
    closed(open)
    FS.unlink(name)
  }
}

/** What the library says of a file that it cannot read, as an error of ours. */
function attempt<R>(operation: string, file: string | null, run: () => R): R {
  try {
    return run()
  } catch (error) {
    if (error instanceof ArignoteError) throw error
    throw damagedFile(operation, file, String((error as Error).message ?? error).split('\n')[0]!)
  }
}

/** A damaged file may be none that can be closed; what was read, or why it was not, stays. */
function closed(open: import('h5wasm').File | null): void {
  try {
    open?.close()
  } catch {}
}

function reader(h5: H5, open: import('h5wasm').File): Hdf5 {
  const group = (path: string) => (path === '' ? open : open.get(path)) as Group | null
  const attribute = (path: string, name: string): Attribute | null => group(path)?.attrs[name] ?? null
  const text = (path: string, name: string) => {
    const value = attribute(path, name)?.value
    return value === undefined || value === null ? null : String([value].flat()[0])
  }
  /** The names of a layer without weights are an empty list of numbers. */
  const list = (path: string, name: string) => {
    const found = attribute(path, name)
    if (found === null) return null
    const { value } = found
    return Array.isArray(value) ? value.map(String) : []
  }
  return {
    text,
    names: (path, name) => {
      const whole = list(path, name)
      if (whole !== null) return whole
      // Lists too long for one attribute go on in others.
      const parts: string[] = []
      for (let n = 0; ; n++) {
        const part = list(path, `${name}${n}`)
        if (part === null) return n === 0 ? null : parts
        parts.push(...part)
      }
    },
    has: path => group(path) !== null,
    array: path => {
      const data = open.get(path)
      if (!(data instanceof h5.Dataset)) throw new Error(`there is no array ${path}`)
      return tensorOf(path, data.value, data.shape ?? [])
    },
  }
}

function tensorOf(path: string, value: unknown, shape: readonly number[]): Tensor {
  const list: ArrayLike<unknown> =
    ArrayBuffer.isView(value) && !(value instanceof DataView) ? (value as never) : [value]
  const dtype: DType =
    value instanceof Float64Array
      ? 'float64'
      : value instanceof Float32Array
        ? 'float32'
        : integers(path, list)
  const data = allocate(dtype, list.length)
  for (let i = 0; i < list.length; i++) data[i] = Number(list[i])
  return { dtype, shape, data }
}

/** A single number may be a float. */
function integers(path: string, list: ArrayLike<unknown>): DType {
  for (let i = 0; i < list.length; i++) {
    const x = Number(list[i])
    if (!Number.isFinite(x)) throw new Error(`${path} holds no numbers`)
    if (x !== (x | 0)) return 'float64'
  }
  return 'int32'
}
