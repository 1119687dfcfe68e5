/**
 * The interval of a function over intervals of its operands, by trying it on a grid: so an elementwise operation needs
 * no rule of its own. Between the points of the grid it may be exceeded a little, which is why limits are generous.
 */
import { compile } from '@arignote/compiler'
import { tensor } from '@arignote/graph'
import { functionOf } from './build.js'

export type Interval = readonly [low: number, high: number]

const points = 17
const known = new Map<string, (...grid: readonly Float64Array[]) => Iterable<number>>()

/** `rest` are arguments after the operands. Whole functions of whole numbers have no room between the points. */
export function rangeOf(
  fn: string,
  operands: readonly Interval[],
  { rest = [], whole = false }: { readonly rest?: readonly unknown[]; readonly whole?: boolean } = {},
): Interval {
  const key = `${fn} ${operands.length} ${JSON.stringify(rest)}`
  const evaluate = known.get(key) ?? compiled(fn, operands.length, rest)
  known.set(key, evaluate)
  const total = points ** operands.length
  const grid = operands.map(([low, high], i) =>
    Float64Array.from({ length: total }, (_, n) => {
      const step = Math.floor(n / points ** i) % points
      const [a, b] = [Math.max(low, -1e300), Math.min(high, 1e300)]
      return a + ((b - a) * step) / (points - 1)
    }),
  )
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const x of evaluate(...grid)) {
    if (Number.isNaN(x)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    low = Math.min(low, x)
    high = Math.max(high, x)
  }
  if (whole) return [Math.floor(low), Math.ceil(high)]
  const margin = 0.05 * (high - low)
  return [low >= 0 ? Math.max(0, low - margin * 0.1) : low - margin, high + margin]
}

function compiled(fn: string, arity: number, rest: readonly unknown[]) {
  const inputs = Array.from({ length: arity }, (_, i) =>
    tensor(`x${i}`, { dtype: 'float64', shape: ['points'] }),
  )
  const f = compile(inputs, functionOf(fn)(...inputs, ...rest) as never, {
    backend: 'reference',
    optimize: false,
  })
  return (...grid: readonly Float64Array[]) => (f(...grid) as unknown as { data: Iterable<number> }).data
}
