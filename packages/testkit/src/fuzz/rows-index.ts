/** Gathers, scatters, products, and tensors out of nothing. */
import { equalDim } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { type Drawing, isFloating, type Known, moved, ref } from './drawing.js'
import type { Arg } from './program.js'
import { type Row, row } from './row.js'

export const gathers: readonly Row[] = [
  row('take', d => {
    const k = d.find(v => v.variable.ndim > 0)
    const axis = d.below(k.variable.ndim)
    const ids = d.indices(k.variable.shape[axis]!)
    d.call('take', [ref(k), ref(ids), axis], moved(k))
  }),
  row('slice', d => {
    const k = d.find(v => v.variable.ndim > 0)
    const axis = d.below(k.variable.ndim)
    const ids = d.indices(k.variable.shape[axis]!)
    const others = k.variable.shape.map(
      (_, i): Arg => (i === axis ? ref(ids) : d.pick<Arg>([null, null, { step: -1 }])),
    )
    d.call('slice', [ref(k), ...others], moved(k))
  }),
  row('takeAlongAxis', d => {
    const k = d.find(
      v => v.variable.ndim > 0 && d.hasElements(v) && v.variable.shape.every(n => typeof n === 'number'),
    )
    const axis = d.below(k.variable.ndim)
    const shape = (k.variable.shape as readonly number[]).with(axis, d.pick([1, 2, 3]))
    const high = d.sizesOf(k.variable.shape[axis]!)[0] - 1
    d.call('takeAlongAxis', [ref(k), ref(d.leaf({ dtype: 'int32', shape, low: 0, high })), axis], moved(k))
  }),
]

/** Places that occur more than once add up, in whatever order: exact only for whole numbers. */
export const scatters: readonly Row[] = [
  row('scatterAdd', d => {
    const k = d.find(v => v.variable.ndim > 0 && v.variable.dtype !== 'bool')
    const updates = isFloating(k) ? d.moderate(k) : k
    const axis = d.below(k.variable.ndim)
    const size = d.pick([1, 3, 5])
    const rows = k.variable.shape[axis]!
    const fits = (v: Known) =>
      v.variable.ndim === 1 && equalDim(v.variable.shape[0]!, rows) && v.variable.dtype === 'int32'
    const ids = d.known().some(fits) ? d.find(fits) : undefined
    const shape = typeof rows === 'number' ? rows : rows.toString() in d.sizes ? rows.toString() : null
    if (ids === undefined && shape === null) return void d.find(() => false)
    const places =
      ids === undefined
        ? d.leaf({ dtype: 'int32', shape: [shape!], low: 0, high: size - 1 })
        : ids.low >= 0 && ids.high < size
          ? ids
          : d.remainder(ids, size)
    const n = d.sizesOf(rows)[1]
    d.call('scatterAdd', [ref(places), ref(updates), axis, size], {
      low: Math.min(0, n * updates.low),
      high: Math.max(0, n * updates.high),
      exact: updates.exact && updates.whole,
      whole: updates.whole,
    })
  }),
]

/** Facts of a sum over n products. */
function summed(a: Known, b: Known, n: number) {
  const most = n * Math.max(Math.abs(a.low), Math.abs(a.high)) * Math.max(Math.abs(b.low), Math.abs(b.high))
  const whole = a.whole && b.whole && a.exact && b.exact
  return { low: -most, high: most, exact: whole, whole }
}

/** An operand whose axes before some are as wanted; a new leaf where there is none. */
function matching(
  d: Drawing,
  a: Known,
  holds: (k: Known) => boolean,
  shape: readonly (number | null)[],
): Known {
  const dtype = a.variable.dtype
  const fits = (k: Known) => holds(k) && (isFloating(k) || !isFloating(a))
  if (d.chance(0.8) && d.known().some(fits)) return factor(d, d.find(fits))
  if (shape.includes(null)) return factor(d, d.find(holds))
  return d.leaf({ dtype, shape: shape as readonly number[] })
}

const factor = (d: Drawing, k: Known) => (isFloating(k) ? d.within(k, -30, 30) : k)
const literal = (n: unknown) => (typeof n === 'number' ? n : null)
const sizes = [1, 2, 3, 4, 5, 8, 17]
const isNumeric = (k: Known) => k.variable.dtype !== 'bool'

function first(d: Drawing, least: number, most = 3): Known {
  return factor(
    d,
    d.find(k => k.variable.ndim >= least && k.variable.ndim <= most && isNumeric(k)),
  )
}

const n = (d: Drawing, k: Known, axis: number) => d.sizesOf(k.variable.shape.at(axis)!)[1]

const dots = ['dot', 'matmul'].map(name =>
  row(name, d => {
    const a = first(d, 1)
    const inner = a.variable.shape.at(-1)!
    const fits = (k: Known) =>
      isNumeric(k) &&
      (k.variable.ndim === 1 || k.variable.ndim === 2) &&
      equalDim(k.variable.shape.at(Math.max(-2, -k.variable.ndim))!, inner)
    const shape = d.chance(0.3) ? [literal(inner)] : [literal(inner), d.pick(sizes)]
    const b = matching(d, a, fits, shape)
    d.call(name, [ref(a), ref(b)], summed(a, b, n(d, a, -1)))
  }),
)

const letters = 'abcdefg'

/** Labels of both operands drawn; each stays or is summed. */
const einsums = row('einsum', d => {
  const a = first(d, 1)
  const b = d.chance(0.8)
    ? factor(
        d,
        d.find(k => k.variable.ndim <= 3 && isNumeric(k)),
      )
    : null
  const left = [...letters.slice(0, a.variable.ndim)]
  const free = left.map((letter, axis) => ({ letter, size: a.variable.shape[axis]! }))
  const right = (b?.variable.shape ?? []).map((size, i) => {
    const at = free.findIndex(f => equalDim(f.size, size))
    return at >= 0 && d.chance(0.7) ? free.splice(at, 1)[0]!.letter : letters[a.variable.ndim + i]!
  })
  const all = [...new Set([...left, ...right])]
  const out = all.filter(() => d.chance(0.6))
  const order = out.map(letter => [d.random(), letter] as const).sort(([x], [y]) => x - y)
  const equation = `${[left.join(''), ...(b === null ? [] : [right.join('')])].join(',')}->${order.map(([, l]) => l).join('')}`
  const count = all.reduce((m, l) => {
    const size = left.includes(l) ? a.variable.shape[left.indexOf(l)]! : b!.variable.shape[right.indexOf(l)]!
    return out.includes(l) ? m : m * d.sizesOf(size)[1]
  }, 1)
  const one = { low: -1, high: 1, exact: true, whole: true }
  d.call(
    'einsum',
    [equation, ref(a), ...(b === null ? [] : [ref(b)])],
    summed(a, b ?? ({ ...a, ...one } as Known), Math.max(1, count)),
  )
})

export const products: readonly Row[] = [
  ...dots,
  ...dots,
  row('batchedDot', d => {
    const a = first(d, 2)
    const [batch, inner] = [a.variable.shape[0]!, a.variable.shape.at(-1)!]
    const fits = (k: Known) =>
      isNumeric(k) &&
      k.variable.ndim === 3 &&
      equalDim(k.variable.shape[0]!, batch) &&
      equalDim(k.variable.shape[1]!, inner)
    const b = matching(d, a, fits, [literal(batch), literal(inner), d.pick(sizes)])
    d.call('batchedDot', [ref(a), ref(b)], summed(a, b, n(d, a, -1)))
  }),
  row('tensordot', d => {
    const a = first(d, 1)
    const inner = a.variable.shape.at(-1)!
    const b = matching(
      d,
      a,
      k =>
        isNumeric(k) && k.variable.ndim >= 1 && k.variable.ndim <= 3 && equalDim(k.variable.shape[0]!, inner),
      [literal(inner), 2],
    )
    d.call('tensordot', [ref(a), ref(b), d.chance(0.5) ? 1 : [[-1], [0]]], summed(a, b, n(d, a, -1)))
  }),
  row('outer', d => {
    const [a, b] = [first(d, 0), first(d, 0)]
    d.call('outer', [ref(a), ref(b)], summed(a, b, 1))
  }),
  einsums,
  einsums,
]

/** A shape of numbers, or sizes of a value. */
function someShape(d: Drawing): readonly Arg[] {
  const k = d.find(() => true)
  const own = k.variable.shape.map((_, axis) => d.size(k, axis))
  return d.pick([own, [d.someSize(...sizes)], [2, d.someSize(3)], []])
}

const dtypeOf = (d: Drawing) => d.pick<DType>([...d.floats, ...d.floats, 'int32', 'uint8', 'bool'])
const filled = (value: number) => ({ low: value, high: value, exact: true, whole: Number.isInteger(value) })

export const sources: readonly Row[] = [
  row('zeros', d => {
    d.call('zeros', [someShape(d), dtypeOf(d)], filled(0))
  }),
  row('ones', d => {
    d.call('ones', [someShape(d), dtypeOf(d)], filled(1))
  }),
  row('full', d => {
    const value = d.pick([2, 0.5, -3])
    d.call('full', [someShape(d), value, d.pick(d.floats)], filled(value))
  }),
  row('zerosLike', d => {
    d.call('zerosLike', [ref(d.find(() => true))], filled(0))
  }),
  row('onesLike', d => {
    d.call('onesLike', [ref(d.find(() => true))], filled(1))
  }),
  row('eye', d => {
    d.call('eye', [d.someSize(1, 3, 4), d.someSize(2, 3, 5), d.pick([0, 1, -1]), dtypeOf(d)], {
      low: 0,
      high: 1,
      exact: true,
      whole: true,
    })
  }),
  row('arange', d => {
    const k = d.find(v => v.variable.ndim > 0)
    const size = d.chance(0.3) ? d.someSize(3) : d.size(k, d.below(k.variable.ndim))
    const most = d.elements(k)
    const args: readonly Arg[] = d.pick<readonly Arg[]>([
      [size],
      [1, 7, 2],
      [size, -2, -1],
      [0, size, 1, d.pick(d.floats)],
    ])
    d.call('arange', args, { low: -2, high: Math.max(7, most), exact: true, whole: true })
  }),
  row('iota', d => {
    const k = d.find(v => v.variable.ndim > 0)
    const shape = k.variable.shape.map((_, axis) => d.size(k, axis))
    const axis = d.below(shape.length)
    const [, most] = d.sizesOf(k.variable.shape[axis]!)
    d.call('iota', [shape, axis, d.pick<DType>([...d.floats, 'int32'])], {
      low: 0,
      high: most,
      exact: true,
      whole: true,
    })
  }),
  row('linspace', d => {
    d.call('linspace', [-1, 2, d.someSize(1, 3, 5), { dtype: d.pick(d.floats) }], { low: -1, high: 2 })
  }),
  row('constant', drawConstant),
  row('dim', d => {
    const k = d.find(v => v.variable.ndim > 0)
    const axis = d.below(k.variable.ndim)
    const [low, high] = d.sizesOf(k.variable.shape[axis]!)
    d.call('dim', [ref(k), axis], { low, high })
  }),
  row('oneHot', d => {
    const ids = d.find(v => v.variable.dtype === 'int32' || v.variable.dtype === 'uint8')
    d.call('oneHot', [ref(ids), d.someSize(1, 2, 4), dtypeOf(d)], {
      low: 0,
      high: 1,
      exact: true,
      whole: true,
    })
  }),
]

/** As often as not of the shape of another value, so that it finds partners. */
function drawConstant(d: Drawing): void {
  const dtype = dtypeOf(d)
  const alike = d
    .known()
    .filter(k => k.variable.shape.every(n => typeof n === 'number' && n > 0) && d.elements(k) <= 12)
  const shape = d.chance(0.6)
    ? (d.pick(alike).variable.shape as readonly number[])
    : d.pick([[], [3], [2, 2]])
  const number = () =>
    dtype.startsWith('float') ? d.pick([-1.5, 0, 0.25, 2, 1]) : dtype === 'bool' ? d.chance(0.5) : d.below(2)
  const nested = (axis: number): Arg =>
    axis === shape.length ? number() : Array.from({ length: shape[axis]! }, () => nested(axis + 1))
  d.call(
    'constant',
    [nested(0), dtype],
    dtype.startsWith('float') ? { low: -1.5, high: 2, exact: true } : { low: 0, high: 1 },
  )
}

/** Draws: the same bits however they are computed. */
export const draws: readonly Row[] = [
  row('random.uniform', d => {
    d.call('random.uniform', [someShape(d), { dtype: d.pick(d.floats) }], { low: 0, high: 1, exact: true })
  }),
  row('random.normal', d => {
    d.call('random.normal', [someShape(d), { dtype: d.pick(d.floats) }], { low: -10, high: 10, exact: true })
  }),
  row('random.bernoulli', d => {
    d.call('random.bernoulli', [someShape(d), d.pick([0.5, 0.2])])
  }),
  row('random.dropoutMask', d => {
    d.call('random.dropoutMask', [someShape(d), 0.5, { dtype: d.pick(d.floats) }], {
      low: 0,
      high: 2,
      exact: true,
      whole: true,
    })
  }),
  row('random.randint', d => {
    d.call('random.randint', [someShape(d), { low: 0, high: d.pick([2, 5]) }], { low: 0, high: 4 })
  }),
  row('random.permutation', d => {
    d.call('random.permutation', [d.someSize(1, 4, 5)], { low: 0, high: 4 })
  }),
  row('random.categorical', d => {
    const p = d.exact(k => isFloating(k) && k.variable.ndim > 0 && d.hasElements(k))
    d.call('random.categorical', [ref(p)], { low: 0, high: n(d, p, -1) - 1 })
  }),
  row('random.choice', d => {
    const k = d.find(v => v.variable.ndim > 0 && d.hasElements(v, [0]))
    d.call('random.choice', [ref(k), d.pick([[], [2], [3]])], moved(k))
  }),
]
