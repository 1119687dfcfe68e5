/** Pooling over time: (batch, time, features) → (batch, features), or fewer steps. */
import { cast, div, expandDims, max, maximum, mean, mul, onesLike, sum, type Variable } from '@arignote/graph'
import { sequenceInput, unmaskedInput } from './inputs.js'
import { type LayerKind, layerKind } from './kind.js'
import { choice, integerAlong, nullable, optional } from './option.js'
import { placesOf, type Windows, windowCount } from './windows.js'

/** One row of features per sample. */
const overAllSteps = (layer: string) => ({
  outputShapes: (_: unknown, inputs: Parameters<typeof sequenceInput>[1]) => {
    const [batch, , features] = sequenceInput(layer, inputs)
    return [[batch!, features!]]
  },
})

export const globalMaxPooling1D = layerKind({
  className: 'GlobalMaxPooling1D',
  options: {},
  ...overAllSteps('globalMaxPooling1D'),
  build: () => ({
    weights: [],
    call: ([x]) => [{ tensor: max(unmaskedInput('globalMaxPooling1D', x!), 1), mask: null }],
  }),
})

/** With a mask, the mean over the steps that count. */
export const globalAveragePooling1D = layerKind({
  className: 'GlobalAveragePooling1D',
  options: {},
  ...overAllSteps('globalAveragePooling1D'),
  build: () => ({
    weights: [],
    call: ([x]) => {
      const { tensor, mask } = x!
      if (mask === null) return [{ tensor: mean(tensor, 1), mask: null }]
      const counts = expandDims(cast(mask, tensor.dtype), -1)
      return [{ tensor: div(sum(mul(tensor, counts), 1), sum(counts, 1)), mask: null }]
    },
  }),
})

const poolOptions = {
  poolSize: optional(integerAlong(1), 2),
  /** Default: poolSize. */
  strides: nullable(integerAlong(1)),
  padding: optional(choice(['valid', 'same']), 'valid'),
}

function pooling(
  className: string,
  layer: string,
  pool: (x: Variable, windows: Windows) => Variable,
): LayerKind<typeof poolOptions> {
  const windowsOf = (poolSize: number, strides: number | null, padding: 'valid' | 'same'): Windows => ({
    size: poolSize,
    stride: strides ?? poolSize,
    padding,
  })
  return {
    className,
    options: poolOptions,
    outputShapes: ({ poolSize, strides, padding }, inputs) => {
      const [batch, , features] = sequenceInput(layer, inputs)
      return [[batch!, windowCount(layer, inputs, windowsOf(poolSize, strides, padding)), features!]]
    },
    build: ({ poolSize, strides, padding }) => ({
      weights: [],
      call: ([x]) => [
        {
          tensor: pool(unmaskedInput(layer, x!), windowsOf(poolSize, strides, padding)),
          mask: null,
        },
      ],
    }),
  }
}

export const maxPooling1D = pooling('MaxPooling1D', 'maxPooling1D', (x, windows) =>
  placesOf(x, windows, Number.NEGATIVE_INFINITY).reduce((a, b) => maximum(a, b)),
)

/** Steps that padding added do not count. */
export const averagePooling1D = pooling('AveragePooling1D', 'averagePooling1D', (x, windows) => {
  const total = (list: readonly Variable[]) => list.reduce((a, b) => a.add(b))
  const counts = windows.padding === 'valid' ? windows.size : total(placesOf(onesLike(x), windows))
  return div(total(placesOf(x, windows)), counts)
})
