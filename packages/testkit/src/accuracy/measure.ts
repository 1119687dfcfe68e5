/**
 * How far a compiled function of real numbers is from the true one, in units of the last place (ulp).
 *
 * float32 is compared with JavaScript's own function in double precision, whose error is of no account there. float64 is
 * compared with it everywhere too; but there its own error counts, so the points that are farthest from it, and some others,
 * are compared with the exact value (see `exact.ts`).
 */
import { compile } from '@arignote/compiler'
import * as graph from '@arignote/graph'
import { tensor, type Variable } from '@arignote/graph'
import { native } from '@arignote/loops'
import { exactUlps } from './exact.js'
import { type Float, pointsOf } from './points.js'

export interface MeasureOptions {
  readonly dtype: Float
  /** About how many points. */
  readonly count: number
  readonly backend?: 'wasm' | 'wasm-scalar' | 'js'
  /** float64: how many points are compared with the exact value. */
  readonly exact?: number
}

export interface Accuracy {
  readonly name: string
  readonly points: number
  /** The greatest error: float64 by the exact value, as far as that was computed. */
  readonly ulps: number
  /** float64: the greatest distance from JavaScript's own function. */
  readonly fromNative: number
  /** Where. */
  readonly at: readonly number[]
  readonly got: number
  readonly wanted: number
}

type Real = (x: number, y: number) => number

/** In double precision. */
export const functions: Readonly<Record<string, Real>> = {
  ...native,
  exp2: x => 2 ** x,
  rsqrt: x => 1 / Math.sqrt(x),
}

const builders = graph as unknown as Record<string, (...args: readonly Variable[]) => Variable>
const chunk = 2 ** 16

/** Distance in ulp; 0 where both are the same special value, Infinity where only one is. */
export function ulps(got: number, wanted: number, dtype: Float): number {
  const rounded = dtype === 'float32' ? Math.fround(wanted) : wanted
  if (!Number.isFinite(got) || !Number.isFinite(rounded))
    return Object.is(got, rounded) ? 0 : Number.POSITIVE_INFINITY
  const [fraction, least] = dtype === 'float32' ? [23, -126] : [52, -1022]
  return Math.abs(got - wanted) / 2 ** (Math.max(least, exponentOf(wanted)) - fraction)
}

const cell = new DataView(new ArrayBuffer(8))

function exponentOf(x: number): number {
  cell.setFloat64(0, x)
  return ((cell.getUint32(0) >>> 20) & 0x7ff) - 1023
}

interface Point {
  readonly x: number
  readonly y: number
  readonly got: number
  readonly wanted: number
  readonly error: number
}

/** The greatest error of one function on one back end. */
export function measure(
  name: string,
  { dtype, count, backend = 'wasm', exact = 0 }: MeasureOptions,
): Accuracy {
  const f = functions[name]!
  const arity = name === 'pow' || name === 'atan2' ? 2 : 1
  const inputs = ['x', 'y'].slice(0, arity).map(n => tensor(n, { dtype, shape: ['n'] }))
  const run = compile(inputs, builders[name]!(...inputs), { backend })
  const farthest = new Farthest(exact)
  let points = 0
  for (const { xs, ys } of pointsOf(name, dtype, count, Math.min(count, chunk))) {
    const { data } = run(...[xs, ys].slice(0, arity)) as { data: ArrayLike<number> }
    for (let i = 0; i < xs.length; i++) {
      const [x, y, got] = [xs[i]!, ys[i]!, data[i]!]
      const wanted = f(x, y)
      farthest.add(x, y, got, wanted, ulps(got, wanted, dtype))
    }
    points += xs.length
  }
  const worst = farthest.worst(point => (dtype === 'float32' ? point.error : trueError(name, point)))
  const { x, y, got, wanted, error } = worst
  return { name, points, ulps: error, fromNative: farthest.greatest, at: [x, y].slice(0, arity), got, wanted }
}

/** Special values are compared with JavaScript's, which has them right. */
function trueError(name: string, { x, y, got, wanted, error }: Point): number {
  const isSpecial =
    !Number.isFinite(wanted) || !Number.isFinite(got) || !Number.isFinite(x) || !Number.isFinite(y)
  return isSpecial || x === 0 || wanted === 0 ? error : exactUlps(name, got, wanted, x, y)
}

/** The points with the greatest errors, and as many drawn from all. */
class Farthest {
  greatest = 0
  private readonly far: Point[] = []
  private readonly sample: Point[] = []
  private limit = 0
  private seen = 0

  constructor(private readonly size: number) {}

  add(x: number, y: number, got: number, wanted: number, error: number): void {
    this.seen++
    if (error > this.greatest) this.greatest = error
    if (error > this.limit || this.far.length === 0) {
      this.far.push({ x, y, got, wanted, error })
      if (this.far.length > 2 * this.size + 1) this.prune()
    }
    // The gaps grow as the number of points does, so that about `size` are taken of any number.
    if (
      this.size > 0 &&
      Math.imul(this.seen, 0x9e3779b1) >>> 0 < (this.size * 2 ** 32) / (this.seen + this.size) &&
      this.sample.length < 4 * this.size
    )
      this.sample.push({ x, y, got, wanted, error })
  }

  private prune(): void {
    this.far.sort((a, b) => b.error - a.error)
    this.far.length = this.size + 1
    this.limit = this.far.at(-1)!.error
  }

  worst(errorOf: (point: Point) => number): Point {
    const all = [...this.far, ...this.sample].map(point => ({ ...point, error: errorOf(point) }))
    return all.reduce((a, b) => (b.error > a.error ? b : a))
  }
}
