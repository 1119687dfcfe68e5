/**
 * Golden numbers of Keras's layers, how near is near enough, and whether every number was compared. What the files hold:
 * `golden/README.md`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(__dirname, '../golden')

// biome-ignore lint/suspicious/noExplicitAny: every file has a form of its own, told in its README
export type Golden = any

interface Watched {
  readonly value: Golden
  /** `cases[3].grads.x[0][1]`: what somebody has looked at. */
  readonly read: Set<string>
}

const files = new Map<string, Watched>()

function watched(name: string): Watched {
  const known = files.get(name)
  if (known !== undefined) return known
  const read = new Set<string>()
  const value = watch(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')), '', read)
  const made = { value, read }
  files.set(name, made)
  return made
}

const isLeaf = (value: unknown) => typeof value !== 'object' || value === null

const pathTo = (path: string, key: string) =>
  /^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`

/** The same value, which notes what of it is looked at. */
function watch(target: Golden, path: string, read: Set<string>): Golden {
  const inner = new Map<string, Golden>()
  return new Proxy(target, {
    get(from, key) {
      const value = from[key]
      if (typeof key === 'symbol' || !Object.hasOwn(from, key)) return value
      const own = pathTo(path, key)
      if (isLeaf(value)) read.add(own)
      if (isLeaf(value)) return value
      const seen = inner.get(key) ?? watch(value, own, read)
      inner.set(key, seen)
      return seen
    },
  })
}

/** A JSON file of golden numbers: `golden('lstm')`. */
export function golden(name: string): Golden {
  return watched(name).value
}

/**
 * Which numbers and names under some keys of a file no test of this test file has looked at yet: where there are any, a case
 * or a field of one was left out.
 * @param except paths, or beginnings of such, that are for people to read
 */
export function unread(name: string, keys: readonly string[], except: readonly string[] = []): string[] {
  const { value, read } = watched(name)
  const raw = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  for (const key of keys) if (!(key in value)) throw new Error(`${name}.json has no ${key}`)
  const missing = keys.flatMap(key => leavesOf(raw[key], key)).filter(path => !read.has(path))
  const kept = missing.filter(path => !except.some(start => path.startsWith(start)))
  return [...new Set(kept.map(path => path.replace(/(\[\d+\])+$/, '')))]
}

function leavesOf(value: Golden, path: string): string[] {
  if (isLeaf(value)) return [path]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, pathTo(path, key)))
}

/** Every JSON file there is, with its keys. */
export function goldenKeys(): Readonly<Record<string, readonly string[]>> {
  const names = readdirSync(folder).filter(file => file.endsWith('.json'))
  return Object.fromEntries(
    names.map(file => [
      file.replace('.json', ''),
      Object.keys(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
    ]),
  )
}

/** The path of a golden file that is not JSON: `goldenPath('model_keras2.h5')`. */
export const goldenPath = (file: string): string => join(folder, file)

/** What `golden/README.md` suggests: |a − b| ≤ tolerance · (1 + |b|). */
export const goldenTolerance = { float64: 1e-10, float32: 1e-5 } as const

/**
 * The worst |a − b| / (1 + |b|) over two nested arrays of the same form; infinite where the forms, or a NaN, differ.
 */
export function worstDifference(a: Golden, b: Golden): number {
  if (typeof b === 'number') {
    if (typeof a !== 'number') return Number.POSITIVE_INFINITY
    const difference = Math.abs(a - b) / (1 + Math.abs(b))
    return Number.isNaN(difference) ? (Object.is(a, b) ? 0 : Number.POSITIVE_INFINITY) : difference
  }
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return Number.POSITIVE_INFINITY
  return b.reduce((worst: number, item, i) => Math.max(worst, worstDifference(a[i], item)), 0)
}
