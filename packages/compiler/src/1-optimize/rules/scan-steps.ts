/**
 * Scans that need no loop: of no steps, which give what they began with, and of one, which is an expression.
 */
import { equalType, type Variable } from '@arignote/graph'
import { filled, view } from '../build.js'
import type { Recurrence } from '../recurrence.js'
import { replaceIn } from '../replace.js'
import type { ScanRule } from './scan-tidy.js'

function writeOut(r: Recurrence): boolean {
  if (r.length !== 0 && r.length !== 1) return false
  if (r.carries.length + r.ys.length === 0) return false
  const given = new Map<Variable, Variable>([
    ...r.constants.map(c => [c.param, c.outer] as const),
    ...r.carries.map(c => [c.param, c.initial] as const),
  ])
  if ([...given].some(([param, outer]) => !equalType(param.type, outer.type))) return false
  if (r.length === 0) noStep(r)
  else if (!oneStep(r, given)) return false
  r.constants = []
  r.sequences = []
  r.carries = []
  r.ys = []
  r.condition = null
  r.touch()
  return true
}

function noStep(r: Recurrence): void {
  for (const { initial, final, trajectory } of r.carries) {
    r.define(final, initial)
    r.define(trajectory, view.expandDims(initial, [0]))
  }
  for (const { stacked } of r.ys) r.define(stacked, filled(0, stacked.dtype, stacked.shape))
}

function oneStep(r: Recurrence, given: Map<Variable, Variable>): boolean {
  for (const slot of r.sequences) {
    const row = view.squeeze(r.visited(slot), [0])
    if (!equalType(row.type, slot.param.type)) return false
    given.set(slot.param, row)
  }
  const places = [...r.carries.map(c => c.final), ...r.ys.map(y => y.value)]
  // Whether it is the last step needs no asking.
  const results = replaceIn(r.results.slice(0, places.length), given)
  if (results.some((v, i) => !equalType(v.type, places[i]!.type))) return false
  const rowOf = (v: Variable) => view.expandDims(v, [0])
  for (const [i, { initial, final, trajectory }] of r.carries.entries()) {
    const next = results[i]!
    r.define(final, next)
    const both = r.reverse ? [next, initial] : [initial, next]
    r.define(trajectory, view.concatenate(both.map(rowOf), 0))
  }
  for (const [i, { stacked }] of r.ys.entries()) r.define(stacked, rowOf(results[r.carries.length + i]!))
  return true
}

export const scanSteps: ScanRule = { name: 'scan: of no step, of one → no loop', apply: writeOut }
