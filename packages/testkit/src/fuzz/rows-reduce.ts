/** Reductions, and what is composed of them. */
import { type Drawing, isFloating, type Known, moved, ref } from './drawing.js'
import type { Arg } from './program.js'
import { type Row, row } from './row.js'

interface Axes {
  /** As the user writes them. */
  readonly axis: Arg
  readonly list: readonly number[]
  readonly options: readonly Arg[]
}

/** Some axes of it, in one of the ways to say so. */
function axesOf(d: Drawing, { variable: { ndim } }: Known, extra: Readonly<Record<string, Arg>> = {}): Axes {
  const all = Array.from({ length: ndim }, (_, i) => i)
  const some = all.filter(() => d.chance(0.5))
  const one = ndim === 0 ? [] : [d.below(ndim)]
  const list = d.pick([all, one, one, some])
  const axis =
    list === all && d.chance(0.5)
      ? null
      : list.length === 1 && d.chance(0.7)
        ? list[0]! - (d.chance(0.3) ? ndim : 0)
        : list
  const keepdims = d.chance(0.3) ? { keepdims: true } : {}
  const options = { ...extra, ...keepdims }
  return { axis, list, options: Object.keys(options).length === 0 ? [] : [options] }
}

const countOf = (d: Drawing, { variable }: Known, axes: readonly number[]) =>
  axes.reduce((n, axis) => n * d.sizesOf(variable.shape[axis]!)[1], 1)

const sums = row('sum', d => {
  const k = d.find(() => true)
  const v = isFloating(k) ? d.moderate(k) : k
  const { axis, list, options } = axesOf(d, v)
  const n = countOf(d, v, list)
  const whole = v.whole && v.exact
  d.call('sum', [ref(v), axis, ...options], {
    low: Math.min(0, n * v.low),
    high: Math.max(0, n * v.high),
    exact: whole,
    whole,
  })
})

/** Of factors about 1, so that it stays moderate. */
const products = row('prod', d => {
  const k = d.find(() => true)
  const v = isFloating(k) ? d.within(k, -1.5, 1.5) : k
  const { axis, list, options } = axesOf(d, v)
  const most = Math.max(Math.abs(v.low), Math.abs(v.high), 1) ** countOf(d, v, list)
  if (isFloating(v) && most > 1e4) return void d.call('sum', [ref(v), axis, ...options])
  d.call('prod', [ref(v), axis, ...options], {
    low: -most,
    high: most,
    exact: v.exact && v.whole,
    whole: v.whole,
  })
})

const averages = row('mean', d => {
  const v = d.float(k => d.hasElements(k))
  const { axis, options } = axesOf(d, v)
  d.call('mean', [ref(v), axis, ...options], { low: v.low, high: v.high })
})

const extremes = ['max', 'min'].map(name =>
  row(name, d => {
    const v = d.find(k => d.hasElements(k))
    const { axis, options } = axesOf(d, v)
    d.call(name, [ref(v), axis, ...options], moved(v))
  }),
)

const spans = row('ptp', d => {
  const v = d.moderate(d.find(k => isFloating(k) && d.hasElements(k)))
  const { axis, options } = axesOf(d, v)
  d.call('ptp', [ref(v), axis, ...options], {
    low: 0,
    high: v.high - v.low,
    exact: v.exact && v.whole,
    whole: v.whole,
  })
})

/** Which of nearly equal numbers is the greatest, rounding decides: only of exact ones. */
const positions = ['argmax', 'argmin'].map(name =>
  row(name, d => {
    const v = d.exact(k => d.hasElements(k))
    const { axis, list, options } = axesOf(d, v)
    d.call(name, [ref(v), axis, ...options], { low: 0, high: Math.max(0, countOf(d, v, list) - 1) })
  }),
)

const truths = ['any', 'all'].map(name =>
  row(name, d => {
    const v = d.exact(() => true)
    const { axis, options } = axesOf(d, v)
    d.call(name, [ref(v), axis, ...options])
  }),
)

const variances = row('variance', d => {
  const v = d.within(
    d.float(k => d.hasElements(k)),
    -100,
    100,
  )
  const { axis, options } = axesOf(d, v)
  d.call('variance', [ref(v), axis, ...options], { low: 0, high: (v.high - v.low) ** 2 / 4 + 0.1 })
})

/** √ is steep at 0, so the elements are put 3 apart along the axis first. */
const deviations = row('std', d => {
  const v = d.within(
    d.float(k => k.variable.ndim > 0 && d.hasElements(k)),
    -1,
    1,
  )
  const last = v.variable.ndim - 1
  const count = d.call('arange', [d.size(v, last), null, 1, v.variable.dtype], {
    low: 0,
    high: d.sizesOf(v.variable.shape[last]!)[1],
  })
  const ramp = d.call('mul', [ref(count), 3], { low: 0, high: 3 * count.high })
  const apart = d.call('add', [ref(v), ref(ramp)], { low: -1, high: ramp.high + 1 })
  d.call('std', [ref(apart), -1], { low: 0, high: ramp.high + 2 })
})

/** The same. */
const norms = row('norm', d => {
  const v = d.within(
    d.float(k => d.hasElements(k)),
    0.2,
    3,
  )
  const ord = d.pick([null, 1, 2, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  const { axis, list, options } = axesOf(d, v, ord === null ? {} : { ord })
  d.call('norm', [ref(v), axis, ...options], { low: 0.2, high: 3 * countOf(d, v, list) })
})

const logSums = row('logSumExp', d => {
  const v = d.within(
    d.float(k => d.hasElements(k)),
    -100,
    100,
  )
  const { axis, list, options } = axesOf(d, v)
  d.call('logSumExp', [ref(v), axis, ...options], {
    low: v.low,
    high: v.high + Math.log(countOf(d, v, list)),
  })
})

const softmaxes = (['softmax', 'logSoftmax'] as const).map(name =>
  row(name, d => {
    const v = d.within(
      d.float(k => k.variable.ndim > 0 && d.hasElements(k)),
      -3,
      3,
    )
    const axis = d.below(v.variable.ndim)
    const n = d.sizesOf(v.variable.shape[axis]!)[1]
    const least = Math.exp(v.low - v.high) / n
    const facts = name === 'softmax' ? { low: least, high: 1 } : { low: Math.log(least), high: 0 }
    d.call(name, axis === v.variable.ndim - 1 ? [ref(v)] : [ref(v), axis], facts)
  }),
)

const entropies = [
  row('crossentropyCategorical', d => {
    const p = d.within(classes(d), 0.05, 3)
    const t = d.within(
      d.float(
        k =>
          k.variable.ndim === p.variable.ndim &&
          k.variable.shape.every((n, i) => n === 1 || n === p.variable.shape[i]),
      ),
      0,
      1,
    )
    d.call('crossentropyCategorical', [ref(p), ref(t), ...fromLogits(d)])
  }),
  row('crossentropyCategoricalSparse', d => {
    const p = d.within(classes(d), 0.05, 3)
    const { shape } = p.variable
    const n = d.sizesOf(shape.at(-1)!)[0]
    const whole = shape.slice(0, -1).map(dim => (typeof dim === 'number' ? dim : (dim.toString() as string)))
    if (whole.some(dim => typeof dim === 'string' && !(dim in d.sizes))) return d.find(() => false) as never
    const ids = d.leaf({ dtype: 'int32', shape: whole, low: 0, high: n - 1 })
    d.call('crossentropyCategoricalSparse', [ref(p), ref(ids), ...fromLogits(d)])
  }),
  row('crossentropyBinary', d => {
    const p = d.within(d.float(), 0.05, 0.95)
    const t = d.find(
      k =>
        k.variable.shape.length === p.variable.shape.length &&
        k.variable.shape.every((n, i) => n === p.variable.shape[i]),
    )
    d.call('crossentropyBinary', [
      ref(p),
      ref(isFloating(t) ? d.within(t, 0, 1) : d.cast(t, 'bool')),
      ...fromLogits(d),
    ])
  }),
]

const classes = (d: Drawing) => d.float(k => k.variable.ndim > 0 && d.hasElements(k))
const fromLogits = (d: Drawing): readonly Arg[] => (d.chance(0.5) ? [{ fromLogits: true }] : [])

export const reductions: readonly Row[] = [
  sums,
  products,
  averages,
  ...extremes,
  ...positions,
  ...truths,
  spans,
]

export const statistics: readonly Row[] = [variances, deviations, norms, logSums, ...softmaxes, ...entropies]
