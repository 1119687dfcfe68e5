/** Activations as layers; those with parameters of their own among them. */
import {
  elu,
  ge,
  gt,
  leakyRelu,
  minimum,
  mul,
  neg,
  relu,
  softmax,
  sub,
  type Variable,
  where,
} from '@arignote/graph'
import { keepsShape, oneInput } from './inputs.js'
import { type LayerKind, layerKind } from './kind.js'
import {
  anyActivation,
  constraintOption,
  initializerOption,
  integer,
  nullable,
  number,
  type OptionTable,
  optional,
  regularizerOption,
  sizes,
  type ValuesOf,
} from './option.js'

/** A layer without weights that keeps shape and mask: a function of one tensor. */
function pointwise<const T extends OptionTable>(
  className: string,
  layer: string,
  options: T,
  apply: (x: Variable, options: ValuesOf<T>) => Variable,
): LayerKind<T> {
  return {
    className,
    options,
    ...keepsShape(layer),
    build: given => ({
      weights: [],
      call: ([x]) => [{ tensor: apply(x!.tensor, given), mask: x!.mask }],
    }),
  }
}

/** Any activation, by name or as a function. */
export const activation = pointwise('Activation', 'activation', { activation: anyActivation }, (x, options) =>
  options.activation.apply(x),
)

/** x, or alpha · x where x is negative. */
export const leakyReLU = pointwise(
  'LeakyReLU',
  'leakyReLU',
  { alpha: optional(number(0), 0.3) },
  (x, { alpha }) => leakyRelu(x, alpha),
)

/** x, or alpha · (eˣ − 1) where x is negative: Clevert et al. 2016. */
export const eLU = pointwise('ELU', 'elu', { alpha: optional(number(), 1) }, (x, { alpha }) => elu(x, alpha))

/** x where it is above theta, otherwise 0. */
export const thresholdedReLU = pointwise(
  'ThresholdedReLU',
  'thresholdedReLU',
  { theta: optional(number(0), 1) },
  (x, { theta }) => where(gt(x, theta), x, 0),
)

/** Softmax over one axis. */
export const softmaxLayer = pointwise(
  'Softmax',
  'softmax',
  { axis: optional(integer(-8), -1) },
  (x, { axis }) => softmax(x, axis),
)

/** x from the threshold on, but at most maxValue; below it negativeSlope · (x − threshold). */
export const reLU = pointwise(
  'ReLU',
  'reLU',
  {
    maxValue: nullable(number(0)),
    negativeSlope: optional(number(0), 0),
    threshold: optional(number(0), 0),
  },
  (x, { maxValue, negativeSlope, threshold }) => {
    const below = negativeSlope === 0 ? 0 : mul(sub(x, threshold), negativeSlope)
    const above = threshold === 0 && negativeSlope === 0 ? relu(x) : where(ge(x, threshold), x, below)
    return maxValue === null ? above : minimum(above, maxValue)
  },
)

/** Leaky, with slopes that are learnt: He et al. 2015. `sharedAxes` (from 1 on) have one slope each. */
export const pReLU = layerKind({
  className: 'PReLU',
  options: {
    alphaInitializer: initializerOption('zeros'),
    alphaRegularizer: regularizerOption,
    alphaConstraint: constraintOption,
    sharedAxes: nullable(sizes),
  },
  ...keepsShape('pReLU'),
  fixedAxes: ({ sharedAxes }, input) =>
    input.map((_, axis) => axis).filter(axis => axis > 0 && !sharedAxes?.includes(axis)),
  build: (options, inputs, { weight }) => {
    const features = oneInput(
      'pReLU',
      inputs,
      'every size but the batch must be known, or be of a shared axis',
      shape => shape.slice(1).every((n, i) => n !== null || options.sharedAxes?.includes(i + 1)),
    ).slice(1)
    const shape = features.map((n, i) => (options.sharedAxes?.includes(i + 1) ? 1 : n!))
    const alpha = weight('alpha', shape, {
      initializer: options.alphaInitializer,
      regularizer: options.alphaRegularizer,
      constraint: options.alphaConstraint,
    })
    return {
      weights: [alpha],
      call: ([x]) => [
        {
          tensor: sub(relu(x!.tensor), mul(alpha.variable, relu(neg(x!.tensor)))),
          mask: x!.mask,
        },
      ],
    }
  },
})
