/**
 * The steps that a scan made, as its gradient goes back over them: which rows belong to them, and how many there are. With
 * `last` they are those visited last.
 *
 * Of a scan with `until` the number of steps is a size, and the backward scan makes as many. Inside a loop or a branch it
 * cannot be one. There the backward scan stops early itself: its rows are read so that those of the steps that were made
 * come first in its order, and the others, which are never visited, repeat one of them.
 */
import { addDim, type Dim, equalDim, minDim, subDim } from '../dim.js'
import { add, maximum, minimum, sub } from '../ops/arithmetic.js'
import { and, eq, ge, lt } from '../ops/comparison.js'
import { take } from '../ops/gather.js'
import { where } from '../ops/select.js'
import { dimValue } from '../ops/size.js'
import { iota } from '../ops/source.js'
import { expandDims } from '../ops/view.js'
import type { Apply, Variable } from '../variable.js'
import { isInsideBody } from './inside.js'
import type { ScanParams } from './op.js'
import { cotangentRows, padRows, rows } from './rows.js'
import { firstRowMade, stepsMade } from './until.js'

export interface Retrace {
  /** How many steps the backward scan makes, or with `steps` the most of them. */
  readonly length: Dim
  /** How many it makes, where that is no size. */
  readonly steps: Variable | null
  /** Whether it gets to the step that was visited first. */
  readonly reachesStart: Variable | true
  /** Whether there may be rows that it does not visit. */
  readonly isPartial: boolean
  /** Of a stack in the order of the forward scan, the rows that begin at `start`: one for each step. */
  read(stack: Variable, start: Dim): Variable
  /** The same of a cotangent; null where it is zero. */
  cotangent(stack: Variable, start: Dim): Variable | null
  /** Rows of the backward scan as `count` rows in the order of the forward scan, zero where there was no step. */
  write(stack: Variable, count: Dim): Variable
}

export function retrace(node: Apply): Retrace {
  const { until, length, last, reverse } = node.params as ScanParams
  if (until && length !== 0 && length !== 1 && isInsideBody()) return aligned(node)
  const made = stepsMade(node)
  const steps = last === null ? made : minDim(last, made)
  const first = addDim(firstRowMade(node), reverse ? 0 : subDim(made, steps))
  return {
    length: steps,
    steps: null,
    reachesStart: equalDim(steps, made) || (eq(dimValue(steps), dimValue(made)) as Variable),
    isPartial: until || last !== null,
    read: (stack, start) => rows(stack, addDim(start, first), steps),
    cotangent: (stack, start) => cotangentRows(stack, addDim(start, first), steps),
    write: (stack, count) => padRows(stack, first, subDim(count, addDim(first, steps))),
  }
}

function aligned({ params, outputs }: Apply): Retrace {
  const { length, reverse, last: most } = params as ScanParams
  const [made] = outputs as readonly [Variable]
  const steps: Variable = most === null ? made : minimum(made, most)
  const row = iota([length], 0)
  const last = dimValue(subDim(length, 1))
  const missing = sub(dimValue(length), made)
  const later = minimum(add(row, missing), last)
  const earlier = maximum(sub(row, missing), 0)
  const [toBackward, toForward] = reverse ? [later, earlier] : [earlier, later]
  const [begin, end] = reverse ? [missing, add(missing, steps)] : [sub(made, steps), made]
  const isVisited = and(ge(row, begin), lt(row, end))
  const align = (stack: Variable) => take(stack, toBackward, 0)
  return {
    length,
    steps,
    reachesStart: most === null ? true : (ge(steps, made) as Variable),
    isPartial: true,
    read: (stack, start) => align(rows(stack, start, length)),
    cotangent(stack, start) {
      const found = cotangentRows(stack, start, length)
      return found === null ? null : align(found)
    },
    write(stack, count) {
      const others = stack.shape.slice(1).map((_, axis) => axis + 1)
      const found = where(expandDims(isVisited, others), take(stack, toForward, 0), 0)
      return padRows(found, 0, subDim(count, length))
    },
  }
}
