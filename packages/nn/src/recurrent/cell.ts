/**
 * A recurrent cell: weights, and one step of time as a plain function over symbolic variables.
 *
 * Ours and users' own cells are the same thing: an object like this. `recur` runs any of them over a sequence.
 */
import type { Shared, Tensor } from '@arignote/graph'
import type { FloatType } from '../dtype.js'

/** What holds in every step of one run: masks already scaled, and where gradients are clipped. */
export interface StepContext {
  /** On the input: (n, batch, inputSize), n = 1 or `cell.masks`; null: nothing is dropped. A stack: one for each cell. */
  readonly dropoutMask: CellMask
  /** On the previous state: (n, batch, units). */
  readonly recurrentDropoutMask: CellMask
  /** What the gradient is clipped at: a cell puts its pre-activations through it. The identity without `gradClip`. */
  readonly clip: <X extends Tensor>(preActivation: X) => X
}

/** A mask for a cell; for a stack, a list with one for each of its cells. */
export type CellMask = Tensor | null | readonly CellMask[]

export interface RecurrentCell<D extends FloatType = FloatType> {
  /** Begins messages and the names of the weights. */
  readonly name: string
  readonly dtype: D
  /** What is trained, in Keras's order. */
  readonly params: Readonly<Record<string, Shared<D>>>
  /** How many numbers the cell sees at each step. */
  readonly inputSize: number
  /** How many numbers its output has. */
  readonly units: number
  /** How many numbers each of its states has. */
  readonly stateSizes: readonly number[]
  /** Which of its states is the output; the first one where it does not say. */
  readonly outputIndex?: number
  /** How many dropout masks it wants: one for each of its gates, or 1 for all; 0: it does not drop. */
  readonly masks: number
  /** The cells of a stack, the lowest one first. */
  readonly cells?: readonly RecurrentCell<D>[]
  /**
   * The next states.
   * @param x (batch, inputSize)
   * @param states (batch, size) for each of `stateSizes`
   */
  step(
    x: Tensor<D, 2>,
    states: readonly Tensor<D, 2>[],
    context?: Partial<StepContext>,
  ): readonly Tensor<D, 2>[]
}

/** The weights of a cell of ours: `bias`, and others of its variants, where it has them. */
export type GateParams<D extends FloatType> = Readonly<Record<string, Shared<D>>> & {
  /** (inputSize, gates · units), the gates side by side. */
  readonly kernel: Shared<D, 2>
  /** (units, gates · units). */
  readonly recurrentKernel: Shared<D, 2>
}

/** A cell of ours. */
export interface GateCell<D extends FloatType = FloatType> extends RecurrentCell<D> {
  readonly params: GateParams<D>
}

/** Of a step that nobody drops or clips anything of. */
export const plainContext: StepContext = {
  dropoutMask: null,
  recurrentDropoutMask: null,
  clip: x => x,
}
