/**
 * The scan op: constants, carries, sequences – and nothing richer. Taps, truncation and early exit are sugar above it.
 *
 *   inputs   [...constants, ...initial carries, ...sequences]
 *   body     params [...constants, ...carries, ...slices] → results [...next carries, ...ys]
 *   outputs  [...final carries, ...trajectories, ...stacked ys]
 *
 * Sequences have `length` rows (or more: only the first `length` are visited) along axis 0. A trajectory is the whole
 * history of one carry: length + 1 rows with the initial value among them, stored once, in sequence order.
 * Forward: row 0 is the initial value and step t writes row t + 1. Reverse: row `length` is the initial value, step t
 * (t from length − 1 down to 0) writes row t. So in both directions
 *   every step's new value, in sequence order:  forward rows 1 … length, reverse rows 0 … length − 1
 *   the value each step started from:           forward rows 0 … length − 1, reverse rows 1 … length
 * are views of one buffer. Ys have `length` rows in sequence order in both directions. An output nobody reads has no memory.
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
  readonly body: Lambda
  readonly counts: ScanCounts
  /** For people: the `name` option. */
  readonly name: string | null
}

/** A scan is its body, length, direction and counts; the name is not part of its identity. */
export const scanOp: Op<ScanParams> = {
  name: 'scan',
  family: { kind: 'scan' },
  infer: inferScan,
  key: ({ length, reverse, body, counts: { constants, carries, sequences } }) =>
    `${body.id} ${dimKey(length)} ${reverse ? 'reverse' : 'forward'} ${constants},${carries},${sequences}`,
  grad: context => scanGradient(context),
}

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

/** A scan from its slots. The body's params are constants, carries, slices; its results next carries, then ys. */
export function applyScan(
  slots: ScanSlots<Variable>,
  body: Lambda,
  options: { readonly length: Dim; readonly reverse: boolean; readonly name: string | null },
): Apply {
  const { constants, carries, sequences } = slots
  const counts = { constants: constants.length, carries: carries.length, sequences: sequences.length }
  return apply(scanOp, [...constants, ...carries, ...sequences], { ...options, body, counts })
}

/**
 * The same scan with more ys: variables of its body (`params.body.params` and what is computed from them) as extra
 * results after the others. Inputs, carries and params keep their order, so all former outputs keep their index.
 */
export function extendScan(node: Apply, extraResults: readonly Variable[]): Apply {
  if (extraResults.length === 0) return node
  const params = node.params as ScanParams
  const body = lambda(params.body.params, [...params.body.results, ...extraResults])
  return apply(scanOp, node.inputs, { ...params, body })
}

function inferScan(
  inputs: readonly TensorType[],
  params: ScanParams,
  variables: readonly Variable[],
): Inferred {
  const { length, body, counts } = params
  const requires: Requirement[] = []
  if (!provablyAtLeast(length, 0)) {
    const rule = 'a scan makes at least 0 steps; taps take as many rows of a sequence away as they reach over'
    requires.push({ left: length, relation: 'atLeast', right: 0, rule })
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
  const results = body.results.map(v => v.type)
  results.slice(0, counts.carries).forEach((next, i) => {
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
      ...results.slice(counts.carries).map(stack(length)),
    ],
    requires,
  }
}
