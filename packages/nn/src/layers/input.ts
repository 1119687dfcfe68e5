/** Where a model begins: a tensor that a call gives. */
import { badArgument, checkOptions } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { layerKind } from './kind.js'
import { Layer } from './layer.js'
import { choice, optional } from './option.js'
import type { SymbolicTensor } from './symbolic.js'

export const inputLayer = layerKind({
  className: 'InputLayer',
  options: { inputDType: optional(choice(['float32', 'float64', 'int32', 'uint8', 'bool']), 'float32') },
  toConfig: ({ inputDType }, { name, batch_input_shape }) => ({
    batch_input_shape: batch_input_shape!,
    dtype: inputDType,
    sparse: false,
    name: name!,
  }),
  outputShapes: () => [],
  outputDType: ({ inputDType }) => inputDType,
  build: () => ({ weights: [], call: inputs => inputs }),
})

/** Whether a layer is where a model begins. */
export const isInput = (layer: Layer): boolean => layer.kind.className === inputLayer.className

export interface InputOptions {
  /** Without the batch; null for a size that is not known before a call. */
  readonly shape?: readonly (number | null)[]
  /** With the batch. */
  readonly batchShape?: readonly (number | null)[]
  readonly dtype?: DType
  readonly name?: string
}

/** A symbolic tensor that a call gives. @throws ArgumentError without a shape */
export function input(options: InputOptions): SymbolicTensor {
  checkOptions('input', options, ['shape', 'batchShape', 'dtype', 'name'])
  const { shape, batchShape, dtype = 'float32', name } = options ?? {}
  const whole = batchShape ?? (shape === undefined ? undefined : [null, ...shape])
  if (whole === undefined)
    throw badArgument('input', 'no shape', 'give { shape: [time, features] }, without the batch')
  const layer = new Layer(inputLayer, {
    inputDType: dtype,
    batchInputShape: whole,
    ...(name === undefined ? {} : { name }),
  })
  return layer.use([]).outputs[0]!
}
