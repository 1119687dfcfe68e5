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

/** γ, then β: each if it is wanted. */
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
  return { gamma, beta }
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
    const { gamma, beta } = scaleAndShiftOf(options, size, making)
    const moving = (name: string, initializer: typeof options.movingMeanInitializer) =>
      making.weight(name, [size], { initializer, trainable: false })
    const movingMean = moving('moving_mean', options.movingMeanInitializer)
    const movingVariance = moving('moving_variance', options.movingVarianceInitializer)
    const weights = [gamma, beta, movingMean, movingVariance].filter((w): w is Weight => w !== null)
    return {
      weights,
      call: ([x], context) => {
        const { tensor, mask } = x!
        const own = axis < 0 ? axis + tensor.ndim : axis
        const along = (v: Variable) =>
          reshape(
            v,
            tensor.shape.map((_, i) => (i === own ? size : 1)),
          )
        const others = tensor.shape.map((_, i) => i).filter(i => i !== own)
        const normalised = (average: Variable, spread: Variable) => {
          const unit = mul(sub(tensor, along(average)), along(rsqrt(add(spread, epsilon))))
          const scaled = gamma === null ? unit : mul(unit, along(gamma.variable))
          return [{ tensor: beta === null ? scaled : add(scaled, along(beta.variable)), mask }]
        }
        if (!context.training) return normalised(movingMean.variable, movingVariance.variable)
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
        return normalised(average, spread)
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
    const { gamma, beta } = scaleAndShiftOf(options, size, making)
    return {
      weights: [gamma, beta].filter((w): w is Weight => w !== null),
      call: ([x]) => {
        const { tensor, mask } = x!
        const own = axis < 0 ? axis + tensor.ndim : axis
        const along = (v: Variable) =>
          reshape(
            v,
            tensor.shape.map((_, i) => (i === own ? size : 1)),
          )
        const centred = sub(tensor, mean(tensor, own, { keepdims: true }))
        const spread = mean(square(centred), own, { keepdims: true })
        const unit = mul(centred, rsqrt(add(spread, epsilon)))
        const scaled = gamma === null ? unit : mul(unit, along(gamma.variable))
        return [{ tensor: beta === null ? scaled : add(scaled, along(beta.variable)), mask }]
      },
    }
  },
})
