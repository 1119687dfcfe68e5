/**
 * `remat`: what backward steps compute again instead of reading it from memory.
 *
 * 'auto', 'none' and 'step' are properties of the op (see `residuals.ts`). `{ every: k }` is a loop of another form: a scan
 * over segments of k steps, each of which is a scan. The gradient of the outer one keeps its states only, those that
 * segments begin with, and computes a segment again when it comes to it, with the histories that the gradient of the inner
 * one reads. So of T steps T/k + k rows are kept (Griewank 1992, of one level; PyTensor's `scan_checkpoints`).
 */
import type { Dim } from '../dim.js'
import { asSize } from '../ops/size.js'
import { Variable } from '../variable.js'
import { asScan, inBlocks, type Loop, type Ran } from './blocks.js'
import { rematUnknown } from './errors.js'
import type { RematPolicy } from './op.js'
import { runUnrolled } from './unroll.js'
import { ofSomeStep } from './until.js'

export type Remat = RematPolicy | { readonly every: number | Variable }

const policies: readonly unknown[] = ['auto', 'none', 'step'] satisfies readonly RematPolicy[]

/** What the option says: of the op, and how long segments are, if there are any. */
export function rematOf(remat: Remat = 'auto'): { readonly policy: RematPolicy; readonly every: Dim | null } {
  if (policies.includes(remat)) return { policy: remat as RematPolicy, every: null }
  const isRecord = typeof remat === 'object' && remat !== null && Object.keys(remat).join() === 'every'
  if (!isRecord) throw rematUnknown(remat)
  const { every } = remat
  const isSize = every instanceof Variable ? every.ndim === 0 && every.dtype === 'int32' : isCount(every)
  if (!isSize) throw rematUnknown(remat)
  return every === 1 ? { policy: 'step', every: null } : { policy: 'auto', every: asSize('scan', every) }
}

const isCount = (n: unknown): boolean => typeof n === 'number' && Number.isInteger(n) && n >= 1

/** The loop in segments; the last values of its outputs are carries, after the states. */
export function runInSegments(loop: Loop, every: Dim, outputs: number, unroll: number | true): Ran {
  const { finals, stacks } = inBlocks(
    loop,
    every,
    segment => (unroll === 1 ? asScan(segment) : runUnrolled(segment, unroll)),
    { remat: 'step', part: 'segments' },
  )
  const states = finals.length - outputs
  const views = stacks.map(v => () => v)
  return {
    finals: finals.slice(0, states),
    histories: views.slice(0, states),
    ys: views.slice(finals.length),
    lasts: finals.slice(states).map(v => () => ofSomeStep(v, loop.length)),
  }
}
