/**
 * Kinds of layers: what is true of every LSTM, of every Dense. One entry per kind, in a file of its own.
 */
import type { Shared, Variable } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { Constraint } from '../constraints.js'
import type { FloatType } from '../dtype.js'
import type { Initializer } from '../initializers.js'
import type { JsonRecord, Serialized } from '../json.js'
import type { Regularizer } from '../regularizers.js'
import type { OptionTable, ValuesOf } from './option.js'

/** Sizes, the batch's first; null for what is not known before a call. */
export type Shape = readonly (number | null)[]

/** What flows from layer to layer while a graph is made. */
export interface Flow {
  readonly tensor: Variable
  /** (batch, time), bool: which steps count; null: all do. */
  readonly mask: Variable | null
}

/** The function that a graph is being made for. */
export interface CallContext {
  /** Whether dropout drops, and batches tell means and variances. */
  readonly training: boolean
  /** What a shared variable becomes after a call: moving averages, states of stateful layers. */
  readonly update: (variable: Shared, value: Variable) => void
  /** Adds a scalar to the loss. */
  readonly penalize: (term: Variable) => void
}

/** A shared variable with what a layer says of it. */
export interface Weight {
  readonly variable: Shared
  /** As Keras names it within the layer: `recurrent_kernel`. */
  readonly name: string
  /** False for moving averages, which training does not touch. */
  readonly trainable: boolean
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

/** What a kind makes its weights with. */
export interface Making {
  /** The layer's name. */
  readonly name: string
  readonly dtype: FloatType
  /** A seed of the layer's own; `nextSeed()` gives another one each time, always the same sequence. */
  readonly nextSeed: () => number
  readonly weight: (
    name: string,
    shape: readonly number[],
    options: {
      readonly initializer: Initializer
      readonly regularizer?: Regularizer | null
      readonly constraint?: Constraint | null
      readonly trainable?: boolean
    },
  ) => Weight
}

/** A layer that has its weights. */
export interface Built {
  /** Trainable ones first, in Keras's order. */
  readonly weights: readonly Weight[]
  /** What else a saved model must hold to go on exactly: states of random streams, of stateful layers. */
  readonly memory?: readonly Shared[]
  /** The outputs for inputs; with each call the same weights. */
  readonly call: (inputs: readonly Flow[], context: CallContext) => readonly Flow[]
  /** Stateful layers: the states, or zeros. */
  readonly resetStates?: (states?: readonly unknown[]) => void
}

export interface LayerKind<T extends OptionTable = OptionTable> {
  /** Keras's name of the class: `TimeDistributed`. */
  readonly className: string
  readonly options: T
  /** What stands in Keras's JSON in place of what the options say. */
  toConfig?(options: ValuesOf<T>, config: JsonRecord): JsonRecord
  /** A model as a layer: how it is stored. */
  serialized?(): Serialized
  /** For a layer that can stand first: what its options tell of its input, without the batch (null: nothing), and its dtype. */
  firstInput?(options: ValuesOf<T>): { readonly shape: Shape | null; readonly dtype: DType }
  /** The shapes of the outputs. @throws ArgumentError, ShapeError for inputs that the layer cannot take */
  outputShapes(options: ValuesOf<T>, inputs: readonly Shape[], dtypes: readonly DType[]): readonly Shape[]
  /** The dtype of the outputs, where it is not that of the weights. */
  outputDType?(options: ValuesOf<T>, dtypes: readonly DType[], inputs: readonly Shape[]): DType
  /** The axes of the first input whose sizes decide the shapes of weights: they are the same wherever the layer is used. */
  fixedAxes?(options: ValuesOf<T>, input: Shape): readonly number[]
  /** For what layers within this one draw, where nobody said anything. */
  suggestSeed?(seed: number): void
  build(options: ValuesOf<T>, inputs: readonly Shape[], making: Making): Built
}

/** Lets the table's types be inferred. */
export const layerKind = <const T extends OptionTable>(kind: LayerKind<T>): LayerKind<T> => kind
