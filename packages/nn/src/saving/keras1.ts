/**
 * JSON of Keras 1.x  →  JSON of Keras 2.x: other names of classes and options, and defaults said where they have changed.
 *
 * Each class is a row. What is not in a row keeps its name.
 */
import { isRecord, isSerialized, type Json, type JsonRecord, type Serialized } from '../json.js'
import { notAConfig } from './errors.js'
import { mergesToLayers } from './keras1-merge.js'

interface Row {
  readonly className?: string
  /** Names of 1.x to those of 2.x. */
  readonly names: Readonly<Record<string, string>>
  readonly change?: (config: JsonRecord, given: JsonRecord) => JsonRecord
}

const ofKernel = {
  init: 'kernel_initializer',
  W_regularizer: 'kernel_regularizer',
  b_regularizer: 'bias_regularizer',
  W_constraint: 'kernel_constraint',
  b_constraint: 'bias_constraint',
  bias: 'use_bias',
}

const ofRecurrent = {
  ...ofKernel,
  output_dim: 'units',
  inner_init: 'recurrent_initializer',
  inner_activation: 'recurrent_activation',
  U_regularizer: 'recurrent_regularizer',
  dropout_W: 'dropout',
  dropout_U: 'recurrent_dropout',
}

/** One dropout mask for each gate, except where all gates were one product. */
const implementation = ({ consume_less }: JsonRecord) => ({ implementation: consume_less === 'gpu' ? 2 : 1 })

/** 1.x computed gates with the hard sigmoid unless it was told otherwise. */
const gates = (config: JsonRecord, given: JsonRecord): JsonRecord => ({
  recurrent_activation: 'hard_sigmoid',
  ...config,
  ...implementation(given),
})

const dense: Row = { className: 'Dense', names: { ...ofKernel, output_dim: 'units' } }

const convolution: Row = {
  className: 'Conv1D',
  names: {
    ...ofKernel,
    nb_filter: 'filters',
    filter_length: 'kernel_size',
    subsample_length: 'strides',
    border_mode: 'padding',
    atrous_rate: 'dilation_rate',
  },
}

const pooling: Row = { names: { pool_length: 'pool_size', stride: 'strides', border_mode: 'padding' } }
const share: Row = { names: { p: 'rate' } }

const rows: Readonly<Record<string, Row>> = {
  Dense: dense,
  TimeDistributedDense: {
    className: 'TimeDistributed',
    names: {},
    change: (_, given) => ({
      ...pick(given, ['name', 'trainable', 'batch_input_shape']),
      layer: renamed({ class_name: 'Dense', config: { ...given, name: `${String(given.name)}_dense` } }),
    }),
  },
  Embedding: {
    names: {
      init: 'embeddings_initializer',
      W_regularizer: 'embeddings_regularizer',
      W_constraint: 'embeddings_constraint',
    },
    change: config => {
      if (typeof config.dropout === 'number' && config.dropout > 0)
        throw notAConfig(
          'modelFromJSON',
          'an Embedding of Keras 1.x that drops whole words',
          'dropout 0, or a reader of your own: { layers: { Embedding: config => layers.embedding(…) } }',
        )
      return config
    },
  },
  SimpleRNN: { names: ofRecurrent, change: (config, given) => ({ ...config, ...implementation(given) }) },
  LSTM: {
    names: ofRecurrent,
    change: (config, given) => ({
      ...gates(config, given),
      unit_forget_bias: (given.forget_bias_init ?? 'one') === 'one',
    }),
  },
  GRU: { names: ofRecurrent, change: (config, given) => ({ ...gates(config, given), reset_after: false }) },
  Convolution1D: convolution,
  AtrousConvolution1D: convolution,
  MaxPooling1D: pooling,
  AveragePooling1D: pooling,
  Dropout: share,
  SpatialDropout1D: share,
  GaussianDropout: share,
  GaussianNoise: { names: { sigma: 'stddev' } },
  BatchNormalization: {
    names: { beta_init: 'beta_initializer', gamma_init: 'gamma_initializer' },
    change: config => {
      // Mode 1 normalised each sample by itself, mode 2 by its batch in predictions too; Keras 2 has neither.
      if (config.mode === 1 || config.mode === 2)
        throw notAConfig(
          'modelFromJSON',
          `a BatchNormalization of mode ${config.mode}`,
          'mode 0, or a reader of your own: { layers: { BatchNormalization: config => … } }',
        )
      return config
    },
  },
}

/** Initialisers of which 2.x has others by the same name: normal numbers were not truncated. */
const initializers: Readonly<Record<string, JsonRecord>> = {
  glorot_normal: untruncated(1, 'fan_avg'),
  he_normal: untruncated(2, 'fan_in'),
}

function untruncated(scale: number, mode: string): JsonRecord {
  return { class_name: 'VarianceScaling', config: { scale, mode, distribution: 'untruncated_normal' } }
}

const modernValue = (name: string, value: Json): Json =>
  typeof value === 'string' && name.endsWith('_initializer') && Object.hasOwn(initializers, value)
    ? initializers[value]!
    : value

const pick = (record: JsonRecord, names: readonly string[]): JsonRecord =>
  Object.fromEntries(names.flatMap(name => (record[name] === undefined ? [] : [[name, record[name]]])))

/** A layer, and what is in it. */
function renamed({ class_name, config }: Serialized): Serialized & JsonRecord {
  const row = rows[class_name]
  const { layer, ...rest } = config
  const inner = isSerialized(layer) ? { layer: modernLayer(layer) } : {}
  if (row === undefined) return { class_name, config: { ...rest, ...inner } }
  const pairs = Object.entries({ ...rest, ...inner }).map(([given, value]) => {
    const name = row.names[given] ?? given
    return [name, modernValue(name, value as Json)]
  })
  const modern = Object.fromEntries(pairs) as JsonRecord
  return { class_name: row.className ?? class_name, config: row.change?.(modern, config) ?? modern }
}

const isModel = (className: string) => className === 'Sequential' || className === 'Model'

const modernLayer = (stored: Serialized): Serialized & JsonRecord =>
  isModel(stored.class_name) ? modernModel(stored) : renamed(stored)

/** The list of layers of a Sequential in either form. */
const listOf = (config: unknown): readonly Serialized[] | null => {
  const list = Array.isArray(config) ? config : isRecord(config) ? config.layers : null
  return Array.isArray(list) && list.every(isSerialized) ? list : null
}

function modernModel({ class_name, config }: Serialized): Serialized & JsonRecord {
  if (class_name === 'Sequential') {
    const list = listOf(config) ?? []
    if (list[0]?.class_name === 'Merge') return modernModel(mergesToLayers(list, listOf))
    const layers = list.map((stored, i) => modernLayer(i === 0 ? withShape(stored) : stored))
    const name = isRecord(config) ? pick(config, ['name']) : {}
    return { class_name, config: { ...name, layers } }
  }
  const layers = ((config.layers ?? []) as readonly Json[]).map(entry => {
    const stored = entry as unknown as Serialized & JsonRecord
    const { class_name: modernClass, config: modernConfig } = modernLayer(
      stored.class_name === 'Merge' ? mergeOf(stored) : stored,
    )
    return { ...stored, class_name: modernClass, config: modernConfig }
  })
  return { class_name, config: { ...config, layers } }
}

/** Layers that stand first told their input by input_dim and input_length. */
function withShape(stored: Serialized): Serialized {
  const { batch_input_shape, input_dim, input_length, input_shape } = stored.config
  if (batch_input_shape !== undefined || stored.class_name === 'Embedding') return stored
  if (Array.isArray(input_shape))
    return { ...stored, config: { ...stored.config, batch_input_shape: [null, ...input_shape] } }
  if (typeof input_dim !== 'number') return stored
  const steps = 'inner_init' in stored.config || input_length !== undefined ? [input_length ?? null] : []
  return { ...stored, config: { ...stored.config, batch_input_shape: [null, ...steps, input_dim] } }
}

const merges: Readonly<Record<string, string>> = {
  sum: 'Add',
  mul: 'Multiply',
  ave: 'Average',
  max: 'Maximum',
  concat: 'Concatenate',
  dot: 'Dot',
  cos: 'Dot',
}

/** What `Merge` of a mode is called in 2.x. */
export function mergeOf({ config }: Serialized): Serialized {
  const { mode, name = null, concat_axis = -1, dot_axes = -1 } = config
  const class_name = typeof mode === 'string' ? merges[mode] : undefined
  if (class_name === undefined)
    throw notAConfig(
      'modelFromJSON',
      `a Merge of mode ${JSON.stringify(mode)}`,
      `one of ${Object.keys(merges).join(', ')}`,
    )
  const own: JsonRecord =
    class_name === 'Concatenate'
      ? { axis: concat_axis }
      : class_name === 'Dot'
        ? { axes: dot_axes, normalize: mode === 'cos' }
        : {}
  return { class_name, config: { ...(name !== null && { name }), ...own } }
}

/** Whether Keras 1.x wrote it: it says so, or its layers have options of that time. */
export function isKeras1(json: Serialized): boolean {
  const version = (json as Serialized & JsonRecord).keras_version
  if (typeof version === 'string') return /^[01]\./.test(version)
  return listOf(json.config)?.some(({ config }) => 'W_regularizer' in config || 'init' in config) === true
}

/** The same model in the form of 2.x. */
export const modernized = (json: Serialized): Serialized => modernModel(json)
