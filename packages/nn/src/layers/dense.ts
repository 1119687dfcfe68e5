/** Dense: act(x · kernel + bias), over the last axis. */
import { dot } from '@arignote/graph'
import { affine, affineOptions } from './affine.js'
import { wrongInput } from './errors.js'
import { layerKind } from './kind.js'
import { integer } from './option.js'

export const dense = layerKind({
  className: 'Dense',
  options: { units: integer(1), ...affineOptions },
  outputShapes: ({ units }, [input, ...more]) => {
    if (input === undefined || more.length > 0 || input.length < 2 || input.at(-1) === null)
      throw wrongInput('dense', 'it takes one input, (batch, …, features), with a known number of features', [
        ...(input === undefined ? [] : [input]),
        ...more,
      ])
    return [[...input.slice(0, -1), units]]
  },
  fixedAxes: () => [-1],
  build: (options, [input], making) => {
    const { weights, kernel, finish } = affine(options, [input!.at(-1)!, options.units], making)
    return {
      weights,
      call: ([x]) => [{ tensor: finish(dot(x!.tensor, kernel)), mask: x!.mask }],
    }
  },
})
