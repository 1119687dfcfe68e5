/**
 * `unroll`: the step written out, several times per trip of a shorter loop, or without a loop.
 */
import { floorDivDim, mulDim, subDim } from '../dim.js'
import type { Lambda } from '../lambda.js'
import { zeros } from '../ops/source.js'
import { expandDims, reshape } from '../ops/view.js'
import { concatenate } from '../ops/window.js'
import { substitute } from '../traverse.js'
import { Variable } from '../variable.js'
import { closeOver } from './closure.js'
import { unrollNotANumber, unrollUntil } from './errors.js'
import { applyScan, type ScanSlots, splitOutputs, type Traversal } from './op.js'
import { row, rows } from './rows.js'

/** Everything a scan needs, before it is one. */
export interface Loop extends Traversal {
  readonly slots: ScanSlots<Variable>
  readonly body: Lambda
}

/** What came of a loop: final states, and per state and per output a stack of every step's value, in sequence order. */
export interface Ran {
  readonly finals: readonly Variable[]
  readonly histories: readonly (() => Variable)[]
  readonly ys: readonly (() => Variable)[]
  /** Per output, its value in the step visited last. */
  readonly lasts: readonly (() => Variable)[]
}

/** The results of the loop, computed with `factor` steps per trip. */
export function runUnrolled(loop: Loop, factor: number | true): Ran {
  if (loop.until) throw unrollUntil()
  const states = loop.slots.carries.length
  const { finals, stacks } = factor === true ? writtenOut(loop) : inBlocks(loop, factor)
  const views = stacks.map(v => () => v)
  const ys = stacks.slice(states)
  return {
    finals,
    histories: views.slice(0, states),
    ys: views.slice(states),
    lasts: ys.map(v => () => lastOf(v, loop)),
  }
}

/** Of the rows of all steps, the one that is visited last. */
export function lastOf(all: Variable, { length, reverse }: Pick<Loop, 'length' | 'reverse'>): Variable {
  return row(all, reverse ? 0 : subDim(length, 1))
}

interface Stacked {
  readonly finals: readonly Variable[]
  /** One per result of the body. */
  readonly stacks: readonly Variable[]
}

function writtenOut(loop: Loop): Stacked {
  if (typeof loop.length !== 'number') throw unrollNotANumber(true)
  const { finals, results } = steps(loop, loop.slots.carries, loop.slots.sequences, loop.length)
  return {
    finals,
    stacks: loop.body.results.map((v, i) =>
      stack(
        results.map(list => list[i]!),
        v,
      ),
    ),
  }
}

/** `count` steps, one after the other; the results in sequence order. */
function steps(
  { slots, body, reverse }: Loop,
  initial: readonly Variable[],
  sequences: readonly Variable[],
  count: number,
) {
  let carries = initial
  const results: (readonly Variable[])[] = []
  for (let visited = 0; visited < count; visited++) {
    const t = reverse ? count - 1 - visited : visited
    const values = [...slots.constants, ...carries, ...sequences.map(x => row(x, t))]
    results[t] = substitute(body.results, new Map(body.params.map((v, i) => [v, values[i]!])))
    carries = results[t]!.slice(0, carries.length)
  }
  return { finals: carries, results }
}

function stack(values: readonly Variable[], like: Variable): Variable {
  if (values.length === 0) return zeros([0, ...like.shape], like.dtype)
  return joined(values.map(v => expandDims(v, 0)))
}

const joined = (parts: readonly Variable[]): Variable => concatenate(parts, 0)

/** Trips of `factor` steps each, then the steps that are left. Under `reverse` both count from the end. */
function inBlocks(loop: Loop, factor: number): Stacked {
  if (!Number.isInteger(factor) || factor < 1) throw unrollNotANumber(factor)
  const { slots, length, reverse, name } = loop
  const trips = floorDivDim(length, factor)
  const covered = mulDim(trips, factor)
  const left = subDim(length, covered)
  const [blockStart, leftStart] = reverse ? [left, 0] : [0, covered]
  const blocks = slots.sequences.map(x =>
    reshape(rows(x, blockStart, covered), [trips, factor, ...x.shape.slice(1)]),
  )
  const carries = slots.carries.map(v => new Variable(v.type, null, 0, v.name))
  const slices = blocks.map(v => new Variable({ dtype: v.dtype, shape: v.shape.slice(1) }, null, 0, v.name))
  const { finals, results } = steps(loop, carries, slices, factor)
  const stacks = loop.body.results.map((v, i) =>
    stack(
      results.map(list => list[i]!),
      v,
    ),
  )
  const { constants, body } = closeOver([...carries, ...slices], [...finals, ...stacks])
  const main = splitOutputs(
    applyScan({ constants, carries: slots.carries, sequences: blocks }, body, {
      length: trips,
      reverse,
      until: false,
      name,
    }).outputs,
    { carries: carries.length },
  )
  const flat = main.ys.map(v => reshape(v, [covered, ...v.shape.slice(2)]))
  if (left === 0) return { finals: main.finals, stacks: flat }
  const rest = splitOutputs(
    applyScan(
      {
        constants: slots.constants,
        carries: main.finals,
        sequences: slots.sequences.map(x => rows(x, leftStart, left)),
      },
      loop.body,
      { length: left, reverse, until: false, name },
    ).outputs,
    { carries: carries.length },
  )
  const histories = rest.trajectories.map(all => rows(all, reverse ? 0 : 1, left))
  const others = [...histories, ...rest.ys]
  return {
    finals: rest.finals,
    stacks: flat.map((v, i) => joined(reverse ? [others[i]!, v] : [v, others[i]!])),
  }
}
