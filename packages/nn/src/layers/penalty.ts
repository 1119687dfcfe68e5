/** ActivityRegularization: what flows through is as it was, and adds a penalty to the loss. */
import { regularizers } from '../regularizers.js'
import { keepsDType, keepsShape } from './inputs.js'
import { layerKind } from './kind.js'
import { number, optional } from './option.js'

/** l1 · Σ|x| + l2 · Σx², over the whole batch. */
export const activityRegularization = layerKind({
  ...keepsDType,
  className: 'ActivityRegularization',
  options: { l1: optional(number(), 0), l2: optional(number(), 0) },
  ...keepsShape('activityRegularization'),
  build: ({ l1, l2 }) => ({
    weights: [],
    call: ([x], context) => {
      context.penalize(regularizers.l1l2({ l1, l2 }).penalty(x!.tensor))
      return [x!]
    },
  }),
})
