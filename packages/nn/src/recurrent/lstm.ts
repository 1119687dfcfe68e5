/** Long short-term memory: a cell state that only gates change, with peepholes or layer normalisation if wanted. */
import { add, mul, type Tensor, type Variable } from '@arignote/graph'
import { activation } from '../activations.js'
import type { FloatType } from '../dtype.js'
import { type InitializerLike, initializer } from '../initializers.js'
import { type GateCell, type GateParams, plainContext } from './cell.js'
import { block, gateProduct, normalized, ownMask } from './gates.js'
import { checkCell, checkFlag, checkImplementation, type GateOptions } from './options.js'
import { madeOf } from './origin.js'
import {
  defaultRecurrent,
  type ParameterTable,
  parametersOf,
  tiledIfIdentity,
  withOpenForgetGate,
} from './parameters.js'

export interface LstmOptions<D extends FloatType = FloatType> extends GateOptions<D> {
  /** The forget gate's bias begins at 1, so that it begins open; default true. */
  readonly unitForgetBias?: boolean
  /** The gates see the cell state too; default false. */
  readonly peepholes?: boolean
  /** Of the weights from the cell state to the gates; default zeros. */
  readonly peepholeInitializer?: InitializerLike
  /** What goes into the gates, and the cell state that goes out, is normalised; default false. */
  readonly layerNormalization?: boolean
  /** Added to the variance before the root is taken; default 1e-5. */
  readonly epsilon?: number
}

const own = [
  'recurrentActivation',
  'implementation',
  'unitForgetBias',
  'peepholes',
  'peepholeInitializer',
  'layerNormalization',
  'epsilon',
]

/** Shapes and first values of the weights. */
export function lstmParameters(options: LstmOptions): ParameterTable {
  const { inputSize, units } = options
  const flag = (
    name: 'useBias' | 'unitForgetBias' | 'peepholes' | 'layerNormalization',
    byDefault: boolean,
  ) => checkFlag('lstmCell', name, options[name], byDefault)
  const init = (like: InitializerLike | undefined, byDefault: InitializerLike) =>
    initializer('lstmCell', like ?? byDefault)
  const bias = init(options.biasInitializer, 'zeros')
  const ones = (size: number) => ({ shape: [size], initializer: init('ones', 'ones') })
  return {
    kernel: { shape: [inputSize, 4 * units], initializer: init(options.kernelInitializer, 'glorotUniform') },
    recurrentKernel: {
      shape: [units, 4 * units],
      initializer: tiledIfIdentity(init(options.recurrentInitializer, defaultRecurrent)),
    },
    ...(flag('useBias', true) && {
      bias: {
        shape: [4 * units],
        initializer: flag('unitForgetBias', true) ? withOpenForgetGate(bias, units) : bias,
      },
    }),
    ...(flag('peepholes', false) && {
      peepholes: { shape: [3, units], initializer: init(options.peepholeInitializer, 'zeros') },
    }),
    ...(flag('layerNormalization', false) && {
      kernelGain: ones(4 * units),
      recurrentGain: ones(4 * units),
      cellGain: ones(units),
      cellShift: { shape: [units], initializer: init('zeros', 'zeros') },
    }),
  }
}

/**
 * A cell of long short-term memory (Hochreiter and Schmidhuber 1997; its forget gate: Gers, Schmidhuber and Cummins 2000):
 *
 *     i, f, o = σ(x·W + h·U + b)   g = act(x·W + h·U + b)   each of its own columns, in Keras's order i f g o
 *     c′ = f ∘ c + i ∘ g           h′ = o ∘ act(c′)
 *
 * with W (inputSize, 4·units), U (units, 4·units), b (4·units); states h and c. σ is `recurrentActivation`.
 *
 * `peepholes` (Gers and Schmidhuber 2000): `peepholes` p (3, units), i and f see p₀ ∘ c and p₁ ∘ c, o sees p₂ ∘ c′.
 *
 * `layerNormalization` (Ba, Kiros and Hinton 2016, equations 20 to 22): LN(x·W) ∘ kernelGain + LN(h·U) ∘ recurrentGain + b
 * go into the gates, each normalised over its 4·units numbers, and h′ = o ∘ act(LN(c′) ∘ cellGain + cellShift).
 *
 * @throws ArgumentError, ShapeError for options there are not, or `params` that do not fit
 */
export function lstmCell<D extends FloatType = 'float32'>(options: LstmOptions<D>): GateCell<D> {
  const { inputSize, units, dtype, name } = checkCell('lstmCell', options, own)
  const { activation: act = 'tanh', recurrentActivation: gate = 'sigmoid', epsilon = 1e-5 } = options
  const { apply: squash } = activation('lstmCell', act)
  const { apply: open } = activation('lstmCell', gate)
  const params = parametersOf(lstmParameters(options), {
    name,
    dtype,
    seed: options.seed,
    given: options.params,
  }) as GateParams<D>
  const { bias, peepholes, kernelGain, recurrentGain, cellGain, cellShift } = params
  const scaled = (v: Variable, gain: Variable | undefined) =>
    gain === undefined ? v : mul(normalized(v, epsilon), gain)
  const peep = (k: number, c: Variable) => mul(peepholes!.at(k), c)

  return madeOf('LSTMCell', options, {
    name,
    dtype,
    params,
    inputSize,
    units,
    stateSizes: [units, units],
    masks: checkImplementation('lstmCell', options.implementation) === 1 ? 4 : 1,
    step(x, [h, c], { dropoutMask, recurrentDropoutMask, clip = plainContext.clip } = plainContext) {
      const fromInput = scaled(gateProduct(x, params.kernel, ownMask(dropoutMask), 4), kernelGain)
      const fromState = scaled(
        gateProduct(h!, params.recurrentKernel, ownMask(recurrentDropoutMask), 4),
        recurrentGain,
      )
      const sum: Variable = add(fromInput, fromState)
      const z = bias === undefined ? sum : add(sum, bias)
      // Each gate by itself, so that its gradient is clipped in the kernel that computes it.
      const [zi, zf, zg, zo] = [0, 1, 2, 3].map(k => clip(block(z, k, units))) as [
        Variable,
        Variable,
        Variable,
        Variable,
      ]
      const i = open(peepholes === undefined ? zi : add(zi, peep(0, c!)))
      const f = open(peepholes === undefined ? zf : add(zf, peep(1, c!)))
      const next: Variable = add(mul(f, c!), mul(i, squash(zg)))
      const o = open(peepholes === undefined ? zo : add(zo, peep(2, next)))
      const shown: Variable = cellGain === undefined ? next : add(scaled(next, cellGain), cellShift!)
      return [mul(o, squash(shown)), next] as Tensor<D, 2>[]
    },
  })
}
