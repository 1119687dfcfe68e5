/**
 * The scan op: constants, carries, sequences, and a condition to stop. Taps and truncation are sugar above it.
 *
 *   inputs   [...constants, ...initial carries, ...sequences]
 *   body     params [...constants, ...carries, ...slices] → results [...next carries, ...ys, condition, with `until`]
 *   outputs  [...final carries, ...trajectories, ...stacked ys]
 *
 * Sequences have `length` rows (or more: only the first `length` are visited) along axis 0. A trajectory is the whole
 * history of one carry: length + 1 rows with the initial value among them, stored once, in sequence order.
 * Forward: row 0 is the initial value and step t writes row t + 1. Reverse: row `length` is the initial value, step t
 * (t from length − 1 down to 0) writes row t. So in both directions
 *   every step's new value, in sequence order:  forward rows 1 … length, reverse rows 0 … length − 1
 *   the value each step started from:           forward rows 0 … length − 1, reverse rows 1 … length
 * are views of one buffer. Ys have `length` rows in sequence order in both directions. An output nobody reads has no memory.
 *
 * With `until` the scan stops after the step whose condition, a bool scalar, holds; `length` is the most steps it makes,
 * and what all rows are counted by. Rows of steps that were not made hold anything, and nobody may read them. Carry 0 of a
 * scan that is written with `until` counts the steps (see `until.ts`).
 */
import { addDim, type Dim, dimKey } from '../dim.js'
import { type Lambda, lambda } from '../lambda.js'
import type { Inferred, Op, Requirement } from '../op.js'
import { provablyAtLeast } from '../ops/size.js'
import { mustEqual } from '../same-type.js'
import type { TensorType } from '../type.js'
import { type Apply, apply, type Variable } from '../variable.js'
import { scanGradient } from './grad.js'

export interface ScanCounts {
  readonly constants: number
  readonly carries: number
  readonly sequences: number
}

export interface ScanParams {
  readonly length: Dim
  /** Visit from the last step to the first. */
  readonly reverse: boolean
  /** Stop after the step whose condition, the body's last result, holds. */
  readonly until: boolean
  readonly body: Lambda
  readonly counts: ScanCounts
  /** For people: the `name` option. */
  readonly name: string | null
  /** How many of the steps visited last a gradient goes through; null: all. */
  readonly last: number | null
  /** What a gradient computes again. */
  readonly remat: RematPolicy
  /** For messages: the number of a step, where it is not that of the trip. */
  readonly numbering: Numbering | null
}

/** Before the first trip, `before` steps were visited, and each trip makes `each` of them. */
export interface Numbering {
  readonly before: Dim
  readonly each: Dim
  readonly part: Part
}

/** Of a scan: steps of all of it, its segments, or the steps of one segment, counted from where that begins. */
export type Part = 'whole' | 'segments' | 'segment'

/** What the backward steps compute again instead of reading it from memory: see `residuals.ts`. */
export type RematPolicy = 'auto' | 'none' | 'step'

/** A scan is all that its params say but the name, which is not part of its identity. */
export const scanOp: Op<ScanParams> = {
  name: 'scan',
  family: { kind: 'scan' },
  infer: inferScan,
  key: ({ body, counts: { constants, carries, sequences }, ...how }) =>
    `${body.id} ${courseKey(how)} ${constants},${carries},${sequences} ${how.last} ${how.remat} ${numberingKey(how)}`,
  grad: context => scanGradient(context),
}

/** How its steps are numbered, in words that are equal for the same. */
export const numberingKey = ({ numbering }: Pick<ScanParams, 'numbering'>): string =>
  numbering === null ? '' : `${dimKey(numbering.before)} ${dimKey(numbering.each)} ${numbering.part}`

/** Which steps a scan makes, in words that are equal for the same. */
export function courseKey({ length, reverse, until }: Course): string {
  return [dimKey(length), reverse ? 'reverse' : 'forward', ...(until ? ['until'] : [])].join(' ')
}

type Course = Pick<ScanParams, 'length' | 'reverse' | 'until'>

/** What a scan does apart from its steps. */
export type Traversal = Course &
  Pick<ScanParams, 'name'> &
  Partial<Pick<ScanParams, 'last' | 'remat' | 'numbering'>>

/** Something of each kind of slot, in the order of the op's inputs (and of the body's params). */
export interface ScanSlots<T> {
  readonly constants: readonly T[]
  readonly carries: readonly T[]
  readonly sequences: readonly T[]
}

/** Splits the inputs of a scan, or the params of its body. */
export function splitInputs<T>(list: readonly T[], { constants, carries }: ScanCounts): ScanSlots<T> {
  return {
    constants: list.slice(0, constants),
    carries: list.slice(constants, constants + carries),
    sequences: list.slice(constants + carries),
  }
}

/** Splits the outputs of a scan (or anything that is one per output). */
export function splitOutputs<T>(list: readonly T[], { carries }: Pick<ScanCounts, 'carries'>) {
  return {
    finals: list.slice(0, carries),
    trajectories: list.slice(carries, 2 * carries),
    ys: list.slice(2 * carries),
  }
}

/** The results of a body, or something that is one per result, by what they are. */
export function splitResults<T>(
  list: readonly T[],
  { counts, until }: { readonly counts: Pick<ScanCounts, 'carries'>; readonly until: boolean },
) {
  return {
    nexts: list.slice(0, counts.carries),
    ys: list.slice(counts.carries, until ? -1 : undefined),
    condition: until ? list.at(-1)! : null,
  }
}

/**
 * A scan from its slots. The body's params are constants, carries, slices; its results next carries, ys, and with `until`
 * the condition.
 */
export function applyScan(slots: ScanSlots<Variable>, body: Lambda, traversal: Traversal): Apply {
  const { constants, carries, sequences } = slots
  const counts = { constants: constants.length, carries: carries.length, sequences: sequences.length }
  return apply(scanOp, [...constants, ...carries, ...sequences], {
    last: null,
    remat: 'auto',
    numbering: null,
    ...traversal,
    body,
    counts,
  })
}

/**
 * The same scan with more ys: variables of its body (`params.body.params` and what is computed from them) as extra
 * ys after the others. Inputs, carries and params keep their order, so all former outputs keep their index.
 */
export function extendScan(node: Apply, extraResults: readonly Variable[]): Apply {
  if (extraResults.length === 0) return node
  const params = node.params as ScanParams
  const { nexts, ys, condition } = splitResults(params.body.results, params)
  const more = [...nexts, ...ys, ...extraResults, ...(condition === null ? [] : [condition])]
  const body = lambda(params.body.params, more)
  return apply(scanOp, node.inputs, { ...params, body })
}

function inferScan(
  inputs: readonly TensorType[],
  params: ScanParams,
  variables: readonly Variable[],
): Inferred {
  const { length, body, counts, numbering } = params
  const results = splitResults(
    body.results.map(v => v.type),
    params,
  )
  const requires: Requirement[] = []
  if (!provablyAtLeast(length, 0)) {
    const rule = 'a scan makes at least 0 steps; taps take as many rows of a sequence away as they reach over'
    requires.push({ left: length, relation: 'atLeast', right: 0, rule })
  }
  if (numbering !== null && !provablyAtLeast(numbering.each, 1)) {
    const rule = 'remat keeps the states of every k-th step, k at least 1'
    requires.push({ left: numbering.each, relation: 'atLeast', right: 1, rule })
  }
  const given = splitInputs(inputs, counts)
  const names = splitInputs(
    variables.map((v, i) => v?.name ?? body.params[i]!.name ?? 'of a scan'),
    counts,
  )
  const slots = splitInputs(
    body.params.map(v => v.type),
    counts,
  )
  given.constants.forEach((type, i) => {
    requires.push(
      ...mustEqual(
        'scan',
        type,
        slots.constants[i]!,
        `constant ${names.constants[i]}: the type the step was made for`,
      ),
    )
  })
  given.carries.forEach((type, i) => {
    requires.push(
      ...mustEqual(
        'scan',
        type,
        slots.carries[i]!,
        `state ${names.carries[i]}: the type the step was made for`,
      ),
    )
  })
  given.sequences.forEach((type, i) => {
    const [rows, ...rest] = type.shape
    if (rows === undefined) throw new Error('internal: a sequence of a scan has no axis')
    requires.push(
      ...mustEqual(
        'scan',
        { ...type, shape: rest },
        slots.sequences[i]!,
        `sequence ${names.sequences[i]}: the type the step was made for`,
      ),
    )
    if (!provablyAtLeast(rows, length)) {
      const rule = `sequence ${names.sequences[i]} must have at least as many rows as the scan has steps`
      requires.push({ left: rows, relation: 'atLeast', right: length, rule })
    }
  })
  results.nexts.forEach((next, i) => {
    const name = slots.carries.length > 0 ? (body.params[counts.constants + i]!.name ?? String(i)) : ''
    requires.push(
      ...mustEqual(
        'scan',
        next,
        slots.carries[i]!,
        `state ${name}: the next value must have the shape of the initial value`,
      ),
    )
  })
  const stack = (rows: Dim) => (type: TensorType) => ({ ...type, shape: [rows, ...type.shape] })
  return {
    outputs: [
      ...slots.carries,
      ...slots.carries.map(stack(addDim(length, 1))),
      ...results.ys.map(stack(length)),
    ],
    requires,
  }
}
