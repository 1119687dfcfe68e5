/** The simple recurrent cell: one state, and no gate (Elman 1990). */
import { add, type Tensor, type Variable } from '@arignote/graph'
import { activation } from '../activations.js'
import type { FloatType } from '../dtype.js'
import { initializer } from '../initializers.js'
import { type GateCell, type GateParams, plainContext } from './cell.js'
import { gateProduct, ownMask } from './gates.js'
import { type CellOptions, checkCell, checkFlag } from './options.js'
import { madeOf } from './origin.js'
import { defaultRecurrent, type ParameterTable, parametersOf, tiledIfIdentity } from './parameters.js'

/** Shapes and first values of the weights. */
export function rnnParameters(options: CellOptions): ParameterTable {
  const { inputSize, units, useBias } = options
  const init = (like: CellOptions['kernelInitializer'], byDefault: string) =>
    initializer('rnnCell', like ?? byDefault)
  return {
    kernel: { shape: [inputSize, units], initializer: init(options.kernelInitializer, 'glorotUniform') },
    recurrentKernel: {
      shape: [units, units],
      initializer: tiledIfIdentity(init(options.recurrentInitializer, defaultRecurrent)),
    },
    ...(checkFlag('rnnCell', 'useBias', useBias, true)
      ? { bias: { shape: [units], initializer: init(options.biasInitializer, 'zeros') } }
      : {}),
  }
}

/**
 * A simple recurrent cell (Elman 1990; Keras: SimpleRNN):
 *
 *     h′ = act(x·W + h·U + b)
 *
 * with W (inputSize, units), U (units, units), b (units); act is tanh unless `activation` says otherwise.
 *
 * @throws ArgumentError, ShapeError for options there are not, or `params` that do not fit
 */
export function rnnCell<D extends FloatType = 'float32'>(options: CellOptions<D>): GateCell<D> {
  const { inputSize, units, dtype, name } = checkCell('rnnCell', options, [])
  const act = activation('rnnCell', options.activation === undefined ? 'tanh' : options.activation)
  const params = parametersOf(rnnParameters(options), {
    name,
    dtype,
    seed: options.seed,
    given: options.params,
  }) as GateParams<D>
  const { kernel, recurrentKernel, bias } = params
  return madeOf('SimpleRNNCell', options, {
    name,
    dtype,
    params,
    inputSize,
    units,
    stateSizes: [units],
    masks: 1,
    step(x, [h], { dropoutMask, recurrentDropoutMask, clip = plainContext.clip } = plainContext) {
      const fromInput = gateProduct(x, kernel, ownMask(dropoutMask), 1)
      const fromState = gateProduct(h!, recurrentKernel, ownMask(recurrentDropoutMask), 1)
      const sum: Variable = add(fromInput, fromState)
      const z = bias === undefined ? sum : add(sum, bias)
      return [act.apply(clip(z)) as Tensor<D, 2>]
    },
  })
}
