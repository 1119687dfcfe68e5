/**
 * Reduction: values per sample, or per step → the number that is minimised. Masks and weights have their say here.
 */
import {
  cast,
  checkName,
  checkOptions,
  checkTensor,
  div,
  expandDims,
  mean,
  mul,
  neq,
  type Variable,
} from '@arignote/graph'
import { weightsUnlike } from '../errors.js'

/**
 * `keras23`: Σ value · weight · mask over the number of entries, masked ones and those of weight 0 included.
 * `keras1To22`: values are divided by the mean of the mask, and by the share of weights that are not 0.
 */
export type MaskNormalization = 'keras23' | 'keras1To22'

export interface ReduceLossOptions {
  /** Of the first axes: (batch), or (batch, time) for weights of steps. */
  readonly sampleWeight?: Variable | null
  /** Which steps count, (batch, time): not 0. */
  readonly mask?: Variable | null
  /** Default 'keras23'. */
  readonly maskNormalization?: MaskNormalization
}

/**
 * The loss of a batch, a scalar, of values (batch, …).
 * @throws ShapeError for a mask or weights of more axes than the values
 */
export function reduceLoss(values: Variable, options: ReduceLossOptions = {}): Variable {
  checkOptions('reduceLoss', options, ['sampleWeight', 'mask', 'maskNormalization'])
  checkTensor('reduceLoss', values, 'the loss')
  const { sampleWeight = null, mask = null, maskNormalization = 'keras23' } = options
  checkName('reduceLoss', 'maskNormalization', maskNormalization, ['keras23', 'keras1To22'])
  if (maskNormalization === 'keras1To22') return renormalized(values, mask, sampleWeight)
  const factors = [mask, sampleWeight].filter(x => x !== null).map(x => spread(values, x))
  return mean(factors.reduce((a, b): Variable => mul(a, b), values))
}

function renormalized(values: Variable, mask: Variable | null, weights: Variable | null): Variable {
  let kept = values
  if (mask !== null) {
    const counted = cast(mask, values.dtype)
    kept = div(mul(values, spread(values, counted)), mean(counted))
  }
  if (weights === null) return mean(kept)
  if (weights.ndim > kept.ndim) throw weightsUnlike('reduceLoss', weights, values)
  const inner = kept.shape.slice(weights.ndim).map((_, i) => weights.ndim + i)
  const perWeight: Variable = inner.length === 0 ? kept : mean(kept, inner)
  const share: Variable = mean(cast(neq(weights, 0), values.dtype))
  return mean(div(mul(perWeight, cast(weights, values.dtype)), share))
}

/** Weights of the first axes, in the dtype of the values, with an axis of size 1 for each of the rest. */
export function spread(values: Variable, weights: Variable): Variable {
  const missing = values.ndim - weights.ndim
  if (missing < 0) throw weightsUnlike('reduceLoss', weights, values)
  const cased: Variable = cast(weights, values.dtype)
  return missing === 0
    ? cased
    : expandDims(
        cased,
        Array.from({ length: missing }, (_, i) => weights.ndim + i),
      )
}
