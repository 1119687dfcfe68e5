/** HDF5 files that are written, through h5wasm: see `hdf5.ts`. */
import type { NdArray } from '@arignote/graph'
import { type H5, loadLibrary, newName } from './hdf5.js'

export interface Hdf5Writer {
  group(path: string): void
  text(group: string, attribute: string, value: string): void
  names(group: string, attribute: string, names: readonly string[]): void
  array(path: string, value: NdArray): void
}

/** The bytes of a file into which `write` writes. @throws ArgumentError where h5wasm is not installed */
export async function writeHdf5(
  operation: string,
  file: string,
  write: (file: Hdf5Writer) => void,
): Promise<Uint8Array> {
  const h5 = await loadLibrary(operation, file)
  const { FS } = await h5.ready
  const name = newName()
  const open = new h5.File(name, 'w')
  try {
    write(writer(h5, open))
  } finally {
    open.close()
  }
  const bytes = FS.readFile(name).slice()
  FS.unlink(name)
  return bytes
}

function writer(h5: H5, open: import('h5wasm').File): Hdf5Writer {
  const at = (path: string) => {
    const found = path === '' ? open : open.get(path)
    if (!(found instanceof h5.Group)) throw new Error(`no group ${path}`)
    return found
  }
  /** With those it lies in. */
  const group = (path: string) => {
    const parts = path.split('/')
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts.slice(0, depth).join('/')
      if (open.get(part) === null) open.create_group(part)
    }
  }
  return {
    group,
    text: (path, attribute, value) => at(path).create_attribute(attribute, value),
    // As Keras has it: an empty list is one of numbers.
    names: (path, attribute, names) =>
      names.length === 0
        ? at(path).create_attribute(attribute, new Float64Array(0), [0], '<d')
        : at(path).create_attribute(attribute, [...names], [names.length], `S${widest(names)}`),
    array: (path, { data, shape }) => {
      group(path.split('/').slice(0, -1).join('/'))
      open.create_dataset({ name: path, data: data as Float32Array, shape: [...shape] })
    },
  }
}

const widest = (names: readonly string[]) =>
  Math.max(...names.map(name => new TextEncoder().encode(name).length))
