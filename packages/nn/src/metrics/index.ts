/** Metrics: what they add up, and what the sums mean. */
export type { AucOptions } from './auc.js'
export { metrics, type RankOptions, type ThresholdOptions } from './entries.js'
export { type Accumulated, accumulate, averageMetric, type Metric } from './metric.js'
export type { MetricLike } from './resolve.js'
