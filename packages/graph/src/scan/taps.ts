/**
 * Taps: steps that see more of a sequence than the present row, and more of a state than its last value.
 *
 * They are gone before there is a scan. The windows that a step sees of a sequence are views of it, a sequence each. A
 * state that looks back d steps is d carries, of which the first is the state and each other takes over, unchanged, what
 * the one before it was; the planner keeps such a chain in one ring of rows, so nothing is copied.
 *
 * Tap k of a sequence is k rows further on in visiting order. The rows that are visited are those of which all taps, and
 * tap 0, whether or not it is listed, exist.
 */

import type { DType } from '@arignote/loops'
import { type Dim, subDim } from '../dim.js'
import { checkTensor } from '../given.js'
import { withRows } from '../ops/rearrange.js'
import { asOneCall, type Rank, type Tensor, Variable } from '../variable.js'
import { notAnInitialValue, sequenceWithoutAxis } from './errors.js'
import { row, rows } from './rows.js'
import {
  initialRowsRule,
  notAList,
  notPastTaps,
  notTaps,
  tapsReachTooFar,
  wrongInitialRows,
} from './tap-errors.js'

/** A sequence, or the initial rows of a state, and which of its rows a step is given. Made by `taps`. */
export class Taps<
  out D extends DType = DType,
  out R extends Rank = Rank,
  out L extends readonly number[] = readonly number[],
> {
  constructor(
    readonly of: Tensor<D, R>,
    readonly taps: L,
  ) {}
}

/**
 * Look-back and look-ahead in `scan`: the step is given a tuple in the order of the list, also for one tap.
 *
 * Of a sequence, tap 0 is the row that is visited, -1 the one visited before, 1 the one after; only rows that have all
 * their taps are visited. Of a state, -1 is its last value, -2 the one before: taps are negative and distinct, and x has
 * one initial row per step that the furthest looks back, oldest first (Theano's `taps` of sequences and `outputs_info`).
 *
 * @throws E076 where the list is none of whole numbers; E042 where x is no symbolic tensor.
 */
export function taps<D extends DType, R extends Rank, const L extends readonly number[]>(
  x: Tensor<D, R>,
  list: L,
): Taps<D, R, L> {
  checkTensor('taps', x)
  if (!Array.isArray(list)) throw notAList(list)
  if (list.length === 0) throw notTaps('the list of taps is empty')
  const odd = list.find(k => !Number.isInteger(k))
  if (odd !== undefined) throw notTaps(`${String(odd)} is no tap`)
  return new Taps(x, list)
}

const parameter = (v: Variable, shape: readonly Dim[], name: string) =>
  new Variable({ dtype: v.dtype, shape }, null, 0, name)

/** What the step is given under one name: a variable, or one per tap. */
export type GivenToStep = Variable | readonly Variable[]

/** One sequence as slots of the scan: what each visits, and its param. */
export interface Walked {
  readonly given: GivenToStep
  readonly params: readonly Variable[]
  readonly outer: readonly Variable[]
}

export function walkSequence(name: string, sequence: unknown, reverse: boolean): Walked {
  const v = sequence instanceof Taps ? (sequence.of as Variable) : sequence
  if (!(v instanceof Variable) || v.ndim === 0) throw sequenceWithoutAxis(name, v)
  const slot = (label: string) => parameter(v, v.shape.slice(1), label)
  if (!(sequence instanceof Taps)) {
    const param = slot(name)
    return { given: param, params: [param], outer: [v] }
  }
  const list: readonly number[] = sequence.taps
  const offsets = list.map(k => (reverse ? -k : k))
  const [before, after] = [-Math.min(0, ...offsets), Math.max(0, ...offsets)]
  const count = subDim(v.shape[0]!, before + after)
  if (typeof count === 'number' && count < 0) throw tapsReachTooFar(name, v, list, before + after)
  const params = list.map(k => slot(`${name}[${k}]`))
  return { given: params, params, outer: asOneCall(() => offsets.map(k => rows(v, before + k, count))) }
}

/** A carry that is handed on: at the next step it is what another is now. */
export interface Older {
  readonly param: Variable
  readonly initial: Variable
  readonly next: Variable
}

/** One state as slots of the scan: its newest value, and the older ones that taps reach back to. */
export interface Remembered {
  readonly given: GivenToStep
  readonly param: Variable
  readonly initial: Variable | number
  readonly older: readonly Older[]
}

export function rememberState(name: string, state: unknown): Remembered {
  if (typeof state === 'number') {
    const param = new Variable({ dtype: 'float32', shape: [] }, null, 0, name)
    return { given: param, param, initial: state, older: [] }
  }
  if (state instanceof Variable) {
    const param = parameter(state, state.shape, name)
    return { given: param, param, initial: state, older: [] }
  }
  if (!(state instanceof Taps)) throw notAnInitialValue(name, state)
  const list: readonly number[] = state.taps
  if (list.some(k => k >= 0) || new Set(list).size < list.length) throw notPastTaps(name, list)
  const count = -Math.min(...list)
  const initial = asOneCall(() => initialRows(name, state, count))
  const params = Array.from({ length: count }, (_, i) =>
    parameter(initial, initial.shape.slice(1), i === 0 ? name : `${name}[${-1 - i}]`),
  )
  const older = params.slice(1).map((param, i) => ({
    param,
    initial: row(initial, count - 2 - i),
    next: params[i]!,
  }))
  return {
    given: list.map(k => params[-1 - k]!),
    param: params[0]!,
    initial: row(initial, count - 1),
    older,
  }
}

/** As many rows as the furthest tap looks back; what the algebra leaves open is checked when sizes are known. */
function initialRows(name: string, { of, taps: list }: Taps, count: number): Variable {
  const given: unknown = of.shape[0]
  if (of.ndim === 0 || (typeof given === 'number' && given !== count))
    throw wrongInitialRows(name, of, list, count)
  return given === count
    ? of
    : withRows(of, count, { calledAs: 'scan', rule: initialRowsRule(name, list, count) })
}
