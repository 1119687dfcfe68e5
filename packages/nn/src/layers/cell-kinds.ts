/**
 * What is true of every simple recurrent, LSTM or GRU cell at the level of layers: options as Keras has them, and the cell that is
 * made of them. A recurrent layer has one such kind; `cells.ts` stores and reads cells by them.
 */
import type { RecurrentCell } from '../recurrent/cell.js'
import { gruCell } from '../recurrent/gru.js'
import { lstmCell } from '../recurrent/lstm.js'
import { defaultRecurrent } from '../recurrent/parameters.js'
import { rnnCell } from '../recurrent/rnn.js'
import type { Making } from './kind.js'
import {
  activationOption,
  choice,
  constraintOption,
  flag,
  initializerOption,
  integer,
  number,
  type OptionTable,
  optional,
  ours,
  rate,
  regularizerOption,
  type ValuesOf,
} from './option.js'

const weightOptions = {
  useBias: flag(true),
  kernelInitializer: initializerOption('glorotUniform'),
  recurrentInitializer: initializerOption(defaultRecurrent),
  biasInitializer: initializerOption('zeros'),
  kernelRegularizer: regularizerOption,
  recurrentRegularizer: regularizerOption,
  biasRegularizer: regularizerOption,
  activityRegularizer: regularizerOption,
  kernelConstraint: constraintOption,
  recurrentConstraint: constraintOption,
  biasConstraint: constraintOption,
  dropout: optional(rate, 0),
  recurrentDropout: optional(rate, 0),
}

export interface CellKind<T extends OptionTable = OptionTable> {
  /** Of the layer; that of the cell is `LSTMCell`. */
  readonly className: string
  readonly options: T
  /** How many numbers the output and each state have; the input, if the cell is there already. */
  readonly sizes: (options: ValuesOf<T>) => {
    readonly units: number
    readonly stateSizes: readonly number[]
    readonly inputSize?: number
  }
  readonly cell: (options: ValuesOf<T>, inputSize: number, making: Making) => RecurrentCell
}

/** What bears on a cell's weights and draws, but is no part of it; a user's own cells have none of it. */
export interface Around {
  readonly dropout?: number
  readonly recurrentDropout?: number
  readonly trainable?: boolean
  /** Of a stack: of each of its cells. */
  readonly cells?: readonly Around[]
  readonly [regularizerOrConstraint: string]: unknown
}

const cellKind = <const T extends OptionTable>(kind: CellKind<T>): CellKind<T> => kind

const oneState = ({ units }: { readonly units: number }) => ({ units, stateSizes: [units] })

/** What a cell of ours is made of. */
const cellParts = (inputSize: number, { name, dtype, nextSeed }: Making) => ({
  inputSize,
  name,
  dtype,
  seed: nextSeed(),
})

type WeightValues = ValuesOf<typeof weightOptions>

const initializersOf = (options: WeightValues) => ({
  useBias: options.useBias,
  kernelInitializer: options.kernelInitializer,
  recurrentInitializer: options.recurrentInitializer,
  biasInitializer: options.biasInitializer,
})

/** h′ = act(x·W + h·U + b): Elman 1990. */
export const simpleRnnKind = cellKind({
  className: 'SimpleRNN',
  options: { units: integer(1), activation: activationOption('tanh'), ...weightOptions },
  sizes: oneState,
  cell: (options, inputSize, making) =>
    rnnCell({
      ...cellParts(inputSize, making),
      ...initializersOf(options),
      units: options.units,
      activation: options.activation,
    }),
})

const implementations = choice([1, 2])

/** Until 2.2 Keras also had 0, which drops as 1 does. */
const implementation: typeof implementations = {
  ...implementations,
  read: (given, place) => implementations.read(given === 0 ? 1 : given, place),
}

const gateOptions = {
  units: integer(1),
  activation: activationOption('tanh'),
  recurrentActivation: activationOption('sigmoid'),
  ...weightOptions,
  /** 2: one dropout mask for all gates; 1: one for each. */
  implementation: optional(implementation, 2),
}

const gateParts = (options: ValuesOf<typeof gateOptions>, inputSize: number, making: Making) => ({
  ...cellParts(inputSize, making),
  ...initializersOf(options),
  units: options.units,
  activation: options.activation,
  recurrentActivation: options.recurrentActivation,
  implementation: options.implementation,
})

const lstmOptions = { ...gateOptions, unitForgetBias: flag(true) }

const lstmParts = (options: ValuesOf<typeof lstmOptions>, inputSize: number, making: Making) => ({
  ...gateParts(options, inputSize, making),
  unitForgetBias: options.unitForgetBias,
})

const twoStates = ({ units }: { readonly units: number }) => ({ units, stateSizes: [units, units] })

/** Long short-term memory: Hochreiter and Schmidhuber 1997; gates in the order i f c o. States: h, c. */
export const lstmKind = cellKind({
  className: 'LSTM',
  options: lstmOptions,
  sizes: twoStates,
  cell: (options, inputSize, making) => lstmCell(lstmParts(options, inputSize, making)),
})

/** The cell alone has variants that Keras does not have. */
export const lstmCellKind = cellKind({
  className: 'LSTM',
  options: {
    ...lstmOptions,
    peepholes: ours(flag(false)),
    peepholeInitializer: ours(initializerOption('zeros')),
    layerNormalization: ours(flag(false)),
    epsilon: ours(optional(number(0), 1e-5)),
  },
  sizes: twoStates,
  cell: ({ peepholes, peepholeInitializer, layerNormalization, epsilon, ...options }, inputSize, making) =>
    lstmCell({
      ...lstmParts(options, inputSize, making),
      peepholes,
      peepholeInitializer,
      layerNormalization,
      epsilon,
    }),
})

/** Gated recurrent unit: Cho et al. 2014; gates in the order z r h. */
export const gruKind = cellKind({
  className: 'GRU',
  options: { ...gateOptions, resetAfter: flag(false) },
  sizes: oneState,
  cell: (options, inputSize, making) =>
    gruCell({ ...gateParts(options, inputSize, making), resetAfter: options.resetAfter }),
})
