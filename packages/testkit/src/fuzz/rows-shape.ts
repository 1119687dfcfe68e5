/** Views: every shape operation, and indexing without gathers. */
import { type Drawing, type Known, moved, ref, sameShape } from './drawing.js'
import type { Arg } from './program.js'
import { type Row, row } from './row.js'

const axisOf = (d: Drawing, { variable: { ndim } }: Known): number => d.below(ndim)
/** The axis as users may write it. */
const either = (d: Drawing, axis: number, ndim: number) => (d.chance(0.2) ? axis - ndim : axis)
const any = (d: Drawing) => d.find(() => true)
const ranked = (d: Drawing, least = 1) => d.find(k => k.variable.ndim >= least)
const shapeOf = (d: Drawing, k: Known): Arg[] => k.variable.shape.map((_, axis) => d.size(k, axis))

/** A view of one value. */
const viewOf = (name: string, least: number, argsOf: (d: Drawing, k: Known) => readonly Arg[]): Row =>
  row(name, d => {
    const k = ranked(d, least)
    d.call(name, [ref(k), ...argsOf(d, k)], moved(k))
  })

/** Another shape with as many elements: axes merged, split, or as they are with ones between. */
function regrouped(d: Drawing, k: Known): readonly Arg[] {
  const { shape } = k.variable
  const sizes = shapeOf(d, k)
  if (sizes.length === 0) return d.pick([[1], [1, 1], []])
  if (d.chance(0.3)) return [-1]
  const axis = axisOf(d, k)
  const n = shape[axis]!
  const divisor = typeof n === 'number' ? [2, 3, 4].find(m => n > m && n % m === 0) : undefined
  if (typeof n === 'number' && divisor !== undefined && d.chance(0.6))
    return sizes.toSpliced(axis, 1, divisor, n / divisor)
  const [a, b] = [shape[axis], shape[axis + 1]]
  if (typeof a === 'number' && typeof b === 'number' && d.chance(0.7)) return sizes.toSpliced(axis, 2, a * b)
  const others = shape.filter((_, i) => i !== axis && i !== axis + 1)
  const known = others.every(m => typeof m === 'number' && m > 0)
  if (axis + 1 < sizes.length && known) return sizes.toSpliced(axis, 2, -1)
  return sizes.toSpliced(axis, 0, 1)
}

const ones = (k: Known) => k.variable.shape.flatMap((n, axis) => (n === 1 ? [axis] : []))

const regroupings = [
  viewOf('reshape', 0, (d, k) => [regrouped(d, k)]),
  viewOf('flatten', 1, (d, k) => (d.chance(0.5) ? [] : [1 + axisOf(d, k)])),
  viewOf('expandDims', 0, (d, k) => [
    d.chance(0.8) ? d.below(k.variable.ndim + 1) : [0, k.variable.ndim + 1],
  ]),
  row('squeeze', d => {
    const k = d.find(v => ones(v).length > 0)
    d.call('squeeze', [ref(k), ...(d.chance(0.3) ? [] : [d.pick(ones(k))])], moved(k))
  }),
]

const shuffled = (d: Drawing, n: number) =>
  Array.from({ length: n }, (_, i) => i)
    .map(i => [d.random(), i] as const)
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i)

const orders = [
  viewOf('transpose', 1, (d, k) => (d.chance(0.4) ? [] : [shuffled(d, k.variable.ndim)])),
  viewOf('dimshuffle', 0, (d, k) => {
    const order: Arg[] = shuffled(d, k.variable.ndim)
    return d.chance(0.5) ? order.toSpliced(d.below(order.length + 1), 0, 'x') : order
  }),
  viewOf('swapaxes', 2, (d, k) => [axisOf(d, k), axisOf(d, k) - (d.chance(0.3) ? k.variable.ndim : 0)]),
  viewOf('moveaxis', 2, (d, k) => [axisOf(d, k), axisOf(d, k)]),
  viewOf('flip', 1, (d, k) => (d.chance(0.3) ? [] : [axisOf(d, k)])),
]

/** To the shape of another value, or with an axis in front. */
const repetitions = [
  row('broadcastTo', d => {
    const k = any(d)
    const { shape } = k.variable
    const sizes = shape.map((n, axis): Arg => (n === 1 ? d.pick([1, 3, 4]) : d.size(k, axis)))
    const other = d.find(v => v.variable.ndim > 0)
    const front: readonly Arg[] = d.chance(0.4)
      ? [d.size(other, axisOf(d, other))]
      : d.pick([[], [d.someSize(2, 3)]])
    d.call('broadcastTo', [ref(k), [...front, ...sizes]], moved(k))
  }),
  viewOf('tile', 0, d => [d.pick<Arg>([2, [d.someSize(2), 1], [1, d.someSize(3)], [2, 2]])]),
  viewOf('repeat', 0, (d, k) => [
    d.someSize(1, 2, 3),
    ...(k.variable.ndim === 0 || d.chance(0.3) ? [] : [axisOf(d, k)]),
  ]),
]

const joined = [
  row('concatenate', d => {
    const k = ranked(d)
    const axis = axisOf(d, k)
    const fits = (v: Known) =>
      v.variable.ndim === k.variable.ndim &&
      sameShape(v.variable.shape.toSpliced(axis, 1), k.variable.shape.toSpliced(axis, 1))
    const parts = d.chance(0.3) ? [k, d.find(fits), d.find(fits)] : [k, d.find(fits)]
    d.call('concatenate', [parts.map(ref), either(d, axis, k.variable.ndim)], moved(...parts))
  }),
  row('stack', d => {
    const k = any(d)
    const other = d.find(
      v => sameShape(v.variable.shape, k.variable.shape) && v.variable.dtype === k.variable.dtype,
    )
    d.call('stack', [[ref(k), ref(other)], d.below(k.variable.ndim + 1)], moved(k, other))
  }),
]

const parts = row('split', d => {
  const k = d.find(v => v.variable.shape.some(n => typeof n === 'number' && n > 1))
  const axis = d.pick(k.variable.shape.flatMap((n, i) => (typeof n === 'number' && n > 1 ? [i] : [])))
  const n = k.variable.shape[axis] as number
  const sections: Arg = n % 2 === 0 && d.chance(0.5) ? 2 : [1, n - 1]
  for (const element of d.pick([[0], [1], [0, 1]]))
    d.call('split', [ref(k), sections, axis], moved(k), element)
})

const widened = row('pad', d => {
  const k = ranked(d)
  const value = d.pick([0, 0, 1])
  const width = () =>
    d.pick<Arg>([
      [0, 1],
      [1, 0],
      [2, 1],
      [0, 0],
    ])
  const fills = value === 0 || k.variable.dtype !== 'bool'
  const facts = moved(k)
  d.call('pad', [ref(k), k.variable.shape.map(width), ...(value === 0 || !fills ? [] : [{ value }])], {
    ...facts,
    low: Math.min(facts.low, value),
    high: Math.max(facts.high, value),
  })
})

/** The other modes repeat what is there, so there must be something. */
const widenedByItself = row('pad', d => {
  const k = d.find(v => v.variable.ndim > 0 && v.variable.ndim < 3 && d.hasElements(v))
  const mode = d.pick(['edge', 'wrap', 'symmetric', 'reflect'])
  const width = (_: unknown, axis: number): Arg =>
    d.sizesOf(k.variable.shape[axis]!)[0] > 1
      ? d.pick<Arg>([
          [0, 1],
          [1, 1],
        ])
      : 0
  d.call('pad', [ref(k), k.variable.shape.map(width), { mode }], moved(k))
})

const diagonals = viewOf('diag', 1, (d, k) => (k.variable.ndim > 1 && d.chance(0.5) ? [d.pick([1, -1])] : []))

const differences = row('diff', d => {
  const k = d.moderate(
    d.find(v => v.variable.dtype.startsWith('float') && v.variable.ndim > 0 && d.hasElements(v)),
  )
  const width = k.high - k.low
  d.call('diff', [ref(k), 1, axisOf(d, k)], {
    low: -width,
    high: width,
    exact: k.exact && k.whole,
    whole: k.whole,
  })
})

/** Where a named size has one value, that may be claimed. */
const claims = viewOf('specifyShape', 1, (d, k) => [
  k.variable.shape.map(n => {
    const [a, b] = d.sizesOf(n)
    return a === b && d.chance(0.8) ? a : null
  }),
])

const grids = row('meshgrid', d => {
  const vector = () => d.find(v => v.variable.ndim === 1)
  const [a, b] = [vector(), vector()]
  const element = d.below(2)
  d.call(
    'meshgrid',
    [[ref(a), ref(b)], ...(d.chance(0.5) ? [{ indexing: 'ij' }] : [])],
    moved(element === 0 ? a : b),
    element,
  )
})

const rolled = viewOf('roll', 1, (d, k) => [
  d.someSize(1, -1, 2, 7),
  ...(d.chance(0.3) ? [] : [axisOf(d, k)]),
])

/** One argument of `slice`; only what exists in both calls. */
function cut(d: Drawing, k: Known, axis: number): Arg {
  const [least] = d.sizesOf(k.variable.shape[axis]!)
  const choice = d.below(6)
  if (choice === 0 && least > 0) return d.pick([0, least - 1, -1, -least])
  if (choice === 1 && least > 0) return { start: d.someSize(d.below(least)), stop: null }
  if (choice === 2) return { start: null, stop: d.someSize(-1, least, 1) }
  if (choice === 3) return { step: d.pick([2, -1, -2, 3]) }
  if (choice === 4) return { start: d.pick([0, 1, -2]), stop: d.pick([null, 3, -1]), step: d.pick([1, 2]) }
  return null
}

const cuts = [
  viewOf('slice', 1, (d, k) => {
    const specs = k.variable.shape.map((_, axis) => cut(d, k, axis))
    return d.chance(0.3) ? specs.slice(0, 1) : specs
  }),
  row('at', d => {
    const k = d.find(v => v.variable.ndim > 0 && d.hasElements(v, [0]))
    const [least] = d.sizesOf(k.variable.shape[0]!)
    d.call('at', [ref(k), d.pick([0, -1, least - 1])], moved(k))
  }),
]

/** They fill with zeros. */
const triangles = ['triu', 'tril'].map(name =>
  row(name, d => {
    const k = ranked(d, 2)
    const { low, high, ...rest } = moved(k)
    d.call(name, [ref(k), d.pick([0, 1, -1])], { low: Math.min(0, low), high: Math.max(0, high), ...rest })
  }),
)

export const views: readonly Row[] = [
  ...regroupings,
  ...orders,
  ...repetitions,
  ...joined,
  parts,
  widened,
  widenedByItself,
  diagonals,
  differences,
  claims,
  grids,
  rolled,
  ...cuts,
  ...cuts,
  ...triangles,
]
