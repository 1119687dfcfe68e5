/**
 * The file of an exported function: bytes  →  what they say, all of it checked before anything is made of it.
 *
 *    0   "arignote"
 *    8   uint32   version of the format: 1
 *   12   uint32   CRC-32 of everything that follows
 *   16   uint32   bytes of the whole file
 *   20   uint32   bytes of the manifest
 *   24   the manifest: JSON in UTF-8
 *        zeros up to a multiple of 8; from there on lies what the manifest points to
 *
 * Numbers are little-endian. A version that this file does not know is refused, never guessed at.
 */
import { damaged, foreign, newer } from './errors.js'

export const magic = 'arignote'
export const version = 1
export const headerBytes = 24

export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool'

/** Where in the file, from the beginning of the data. */
export interface Stored {
  readonly from: number
  readonly bytes: number
}

/** How an address moves with the trip t of the repeat at a depth: + bytes · (t + phase), or with slots modulo them. */
export type Move = readonly [depth: number, bytes: number, slots: number, phase: number]

/** An address: as it is outside of repeats, and how it moves. */
export type Address = readonly [start: number, ...moves: Move[]]

export type Step =
  /** A kernel with its arguments; `extent` −1: it has no range, else it is called for pieces of `chunk`. */
  | readonly [
      kind: 'run',
      kernel: number,
      args: readonly (number | Address)[],
      extent: number,
      chunk: number,
      canFail: 0 | 1,
    ]
  | readonly [
      kind: 'repeat',
      depth: number,
      count: number,
      name: string,
      body: readonly Step[],
      exit: Exit | null,
      /** For messages; null: steps are numbered as the trips. */
      numbering: Numbered | null,
    ]
  | readonly [kind: 'branch', condition: Address, thenSteps: readonly Step[], elseSteps: readonly Step[]]
  /** Where the byte at the address is 0, the call has failed. */
  | readonly [kind: 'assert', holds: Address, failure: number]

/**
 * The repeat ends after the trip that leaves a byte other than 0 at the condition; then so many bytes are copied, the trip
 * being the one after the last.
 */
export type Exit = readonly [
  condition: Address,
  copies: readonly (readonly [from: Address, to: Address, bytes: number])[],
]

/** Trip t makes `each` steps from before + each · t on; of a segment they are counted from the first of the trip around it. */
export type Numbered = readonly [before: number, each: number, part: 'whole' | 'segments' | 'segment']

/** What an entry in the error record, or an assertion, means. */
export interface Failure {
  readonly kind: 'index' | 'routine' | 'assert'
  readonly operation: string
  /** What went wrong; of an index: what it must be less than. */
  readonly problem: string | number
  readonly hint: string
  /** The shape of the indices, or of the batch. */
  readonly shape: readonly number[]
}

/** What runs for given sizes. */
export interface Program {
  /** Of each input. */
  readonly shapes: readonly (readonly number[])[]
  /** Where each argument goes; −1: nowhere, it is not read. */
  readonly inputs: readonly number[]
  readonly steps: readonly Step[]
  readonly outputs: readonly { readonly at: number; readonly shape: readonly number[] }[]
  /** New values that are copied to shared variables when nothing can fail any more. */
  readonly commits: readonly (readonly [shared: number, from: number])[]
  readonly failures: readonly Failure[]
}

export interface Input {
  readonly name: string | null
  readonly dtype: DType
  /** Numbers, names of sizes, and null for a size without a name. */
  readonly shape: readonly (number | string | null)[]
  /** What stands in for an argument that is left out. */
  readonly otherwise: (Stored & { readonly shape: readonly number[] }) | null
}

export interface Manifest {
  readonly name: string
  readonly inputs: readonly Input[]
  /** The names of a record of inputs; null: they are a list. */
  readonly inputNames: readonly string[] | null
  readonly outputs: readonly { readonly name: string | null; readonly dtype: DType }[]
  readonly outputNames: readonly string[] | 'one' | 'list'
  readonly shared: readonly (Stored & {
    readonly name: string
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly at: number
  })[]
  readonly constants: readonly (Stored & { readonly at: number })[]
  /** A WebAssembly module that imports `host.memory` and some of `math`, and exports kernels as k0, k1, … */
  readonly code: Stored
  /** The address of the error record: four int32. */
  readonly record: number
  /** Bytes of the memory. */
  readonly bytes: number
  readonly programs: readonly Program[]
}

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i
  for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0)
  return c
})

/** CRC-32 as in zip files (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let c = ~0
  for (let i = 0; i < bytes.length; i++) c = (c >>> 8) ^ table[(c ^ bytes[i]!) & 255]!
  return ~c >>> 0
}

/** Where the data begin behind a manifest of so many bytes. */
export const dataBegin = (manifestBytes: number): number => (headerBytes + manifestBytes + 7) & ~7

export interface Opened {
  readonly manifest: Manifest
  /** The bytes of something stored. */
  stored(of: Stored): Uint8Array<ArrayBuffer>
}

/** @throws ArgumentError for what is no such file, is damaged, or of a later version */
export function open(given: ArrayBuffer | Uint8Array): Opened {
  // A copy: the caller's may lie at an odd place, and may change. Buffers of other realms are buffers too.
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength).slice()
    : Object.prototype.toString.call(given) === '[object ArrayBuffer]'
      ? new Uint8Array(given).slice()
      : null
  if (bytes === null) throw foreign('it is not bytes')
  const count = bytes.length
  for (let i = 0; i < magic.length && i < count; i++)
    if (bytes[i] !== magic.charCodeAt(i)) throw foreign('it begins otherwise')
  if (count === 0) throw foreign('it is empty')
  if (count < headerBytes) throw damaged(`it ends after ${count} bytes`)
  const view = new DataView(bytes.buffer)
  const [found, crc, length, manifestBytes] = [8, 12, 16, 20].map(at => view.getUint32(at, true)) as [
    number,
    number,
    number,
    number,
  ]
  if (found !== version) throw newer(found, version)
  if (length !== count) throw damaged(`it has ${count} bytes and should have ${length}`)
  if (crc32(bytes.subarray(16)) !== crc) throw damaged('its checksum differs')
  const begin = dataBegin(manifestBytes)
  const manifest = JSON.parse(
    new TextDecoder().decode(bytes.subarray(headerBytes, headerBytes + manifestBytes)),
  ) as Manifest
  return { manifest, stored: ({ from, bytes: n }) => bytes.slice(begin + from, begin + from + n) }
}
