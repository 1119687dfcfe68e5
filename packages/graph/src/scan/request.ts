/**
 * What is asked of a scan: its options, checked, as what is visited, what is remembered, how many steps there are, and in which form
 * the loop is to be written.
 */
import type { Dim } from '../dim.js'
import { checkOptions } from '../given.js'
import type { Variable } from '../variable.js'
import { namesOverlap, noLength } from './errors.js'
import { scanLength } from './length.js'
import type { RematPolicy } from './op.js'
import { type Remat, rematOf } from './remat.js'
import { type Remembered, rememberState, type Walked, walkSequence } from './taps.js'
import { type Cut, cutOf, type Truncate } from './truncate.js'
import type { InitialStates, Sequences } from './types.js'

export interface ScanOptions<X extends Sequences, S extends InitialStates> {
  /** Visited along axis 0, one slice per step; or a tuple of slices, see `taps`. */
  readonly sequences?: X
  /** Initial values. A number, or a scalar, stands for a whole state of it. For more than one step back, see `taps`. */
  readonly state?: S
  /** How many steps: a number or a symbolic int32 scalar. Without it, as many as the shortest sequence has rows. */
  readonly steps?: number | Variable
  /** Visit from the end; `all` stays in sequence order. */
  readonly reverse?: boolean
  /**
   * How far back gradients go: k cuts them between steps jk − 1 and jk, so that each loss looks back 1 to k steps;
   * `{ last: k }` lets only the k steps visited last propagate, and is Theano's `truncate_gradient`.
   */
  readonly truncate?: Truncate
  /**
   * What backward steps compute again instead of reading it from memory: 'auto' (default) what is cheap, 'none' nothing,
   * 'step' all but the states; `{ every: k }` keeps the states of every k-th step only and computes segments again.
   */
  readonly remat?: Remat
  /** Write the step out this many times per trip of the loop; true: no loop at all. */
  readonly unroll?: number | true
  /** Names of the only variables the step may close over. */
  readonly strict?: readonly string[]
  readonly name?: string
}

export const scanOptions: readonly string[] = [
  'sequences',
  'state',
  'steps',
  'reverse',
  'truncate',
  'remat',
  'unroll',
  'strict',
  'name',
]

/** Options, checked. */
export interface Request {
  readonly sequences: { readonly [name: string]: Walked }
  readonly states: { readonly [name: string]: Remembered }
  readonly length: Dim
  readonly reverse: boolean
  /** Where the gradient is cut. `isWritten`: in the step; otherwise the op says it. */
  readonly cut: (Cut & { readonly isWritten: boolean }) | null
  readonly remat: RematPolicy
  /** The steps of a segment; null: the loop is not in segments. */
  readonly every: Dim | null
  readonly unroll: number | true
}

/** What the options ask for. @throws ArgumentError, GraphError for what does not exist or does not go together */
export function requestOf(options: ScanOptions<Sequences, InitialStates>): Request {
  checkOptions('scan', options, scanOptions)
  if (typeof options !== 'object') throw noLength()
  const sequences = options.sequences ?? {}
  const state = options.state ?? {}
  const reverse = options.reverse ?? false
  const unroll = options.unroll ?? 1
  const overlap = Object.keys(sequences).find(name => Object.hasOwn(state, name))
  if (overlap !== undefined) throw namesOverlap(overlap)
  const walked = mapRecord(sequences, (v, name) => walkSequence(name, v, reverse))
  const rows = mapRecord(walked, ({ outer }) => outer[0]!)
  const length = scanLength(rows, options.steps)
  const states = mapRecord(state, (v, name) => rememberState(name, v))
  const { policy, every } = rematOf(options.remat)
  const cut = cutOf(options.truncate, length)
  const isPlain = unroll === 1 && every === null
  return {
    sequences: walked,
    states,
    length,
    reverse,
    cut: cut === null ? null : { ...cut, isWritten: !(isPlain && cut.kind === 'last') },
    remat: policy,
    every,
    unroll,
  }
}

export function mapRecord<T, U>(
  record: { readonly [name: string]: T },
  f: (value: T, name: string) => U,
): { readonly [name: string]: U } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))
}
