/** Optimisers: as functions of a loss, as objects for models; schedules and modifiers. */
export {
  adadelta,
  adagrad,
  adam,
  adamax,
  type LearningRate,
  momentum,
  nadam,
  nesterov,
  type RuleOptions,
  rmsprop,
  sgd,
} from './functions.js'
export {
  applyConstraints,
  applyMomentum,
  applyNesterov,
  clipNorm,
  clipValue,
  globalNorm,
  type MovingAverages,
  movingAverage,
  weightDecay,
} from './modifiers.js'
export { Optimizer, type OptimizerLike, type OptimizerOptions, optimizers } from './optimizer.js'
export { type Schedule, type ScheduleLike, schedules } from './schedules.js'
export type { LossOrGradients, Params, Updates } from './updates.js'
