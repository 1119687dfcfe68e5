/**
 * Initialisers: a shape, a dtype and a seed → the first value of a weight.
 */
import { badArgument, describeGiven, type NdArray, ndarrayOf, rand } from '@arignote/graph'
import { allocate } from '@arignote/loops'
import type { FloatType } from './dtype.js'
import { isSerialized, type JsonRecord, type Serialized } from './json.js'
import { entryNamed } from './names.js'

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

const filled = (shape: readonly number[], dtype: FloatType, value: number): NdArray => {
  const data = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  )
  return ndarrayOf(data.fill(value), shape) as NdArray
}

export const initializers = {
  zeros: (): Initializer => ({
    class_name: 'Zeros',
    config: {},
    make: (shape, { dtype }) => filled(shape, dtype, 0),
  }),
  ones: (): Initializer => ({
    class_name: 'Ones',
    config: {},
    make: (shape, { dtype }) => filled(shape, dtype, 1),
  }),
  randomUniform: (
    options: { readonly minval?: number; readonly maxval?: number; readonly seed?: number | null } = {},
  ): Initializer => {
    const { minval = -0.05, maxval = 0.05 } = options
    return {
      class_name: 'RandomUniform',
      config: { minval, maxval, seed: options.seed ?? null },
      make: (shape, { dtype, seed }) =>
        rand(shape, { seed: options.seed ?? seed, low: minval, high: maxval, dtype }),
    }
  },
  /** Glorot and Bengio 2010: uniform within ±√(6 / (fan in + fan out)). */
  glorotUniform: (options: { readonly seed?: number | null } = {}): Initializer => ({
    class_name: 'GlorotUniform',
    config: { seed: options.seed ?? null },
    make: (shape, { dtype, seed }) => {
      const [fanIn, fanOut] = fans(shape)
      const limit = Math.sqrt(6 / Math.max(1, fanIn + fanOut))
      return rand(shape, { seed: options.seed ?? seed, low: -limit, high: limit, dtype })
    },
  }),
} satisfies Record<string, (options?: never) => Initializer>

/** What a weight is connected to: inputs and outputs of a matrix; with a receptive field, of a convolution's kernel. */
export function fans(shape: readonly number[]): readonly [fanIn: number, fanOut: number] {
  const size = (list: readonly number[]) => list.reduce((a, b) => a * b, 1)
  if (shape.length < 2) {
    const root = Math.sqrt(size(shape))
    return [root, root]
  }
  const receptive = size(shape.slice(0, -2))
  return [shape.at(-2)! * receptive, shape.at(-1)! * receptive]
}

/** The initialiser that is meant. @throws ArgumentError for a name there is not */
export function initializer(operation: string, like: InitializerLike): Initializer {
  if (typeof like === 'string') return made(operation, like, {})
  if (typeof like === 'object' && 'make' in like) return like
  if (isSerialized(like)) return made(operation, like.class_name, like.config)
  throw badArgument(
    operation,
    `${describeGiven(like).what} is no initialiser`,
    "a name such as 'glorotUniform', or one of initializers",
  )
}

function made(operation: string, name: string, config: JsonRecord): Initializer {
  const { entry } = entryNamed(operation, 'initialiser', name, initializers, { uniform: 'randomUniform' })
  return (entry as (options: JsonRecord) => Initializer)(config)
}
