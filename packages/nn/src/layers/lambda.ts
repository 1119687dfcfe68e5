/** Lambda: any function of tensors as a layer without weights. */
import { badArgument, describeGiven, tensor, type Variable } from '@arignote/graph'
import { unstorable } from './errors.js'
import { layerKind } from './kind.js'
import type { Option } from './option.js'

type Tensors = (...inputs: Variable[]) => Variable

const functionOption: Option<Tensors, Tensors> = {
  read: (given, place) => {
    if (typeof given !== 'function')
      throw badArgument(
        place,
        `${describeGiven(given).what} will not do`,
        'a function of tensors: x => x.mul(2)',
      )
    return given as Tensors
  },
  toJson: () => {
    throw unstorable('a function')
  },
}

/** The shape is what the function makes of tensors of the inputs' shapes; a mask of the first input passes. */
export const lambdaLayer = layerKind({
  className: 'Lambda',
  options: { function: functionOption },
  outputShapes: (options, inputs) => {
    const given = inputs.map(shape =>
      tensor('x', { shape: shape.map((n, axis) => n ?? (axis === 0 ? 'batch' : null)) }),
    )
    return [options.function(...given).shape.map(n => (typeof n === 'number' ? n : null))]
  },
  build: options => ({
    weights: [],
    call: flows => [
      { tensor: options.function(...flows.map(flow => flow.tensor)), mask: flows[0]?.mask ?? null },
    ],
  }),
})
