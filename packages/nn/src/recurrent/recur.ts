/**
 * `recur`: a cell, run over a sequence. One scan for all cells; masks, initial states and clipping are done here once.
 */
import {
  badArgument,
  broadcastTo,
  cast,
  checkOptions,
  gradClip as clipGradient,
  describeGiven,
  dim,
  expandDims,
  neq,
  type Remat,
  type ScanOptions,
  scan,
  type Tensor,
  type Truncate,
  transpose,
  type Variable,
  where,
  zeros,
} from '@arignote/graph'
import type { FloatType } from '../dtype.js'
import type { CellMask, RecurrentCell, StepContext } from './cell.js'
import { checkDropoutMask, checkIsCell, checkMask, checkSequence, checkStates } from './check-cell.js'
import { nothingClipped } from './errors.js'

export interface RecurOptions<D extends FloatType = FloatType> {
  /** (batch, time), true or not 0 where a step counts. */
  readonly mask?: Variable | null
  /** For each state (batch, size), or (size) for every row the same; default zeros. */
  readonly initialState?: readonly Tensor<D>[] | null
  /** On the input at every step: (n, batch, inputSize), n = 1 or `cell.masks`, already scaled. */
  readonly dropoutMask?: CellMask
  /** On the previous state at every step: (n, batch, units). */
  readonly recurrentDropoutMask?: CellMask
  /** Visit from the end; `outputs` stays in sequence order. */
  readonly reverse?: boolean
  /** How far back gradients go, as `truncate` of scan: k steps at most, or `{ last: k }`, Theano's meaning. */
  readonly truncate?: Truncate
  /** The steps written out, so many per trip of the loop; true: no loop at all, for a known time. */
  readonly unroll?: number | true
  /** What the backward pass computes again rather than keep, as `remat` of scan. */
  readonly remat?: Remat
  /** Gradients of pre-activations are clipped to [−gradClip, gradClip] at every step. */
  readonly gradClip?: number | null
  readonly name?: string
}

type Named = Readonly<Record<string, Variable>>

/** What came of a run. */
export interface Recurrence<D extends FloatType = FloatType> {
  /** (batch, time, units), in sequence order. */
  readonly outputs: Tensor<D, 3>
  /** (batch, units): the output of the step visited last. Alone it costs no history. */
  readonly output: Tensor<D, 2>
  /** Every state after the step visited last. */
  readonly last: readonly Tensor<D, 2>[]
}

export const recurOptions = [
  'mask',
  'initialState',
  'dropoutMask',
  'recurrentDropoutMask',
  'reverse',
  'truncate',
  'unroll',
  'remat',
  'gradClip',
  'name',
] as const

/**
 * A cell over a sequence x (batch, time, inputSize).
 *
 * A masked step copies the states, and puts out what the step before did: zeros before the first step that counts, whatever
 * the initial state. What x holds there has no influence, on gradients neither. Dropout masks are the same at every step
 * (Gal and Ghahramani 2016).
 *
 * @throws ArgumentError, ShapeError, DTypeError for what does not fit the cell
 */
export function recur<D extends FloatType>(
  cell: RecurrentCell<D>,
  x: Tensor<NoInfer<D>>,
  options: RecurOptions<NoInfer<D>> = {},
): Recurrence<D> {
  checkIsCell('recur', 'the first argument', cell)
  checkOptions('recur', options, recurOptions)
  const { mask = null, initialState = null, dropoutMask = null, recurrentDropoutMask = null } = options
  checkSequence(cell, x)
  if (mask !== null) checkMask(x, mask)
  if (initialState !== null) checkStates(cell, 'initialState', initialState, [1, 2])
  checkDropoutMask(cell, 'dropoutMask', dropoutMask)
  checkDropoutMask(cell, 'recurrentDropoutMask', recurrentDropoutMask)
  const clipping = clippingOf(options.gradClip ?? null)
  const context: StepContext = { dropoutMask, recurrentDropoutMask, clip: clipping.clip }

  const batch = dim(x, 0)
  const fresh = (size: number): Variable => zeros([batch, size], cell.dtype)
  const initial = cell.stateSizes.map((size, i) => {
    const given = initialState?.[i]
    return given === undefined ? fresh(size) : broadcastTo(given, [batch, size])
  })
  const outputIndex = cell.outputIndex ?? 0
  // Without an initial state, the output of the last step that counted is the state that it left.
  const emits = mask !== null && initialState !== null
  const names = cell.stateSizes.map((_, i) => `state${i}`)
  const counts = mask === null ? null : mask.dtype === 'bool' ? mask : neq(mask, 0)
  const state: Named = {
    ...Object.fromEntries(names.map((name, i) => [name, initial[i]!])),
    ...(emits && { emitted: fresh(cell.stateSizes[outputIndex]!) }),
  }

  const ran = scan(
    (inputs: Named): Named => {
      const before = names.map(name => inputs[name]!)
      const after = cell.step(inputs.x as Tensor<D, 2>, before as Tensor<D, 2>[], context)
      checkStates(cell, 'what step returns', after, [2])
      if (counts === null) return Object.fromEntries(names.map((name, i) => [name, after[i]!]))
      const isOn = expandDims(inputs.counts!, 1)
      const kept: Named = Object.fromEntries(
        names.map((name, i) => [name, where(isOn, after[i]!, before[i]!)]),
      )
      return emits ? { ...kept, emitted: where(isOn, after[outputIndex]!, inputs.emitted!) } : kept
    },
    { sequences: stepsOf(x, counts), state, ...loopOptions(options, cell.name) },
  ) as Readonly<Record<string, { readonly all: Variable; readonly last: Variable }>>
  if (clipping.limit !== null && !clipping.isUsed()) throw nothingClipped(cell.name)

  const emitted = ran[emits ? 'emitted' : names[outputIndex]!]!
  return {
    outputs: transpose(emitted.all, [1, 0, 2]) as Tensor<D, 3>,
    output: emitted.last as Tensor<D, 2>,
    last: names.map(name => ran[name]!.last as Tensor<D, 2>),
  }
}

/** The steps of x, and whether they count; where they do not, x is 0, so that nothing it holds there matters. */
function stepsOf(x: Variable, counts: Variable | null): Named {
  const steps = transpose(x, [1, 0, 2])
  if (counts === null) return { x: steps }
  const on = transpose(counts)
  return { x: where(expandDims(on, 2), steps, cast(0, x.dtype)), counts: on }
}

function loopOptions(options: RecurOptions, cellName: string): ScanOptions<Named, Named> {
  const { reverse = false, truncate, unroll, remat, name = cellName } = options
  return {
    reverse,
    name,
    ...(truncate !== undefined && { truncate }),
    ...(unroll !== undefined && { unroll }),
    ...(remat !== undefined && { remat }),
  }
}

/** What a step clips with, and whether it did. */
function clippingOf(limit: number | null) {
  if (limit !== null && !(typeof limit === 'number' && limit >= 0))
    throw badArgument('recur', `gradClip is ${describeGiven(limit).what}`, 'a number, from 0 on')
  let used = false
  const clip = <X extends Tensor>(v: X): X => {
    used = true
    return limit === null ? v : (clipGradient(v, -limit, limit) as unknown as X)
  }
  return { limit, clip, isUsed: () => used }
}
