/** Files, where there are any: found at run time, so that browsers can load this module. */
import { cannotRead, noFilesHere, nothingIn, wrongEncoding } from './errors.js'

/** Who reads, and what to do where there are no files, for messages. */
export interface Reader {
  readonly operation: string
  readonly instead: string
}

function builtin<T>({ operation, instead }: Reader, find: (load: typeof process.getBuiltinModule) => T): T {
  if (typeof process !== 'object' || typeof process.getBuiltinModule !== 'function')
    throw noFilesHere(operation, instead)
  return find(process.getBuiltinModule)
}

/** The path as text. */
export function pathOf(reader: Reader, path: string | URL): string {
  return path instanceof URL ? builtin(reader, load => load('node:url')).fileURLToPath(path) : path
}

export function joined(reader: Reader, ...parts: readonly string[]): string {
  return builtin(reader, load => load('node:path')).join(...parts)
}

/** @throws ArgumentError where there is no such file, and for an empty one */
export function readBytes(reader: Reader, file: string, wanted: string): Uint8Array {
  const fs = builtin(reader, load => load('node:fs'))
  let bytes: Uint8Array
  try {
    bytes = fs.readFileSync(file)
  } catch (error) {
    throw cannotRead(reader.operation, file, error)
  }
  if (bytes.length === 0) throw nothingIn(reader.operation, file, wanted)
  return bytes
}

/** A text, without the mark of its byte order. @throws ArgumentError also where the bytes are no such text, with the line */
export function readText(reader: Reader, file: string, wanted: string, encoding = 'utf-8'): string {
  const bytes = readBytes(reader, file, wanted)
  const decoder = decoderOf(encoding)
  if (decoder === null) throw cannotRead(reader.operation, file, `there is no encoding "${encoding}"`)
  try {
    return decoder.decode(bytes)
  } catch {
    throw wrongEncoding(reader.operation, file, brokenLine(bytes, decoder), encoding)
  }
}

function decoderOf(encoding: string): TextDecoder | null {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch {
    return null
  }
}

/** The first line that cannot be decoded, counted from 1. */
function brokenLine(bytes: Uint8Array, decoder: TextDecoder): number {
  let line = 1
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from)
    const to = end === -1 ? bytes.length : end + 1
    try {
      decoder.decode(bytes.subarray(from, to))
    } catch {
      return line
    }
    from = to
  }
  return line
}

/** The lines of a text, without what ends them; the last one may be missing its end. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

export function isFolder(reader: Reader, path: string): boolean {
  const fs = builtin(reader, load => load('node:fs'))
  try {
    return fs.statSync(path).isDirectory()
  } catch (error) {
    throw cannotRead(reader.operation, path, error)
  }
}

/** The names in a folder, sorted; null where there is no such folder. */
export function namesIn(reader: Reader, folder: string): string[] | null {
  const fs = builtin(reader, load => load('node:fs'))
  try {
    return fs.readdirSync(folder).sort()
  } catch {
    return null
  }
}
