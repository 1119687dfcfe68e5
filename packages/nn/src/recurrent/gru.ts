/** Gated recurrent units: one state, which a gate lets through or replaces. */
import { add, mul, sub, type Tensor, type Variable } from '@arignote/graph'
import { activation } from '../activations.js'
import type { FloatType } from '../dtype.js'
import { type InitializerLike, initializer } from '../initializers.js'
import { type GateCell, type GateParams, plainContext } from './cell.js'
import { block, firstMasks, gateProduct, masked, maskOf, ownMask } from './gates.js'
import { checkCell, checkFlag, checkImplementation, type GateOptions } from './options.js'
import { madeOf } from './origin.js'
import { defaultRecurrent, type ParameterTable, parametersOf, tiledIfIdentity } from './parameters.js'

export interface GruOptions<D extends FloatType = FloatType> extends GateOptions<D> {
  /** Where the reset gate acts: before the product h·U, on h (false, the default), or on the product (true). */
  readonly resetAfter?: boolean
}

/** Shapes and first values of the weights. */
export function gruParameters(options: GruOptions): ParameterTable {
  const { inputSize, units } = options
  const flag = (name: 'useBias' | 'resetAfter', byDefault: boolean) =>
    checkFlag('gruCell', name, options[name], byDefault)
  const init = (like: InitializerLike | undefined, byDefault: string) =>
    initializer('gruCell', like ?? byDefault)
  return {
    kernel: { shape: [inputSize, 3 * units], initializer: init(options.kernelInitializer, 'glorotUniform') },
    recurrentKernel: {
      shape: [units, 3 * units],
      initializer: tiledIfIdentity(init(options.recurrentInitializer, defaultRecurrent)),
    },
    ...(flag('useBias', true) && {
      bias: {
        shape: flag('resetAfter', false) ? [2, 3 * units] : [3 * units],
        initializer: init(options.biasInitializer, 'zeros'),
      },
    }),
  }
}

/**
 * A gated recurrent unit (Cho et al. 2014), with W (inputSize, 3·units), U (units, 3·units), each gate of its own columns in
 * Keras's order z r g:
 *
 *     z, r = σ(x·W + h·U + b)
 *     g = act(x·W + (r ∘ h)·U + b)            with b (3·units)
 *     g = act(x·W + b₀ + r ∘ (h·U + b₁))      with `resetAfter`, and b (2, 3·units); z and r get both of its rows
 *     h′ = z ∘ h + (1 − z) ∘ g
 *
 * The second form is that of cuDNN and PyTorch; it is faster, since one product per step is all it needs.
 *
 * @throws ArgumentError, ShapeError for options there are not, or `params` that do not fit
 */
export function gruCell<D extends FloatType = 'float32'>(options: GruOptions<D>): GateCell<D> {
  const { inputSize, units, dtype, name } = checkCell('gruCell', options, [
    'recurrentActivation',
    'implementation',
    'resetAfter',
  ])
  const { activation: act = 'tanh', recurrentActivation: gate = 'sigmoid' } = options
  const { apply: squash } = activation('gruCell', act)
  const { apply: open } = activation('gruCell', gate)
  const resetAfter = checkFlag('gruCell', 'resetAfter', options.resetAfter, false)
  const isOneMask = checkImplementation('gruCell', options.implementation) === 2
  const params = parametersOf(gruParameters(options), {
    name,
    dtype,
    seed: options.seed,
    given: options.params,
  }) as GateParams<D>
  const { kernel, recurrentKernel, bias } = params
  const plus = (v: Variable, b: Variable | undefined): Variable => (b === undefined ? v : add(v, b))
  const inputBias = resetAfter ? bias?.at(0) : bias
  const gateOf = (v: Variable, k: number) => block(v, k, units)

  /** Returns z, r and g. */
  function gates(a: Variable, h: Variable, mask: Variable | null, clip: <X extends Tensor>(v: X) => X) {
    if (resetAfter) {
      const p = plus(gateProduct(h, recurrentKernel, mask, 3), bias?.at(1))
      const [z, r] = [0, 1].map(k => open(add(clip(gateOf(a, k)), clip(gateOf(p, k))))) as [
        Variable,
        Variable,
      ]
      return { z, g: squash(clip(add(clip(gateOf(a, 2)), mul(r, clip(gateOf(p, 2)))))) }
    }
    const p = gateProduct(h, block(recurrentKernel, 0, units, 2), firstMasks(mask, 2), 2)
    const [z, r] = [0, 1].map(k => open(add(clip(gateOf(a, k)), clip(gateOf(p, k))))) as [Variable, Variable]
    const dropped = masked(h, maskOf(mask, 2))
    const product = gateProduct(mul(r, dropped), block(recurrentKernel, 2, units), null, 1)
    return { z, g: squash(clip(add(gateOf(a, 2), product))) }
  }

  return madeOf('GRUCell', options, {
    name,
    dtype,
    params,
    inputSize,
    units,
    stateSizes: [units],
    masks: isOneMask ? 1 : 3,
    step(x, [state], { dropoutMask, recurrentDropoutMask, clip = plainContext.clip } = plainContext) {
      const mask = ownMask(recurrentDropoutMask)
      // Keras: where all gates have one mask, what is carried on is dropped too.
      const h: Variable = isOneMask && mask !== null ? masked(state!, mask.at(0)) : state!
      const a = plus(gateProduct(x, kernel, ownMask(dropoutMask), 3), inputBias)
      const { z, g } = gates(a, h, isOneMask ? null : mask, clip)
      return [add(mul(z, h), mul(sub(1, z), g))] as Tensor<D, 2>[]
    },
  })
}
