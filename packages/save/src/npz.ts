/**
 * npz, many arrays as NumPy's `savez` writes them: a zip file of `name.npy`. fflate packs and unpacks; the checksums of the
 * entries, which it does not look at, are compared here.
 */
import { crc32 } from '@arignote/load'
import { strFromU8, unzipSync, zipSync } from 'fflate'
import { badName, notOfFormat, type Task } from './errors.js'
import { decodeNpy, encodeNpy } from './npy.js'
import type { Tensor } from './tensor.js'

const suffix = '.npy'
/** As NumPy does: a file says nothing of when it was made. */
const mtime = new Date(1980, 0, 1)

export function encodeNpz(operation: string, tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  const entries: Record<string, Uint8Array> = {}
  for (const [name, tensor] of tensors) {
    if (new TextEncoder().encode(name).length > 1000)
      throw badName(operation, name, 'it is too long for a zip file')
    entries[name + suffix] = encodeNpy(tensor)
  }
  return zipSync(entries, { level: 0, mtime })
}

/** @throws ArgumentError for what is not such a file, or a damaged one; DTypeError for a dtype that cannot be read */
export function decodeNpz(bytes: Uint8Array, task: Task): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (const [name, data] of npzEntries(bytes, task)) tensors.set(name, decodeNpy(data, { task, name }))
  return tensors
}

/** The bytes of each array. @throws ArgumentError for what is not such a file, or a damaged one */
export function npzEntries(bytes: Uint8Array, task: Task): Map<string, Uint8Array> {
  const wrong = (found: string, expected = 'a zip file of .npy arrays') =>
    notOfFormat(task, 'npz', found, expected)
  let entries: Record<string, Uint8Array>
  const sums = checksums(bytes)
  if (sums === null) throw wrong('its directory is missing or broken')
  try {
    entries = unzipSync(bytes)
  } catch (error) {
    throw wrong(`it cannot be unpacked: ${error instanceof Error ? error.message : error}`)
  }
  const arrays = new Map<string, Uint8Array>()
  for (const [name, sum] of sums) {
    const data = Object.hasOwn(entries, name) ? entries[name]! : null
    if (data === null || crc32(data) !== sum) throw wrong(`the checksum of "${name}" differs`)
    if (!name.endsWith(suffix)) throw wrong(`there is a file "${name}" in it`)
    arrays.set(name.slice(0, -suffix.length), data)
  }
  return arrays
}

/** The entries of the directory at the end of a zip file (APPNOTE 4.3.12 and 4.3.16); null where there is none. */
function checksums(bytes: Uint8Array): Map<string, number> | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const endBytes = 22
  let end = bytes.length - endBytes
  const first = Math.max(0, end - 65535)
  while (end >= first && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < first) return null
  const found = new Map<string, number>()
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) return null
    const flags = view.getUint16(at + 8, true)
    const [nameBytes, extra, comment] = [28, 30, 32].map(offset => view.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ]
    const name = strFromU8(bytes.subarray(at + 46, at + 46 + nameBytes), (flags & 0x800) === 0)
    found.set(name, view.getUint32(at + 16, true))
    at += 46 + nameBytes + extra + comment
  }
  return found.size === count && at === end ? found : null
}
