/** What a model was compiled with  ⇄  JSON, as Keras's `training_config` has it, and what is ours besides. */
import { isRecord, type Json, type JsonRecord, type Serialized } from '../json.js'
import { type LossLike, loss } from '../losses/loss.js'
import { type MetricLike, metric } from '../metrics/resolve.js'
import type { Model } from '../models/model.js'

import type { ModelCompileOptions } from '../training/compiled-model.js'
import { notAConfig } from './errors.js'

/** Of what is a function, nothing is stored but that it was there. */
const functionMark = { class_name: 'function', config: {} }

const isMark = (json: unknown): boolean => isRecord(json) && json.class_name === functionMark.class_name

/** The names in a configuration, and of how many a value is: one, a list, or by output. */
function each<T>(given: unknown, one: (x: T) => Json): Json {
  if (Array.isArray(given)) return given.map(x => each(x, one))
  if (isRecord(given) && !isOne(given))
    return Object.fromEntries(Object.entries(given).map(([name, x]) => [name, each(x, one)]))
  return given === null || given === undefined ? null : one(given as T)
}

const isOne = (x: object) => 'apply' in x || 'class_name' in x || 'contributions' in x

/** Null for a model that is not compiled. */
export function compileJson(model: Model): JsonRecord | null {
  const options = model.compiledWith
  if (options === null) return null
  const { class_name, config } = model.optimizer
  const lossJson = (like: LossLike) => (loss('save', like).json ?? functionMark) as Json
  const metricJson = (like: MetricLike) => {
    if (typeof like === 'string') return like
    return (metric('save', like, { shape: [], loss: null }).json ?? functionMark) as Json
  }
  return {
    optimizer_config: { class_name, config },
    loss: each(options.loss, lossJson),
    metrics: each(options.metrics, metricJson),
    weighted_metrics: each(options.weightedMetrics, metricJson),
    sample_weight_mode: null,
    loss_weights: each(options.lossWeights, (weight: number) => weight),
    ...(options.maskNormalization !== undefined && { mask_normalization: options.maskNormalization }),
  }
}

export interface ReadCompile {
  readonly options: ModelCompileOptions
  /** What was a function, and is not there. */
  readonly missing: readonly string[]
}

/** @throws ArgumentError for what is none */
export function readCompileJson(operation: string, json: unknown): ReadCompile {
  if (!isRecord(json) || !isRecord(json.optimizer_config) || json.loss === undefined)
    throw notAConfig(
      operation,
      'the file does not say how the model was compiled',
      '{ optimizer_config, loss, … }',
    )
  const parts: readonly (readonly [keyof ModelCompileOptions, unknown])[] = [
    ['loss', json.loss],
    ['metrics', json.metrics],
    ['weightedMetrics', json.weighted_metrics],
    ['lossWeights', json.loss_weights],
    ['maskNormalization', json.mask_normalization],
  ]
  const given = parts.filter(([, value]) => value !== null && value !== undefined)
  return {
    options: {
      optimizer: json.optimizer_config as unknown as Serialized,
      ...Object.fromEntries(given),
    } as unknown as ModelCompileOptions,
    missing: given.filter(([, value]) => hasMark(value)).map(([name]) => name),
  }
}

function hasMark(value: unknown): boolean {
  if (isMark(value)) return true
  if (Array.isArray(value)) return value.some(hasMark)
  return isRecord(value) && Object.values(value).some(hasMark)
}
