/** What layers that multiply by a kernel and add a bias have in common: the options of the two, and the weights. */
import { add, type Variable } from '@arignote/graph'
import type { Making, Weight } from './kind.js'
import {
  activationOption,
  constraintOption,
  flag,
  initializerOption,
  regularizerOption,
  type ValuesOf,
} from './option.js'

export const affineOptions = {
  activation: activationOption('linear'),
  useBias: flag(true),
  kernelInitializer: initializerOption('glorotUniform'),
  biasInitializer: initializerOption('zeros'),
  kernelRegularizer: regularizerOption,
  biasRegularizer: regularizerOption,
  activityRegularizer: regularizerOption,
  kernelConstraint: constraintOption,
  biasConstraint: constraintOption,
}

interface Affine {
  readonly weights: readonly Weight[]
  readonly kernel: Variable
  /** act(product + b), b along the last axis. */
  readonly finish: (product: Variable) => Variable
}

/** A kernel of a shape, whose last size is that of the output, and a bias if it is wanted. */
export function affine(
  options: ValuesOf<typeof affineOptions>,
  shape: readonly number[],
  { weight }: Making,
): Affine {
  const kernel = weight('kernel', shape, {
    initializer: options.kernelInitializer,
    regularizer: options.kernelRegularizer,
    constraint: options.kernelConstraint,
  })
  const bias = options.useBias
    ? weight('bias', shape.slice(-1), {
        initializer: options.biasInitializer,
        regularizer: options.biasRegularizer,
        constraint: options.biasConstraint,
      })
    : null
  return {
    weights: bias === null ? [kernel] : [kernel, bias],
    kernel: kernel.variable,
    finish: product => options.activation.apply(bias === null ? product : add(product, bias.variable)),
  }
}
