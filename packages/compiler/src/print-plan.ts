/**
 * A plan as text: the arena by address, then what lies in another buffer's memory. Names are those of `printProgram`.
 */
import { bytesOf } from '@arignote/loops'
import { nameBuffers } from './print-program.js'
import type { Aliases, Buffer, Call, Program } from './program.js'

/** Byte offsets of the arena's buffers. */
interface Planned {
  readonly offsets: ReadonlyMap<Buffer, number>
  readonly aliases: Aliases
  readonly bytes: number
}

export function printPlan(
  program: Program<Call>,
  { offsets, aliases, bytes }: Planned,
  elements: (buffer: Buffer) => number,
): string {
  const names = nameBuffers(program)
  const lines = [...offsets]
    .filter(([buffer]) => !aliases.has(buffer))
    .map(([buffer, start]) => ({ buffer, start, end: start + elements(buffer) * bytesOf(buffer.dtype) }))
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ buffer, start, end }) => `${start} .. ${end}  ${buffer.role} ${names.get(buffer)}`)
  const within = [...aliases].map(([buffer, home]) => `${names.get(buffer)} in ${names.get(home)}`)
  return [`${bytes} bytes`, ...lines, ...within].join('\n')
}
