/** Layers that bring what flows through to mean 0 and variance 1. */
import {
  add,
  cast,
  dim,
  div,
  mean,
  mul,
  reshape,
  rsqrt,
  type Shared,
  square,
  sub,
  type Variable,
} from '@arignote/graph'
import { keepsShape, oneInput } from './inputs.js'
import { layerKind, type Making, type Shape, type Weight } from './kind.js'
import { becomes, valueSoFar } from './memory.js'
import {
  constraintOption,
  flag,
  initializerOption,
  integer,
  number,
  optional,
  regularizerOption,
} from './option.js'

const scaleAndShift = {
  center: flag(true),
  scale: flag(true),
  betaInitializer: initializerOption('zeros'),
  gammaInitializer: initializerOption('ones'),
  betaRegularizer: regularizerOption,
  gammaRegularizer: regularizerOption,
  betaConstraint: constraintOption,
  gammaConstraint: constraintOption,
}

type ScaleAndShift = { readonly [K in keyof typeof scaleAndShift]: (typeof scaleAndShift)[K]['byDefault'] }

/** γ, then β: each if it is wanted; and how they are used. */
function scaleAndShiftOf(options: ScaleAndShift, size: number, { weight }: Making) {
  const gamma = options.scale
    ? weight('gamma', [size], {
        initializer: options.gammaInitializer,
        regularizer: options.gammaRegularizer,
        constraint: options.gammaConstraint,
      })
    : null
  const beta = options.center
    ? weight('beta', [size], {
        initializer: options.betaInitializer,
        regularizer: options.betaRegularizer,
        constraint: options.betaConstraint,
      })
    : null
  return {
    scaleWeights: [gamma, beta].filter((w): w is Weight => w !== null),
    /** centred / √(spread + ε) · γ + β. */
    scaled: (centred: Variable, spread: Variable, epsilon: number, along: Along): Variable => {
      const unit: Variable = mul(centred, rsqrt(add(spread, epsilon)))
      const scaled: Variable = gamma === null ? unit : mul(unit, along(gamma.variable))
      return beta === null ? scaled : add(scaled, along(beta.variable))
    },
  }
}

/** A row of numbers, so that it lies along the axis that is normalised. */
type Along = (v: Variable) => Variable

/** The axis, counted from 0, and how a row of so many numbers lies along it. */
function alongAxis(
  { ndim }: Variable,
  axis: number,
  size: number,
): { readonly at: number; readonly along: Along } {
  const at = axis < 0 ? axis + ndim : axis
  const shape = Array.from({ length: ndim }, (_, i) => (i === at ? size : 1))
  return { at, along: v => reshape(v, shape) }
}

function featuresAt(layer: string, axis: number, inputs: readonly Shape[]): number {
  const known = (shape: Shape) => typeof shape.at(axis) === 'number'
  return oneInput(layer, inputs, `the size of axis ${axis} must be known`, known).at(axis)!
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015), by Keras's rules: in training the batch's mean and biased variance, and
 * moving averages for later, in which the variance counts n / (n − (1 + ε)) times. Masks are ignored.
 */
export const batchNormalization = layerKind({
  className: 'BatchNormalization',
  options: {
    axis: optional(integer(-8), -1),
    momentum: optional(number(0), 0.99),
    epsilon: optional(number(0), 1e-3),
    ...scaleAndShift,
    movingMeanInitializer: initializerOption('zeros'),
    movingVarianceInitializer: initializerOption('ones'),
  },
  ...keepsShape('batchNormalization'),
  fixedAxes: ({ axis }) => [axis],
  build: (options, inputs, making) => {
    const { axis, momentum, epsilon } = options
    const size = featuresAt('batchNormalization', axis, inputs)
    const { scaleWeights, scaled } = scaleAndShiftOf(options, size, making)
    const moving = (name: string, initializer: typeof options.movingMeanInitializer) =>
      making.weight(name, [size], { initializer, trainable: false })
    const movingMean = moving('moving_mean', options.movingMeanInitializer)
    const movingVariance = moving('moving_variance', options.movingVarianceInitializer)
    return {
      weights: [...scaleWeights, movingMean, movingVariance],
      call: ([x], context) => {
        const { tensor, mask } = x!
        const { at, along } = alongAxis(tensor, axis, size)
        const normalized = (average: Variable, spread: Variable) => [
          { tensor: scaled(sub(tensor, along(average)), along(spread), epsilon, along), mask },
        ]
        if (!context.training) return normalized(movingMean.variable, movingVariance.variable)
        const others = tensor.shape.map((_, i) => i).filter(i => i !== at)
        const average = mean(tensor, others)
        const spread = mean(square(sub(tensor, along(average))), others)
        const count = others.map(i => cast(dim(tensor, i), tensor.dtype)).reduce((a, b) => mul(a, b))
        const unbiased = mul(spread, div(count, sub(count, 1 + epsilon)))
        const towards = (variable: Shared, value: Variable) =>
          becomes(
            context,
            variable,
            add(mul(valueSoFar(context, variable), momentum), mul(value, 1 - momentum)),
          )
        towards(movingMean.variable, average)
        towards(movingVariance.variable, unbiased)
        return normalized(average, spread)
      },
    }
  },
})

/** Layer normalisation (Ba, Kiros and Hinton 2016): each sample, or step, by its own mean and biased variance. */
export const layerNormalization = layerKind({
  className: 'LayerNormalization',
  options: { axis: optional(integer(-8), -1), epsilon: optional(number(0), 1e-3), ...scaleAndShift },
  ...keepsShape('layerNormalization'),
  fixedAxes: ({ axis }) => [axis],
  build: (options, inputs, making) => {
    const { axis, epsilon } = options
    const size = featuresAt('layerNormalization', axis, inputs)
    const { scaleWeights, scaled } = scaleAndShiftOf(options, size, making)
    return {
      weights: scaleWeights,
      call: ([x]) => {
        const { tensor, mask } = x!
        const { at, along } = alongAxis(tensor, axis, size)
        const centred: Variable = sub(tensor, mean(tensor, at, { keepdims: true }))
        const spread: Variable = mean(square(centred), at, { keepdims: true })
        return [{ tensor: scaled(centred, spread, epsilon, along), mask }]
      },
    }
  },
})
