/**
 * Initialisers: a shape, a dtype and a seed → the first value of a weight.
 *
 * The options are Keras's, and so are the configurations: the named variance scalings are stored as `VarianceScaling`.
 */
import {
  badArgument,
  checkName,
  checkOptions,
  describeGiven,
  type NdArray,
  ndarrayOf,
  rand,
  randn,
} from '@arignote/graph'
import { allocate } from '@arignote/loops'
import { truncatedDraws } from './draws.js'
import type { FloatType } from './dtype.js'
import { wrongInitialShape } from './errors.js'
import { isSerialized, type JsonRecord, type Serialized } from './json.js'
import { camelCase, entryNamed, snakeCase } from './names.js'
import { orthonormalColumns } from './orthogonal.js'
import { sizeOf } from './size.js'

export interface Initializer extends Serialized {
  /** The same shape, dtype and seed give the same numbers. */
  readonly make: (shape: readonly number[], options: InitializerContext) => NdArray
}

export interface InitializerContext {
  readonly dtype: FloatType
  readonly seed: number
}

/** A name (`'glorotUniform'`), what Keras's JSON has, or an initialiser with options: `initializers.constant({ value: 2 })`. */
export type InitializerLike = string | Initializer | Serialized

export interface Seeded {
  /** Instead of the one that the layer makes of its own; null: that one. */
  readonly seed?: number | null
}

/** An array of which each element, in C order, is the next of some numbers. */
function filled(shape: readonly number[], dtype: FloatType, next: () => number): NdArray {
  const data = allocate(dtype, sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = next()
  return ndarrayOf(data, shape) as NdArray
}

const constant = (class_name: string, config: JsonRecord, value: number): Initializer => ({
  class_name,
  config,
  make: (shape, { dtype }) => filled(shape, dtype, () => value),
})

/** How much of a normal distribution's deviation is left when what lies beyond two of them is cut off. */
const truncatedDeviation = 0.87962566103423978

const truncated = (
  shape: readonly number[],
  dtype: FloatType,
  seed: number,
  mean: number,
  stddev: number,
) => {
  const draw = truncatedDraws(seed)
  return filled(shape, dtype, () => mean + stddev * draw())
}

export interface VarianceScalingOptions extends Seeded {
  readonly scale?: number
  /** 'fanIn', 'fanOut' or 'fanAvg'; Keras's spelling too. */
  readonly mode?: string
  /** 'normal' is truncated at two deviations, 'untruncatedNormal' is not; TensorFlow's spelling too. */
  readonly distribution?: string
}

const distributions = ['normal', 'truncated_normal', 'untruncated_normal', 'uniform']

/** Variance scale / n, n the number of inputs, of outputs or the mean of both. */
function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  checkOptions('varianceScaling', options, ['scale', 'mode', 'distribution', 'seed'])
  const { scale = 1, seed: own = null } = options
  const mode = snakeCase(String(options.mode ?? 'fanIn'))
  const distribution = snakeCase(String(options.distribution ?? 'normal'))
  checkName('varianceScaling', 'mode', mode, ['fan_in', 'fan_out', 'fan_avg'])
  checkName('varianceScaling', 'distribution', distribution, distributions)
  return {
    class_name: 'VarianceScaling',
    config: { scale, mode, distribution, seed: own },
    make: (shape, { dtype, seed: given }) => {
      const [fanIn, fanOut] = fans(shape)
      const n = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[mode]!
      const variance = scale / Math.max(1, n)
      const seed = own ?? given
      const limit = Math.sqrt(3 * variance)
      if (distribution === 'uniform') return rand(shape, { seed, low: -limit, high: limit, dtype })
      const std = Math.sqrt(variance)
      if (distribution === 'untruncated_normal') return randn(shape, { seed, mean: 0, std, dtype })
      return truncated(shape, dtype, seed, 0, std / truncatedDeviation)
    },
  }
}

const scaling =
  (name: string, scale: number, mode: string, distribution: 'normal' | 'uniform') =>
  (options: Seeded = {}): Initializer => {
    const { seed = null } = checkOptions(name, options, ['seed'])
    return varianceScaling({ scale, mode, distribution, seed })
  }

export const initializers = {
  zeros: () => constant('Zeros', {}, 0),
  ones: () => constant('Ones', {}, 1),
  constant: (options: { readonly value?: number } = {}) => {
    const { value = 0 } = checkOptions('constant', options, ['value'])
    return constant('Constant', { value }, value)
  },
  randomNormal: (options: Seeded & { readonly mean?: number; readonly stddev?: number } = {}) => {
    const { mean = 0, stddev = 0.05, seed: own = null } = checkOptions('randomNormal', options, normalOptions)
    return {
      class_name: 'RandomNormal',
      config: { mean, stddev, seed: own },
      make: (shape, { dtype, seed }) => randn(shape, { seed: own ?? seed, mean, std: stddev, dtype }),
    }
  },
  randomUniform: (options: Seeded & { readonly minval?: number; readonly maxval?: number } = {}) => {
    checkOptions('randomUniform', options, ['minval', 'maxval', 'seed'])
    const { minval = -0.05, maxval = 0.05, seed: own = null } = options
    return {
      class_name: 'RandomUniform',
      config: { minval, maxval, seed: own },
      make: (shape, { dtype, seed }) => rand(shape, { seed: own ?? seed, low: minval, high: maxval, dtype }),
    }
  },
  /** Normal numbers, of which those beyond two deviations are drawn again. */
  truncatedNormal: (options: Seeded & { readonly mean?: number; readonly stddev?: number } = {}) => {
    const {
      mean = 0,
      stddev = 0.05,
      seed: own = null,
    } = checkOptions('truncatedNormal', options, normalOptions)
    return {
      class_name: 'TruncatedNormal',
      config: { mean, stddev, seed: own },
      make: (shape, { dtype, seed }) => truncated(shape, dtype, own ?? seed, mean, stddev),
    }
  },
  varianceScaling,
  /** Glorot and Bengio 2010: uniform within ±√(6 / (fan in + fan out)). */
  glorotUniform: scaling('glorotUniform', 1, 'fanAvg', 'uniform'),
  /** Variance 2 / (fan in + fan out). */
  glorotNormal: scaling('glorotNormal', 1, 'fanAvg', 'normal'),
  /** He et al. 2015: uniform within ±√(6 / fan in). */
  heUniform: scaling('heUniform', 2, 'fanIn', 'uniform'),
  /** Variance 2 / fan in. */
  heNormal: scaling('heNormal', 2, 'fanIn', 'normal'),
  /** LeCun et al. 1998: uniform within ±√(3 / fan in). */
  lecunUniform: scaling('lecunUniform', 1, 'fanIn', 'uniform'),
  /** Variance 1 / fan in. */
  lecunNormal: scaling('lecunNormal', 1, 'fanIn', 'normal'),
  /**
   * gain times orthonormal rows, or columns if there are fewer of them; axes before the last are one (Saxe et al. 2014). Of
   * a fused recurrent matrix (units, 4 · units) the whole is orthogonal, not each gate.
   */
  orthogonal: (options: Seeded & { readonly gain?: number } = {}) => {
    const { gain = 1, seed: own = null } = checkOptions('orthogonal', options, ['gain', 'seed'])
    return {
      class_name: 'Orthogonal',
      config: { gain, seed: own },
      make: (shape, { dtype, seed }) => orthogonal(shape, dtype, own ?? seed, gain),
    }
  },
  /** gain times the identity, side by side where there are more columns than rows: [I I I I] for a fused recurrent matrix. */
  identity: (options: { readonly gain?: number } = {}) => {
    const { gain = 1 } = checkOptions('identity', options, ['gain'])
    return {
      class_name: 'Identity',
      config: { gain },
      make: (shape, { dtype }) => {
        if (shape.length !== 2) throw wrongInitialShape('identity', shape, 'a matrix')
        const [rows, columns] = shape as readonly [number, number]
        let at = 0
        return filled(shape, dtype, () => {
          const [i, j] = [Math.floor(at / columns), at++ % columns]
          return j % rows === i ? gain : 0
        })
      },
    }
  },
} satisfies Record<string, (options?: never) => Initializer>

const normalOptions = ['mean', 'stddev', 'seed'] as const

function orthogonal(shape: readonly number[], dtype: FloatType, seed: number, gain: number): NdArray {
  if (shape.length < 2) throw wrongInitialShape('orthogonal', shape, 'two axes or more')
  const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!]
  const data = allocate(dtype, rows * columns)
  if (rows >= columns)
    orthonormalColumns(rows, columns, seed, (i, j, value) => {
      data[i * columns + j] = gain * value
    })
  else
    orthonormalColumns(columns, rows, seed, (i, j, value) => {
      data[j * columns + i] = gain * value
    })
  return ndarrayOf(data, shape) as NdArray
}

/**
 * What a weight is connected to: inputs and outputs of a matrix; with a receptive field, of a convolution's kernel. Of
 * other shapes both are the root of the size.
 */
export function fans(shape: readonly number[]): readonly [fanIn: number, fanOut: number] {
  if (shape.length < 2 || shape.length > 5) {
    const root = Math.sqrt(sizeOf(shape))
    return [root, root]
  }
  const receptive = sizeOf(shape.slice(0, -2))
  return [shape.at(-2)! * receptive, shape.at(-1)! * receptive]
}

/** Names of Keras 1.x and of classes. */
const aliases = {
  uniform: 'randomUniform',
  normal: 'randomNormal',
  zero: 'zeros',
  one: 'ones',
}

/** The initialiser that is meant. @throws ArgumentError for a name there is not */
export function initializer(operation: string, like: InitializerLike): Initializer {
  if (typeof like === 'string') return made(operation, like, {})
  if (typeof like === 'object' && like !== null && 'make' in like) return like
  if (isSerialized(like)) return made(operation, like.class_name, like.config)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no initialiser`,
    "a name such as 'glorotUniform', or one of initializers",
  )
}

function made(operation: string, name: string, config: JsonRecord): Initializer {
  const { entry } = entryNamed(operation, 'initialiser', name, initializers, aliases)
  const options = Object.entries(config ?? {}).filter(([key]) => key !== 'dtype')
  return (entry as (options: JsonRecord) => Initializer)(
    Object.fromEntries(options.map(([key, value]) => [camelCase(key), value])),
  )
}
