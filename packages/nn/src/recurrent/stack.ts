/** Cells on top of one another as one cell, and states that are learned. */
import { badArgument, checkList, checkOptions, type Shared, shared, type Tensor } from '@arignote/graph'
import type { FloatType } from '../dtype.js'
import { type InitializerLike, initializer } from '../initializers.js'
import { randomSeed, seedsFrom } from '../seeds.js'
import type { RecurrentCell } from './cell.js'
import { checkIsCell } from './check-cell.js'
import { cellsDoNotFit } from './errors.js'
import { madeOf } from './origin.js'

/**
 * Cells on top of one another, as one cell: each sees the output of the one below. Its states are those of the first cell,
 * then those of the second, …; so are its weights, named `0.kernel`, `1.kernel`, …. Its output is that of the last one.
 *
 * @throws ArgumentError, ShapeError for what is no cell, or does not fit the cell below
 */
export function stackCells<D extends FloatType>(
  cells: readonly RecurrentCell<D>[],
  options: { readonly name?: string } = {},
): RecurrentCell<D> {
  checkList('stackCells', 'cells', cells)
  checkOptions('stackCells', options, ['name'])
  if (cells.length === 0) throw badArgument('stackCells', 'no cell', 'stackCells([lower, upper])')
  cells.forEach((cell, i) => {
    checkIsCell('stackCells', `cell ${i}`, cell)
    const below = cells[i - 1]
    if (below === undefined) return
    if (below.units !== cell.inputSize)
      throw cellsDoNotFit(
        'stackCells',
        `cell ${i}, ${cell.name}, does not fit cell ${i - 1}, ${below.name}`,
        `it takes ${cell.inputSize} numbers, the one below has ${below.units} units`,
      )
    if (below.dtype !== cell.dtype)
      throw cellsDoNotFit(
        'stackCells',
        `cell ${i}, ${cell.name}, does not fit cell ${i - 1}, ${below.name}`,
        `it is ${cell.dtype}, the one below ${below.dtype}`,
      )
  })
  const first = cells[0]!
  const top = cells.at(-1)!
  const starts = cells.map((_, i) =>
    cells.slice(0, i).reduce((n, { stateSizes }) => n + stateSizes.length, 0),
  )
  return madeOf('StackedRNNCells', options, {
    name: options.name ?? 'stack',
    dtype: first.dtype,
    params: Object.fromEntries(
      cells.flatMap(({ params }, i) => Object.entries(params).map(([key, v]) => [`${i}.${key}`, v])),
    ),
    inputSize: first.inputSize,
    units: top.units,
    stateSizes: cells.flatMap(cell => cell.stateSizes),
    outputIndex: starts.at(-1)! + (top.outputIndex ?? 0),
    masks: cells.reduce((n, cell) => n + cell.masks, 0),
    cells,
    step(x, states, { dropoutMask = null, recurrentDropoutMask = null, ...rest } = {}) {
      let below = x
      return cells.flatMap((cell, i) => {
        const own = states.slice(starts[i], starts[i]! + cell.stateSizes.length)
        const next = cell.step(below, own, {
          ...rest,
          dropoutMask: (dropoutMask as readonly (Tensor | null)[] | null)?.[i] ?? null,
          recurrentDropoutMask: (recurrentDropoutMask as readonly (Tensor | null)[] | null)?.[i] ?? null,
        })
        below = next[cell.outputIndex ?? 0]!
        return next
      })
    },
  })
}

export interface LearnedStateOptions {
  /** Default zeros. */
  readonly initializer?: InitializerLike
  readonly seed?: number
}

/**
 * Shared variables to begin with: for each state (size), the same for every row. As `initialState` of `recur`, and among the
 * parameters of an optimiser, they are learned.
 */
export function learnedState<D extends FloatType>(
  cell: RecurrentCell<D>,
  options: LearnedStateOptions = {},
): readonly Shared<D, 1>[] {
  checkIsCell('learnedState', 'the first argument', cell)
  checkOptions('learnedState', options, ['initializer', 'seed'])
  const { make } = initializer('learnedState', options.initializer ?? 'zeros')
  const nextSeed = seedsFrom(options.seed ?? randomSeed())
  return cell.stateSizes.map((size, i) =>
    shared(make([size], { dtype: cell.dtype, seed: nextSeed() }), `${cell.name}.initial${i}`),
  ) as unknown as readonly Shared<D, 1>[]
}
