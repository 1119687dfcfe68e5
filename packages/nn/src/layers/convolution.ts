/** Conv1D: a filter that slides over time. (batch, time, features) → (batch, windows, filters). */
import { concatenate, dot, reshape } from '@arignote/graph'
import { affine, affineOptions } from './affine.js'
import { wrongInput } from './errors.js'
import { sequenceInput, unmaskedInput } from './inputs.js'
import { layerKind } from './kind.js'
import { choice, integer, integerAlong, optional } from './option.js'
import { placesOf, type Windows, windowCount } from './windows.js'

interface Slides {
  readonly kernelSize: number
  readonly strides: number
  readonly padding: Windows['padding']
  readonly dilationRate: number
}

const windowsOf = ({ kernelSize, strides, padding, dilationRate }: Slides): Windows => ({
  size: kernelSize,
  stride: strides,
  padding,
  dilation: dilationRate,
})

/** A correlation, as TensorFlow computes it: the kernel is not turned round (Theano's was). Kernel: (size, features, filters). */
export const conv1D = layerKind({
  className: 'Conv1D',
  options: {
    filters: integer(1),
    kernelSize: integerAlong(1),
    strides: optional(integerAlong(1), 1),
    padding: optional(choice(['valid', 'same', 'causal']), 'valid'),
    dilationRate: optional(integerAlong(1), 1),
    ...affineOptions,
  },
  outputShapes: (options, inputs) => {
    const [batch, , features] = sequenceInput('conv1D', inputs)
    if (features === null) throw wrongInput('conv1D', 'the number of features must be known', inputs)
    return [[batch!, windowCount('conv1D', inputs, windowsOf(options)), options.filters]]
  },
  fixedAxes: () => [-1],
  build: (options, [input], making) => {
    const { filters, kernelSize } = options
    const features = input![2]!
    const { weights, kernel, finish } = affine(options, [kernelSize, features, filters], making)
    return {
      weights,
      call: ([x]) => {
        const places = placesOf(unmaskedInput('conv1D', x!), windowsOf(options))
        const rows = places.length === 1 ? places[0]! : concatenate(places, -1)
        const product = dot(rows, reshape(kernel, [kernelSize * features, filters]))
        return [{ tensor: finish(product), mask: null }]
      },
    }
  },
})
