/**
 * What losses are given: targets and predictions of one form. A target of a column fewer, which would quietly make a square
 * of two columns, is refused.
 */
import { cast, checkOptions, checkTensor, differentDim, type Variable } from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { targetsUnlike } from '../errors.js'

/** Targets, predictions and options → values per sample. */
export type LossFunction<O = object> = (yTrue: Variable, yPred: Variable, options?: O) => Variable

/** A loss that knows its options by name; predictions of integers count as float32. */
export function withOptions<O>(
  name: string,
  names: readonly (keyof O & string)[],
  loss: (yTrue: Variable, yPred: Variable, options: O) => Variable,
): LossFunction<O> {
  return (yTrue, yPred, options) => {
    checkOptions(name, options, names)
    checkTensor(name, yTrue, 'the target')
    checkTensor(name, yPred, 'the prediction')
    return loss(yTrue, isFloat(yPred.dtype) ? yPred : cast(yPred, 'float32'), options ?? ({} as O))
  }
}

/** Both in the dtype of the predictions. @throws ShapeError if they have other shapes */
export function alike(operation: string, t: Variable, y: Variable): readonly [Variable, Variable] {
  const fits = t.ndim === y.ndim && y.shape.every((size, axis) => !differentDim(size, t.shape[axis]!))
  if (!fits) throw targetsUnlike(operation, t, y)
  return [cast(t, y.dtype), y]
}
