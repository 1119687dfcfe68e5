/**
 * Golden numbers of Keras's layers, and how near is near enough. What the files hold: `golden/README.md`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(__dirname, '../golden')

// biome-ignore lint/suspicious/noExplicitAny: every file has a form of its own, told in its README
export type Golden = any

/** A JSON file of golden numbers: `golden('lstm')`. */
export function golden(name: string): Golden {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
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
