/**
 * Place: the program's buffers → offsets in one arena, for one binding of the sizes.
 *
 * Buffers whose size is not known yet are left out; when it is, they are placed around those that have a place already.
 *
 * Two buffers may overlap when their contents never matter at the same time. Largest first, each at the lowest offset
 * that fits. Shared variables and constants have addresses of their own and are not placed here.
 */
import type { Dim } from '@arignote/graph'
import { bytesOf } from '@arignote/loops'
import {
  type Aliases,
  type Buffer,
  type BufferRole,
  type Call,
  elementsOf,
  homeOf,
  type Program,
} from '../program.js'
import { liveIntervals } from './liveness.js'

const alignment = 64

export interface Plan {
  /** Byte offsets of arena buffers (aliased ones included). */
  readonly offsets: ReadonlyMap<Buffer, number>
  /** Bytes of the arena. */
  readonly bytes: number
  /** Bytes of the arena's buffers by role, as if nothing overlapped. */
  readonly byRole: ReadonlyMap<BufferRole, number>
  /** Bytes of the arena in which nothing but values between kernels ever lies. */
  readonly scratch: number
}

interface Block {
  readonly buffer: Buffer
  readonly bytes: number
  /** What it is for: of several buffers in one place the one that is more than scratch. */
  role: BufferRole
  begin: number
  end: number
  offset: number
}

const nothing: ReadonlyMap<Buffer, number> = new Map()
const always = { begin: 0, end: Number.POSITIVE_INFINITY }

export interface PlaceOptions {
  /** What has a place already. */
  readonly before?: ReadonlyMap<Buffer, number>
  /** Nothing overlaps, so that what was stored can be looked at later; default false. */
  readonly keepsAll?: boolean
}

/** `evaluate` gives null for a size that is not known yet. */
export function place(
  program: Program<Call>,
  aliases: Aliases,
  evaluate: (dim: Dim) => number | null,
  { before = nothing, keepsAll = false }: PlaceOptions = {},
): Plan {
  const blocks = new Map<Buffer, Block>()
  const offsets = new Map<Buffer, number>()
  const root = (buffer: Buffer) => homeOf(aliases, buffer)
  const intervals = liveIntervals(program)
  for (const [buffer, live] of intervals) {
    const { begin, end } = keepsAll ? always : live
    const owner = root(buffer)
    if (!isArena(owner)) continue
    const known = blocks.get(owner)
    if (known === undefined) {
      const size = evaluate(owner.size)
      if (size === null) continue
      const bytes = align(elementsOf(owner, () => size) * bytesOf(owner.dtype))
      blocks.set(owner, { buffer: owner, role: buffer.role, bytes, begin, end, offset: 0 })
    } else {
      if (known.role === 'scratch') known.role = buffer.role
      known.begin = Math.min(known.begin, begin)
      known.end = Math.max(known.end, end)
    }
  }
  const bytes = assignOffsets([...blocks.values()], before)
  for (const buffer of intervals.keys()) {
    const block = blocks.get(root(buffer))
    if (block !== undefined) offsets.set(buffer, block.offset)
  }
  const byRole = new Map<BufferRole, number>()
  for (const { role, bytes: size } of blocks.values()) byRole.set(role, (byRole.get(role) ?? 0) + size)
  const named = [...blocks.values()].filter(({ role }) => role !== 'scratch')
  return { offsets, bytes, byRole, scratch: bytes - covered(named) }
}

/** How many bytes of the arena the blocks take up together. */
function covered(blocks: readonly Block[]): number {
  let [sum, end] = [0, 0]
  for (const { offset, bytes } of [...blocks].sort((a, b) => a.offset - b.offset)) {
    sum += Math.max(0, offset + bytes - Math.max(end, offset))
    end = Math.max(end, offset + bytes)
  }
  return sum
}

const isArena = (buffer: Buffer) =>
  buffer.role !== 'shared' && buffer.role !== 'constant' && buffer.role !== 'errors'
const align = (bytes: number) => Math.max(alignment, Math.ceil(bytes / alignment) * alignment)

function assignOffsets(blocks: readonly Block[], before: ReadonlyMap<Buffer, number>): number {
  const placed: Block[] = blocks.filter(({ buffer }) => before.has(buffer))
  for (const block of placed) block.offset = before.get(block.buffer)!
  placed.sort((a, b) => a.offset - b.offset)
  let total = Math.max(0, ...placed.map(({ offset, bytes }) => offset + bytes))
  for (const block of blocks
    .filter(({ buffer }) => !before.has(buffer))
    .sort((a, b) => b.bytes - a.bytes || a.begin - b.begin)) {
    let offset = 0
    for (const other of placed) {
      if (other.begin > block.end || other.end < block.begin) continue
      if (offset + block.bytes <= other.offset) break
      offset = Math.max(offset, other.offset + other.bytes)
    }
    block.offset = offset
    total = Math.max(total, offset + block.bytes)
    const at = placed.findIndex(other => other.offset > offset)
    placed.splice(at < 0 ? placed.length : at, 0, block)
  }
  return total
}
