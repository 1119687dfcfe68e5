/**
 * Files, where there are any: read whole; written beside under another name, made sure of on the disk, and renamed. So a
 * file is always the old one or the new one, whatever fails.
 */
import { badArgument, describeGiven } from '@arignote/graph'
import { noFile, noFiles, type Task } from './errors.js'

/** Node's module, found at run time so that browsers can load this one. */
function builtin<T>(operation: string, find: (load: typeof process.getBuiltinModule) => T): T {
  if (typeof process !== 'object' || typeof process.getBuiltinModule !== 'function') throw noFiles(operation)
  return find(process.getBuiltinModule)
}

const files = (operation: string) => builtin(operation, load => load('node:fs'))

/** The path as text. @throws ArgumentError for what is none */
export function pathOf(operation: string, path: string | URL): string {
  const isPath = typeof path === 'string' ? path !== '' : path instanceof URL && path.protocol === 'file:'
  if (!isPath)
    throw badArgument(
      operation,
      `${path instanceof URL ? path : describeGiven(path).what} is no path`,
      'a path is a text, or a URL of the scheme file:',
    )
  return typeof path === 'string' ? path : builtin(operation, load => load('node:url')).fileURLToPath(path)
}

/** @throws ArgumentError where there is no such file */
export function readFile(task: Task & { readonly file: string }): Uint8Array {
  const fs = files(task.operation)
  try {
    // Not as a Buffer: its slices are no copies.
    const { buffer, byteOffset, byteLength } = fs.readFileSync(task.file)
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    throw noFile(task, 'read', error)
  }
}

/** @throws ArgumentError where the file cannot be written; an older one is then as it was */
export function writeFile(task: Task & { readonly file: string }, bytes: Uint8Array): void {
  const fs = files(task.operation)
  const { basename, dirname, join } = builtin(task.operation, load => load('node:path'))
  let beside: string | null = null
  try {
    const target = targetOf(task)
    const old = fs.statSync(target, { throwIfNoEntry: false })
    const folder = dirname(target)
    const unique = `${process.pid}-${Math.random().toString(36).slice(2)}`
    beside = join(folder, `.${basename(target)}.${unique}.tmp`)
    const file = fs.openSync(beside, 'wx')
    try {
      if (old !== undefined) fs.fchmodSync(file, old.mode & 0o777)
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(file, bytes, at)
      fs.fsyncSync(file)
    } finally {
      fs.closeSync(file)
    }
    fs.renameSync(beside, target)
  } catch (error) {
    const begun = beside
    if (begun !== null) quietly(() => fs.rmSync(begun, { force: true }))
    throw noFile(task, 'written', error)
  }
}

/** Empties a file, or makes it: the file itself, so that whoever reads along goes on. @throws ArgumentError where that cannot be done */
export function emptyFile(task: Task & { readonly file: string }): void {
  change(task, fs => fs.writeFileSync(task.file, ''))
}

/** Adds a text to a file, which is made where there is none. @throws ArgumentError where that cannot be done */
export function appendFile(task: Task & { readonly file: string }, text: string): void {
  change(task, fs => fs.appendFileSync(task.file, text))
}

function change(task: Task, how: (fs: ReturnType<typeof files>) => void): void {
  const fs = files(task.operation)
  try {
    how(fs)
  } catch (error) {
    throw noFile(task, 'written', error)
  }
}

/** What a link leads to is replaced, not the link, also where there is nothing yet. */
function targetOf({ operation, file }: Task & { readonly file: string }): string {
  const fs = files(operation)
  if (fs.existsSync(file)) return fs.realpathSync(file)
  const isLink = fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  const { dirname, resolve } = builtin(operation, load => load('node:path'))
  return isLink ? resolve(dirname(file), fs.readlinkSync(file)) : file
}

/** Runs this; if it fails, an error that is on its way says why. */
function quietly(run: () => void): void {
  try {
    run()
  } catch {}
}
