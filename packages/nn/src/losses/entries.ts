/**
 * Losses: targets and predictions → one value per sample, the last axis reduced.
 *
 * Formulas, epsilons and clippings are those of Keras 2.3: probabilities are kept 1e-7 off 0 and 1, where their gradient is
 * 0. With `fromLogits` the stable form is computed instead (log Σ eˣ, softplus), and nothing is clipped.
 */
import {
  abs,
  add,
  all,
  cast,
  clip,
  crossentropyBinary,
  crossentropyCategorical,
  crossentropyCategoricalSparse,
  div,
  eq,
  log,
  max,
  maximum,
  mean,
  mul,
  neg,
  or,
  relu,
  softplus,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Variable,
  where,
} from '@arignote/graph'
import { alike, type LossFunction, withOptions } from './given.js'

/** Keras's fuzz. */
const epsilon = 1e-7

const kept = { keepdims: true } as const

/** A loss of elements, averaged over the last axis. */
const averaged = (name: string, loss: (t: Variable, y: Variable) => Variable): LossFunction =>
  withOptions(name, [], (t, y) => mean(loss(...alike(name, t, y)), -1))

/** A loss of rows. */
const ofRows = (name: string, loss: (t: Variable, y: Variable) => Variable): LossFunction =>
  withOptions(name, [], (t, y) => loss(...alike(name, t, y)))

export interface LogitOptions {
  /** The predictions are scores before sigmoid or softmax, not probabilities. */
  readonly fromLogits?: boolean
}

export interface CrossentropyOptions extends LogitOptions {
  /** The share of every target that is spread evenly over all classes (Szegedy et al. 2016); default 0. */
  readonly labelSmoothing?: number
}

/** Labels 0 and 1, if there are no others, as −1 and 1. */
function signed(t: Variable): Variable {
  const zeroOrOne = all(or(eq(t, 0), eq(t, 1)))
  return where(zeroOrOne, sub(mul(t, 2), 1), t)
}

const margin = (t: Variable, y: Variable): Variable => relu(sub(1, mul(signed(t), y)))

const unit = (x: Variable): Variable => div(x, sqrt(maximum(sum(square(x), -1, kept), epsilon)))

const logOnePlus = (x: Variable): Variable => log(add(maximum(x, epsilon), 1))

export const losses = {
  /** (y − t)². */
  meanSquaredError: averaged('meanSquaredError', (t, y) => square(sub(y, t))),
  /** |y − t|. */
  meanAbsoluteError: averaged('meanAbsoluteError', (t, y) => abs(sub(y, t))),
  /** 100 · |t − y| / max(|t|, 1e-7). */
  meanAbsolutePercentageError: averaged('meanAbsolutePercentageError', (t, y) =>
    mul(abs(div(sub(t, y), maximum(abs(t), epsilon))), 100),
  ),
  /** (log(y + 1) − log(t + 1))², both at least 1e-7. */
  meanSquaredLogarithmicError: averaged('meanSquaredLogarithmicError', (t, y) =>
    square(sub(logOnePlus(y), logOnePlus(t))),
  ),
  /** max(1 − t·y, 0) with labels −1 and 1; labels that are all 0 or 1 count as such. */
  hinge: averaged('hinge', margin),
  /** max(1 − t·y, 0)², likewise. */
  squaredHinge: averaged('squaredHinge', (t, y) => square(margin(t, y))),
  /** max(0, max((1 − t)·y) − Σ t·y + 1) over classes, t one-hot. */
  categoricalHinge: ofRows('categoricalHinge', (t, y) =>
    relu(add(sub(max(mul(sub(1, t), y), -1), sum(mul(t, y), -1)), 1)),
  ),
  /** log cosh(y − t), as e + softplus(−2e) − log 2. */
  logcosh: averaged('logcosh', (t, y) => {
    const e: Variable = sub(y, t)
    return sub(add(e, softplus(mul(e, -2))), Math.LN2)
  }),
  /** ½e² up to |e| = delta, then delta·(|e| − ½·delta) (Huber 1964). As in Keras 2.3 each element stays: no axis is reduced. */
  huberLoss: withOptions<{ readonly delta?: number }>(
    'huberLoss',
    ['delta'],
    (target, prediction, { delta = 1 }) => {
      const [t, y] = alike('huberLoss', target, prediction)
      const e: Variable = abs(sub(y, t))
      return where(e.lt(delta), mul(square(e), 0.5), mul(sub(e, 0.5 * delta), delta))
    },
  ),
  /** −(t·log y + (1 − t)·log(1 − y)), averaged over the last axis. */
  binaryCrossentropy: withOptions<CrossentropyOptions>(
    'binaryCrossentropy',
    ['fromLogits', 'labelSmoothing'],
    (target, prediction, { fromLogits = false, labelSmoothing = 0 }) => {
      const [t, y] = alike('binaryCrossentropy', target, prediction)
      const smooth: Variable = labelSmoothing === 0 ? t : add(mul(t, 1 - labelSmoothing), labelSmoothing / 2)
      return mean(crossentropyBinary(y, smooth, { fromLogits }), -1)
    },
  ),
  /** −Σ t·log(y / Σy) over the classes of the last axis. */
  categoricalCrossentropy: withOptions<CrossentropyOptions>(
    'categoricalCrossentropy',
    ['fromLogits', 'labelSmoothing'],
    (target, prediction, { fromLogits = false, labelSmoothing = 0 }) => {
      const [t, y] = alike('categoricalCrossentropy', target, prediction)
      return crossentropyCategorical(y, smoothed(t, y, labelSmoothing), { fromLogits })
    },
  ),
  /** −log(y[t] / Σy): targets are the classes' indices, (…) or (…, 1). */
  sparseCategoricalCrossentropy: withOptions<LogitOptions>(
    'sparseCategoricalCrossentropy',
    ['fromLogits'],
    (t, y, { fromLogits = false }) => {
      const ids: Variable = cast(t.ndim === y.ndim ? squeeze(t, -1) : t, 'int32')
      return crossentropyCategoricalSparse(y, ids, { fromLogits })
    },
  ),
  /** Σ t·log(t / y), both between 1e-7 and 1. */
  kullbackLeiblerDivergence: ofRows('kullbackLeiblerDivergence', (target, prediction) => {
    const [t, y] = [clip(target, epsilon, 1), clip(prediction, epsilon, 1)]
    return sum(mul(t, log(div(t, y))), -1)
  }),
  /** y − t·log(y + 1e-7). */
  poisson: averaged('poisson', (t, y) => sub(y, mul(t, log(add(y, epsilon))))),
  /** −Σ t·y of vectors scaled to length 1, so that −1 is the same direction; with `mean` the mean instead, as Keras 1.x had it. */
  cosineProximity: withOptions<{ readonly mean?: boolean }>(
    'cosineProximity',
    ['mean'],
    (target, prediction, { mean: average = false }) => {
      const [t, y] = alike('cosineProximity', target, prediction)
      const products: Variable = mul(unit(t), unit(y))
      return neg(average ? mean(products, -1) : sum(products, -1))
    },
  ),
}

/** t·(1 − share) + share / classes. */
function smoothed(t: Variable, y: Variable, share: number): Variable {
  if (share === 0) return t
  const classes = y.shape.at(-1)!
  const part: Variable | number =
    typeof classes === 'number' ? share / classes : div(share, cast(y.dim(-1), y.dtype))
  return add(mul(t, 1 - share), part)
}
