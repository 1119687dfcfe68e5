/**
 * Recurrent layers: a cell of `recurrent/`, run over (batch, time, features), with what Keras's layers do around it –
 * sequences or last outputs, states in and out, states kept between calls, dropout that is the same at every step.
 */
import {
  flip,
  type RandomStream,
  randomStream,
  type Shared,
  shared,
  type Tensor,
  zerosArray,
} from '@arignote/graph'
import type { Constraint } from '../constraints.js'
import { snakeCase } from '../names.js'
import type { RecurrentCell } from '../recurrent/cell.js'
import { gruCell } from '../recurrent/gru.js'
import { lstmCell } from '../recurrent/lstm.js'
import { defaultRecurrent } from '../recurrent/parameters.js'
import { recur } from '../recurrent/recur.js'
import { rnnCell } from '../recurrent/rnn.js'
import type { Regularizer } from '../regularizers.js'
import { wrongInput } from './errors.js'
import type { Built, CallContext, Flow, LayerKind, Making, Shape, Weight } from './kind.js'
import { becomes, valueSoFar } from './memory.js'
import {
  activationOption,
  cellOption,
  choice,
  constraintOption,
  flag,
  initializerOption,
  integer,
  nullable,
  number,
  type OptionTable,
  optional,
  ours,
  rate,
  regularizerOption,
  type ValuesOf,
} from './option.js'
import { setStates } from './states.js'
import { streamIn } from './streams.js'

/** What every recurrent layer takes. */
const loopOptions = {
  returnSequences: flag(false),
  returnState: flag(false),
  goBackwards: flag(false),
  stateful: flag(false),
  unroll: flag(false),
  /** Gradients of pre-activations are clipped to [−gradClip, gradClip] at every step. Not in Keras. */
  gradClip: ours(nullable(number(0))),
  /** How many steps the gradient looks back at most. Not in Keras. */
  truncate: ours(nullable(integer(1))),
}

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

interface Kind<T extends OptionTable> {
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

type LoopValues = ValuesOf<typeof loopOptions>

/** What of a layer's options bears on its weights and its draws; layers of a user's cell have none of them. */
interface Around {
  readonly dropout?: number
  readonly recurrentDropout?: number
  readonly [regularizerOrConstraint: string]: unknown
}

function recurrent<const T extends OptionTable>(kind: Kind<T>): LayerKind<T & typeof loopOptions> {
  const { className, sizes } = kind
  return {
    className,
    options: { ...loopOptions, ...kind.options },
    outputShapes: (options, inputs) => {
      const loop = options as LoopValues
      const { units, stateSizes, inputSize } = sizes(options)
      if (inputSize !== undefined && inputs[0]?.length === 3 && inputs[0][2] !== inputSize)
        throw wrongInput(className, `its cell takes (batch, time, ${inputSize})`, inputs)
      const [batch, time] = checked(className, loop, inputs, stateSizes)
      const states = loop.returnState ? stateSizes.map(size => [batch!, size]) : []
      return [loop.returnSequences ? [batch!, time!, units] : [batch!, units], ...states]
    },
    fixedAxes: () => [-1],
    build: (options, inputs, making) => {
      const cell = kind.cell(options, inputs[0]![2]!, making)
      const batch = inputs[0]![0]!
      return runCell(cell, options as LoopValues & Around, batch, making)
    },
  }
}

/** The first of the inputs: (batch, time, features); the others, if there are any, are the initial states. */
function checked(
  layer: string,
  { stateful, unroll }: LoopValues,
  inputs: readonly Shape[],
  stateSizes: readonly number[],
): Shape {
  const [x, ...states] = inputs
  if (x?.length !== 3 || x[2] === null)
    throw wrongInput(layer, 'it takes (batch, time, features), with a known number of features', inputs)
  const fit = stateSizes.every((size, i) => states[i]?.length === 2 && states[i]![1] === size)
  if (states.length > 0 && !(states.length === stateSizes.length && fit))
    throw wrongInput(
      layer,
      `initial states are ${stateSizes.map(size => `(batch, ${size})`).join(' and ')}`,
      inputs,
    )
  if (stateful && x[0] === null)
    throw wrongInput(
      layer,
      'a stateful layer must know the batch: give batchInputShape, or input({ batchShape })',
      inputs,
    )
  if (unroll && x[1] === null)
    throw wrongInput(layer, 'unroll needs a known number of steps: give inputShape [time, features]', inputs)
  return x
}

function runCell(
  cell: RecurrentCell,
  options: LoopValues & Around,
  batch: number | null,
  making: Making,
): Built {
  const kept = options.stateful ? keptStates(cell, batch!, making) : null
  const stream = randomStream(making.nextSeed(), `${making.name}/random`)
  return {
    weights: weightsOf(cell, options),
    memory: [stream.state, ...(kept ?? [])],
    ...(kept !== null && { resetStates: values => setStates(making.name, kept, values) }),
    call: ([x, ...given], context) => {
      const own = kept?.map(state => valueSoFar(context, state)) ?? null
      const initialState = given.length > 0 ? given.map(flow => flow.tensor) : own
      const { outputs, output, last } = recur(cell, x!.tensor as Tensor<'float32'>, {
        mask: x!.mask,
        initialState: initialState as readonly Tensor<'float32'>[] | null,
        ...(context.training && dropoutMasks(cell, options, streamIn(context, stream), x!)),
        reverse: options.goBackwards,
        ...(options.unroll && { unroll: true }),
        gradClip: options.gradClip,
        ...(options.truncate !== null && { truncate: options.truncate }),
        name: making.name,
      })
      if (kept !== null) keepStates(kept, last, context)
      // As Keras has it: outputs in the order in which they were made.
      const inOrder = (steps: Tensor) => (options.goBackwards ? flip(steps, 1) : steps)
      const first = options.returnSequences
        ? { tensor: inOrder(outputs), mask: x!.mask === null ? null : inOrder(x!.mask) }
        : { tensor: output, mask: null }
      return [first, ...(options.returnState ? last : []).map(tensor => ({ tensor, mask: null }))]
    },
  }
}

/** `kernelRegularizer` is of the weight `kernel`, and so on. */
function weightsOf(cell: RecurrentCell, options: Around): readonly Weight[] {
  return Object.entries(cell.params).map(([name, variable]) => ({
    variable,
    name: snakeCase(name),
    trainable: true,
    regularizer: (options[`${option(name)}Regularizer`] ?? null) as Regularizer | null,
    constraint: (options[`${option(name)}Constraint`] ?? null) as Constraint | null,
  }))
}

/** `recurrentKernel` has the options that begin with `recurrent`. */
const option = (weight: string) => (weight === 'recurrentKernel' ? 'recurrent' : weight)

/** One draw for a batch, used at every step (Gal and Ghahramani 2016). */
function dropoutMasks(cell: RecurrentCell, options: Around, stream: RandomStream, x: Flow) {
  const masks = (share: number | undefined, size: number) =>
    share === undefined || share === 0 || share === 1
      ? null
      : stream.dropoutMask([cell.masks, x.tensor.shape[0]!, size], share, { dtype: cell.dtype })
  return {
    dropoutMask: masks(options.dropout, cell.inputSize),
    recurrentDropoutMask: masks(options.recurrentDropout, cell.units),
  }
}

const keptStates = (
  { stateSizes, dtype }: RecurrentCell,
  batch: number,
  { name }: Making,
): readonly Shared[] =>
  stateSizes.map((size, i) => shared(zerosArray([batch, size], dtype), `${name}/state_${i}`) as Shared)

function keepStates(kept: readonly Shared[], last: readonly Tensor[], context: CallContext): void {
  kept.forEach((state, i) => {
    becomes(context, state, last[i]!)
  })
}

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
export const simpleRNN = recurrent({
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

/** Long short-term memory: Hochreiter and Schmidhuber 1997; gates in the order i f c o. States: h, c. */
export const lstm = recurrent({
  className: 'LSTM',
  options: { ...gateOptions, unitForgetBias: flag(true) },
  sizes: ({ units }) => ({ units, stateSizes: [units, units] }),
  cell: (options, inputSize, making) =>
    lstmCell({
      ...cellParts(inputSize, making),
      ...initializersOf(options),
      units: options.units,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      implementation: options.implementation,
      unitForgetBias: options.unitForgetBias,
    }),
})

/** Gated recurrent unit: Cho et al. 2014; gates in the order z r h. */
export const gru = recurrent({
  className: 'GRU',
  options: { ...gateOptions, resetAfter: flag(false) },
  sizes: oneState,
  cell: (options, inputSize, making) =>
    gruCell({
      ...cellParts(inputSize, making),
      ...initializersOf(options),
      units: options.units,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      implementation: options.implementation,
      resetAfter: options.resetAfter,
    }),
})

/** Any cell, of ours or of yours; a stack of cells is `stackCells([…])`. */
export const rnn = recurrent({
  className: 'RNN',
  options: { cell: cellOption },
  sizes: ({ cell }) => cell,
  cell: ({ cell }) => cell,
})
