/** Recurrent cells, layers and training, as people know them from Keras, over symbolic graphs. */
export { type ActivationLike, activations, type ReluOptions } from './activations.js'
export { type Constraint, type ConstraintLike, constraints, type NormAxis } from './constraints.js'
export * from './datasets/index.js'
export {
  fans,
  type Initializer,
  type InitializerLike,
  initializers,
  type VarianceScalingOptions,
} from './initializers.js'
export { layers } from './layers/index.js'
export { type InputOptions, input } from './layers/input.js'
export type { CallContext, Flow, Shape } from './layers/kind.js'
export { Layer, resetLayerNames } from './layers/layer.js'
export { SymbolicTensor } from './layers/symbolic.js'
export * from './losses/index.js'
export * from './metrics/index.js'
export { type FunctionalOptions, model, sequential } from './models/make.js'
export { Model, type ModelOptions } from './models/model.js'
export { network, runNetwork, unmasked } from './models/network.js'
export * from './optimizers/index.js'
export * from './preprocessing/index.js'
export {
  type BidirectionalOptions,
  type BidirectionalRecurrence,
  bidirectional,
  type MergeMode,
} from './recurrent/bidirectional.js'
export {
  type CellMask,
  type GateCell,
  type GateParams,
  plainContext,
  type RecurrentCell,
  type StepContext,
} from './recurrent/cell.js'
export { type GruOptions, gruCell } from './recurrent/gru.js'
export { type LstmOptions, lstmCell } from './recurrent/lstm.js'
export type { CellOptions, GateOptions } from './recurrent/options.js'
export { probed } from './recurrent/probe.js'
export { type RecurOptions, type Recurrence, recur } from './recurrent/recur.js'
export { rnnCell } from './recurrent/rnn.js'
export { type LearnedStateOptions, learnedState, stackCells } from './recurrent/stack.js'
export { type Penalties, type Regularizer, type RegularizerLike, regularizers } from './regularizers.js'
export { type FromJsonOptions, modelFromJSON } from './saving/from-json.js'
export { modelFromHDF5, weightsFromHDF5 } from './saving/keras.js'
export type { KerasOptions } from './saving/keras-weights.js'
export { type LoadModelOptions, loadModel, modelFromBytes } from './saving/load.js'
export { modelToBytes, type SaveModelOptions } from './saving/save.js'
export { type LoadWeightsOptions, weightsFromBytes, weightsToBytes } from './saving/weights.js'
export type { BatchData, BatchSource, ClassWeight, ClassWeights } from './training/batches.js'
export type { Callback, Logs, Run } from './training/callback.js'
export { History } from './training/callbacks/history.js'
export { callbacks } from './training/callbacks/index.js'
export type { ModelCompileOptions } from './training/compiled-model.js'
export type { Data } from './training/data.js'
export type { FitOptions } from './training/fit-options.js'
