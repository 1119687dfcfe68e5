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
import { initializers } from '../initializers.js'
import { snakeCase } from '../names.js'
import type { CellMask, RecurrentCell } from '../recurrent/cell.js'
import { recur } from '../recurrent/recur.js'
import type { Regularizer } from '../regularizers.js'
import { type Around, type CellKind, gruKind, lstmKind, simpleRnnKind } from './cell-kinds.js'
import { cellOption } from './cells.js'
import { wrongInput } from './errors.js'
import type { Built, CallContext, Flow, LayerKind, Making, Shape, Weight } from './kind.js'
import { becomes, valueSoFar } from './memory.js'
import { flag, integer, nullable, number, type OptionTable, ours, type ValuesOf } from './option.js'
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
  /** What the first step begins with is a weight, the same for every sample, zeros at first. Lasagne: `learn_init`. */
  learnInitialState: ours(flag(false)),
}

type LoopValues = ValuesOf<typeof loopOptions>

interface Kind<T extends OptionTable> extends CellKind<T> {
  /** Where the options themselves do not say it. */
  readonly around?: (options: ValuesOf<T>) => Around
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
      const around = kind.around?.(options) ?? (options as Around)
      return runCell(cell, options as LoopValues, around, batch, making)
    },
  }
}

/** The first of the inputs: (batch, time, features); the others, if there are any, are the initial states. */
function checked(
  layer: string,
  { stateful, unroll, learnInitialState }: LoopValues,
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
  if (learnInitialState && (stateful || states.length > 0))
    throw wrongInput(
      layer,
      `an initial state is learned, kept or given: learnInitialState does not go with ${stateful ? 'stateful' : 'initial states as inputs'}`,
      inputs,
    )
  if (unroll && x[1] === null)
    throw wrongInput(layer, 'unroll needs a known number of steps: give inputShape [time, features]', inputs)
  return x
}

function runCell(
  cell: RecurrentCell,
  options: LoopValues,
  around: Around,
  batch: number | null,
  making: Making,
): Built {
  const kept = options.stateful ? keptStates(cell, batch!, making) : null
  const learned = options.learnInitialState ? learnedStates(cell, making) : []
  const stream = randomStream(making.nextSeed(), `${making.name}/random`)
  return {
    weights: trainedFirst([...weightsOf(cell, around), ...learned]),
    memory: [stream.state, ...(kept ?? [])],
    ...(kept !== null && { resetStates: values => setStates(making.name, kept, values) }),
    call: ([x, ...given], context) => {
      const own = kept?.map(state => valueSoFar(context, state)) ?? null
      const begins = learned.length > 0 ? learned.map(w => w.variable) : own
      const initialState = given.length > 0 ? given.map(flow => flow.tensor) : begins
      const { outputs, output, last } = recur(cell, x!.tensor as Tensor<'float32'>, {
        mask: x!.mask,
        initialState: initialState as readonly Tensor<'float32'>[] | null,
        ...(context.training && dropoutMasks(cell, around, streamIn(context, stream), x!)),
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
function weightsOf(cell: RecurrentCell, around: Around): readonly Weight[] {
  const { trainable = true } = around
  if (cell.cells !== undefined && around.cells !== undefined)
    return cell.cells.flatMap((inner, i) =>
      weightsOf(inner, around.cells![i]!).map(w => ({
        ...w,
        name: `${i}.${w.name}`,
        trainable: trainable && w.trainable,
      })),
    )
  return Object.entries(cell.params).map(([name, variable]) => ({
    variable,
    name: snakeCase(name),
    trainable,
    regularizer: (around[`${option(name)}Regularizer`] ?? null) as Regularizer | null,
    constraint: (around[`${option(name)}Constraint`] ?? null) as Constraint | null,
  }))
}

const trainedFirst = (weights: readonly Weight[]): readonly Weight[] => [
  ...weights.filter(w => w.trainable),
  ...weights.filter(w => !w.trainable),
]

/** `recurrentKernel` has the options that begin with `recurrent`. */
const option = (weight: string) => (weight === 'recurrentKernel' ? 'recurrent' : weight)

/** One draw for a batch, used at every step (Gal and Ghahramani 2016); for a stack, one for each of its cells. */
function dropoutMasks(cell: RecurrentCell, around: Around, stream: RandomStream, x: Flow) {
  const batch = x.tensor.shape[0]!
  const masks = (
    of: RecurrentCell,
    { cells, ...shares }: Around,
    name: 'dropout' | 'recurrentDropout',
  ): CellMask => {
    if (of.cells !== undefined && cells !== undefined) {
      const each = of.cells.map((inner, i) => masks(inner, cells[i]!, name))
      return each.every(mask => mask === null) ? null : each
    }
    const share = shares[name]
    const size = name === 'dropout' ? of.inputSize : of.units
    return share === undefined || share === 0 || share === 1
      ? null
      : stream.dropoutMask([of.masks, batch, size], share, { dtype: of.dtype })
  }
  return {
    dropoutMask: masks(cell, around, 'dropout'),
    recurrentDropoutMask: masks(cell, around, 'recurrentDropout'),
  }
}

/** Weights after those of the cell, (size) for each of its states. */
const learnedStates = ({ stateSizes }: RecurrentCell, { weight }: Making): readonly Weight[] =>
  stateSizes.map((size, i) => weight(`initial_state_${i}`, [size], { initializer: initializers.zeros() }))

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

/** h′ = act(x·W + h·U + b): Elman 1990. */
export const simpleRNN = recurrent(simpleRnnKind)

/** Long short-term memory: Hochreiter and Schmidhuber 1997; gates in the order i f c o. States: h, c. */
export const lstm = recurrent(lstmKind)

/** Gated recurrent unit: Cho et al. 2014; gates in the order z r h. */
export const gru = recurrent(gruKind)

/** Any cell, of ours or of yours; a stack of cells is `stackCells([…])`. */
export const rnn = recurrent({
  className: 'RNN',
  options: { cell: cellOption },
  sizes: ({ cell }) => cell,
  around: ({ cell }) => cell.around,
  cell: ({ cell }, inputSize, making) => cell.make(inputSize, making),
})
