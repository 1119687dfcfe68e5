/** Lambda: any function of tensors as a layer without weights. */
import { badArgument, describeGiven, tensor, type Variable } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { unstorable } from './errors.js'
import { layerKind, type Shape } from './kind.js'
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

/** What the function makes of any tensors of these types. */
function resultOf(f: Tensors, shapes: readonly Shape[], dtypes: readonly DType[]): Variable {
  const given = shapes.map((shape, i) =>
    tensor('x', {
      dtype: dtypes[i]!,
      shape: shape.map((n, axis) => n ?? (axis === 0 ? 'batch' : null)),
    }),
  )
  return f(...given)
}

/** Shape and dtype are what the function makes of tensors of the inputs' shapes; a mask of the first input passes. */
export const lambdaLayer = layerKind({
  className: 'Lambda',
  options: { function: functionOption },
  outputShapes: (options, inputs, dtypes) => {
    const { shape } = resultOf(options.function, inputs, dtypes)
    return [shape.map(n => (typeof n === 'number' ? n : null))]
  },
  outputDType: (options, dtypes, inputs) => resultOf(options.function, inputs, dtypes).dtype,
  build: options => ({
    weights: [],
    call: flows => [
      { tensor: options.function(...flows.map(flow => flow.tensor)), mask: flows[0]?.mask ?? null },
    ],
  }),
})
