/** Dense: act(x · kernel + bias), over the last axis. */
import { add, dot } from '@arignote/graph'
import { wrongInput } from './errors.js'
import { layerKind } from './kind.js'
import {
  activationOption,
  constraintOption,
  flag,
  initializerOption,
  integer,
  regularizerOption,
} from './option.js'

export const dense = layerKind({
  className: 'Dense',
  options: {
    units: integer(1),
    activation: activationOption('linear'),
    useBias: flag(true),
    kernelInitializer: initializerOption('glorotUniform'),
    biasInitializer: initializerOption('zeros'),
    kernelRegularizer: regularizerOption,
    biasRegularizer: regularizerOption,
    activityRegularizer: regularizerOption,
    kernelConstraint: constraintOption,
    biasConstraint: constraintOption,
  },
  outputShapes: ({ units }, [input, ...more]) => {
    if (input === undefined || more.length > 0 || input.length < 2 || input.at(-1) === null)
      throw wrongInput('dense', 'it takes one input, (batch, …, features), with a known number of features', [
        ...(input === undefined ? [] : [input]),
        ...more,
      ])
    return [[...input.slice(0, -1), units]]
  },
  fixedAxes: () => [-1],
  build: (options, [input], { weight }) => {
    const { units, activation, useBias } = options
    const kernel = weight('kernel', [input!.at(-1)!, units], {
      initializer: options.kernelInitializer,
      regularizer: options.kernelRegularizer,
      constraint: options.kernelConstraint,
    })
    const bias = useBias
      ? weight('bias', [units], {
          initializer: options.biasInitializer,
          regularizer: options.biasRegularizer,
          constraint: options.biasConstraint,
        })
      : null
    return {
      weights: bias === null ? [kernel] : [kernel, bias],
      call: ([x]) => {
        const product = dot(x!.tensor, kernel.variable)
        const sum = bias === null ? product : add(product, bias.variable)
        return [{ tensor: activation.apply(sum), mask: x!.mask }]
      },
    }
  },
})
