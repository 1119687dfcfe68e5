/** A sequence read in both directions by two cells. */
import {
  badArgument,
  checkName,
  checkOptions,
  concatenate,
  describeGiven,
  mul,
  type Tensor,
  type Variable,
} from '@arignote/graph'
import type { FloatType } from '../dtype.js'
import type { CellMask, RecurrentCell } from './cell.js'
import { checkIsCell } from './check-cell.js'
import { cellsDoNotFit, notTheParts } from './errors.js'
import { type RecurOptions, type Recurrence, recur, recurOptions } from './recur.js'

/** How two outputs become one; null: they do not. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | null

export interface BidirectionalOptions<D extends FloatType = FloatType, M extends MergeMode = MergeMode>
  extends Omit<RecurOptions<D>, 'reverse' | 'dropoutMask' | 'recurrentDropoutMask'> {
  /** Default concat: side by side, along the features. */
  readonly mergeMode?: M
  /** Of the forward cell, and of the backward cell. */
  readonly dropoutMask?: readonly [forward: CellMask, backward: CellMask] | null
  readonly recurrentDropoutMask?: readonly [forward: CellMask, backward: CellMask] | null
}

export interface BidirectionalRecurrence<D extends FloatType, M extends MergeMode> {
  /** (batch, time, units), or (batch, time, 2·units); a pair, forward first, without a merge. */
  readonly outputs: M extends null ? readonly [Tensor<D, 3>, Tensor<D, 3>] : Tensor<D, 3>
  /** What each direction puts out last, having read everything: the forward one at the end, the backward one at the beginning. */
  readonly output: M extends null ? readonly [Tensor<D, 2>, Tensor<D, 2>] : Tensor<D, 2>
  /** The states of the forward cell, then those of the backward cell. */
  readonly last: readonly Tensor<D, 2>[]
}

const modes = {
  concat: (a: Variable, b: Variable): Variable => concatenate([a, b], -1),
  sum: (a: Variable, b: Variable): Variable => a.add(b),
  mul: (a: Variable, b: Variable): Variable => mul(a, b),
  ave: (a: Variable, b: Variable): Variable => a.add(b).mul(0.5),
} satisfies Record<NonNullable<MergeMode>, (a: Variable, b: Variable) => Variable>

/**
 * Two cells over one sequence x (batch, time, inputSize), the second one from its end (Schuster and Paliwal 1997).
 *
 * Options are those of `recur`, for both; `initialState` has the states of the forward cell, then those of the backward cell,
 * and masks for dropout are pairs.
 */
export function bidirectional<D extends FloatType, M extends MergeMode = 'concat'>(
  forward: RecurrentCell<D>,
  backward: RecurrentCell<D>,
  x: Tensor<NoInfer<D>>,
  options: BidirectionalOptions<NoInfer<D>, M> = {},
): BidirectionalRecurrence<D, M> {
  checkIsCell('bidirectional', 'the forward cell', forward)
  checkIsCell('bidirectional', 'the backward cell', backward)
  checkOptions('bidirectional', options, ['mergeMode', ...recurOptions.filter(name => name !== 'reverse')])
  const { mergeMode = 'concat', initialState, dropoutMask, recurrentDropoutMask, ...rest } = options
  if (mergeMode !== null) checkName('bidirectional', 'mergeMode', mergeMode, Object.keys(modes))
  if (mergeMode !== null && mergeMode !== 'concat' && forward.units !== backward.units)
    throw cellsDoNotFit(
      'bidirectional',
      `${forward.name} and ${backward.name} have no outputs to ${mergeMode}`,
      `their units must be equal: ${forward.units} ≠ ${backward.units}`,
    )
  if (initialState !== undefined && initialState !== null && !Array.isArray(initialState))
    throw notTheParts(
      'bidirectional',
      'initialState',
      describeGiven(initialState).what,
      'a list: the states of the forward cell, then those of the backward cell',
    )
  const count = forward.stateSizes.length
  const halves = [
    { cell: forward, states: initialState?.slice(0, count), k: 0 },
    { cell: backward, states: initialState?.slice(count), k: 1 },
  ].map(({ cell, states, k }) =>
    recur(cell, x, {
      ...rest,
      reverse: k === 1,
      ...(states && { initialState: states }),
      dropoutMask: pairOf('dropoutMask', dropoutMask)[k]!,
      recurrentDropoutMask: pairOf('recurrentDropoutMask', recurrentDropoutMask)[k]!,
    }),
  ) as unknown as readonly [Recurrence<D>, Recurrence<D>]
  const merged = (pair: readonly [Variable, Variable]) =>
    mergeMode === null ? pair : modes[mergeMode as NonNullable<MergeMode>](...pair)
  return {
    outputs: merged([halves[0].outputs, halves[1].outputs]),
    output: merged([halves[0].output, halves[1].output]),
    last: halves.flatMap(({ last }) => last),
  } as unknown as BidirectionalRecurrence<D, M>
}

function pairOf(name: string, given: unknown): readonly [CellMask, CellMask] {
  if (given === undefined || given === null) return [null, null]
  if (Array.isArray(given) && given.length === 2) return given as unknown as [CellMask, CellMask]
  throw badArgument(
    'bidirectional',
    `${name} is ${describeGiven(given).what}`,
    'a pair: of the forward cell, and of the backward cell',
  )
}
