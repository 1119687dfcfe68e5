/**
 * Arrays compared by value: the shape, and every element within a tolerance. NaN equals NaN, an infinity only itself.
 */
import { convert, dtypeOfValue, type Value } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'

export interface Tolerance {
  /** Of the greatest finite element expected (at least 1): for sums, whose error follows their terms. Default 1e-6. */
  readonly scaled?: number
  /** Instead of 1 in that. */
  readonly magnitude?: number
  /** Of each element itself: for elementwise functions. Either tolerance may be met. Default 0. */
  readonly relative?: number
}

interface Elements {
  readonly data: TypedArray
  readonly shape: readonly number[]
}

const elementsOf = (value: Value): Elements => convert(value, dtypeOfValue(value) ?? 'float64', 'expectArray')

/** What is wrong, in words; null when the arrays are alike. */
export function mismatch(
  actual: Value,
  expected: Value,
  { scaled = 1e-6, relative = 0, magnitude = 1 }: Tolerance = {},
): string | null {
  const a = elementsOf(actual)
  const b = elementsOf(expected)
  if (a.shape.join() !== b.shape.join()) return `the shape is [${a.shape}], expected [${b.shape}]`
  let scale = magnitude
  for (const x of b.data) if (Number.isFinite(x) && Math.abs(x) > scale) scale = Math.abs(x)
  const wrong: string[] = []
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i]!, b.data[i]!]
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= Math.max(scaled * scale, relative * Math.abs(y)))
      continue
    wrong.push(`at [${indexOf(i, a.shape)}] ${x}, expected ${y}`)
  }
  if (wrong.length === 0) return null
  const rest = wrong.length > 3 ? `; ${wrong.length - 3} more of ${a.data.length}` : ''
  return `${wrong.slice(0, 3).join('; ')}${rest} (tolerance ${scaled} · ${scale}, relative ${relative})`
}

function indexOf(position: number, shape: readonly number[]): string {
  const index: number[] = []
  for (const size of [...shape].reverse()) {
    index.unshift(position % size)
    position = Math.floor(position / size)
  }
  return index.join(', ')
}

/** `expectArray(f(x)).toBeCloseToArray([[1, 2]])`; throws an Error that tells the first elements that differ. */
export function expectArray(actual: Value) {
  const check = (expected: Value, tolerance: Tolerance): void => {
    const problem = mismatch(actual, expected, tolerance)
    if (problem !== null) throw new Error(problem)
  }
  return {
    toBeCloseToArray: (expected: Value, tolerance: Tolerance = {}) => check(expected, tolerance),
    toEqualArray: (expected: Value) => check(expected, { scaled: 0 }),
  }
}
