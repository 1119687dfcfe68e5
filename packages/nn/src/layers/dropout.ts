/**
 * Layers that disturb in training, and do nothing otherwise: dropout (inverted: what stays is scaled up) and noise.
 */
import { add, gt, mul, type RandomStream, randomStream, type Variable, where } from '@arignote/graph'
import { wrongNoiseShape } from './errors.js'
import { keepsDType, keepsShape, sequenceInput } from './inputs.js'
import { type LayerKind, layerKind, type Shape } from './kind.js'
import { nullable, number, type OptionTable, rate, sizes, type ValuesOf } from './option.js'
import { streamIn } from './streams.js'

interface Disturbance<T extends OptionTable> {
  readonly className: string
  readonly options: T
  readonly outputShapes: (options: ValuesOf<T>, inputs: readonly Shape[]) => readonly Shape[]
  /** Whether it changes anything. */
  readonly acts: (options: ValuesOf<T>) => boolean
  readonly disturb: (x: Variable, options: ValuesOf<T>, stream: RandomStream) => Variable
}

const disturbance = <const T extends OptionTable>(kind: Disturbance<T>): LayerKind<T> =>
  layerKind({
    ...keepsDType,
    className: kind.className,
    options: kind.options,
    outputShapes: kind.outputShapes,
    build: (options, _, { name, nextSeed }) => {
      const stream = randomStream(nextSeed(), `${name}/random`)
      return {
        weights: [],
        memory: [stream.state],
        call: ([x], context) => {
          if (!context.training || !kind.acts(options)) return [x!]
          const own = streamIn(context, stream)
          return [{ tensor: kind.disturb(x!.tensor, options, own), mask: x!.mask }]
        },
      }
    },
  }) as unknown as LayerKind<T>

type Float = 'float32' | 'float64'

/** A share of the elements becomes 0; `noiseShape` has 1 where an axis shares its draws, null for its own size. */
export const dropout = disturbance({
  className: 'Dropout',
  options: { rate, noiseShape: nullable(sizes) },
  ...keepsShape('dropout'),
  acts: options => options.rate > 0 && options.rate < 1,
  disturb: (x, { rate: share, noiseShape }, stream) => {
    if (noiseShape !== null && noiseShape.length !== x.ndim) throw wrongNoiseShape(noiseShape, x)
    const shape = x.shape.map((size, axis) => noiseShape?.[axis] ?? size)
    return mul(x, stream.dropoutMask(shape, share, { dtype: x.dtype as Float }))
  },
})

/** Drops whole features, the same at every step. */
export const spatialDropout1D = disturbance({
  className: 'SpatialDropout1D',
  options: { rate },
  outputShapes: (_, inputs) => [sequenceInput('spatialDropout1D', inputs)],
  acts: options => options.rate > 0 && options.rate < 1,
  disturb: (x, options, stream) =>
    mul(x, stream.dropoutMask([x.shape[0]!, 1, x.shape[2]!], options.rate, { dtype: x.dtype as Float })),
})

/** Adds N(0, stddev²). */
export const gaussianNoise = disturbance({
  className: 'GaussianNoise',
  options: { stddev: number(0) },
  ...keepsShape('gaussianNoise'),
  acts: options => options.stddev > 0,
  disturb: (x, { stddev }, stream) =>
    add(x, stream.normal(x.shape, { std: stddev, dtype: x.dtype as Float })),
})

/** Multiplies by N(1, rate / (1 − rate)): Srivastava et al. 2014, §10. */
export const gaussianDropout = disturbance({
  className: 'GaussianDropout',
  options: { rate },
  ...keepsShape('gaussianDropout'),
  acts: options => options.rate > 0 && options.rate < 1,
  disturb: (x, { rate: share }, stream) => {
    const std = Math.sqrt(share / (1 - share))
    return mul(x, stream.normal(x.shape, { mean: 1, std, dtype: x.dtype as Float }))
  },
})

/** What selu makes of −∞: −scale · alpha. */
const lowest = -1.0507009873554805 * 1.6732632423543772

/**
 * What is dropped becomes selu's lowest value, and all is scaled and shifted so that mean 0 and variance 1 stay: Klambauer
 * et al. 2017, §4.
 */
export const alphaDropout = disturbance({
  className: 'AlphaDropout',
  options: { rate },
  ...keepsShape('alphaDropout'),
  acts: options => options.rate > 0 && options.rate < 1,
  disturb: (x, { rate: share }, stream) => {
    const isKept: Variable = gt(stream.dropoutMask(x.shape, share, { dtype: x.dtype as Float }), 0)
    const scale = 1 / Math.sqrt((1 - share) * (1 + share * lowest ** 2))
    return add(mul(where(isKept, x, lowest), scale), -scale * lowest * share)
  },
})
