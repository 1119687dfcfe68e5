/**
 * Updates: shared variables with their new values, as `compile` takes them. What optimisers make, and modifiers change.
 */
import { differentDim, formOf, grad, Shared, Variable } from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { gradientCount, gradientType, notAParameter } from '../errors.js'

/** New values of shared variables, all computed from the old ones and set together: `compile(…, { updates })`. */
export type Updates = readonly (readonly [variable: Shared, value: Variable])[]

/** What is trained: a shared variable, a list or a record of them. */
export type Params = Shared | readonly Shared[] | { readonly [name: string]: Shared }

/** A scalar loss; or the gradients in the form of the parameters: what `grad(loss, params)` gives, changed or not. */
export type LossOrGradients = Variable | readonly Variable[] | { readonly [name: string]: Variable }

/** The parameters as a list. @throws ArgumentError for what is no shared variable of floats */
export function paramsOf(operation: string, params: Params): readonly Shared[] {
  const { list } = formOf(params)
  for (const [i, v] of list.entries())
    if (!(v instanceof Shared) || !isFloat(v.dtype)) throw notAParameter(operation, i, v)
  return list as readonly Shared[]
}

/** A gradient for each parameter. @throws ArgumentError, ShapeError if one is missing or does not fit */
export function gradientsOf(
  operation: string,
  given: LossOrGradients,
  params: Params,
): readonly (readonly [Shared, Variable])[] {
  const list = paramsOf(operation, params)
  const isLoss = given instanceof Variable && (given.ndim === 0 || !(params instanceof Variable))
  const gradients = isLoss ? grad(given, list) : formOf(params).unpack(given)
  if (gradients.length !== list.length) throw gradientCount(operation, gradients.length, list)
  return list.map((param, i) => {
    const gradient = gradients[i]
    if (!(gradient instanceof Variable)) throw gradientCount(operation, i, list)
    if (!sameType(param, gradient)) throw gradientType(operation, param, gradient)
    return [param, gradient]
  })
}

const sameType = (x: Variable, y: Variable) =>
  x.dtype === y.dtype &&
  x.ndim === y.ndim &&
  x.shape.every((size, axis) => !differentDim(size, y.shape[axis]!))
