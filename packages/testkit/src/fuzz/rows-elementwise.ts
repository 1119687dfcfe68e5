/** Elementwise operations. */
import type { DType } from '@arignote/loops'
import { broadcasts, type Drawing, isFloating, type Known, moved, ref } from './drawing.js'
import type { Arg } from './program.js'
import { rangeOf } from './ranges.js'
import { type Row, row } from './row.js'

/** Where each is defined, moderate, and not steep. The result is as good as its rounding. */
const realFunctions: Readonly<Record<string, readonly [number, number]>> = {
  exp: [-4, 3],
  exp2: [-6, 5],
  expm1: [-4, 3],
  log: [0.05, 1000],
  reciprocal: [0.2, 100],
  deg2rad: [-100, 100],
  rad2deg: [-10, 10],
  log1p: [-0.8, 1000],
  log2: [0.05, 1000],
  log10: [0.05, 1000],
  sqrt: [0.05, 1000],
  rsqrt: [0.05, 1000],
  sin: [-20, 20],
  cos: [-20, 20],
  tan: [-1.2, 1.2],
  asin: [-0.9, 0.9],
  acos: [-0.9, 0.9],
  atan: [-100, 100],
  sinh: [-4, 4],
  cosh: [-4, 4],
  tanh: [-100, 100],
  asinh: [-100, 100],
  acosh: [1.1, 100],
  atanh: [-0.9, 0.9],
  erf: [-5, 5],
  erfc: [-5, 5],
  sigmoid: [-50, 50],
  softplus: [-50, 50],
  gelu: [-5, 5],
  silu: [-20, 20],
  elu: [-10, 10],
  selu: [-10, 10],
  softsign: [-100, 100],
  hardSigmoid: [-10, 10],
  leakyRelu: [-100, 100],
}

const real = Object.entries(realFunctions).map(([name, [low, high]]) =>
  row(name, d => {
    d.map(name, d.within(d.float(), low, high))
  }),
)

/** Exact operands give exact results: the bits are only moved, or only the sign changes. */
const moving = ['neg', 'abs', 'relu', 'stopGradient'].map(name =>
  row(name, d => {
    const k = d.find(v => v.variable.dtype !== 'bool')
    d.map(name, k, { exact: k.exact, whole: k.whole })
  }),
)

const squared = row('square', d => {
  const k = d.find(v => v.variable.dtype !== 'bool')
  const small = isFloating(k) ? d.within(k, -30, 30) : k
  d.map('square', small, { exact: small.exact && small.whole, whole: small.whole })
})

/** Steps: only of exact operands. */
const steps = ['floor', 'ceil', 'round', 'trunc', 'sign'].map(name =>
  row(name, d => {
    const k = d.exact(v => v.variable.dtype !== 'bool')
    d.map(name, k, { exact: true, whole: true })
  }),
)

const questions = ['isNaN', 'isInf'].map(name =>
  row(name, d => {
    d.call(name, [ref(d.find(() => true))])
  }),
)

const numbers = [0, 1, -1, 2, 0.5, 3, -2, 4]

/** A partner for the operand: a number, or a value that broadcasts with it. */
function partner(d: Drawing, k: Known, holds: (v: Known) => boolean = () => true): Known | number {
  if (d.chance(0.3)) return isFloating(k) ? d.pick(numbers) : d.pick([0, 1, 2, 3])
  return d.find(v => broadcasts(k.variable.shape, v.variable.shape) && holds(v))
}

const argOf = (k: Known | number): Arg => (typeof k === 'number' ? k : ref(k))
const intervalOf = (k: Known | number) =>
  typeof k === 'number' ? ([k, k] as const) : ([k.low, k.high] as const)
const isExact = (k: Known | number) => typeof k === 'number' || k.exact
const isWhole = (k: Known | number) => (typeof k === 'number' ? Number.isInteger(k) : k.whole)

function both(d: Drawing, fn: string, a: Known, b: Known | number, exact: boolean, whole: boolean): Known {
  const swap = d.chance(0.3)
  const pair = swap ? [b, a] : [a, b]
  const [low, high] = rangeOf(fn, pair.map(intervalOf), { whole })
  return d.call(fn, pair.map(argOf), { low, high, exact, whole })
}

/** Floats of moderate size, or integers; not two bools, which few operations take. */
function operands(d: Drawing, most: number): readonly [Known, Known | number] {
  const isBool = (k: Known) => k.variable.dtype === 'bool'
  const a = d.find(k => !isBool(k))
  const b = partner(d, a)
  const fit = (k: Known) => (isFloating(k) ? d.within(k, -most, most) : k)
  return [fit(a), typeof b === 'number' ? b : fit(b)]
}

const arithmetic = (['add', 'sub', 'mul'] as const).map(name =>
  row(name, d => {
    const [a, b] = operands(d, name === 'mul' ? 30 : 1000)
    const whole = isWhole(a) && isWhole(b) && isExact(a) && isExact(b)
    both(d, name, a, b, whole, whole)
  }),
)

const extremes = ['maximum', 'minimum'].map(name =>
  row(name, d => {
    const [a, b] = operands(d, Number.POSITIVE_INFINITY)
    both(d, name, a, b, isExact(a) && isExact(b), isWhole(a) && isWhole(b))
  }),
)

const divided = row('div', d => {
  const a = d.float()
  const b = partner(d, a, isFloating)
  const divisor = typeof b === 'number' ? d.pick([2, 0.5, -4, 3, 1]) : d.within(b, 0.2, 5)
  const [low, high] = rangeOf('div', [intervalOf(a), intervalOf(divisor)])
  d.call('div', [ref(a), argOf(divisor)], { low, high })
})

const power = row('pow', d => {
  const a = d.find(k => k.variable.dtype !== 'bool')
  if (!isFloating(a)) {
    d.call('pow', [ref(a), d.below(4)], { exact: true, whole: true })
    return
  }
  const b = d.chance(0.5) ? d.pick([2, 3, 0.5, -1, 0, 1, -0.5]) : partner(d, a, isFloating)
  const [base, exponent] = [d.within(a, 0.2, 3), typeof b === 'number' ? b : d.within(b, -2, 2)]
  const [low, high] = rangeOf('pow', [intervalOf(base), intervalOf(exponent)])
  d.call('pow', [ref(base), argOf(exponent)], { low, high })
})

/** Has a step where x < 0 and y goes through 0, so x > 0. */
const angle = row('atan2', d => {
  const y = d.float()
  const x = d.within(
    d.float(k => broadcasts(k.variable.shape, y.variable.shape)),
    0.2,
    5,
  )
  d.call('atan2', [ref(y), ref(x)], { low: -1.6, high: 1.6 })
})

/** Steps too: integers, and floats that are exact and whole. */
const quotients = ['floorDiv', 'mod'].map(name =>
  row(name, d => {
    const a = d.exact(k => k.whole && k.variable.dtype !== 'bool')
    if (isFloating(a) || d.chance(0.5)) {
      const n = d.pick([1, 2, 3, 5])
      const limits =
        name === 'mod' ? { low: 0, high: n - 1 } : { low: Math.floor(a.low / n), high: Math.ceil(a.high / n) }
      d.call(name, [ref(a), n], { ...limits, exact: true, whole: true })
    } else {
      const b = d.find(k => !isFloating(k) && broadcasts(k.variable.shape, a.variable.shape))
      d.call(name, [ref(a), ref(b)])
    }
  }),
)

const comparisons = ['eq', 'neq', 'lt', 'le', 'gt', 'ge'].map(name =>
  row(name, d => {
    const a = d.exact(() => true)
    const b = partner(d, a, k => k.exact)
    d.call(name, d.chance(0.5) ? [ref(a), argOf(b)] : [argOf(b), ref(a)])
  }),
)

/** Whether numbers are close, is a step too. */
const closeness = ['isClose', 'allClose'].map(name =>
  row(name, d => {
    const a = d.exact(k => k.whole && k.variable.dtype !== 'bool')
    const b = partner(d, a, k => k.exact && k.whole && k.variable.dtype !== 'bool')
    d.call(name, [ref(a), argOf(b)])
  }),
)

const logSum = row('logAddExp', d => {
  const a = d.float()
  const b = d.float(k => broadcasts(k.variable.shape, a.variable.shape))
  const [low, high] = rangeOf('logAddExp', [intervalOf(a), intervalOf(b)])
  d.call('logAddExp', [ref(a), ref(b)], { low, high })
})

const isIntegral = (k: Known) => !isFloating(k)

const logic = ['and', 'or', 'xor'].map(name =>
  row(name, d => {
    const a = d.find(isIntegral)
    d.call(name, [ref(a), ref(d.find(k => isIntegral(k) && broadcasts(a.variable.shape, k.variable.shape)))])
  }),
)

const negated = row('not', d => {
  d.call('not', [ref(d.find(isIntegral))])
})

const selection = row('where', d => {
  const condition = d.find(isIntegral)
  const fits = (k: Known, l: Known) => broadcasts(k.variable.shape, l.variable.shape)
  const x = d.find(k => fits(k, condition))
  const y = d.find(k => fits(k, condition) && fits(k, x))
  d.call('where', [ref(condition), ref(x), ref(y)], moved(x, y))
})

const clipped = row('clip', d => {
  const k = d.float()
  const [low, high] = d.pick([
    [-1, 1],
    [0, 1],
    [-0.5, 2],
  ] as const)
  const clip = (x: number) => Math.min(Math.max(x, low), high)
  d.call('clip', [ref(k), low, high], { low: clip(k.low), high: clip(k.high), exact: k.exact })
})

const converted = row('cast', d => {
  const dtype = d.pick<DType>([...d.floats, ...d.floats, 'int32', 'uint8', 'bool'])
  d.cast(
    d.find(k => k.variable.dtype !== dtype && (k.exact || dtype.startsWith('float'))),
    dtype,
  )
})

const backwardOnly = [
  row('gradClip', d => {
    const k = d.float()
    d.call('gradClip', [ref(k), -0.5, 0.5], moved(k))
  }),
  row('gradScale', d => {
    const k = d.float()
    d.call('gradScale', [ref(k), d.pick([-1, 2, 0.5])], moved(k))
  }),
]

const naming = row('named', d => {
  const k = d.find(() => true)
  d.call('named', [ref(k), 'named'], moved(k))
})

export const elementwise: readonly Row[] = [
  ...real,
  ...moving,
  squared,
  ...steps,
  ...questions,
  ...arithmetic,
  ...arithmetic,
  ...extremes,
  divided,
  power,
  angle,
  ...quotients,
  ...comparisons,
  ...closeness,
  logSum,
  ...logic,
  negated,
  selection,
  clipped,
  converted,
  ...backwardOnly,
  naming,
]
