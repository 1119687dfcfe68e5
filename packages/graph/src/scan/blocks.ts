/**
 * A loop in blocks: trips of so many steps each, then a loop of the steps that are left. Under `reverse` both count from
 * the end. How a block makes its steps is told from outside.
 */
import { addDim, type Dim, floorDivDim, mulDim, subDim } from '../dim.js'
import type { Lambda } from '../lambda.js'
import { reshape } from '../ops/view.js'
import { concatenate } from '../ops/window.js'
import { Variable } from '../variable.js'
import { closeOver } from './closure.js'
import {
  applyScan,
  type Part,
  type RematPolicy,
  type ScanParams,
  type ScanSlots,
  splitOutputs,
  type Traversal,
} from './op.js'
import { newRows, row, rows } from './rows.js'

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

/** The same with a stack per result of the body, made whether or not somebody asks. */
export interface Stacked {
  readonly finals: readonly Variable[]
  readonly stacks: readonly Variable[]
}

/** Of the rows of all steps, the one that is visited last. */
export function lastOf(all: Variable, { length, reverse }: Pick<Loop, 'length' | 'reverse'>): Variable {
  return row(all, reverse ? 0 : subDim(length, 1))
}

/** The loop as it is. */
export function asScan({ slots, body, ...traversal }: Loop): Stacked {
  const node = applyScan(slots, body, traversal)
  const { finals, trajectories, ys } = splitOutputs(node.outputs, { carries: slots.carries.length })
  const first = newRows(node.params as ScanParams)
  return { finals, stacks: [...trajectories.map(all => rows(all, first, traversal.length)), ...ys] }
}

/** The loop in blocks of `size` steps; what is said of the trips, besides. */
export function inBlocks(
  loop: Loop,
  size: Dim,
  block: (loop: Loop) => Stacked,
  ofTrips: { readonly remat?: RematPolicy; readonly part?: Part } = {},
): Stacked {
  const { slots, length, reverse, until, name } = loop
  const trips = floorDivDim(length, size)
  const covered = mulDim(trips, size)
  const left = subDim(length, covered)
  const [blockStart, leftStart] = reverse ? [left, 0] : [0, covered]
  const blocks = slots.sequences.map(x =>
    reshape(rows(x, blockStart, covered), [trips, size, ...x.shape.slice(1)]),
  )
  const carries = slots.carries.map(v => new Variable(v.type, null, 0, v.name))
  const slices = blocks.map(v => new Variable({ dtype: v.dtype, shape: v.shape.slice(1) }, null, 0, v.name))
  const { before, part } = loop.numbering ?? { before: 0, part: 'whole' as const }
  const numbered = (before: Dim, each: Dim, part: Part) => ({ numbering: { before, each, part } })
  const inside = block({
    ...loop,
    ...numbered(0, 1, 'segment'),
    slots: { ...slots, carries, sequences: slices },
    length: size,
  })
  const closed = closeOver([...carries, ...slices], [...inside.finals, ...inside.stacks])
  const node = applyScan(
    { constants: closed.constants, carries: slots.carries, sequences: blocks },
    closed.body,
    {
      length: trips,
      reverse,
      until,
      name,
      ...numbered(before, size, ofTrips.part ?? part),
      ...(ofTrips.remat === undefined ? {} : { remat: ofTrips.remat }),
    },
  )
  const main = splitOutputs(node.outputs, { carries: carries.length })
  const flat = main.ys.map(v => reshape(v, [covered, ...v.shape.slice(2)]))
  if (left === 0) return { finals: main.finals, stacks: flat }
  const rest = asScan({
    ...loop,
    slots: { ...slots, carries: main.finals, sequences: slots.sequences.map(x => rows(x, leftStart, left)) },
    length: left,
    ...numbered(addDim(before, covered), 1, part),
  })
  return {
    finals: rest.finals,
    stacks: flat.map((v, i) => concatenate(reverse ? [rest.stacks[i]!, v] : [v, rest.stacks[i]!], 0)),
  }
}
