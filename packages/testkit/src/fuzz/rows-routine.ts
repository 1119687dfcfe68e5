/** Routines (sorting, running sums), and writing to parts of a tensor. */
import { type Drawing, isFloating, type Known, moved, NotHere, ref } from './drawing.js'
import type { Arg } from './program.js'
import { type Row, row } from './row.js'

const ranked = (k: Known) => k.variable.ndim > 0
const axisOf = (d: Drawing, { variable: { ndim } }: Known): number =>
  d.below(ndim) - (d.chance(0.2) ? ndim : 0)
const along = (d: Drawing, k: Known, axis: number) => d.sizesOf(k.variable.shape.at(axis)!)
const direction = (d: Drawing): readonly Arg[] => (d.chance(0.3) ? [{ descending: true }] : [])

/** Which of nearly equal numbers comes first, rounding decides: positions only of exact ones. */
const sorting = [
  row('sort', d => {
    const k = d.find(ranked)
    d.call('sort', [ref(k), axisOf(d, k), ...direction(d)], moved(k))
  }),
  row('argsort', d => {
    const k = d.exact(ranked)
    const axis = axisOf(d, k)
    const high = Math.max(0, along(d, k, axis)[1] - 1)
    d.call('argsort', [ref(k), axis, ...direction(d)], { low: 0, high })
  }),
  row('topK', d => {
    const k = d.exact(v => ranked(v) && d.hasElements(v))
    const axis = axisOf(d, k)
    const [least, most] = along(d, k, axis)
    const count = 1 + d.below(Math.min(least, 4))
    for (const element of d.pick([['values'], ['indices'], ['values', 'indices']]))
      d.call(
        'topK',
        [ref(k), count, axis],
        element === 'values' ? moved(k) : { low: 0, high: most - 1 },
        element,
      )
  }),
]

const running = [
  row('cumsum', d => {
    const k = d.find(ranked)
    const v = isFloating(k) ? d.moderate(k) : k
    const axis = axisOf(d, v)
    const n = Math.max(1, along(d, v, axis)[1])
    const whole = v.exact && v.whole
    const [low, high] = [Math.min(v.low, n * v.low), Math.max(v.high, n * v.high)]
    d.call('cumsum', [ref(v), axis], { low, high, exact: whole, whole })
  }),
  row('cumprod', d => {
    const k = d.find(ranked)
    const v = isFloating(k) ? d.within(k, -1.3, 1.3) : k
    const axis = axisOf(d, v)
    const most = Math.max(1, Math.abs(v.low), Math.abs(v.high)) ** along(d, v, axis)[1]
    if (isFloating(v) && most > 1e4) throw new NotHere()
    const whole = v.exact && v.whole
    d.call('cumprod', [ref(v), axis], { low: -most, high: most, exact: whole, whole })
  }),
]

/** A part of a value, as its last line makes it. */
function partOf(d: Drawing, k: Known): Known {
  const [least] = d.sizesOf(k.variable.shape[0]!)
  if (least === 0) throw new NotHere()
  const choice = d.below(4)
  if (choice === 0) return d.call('at', [ref(k), d.pick([0, -1])], moved(k))
  if (choice === 1 && k.variable.ndim > 1) return d.call('diag', [ref(k)], moved(k))
  if (choice === 2) return d.call('take', [ref(k), ref(d.indices(k.variable.shape[0]!))], moved(k))
  return d.call(
    'slice',
    [ref(k), d.pick<Arg>([{ stop: 1 }, { step: -1 }, { start: least - 1 }, { step: 2 }])],
    moved(k),
  )
}

const writing = ['setSubtensor', 'incSubtensor'].map(name =>
  row(name, d => {
    const k = d.find(v => ranked(v) && v.variable.dtype !== 'bool')
    const whole = isFloating(k) ? d.moderate(k) : k
    const part = partOf(d, whole)
    const { dtype, shape } = part.variable
    const fits = (v: Known) =>
      v.variable.dtype === dtype &&
      v.variable.ndim <= shape.length &&
      v.variable.shape.every((n, i) => n === 1 || n === shape[shape.length - v.variable.ndim + i])
    const value = d.chance(0.3) ? null : d.find(fits)
    const y = value === null ? d.pick([0, 1, 3]) : isFloating(value) ? d.moderate(value) : value
    const interval = typeof y === 'number' ? { low: y, high: y, exact: true, whole: true } : y
    const both = moved(whole, { ...whole, ...interval })
    const n = d.elements(part) + 1
    const summed = {
      low: whole.low + n * Math.min(0, both.low),
      high: whole.high + n * Math.max(0, both.high),
    }
    const exact = both.exact && both.whole
    const facts = name === 'setSubtensor' ? both : { ...summed, exact, whole: exact }
    d.call(name, [ref(part), typeof y === 'number' ? y : ref(y), { of: ref(whole) }], facts)
  }),
)

export const routines: readonly Row[] = [...sorting, ...running]
export const subtensors: readonly Row[] = writing

// ── linear algebra ────────────────────────────────────────────────────────────────────────────

const mostRows = 5

/** Square matrices whose diagonal outweighs the rest, so that none is near to a singular one; symmetric ones are positive. */
function regular(d: Drawing, symmetric: boolean): Known {
  const isSquare = ({ variable: { shape } }: Known) => {
    const n = shape.at(-1)
    return shape.length >= 2 && n === shape.at(-2) && typeof n === 'number' && n <= mostRows
  }
  const known = d.known().some(k => isFloating(k) && isSquare(k))
  const n = d.pick([1, 2, 3])
  const k = known
    ? d.find(v => isFloating(v) && isSquare(v))
    : d.leaf({ dtype: d.pick(d.floats), shape: [n, n] })
  const small = d.within(k, -1, 1)
  const { dtype, shape } = small.variable
  const even = symmetric
    ? d.call('add', [ref(small), ref(d.call('swapaxes', [ref(small), -1, -2], moved(small)))])
    : small
  const size = shape.at(-1) as number
  const unit = d.call('eye', [size, size, 0, dtype], { low: 0, high: 1, exact: true, whole: true })
  const heavy = d.call('mul', [ref(unit), 2 * size + 1], { low: 0, high: 2 * size + 1 })
  return d.call('add', [ref(even), ref(heavy)], { low: -2, high: 2 * size + 3 })
}

/** One or several right-hand sides. */
function rightHandSide(d: Drawing, a: Known): Known {
  const n = a.variable.shape.at(-1)!
  const fits = (k: Known) =>
    k.variable.dtype === a.variable.dtype &&
    (k.variable.ndim === 1 ? k.variable.shape[0] === n : k.variable.ndim === 2 && k.variable.shape[0] === n)
  if (d.known().some(fits)) return d.within(d.find(fits), -30, 30)
  return d.leaf({ dtype: a.variable.dtype, shape: d.pick([[n as number], [n as number, 2]]) })
}

export const linearAlgebra: readonly Row[] = [
  row('det', d => {
    const a = regular(d, false)
    const most = a.high ** (a.variable.shape.at(-1) as number)
    d.call('det', [ref(a)], { low: 0.5, high: most })
  }),
  row('inv', d => {
    d.call('inv', [ref(regular(d, false))], { low: -1, high: 1 })
  }),
  row('solve', d => {
    const a = regular(d, false)
    const b = rightHandSide(d, a)
    d.call('solve', [ref(a), ref(b)], { low: -30, high: 30 })
  }),
  row('solveTriangular', d => {
    const a = regular(d, false)
    const b = rightHandSide(d, a)
    const options = d.pick<readonly Arg[]>([[], [{ lower: false }], [{ transpose: true }]])
    d.call('solveTriangular', [ref(a), ref(b), ...options], { low: -60, high: 60 })
  }),
  row('cholesky', d => {
    d.call('cholesky', [ref(regular(d, true))], { low: -5, high: 5 })
  }),
]
