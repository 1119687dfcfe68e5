/** Losses: per sample, and how they become one number. */
export { type CrossentropyOptions, type LogitOptions, losses } from './entries.js'
export type { LossFunction } from './given.js'
export type { Loss, LossLike } from './loss.js'
export { type MaskNormalization, type ReduceLossOptions, reduceLoss } from './reduce.js'
