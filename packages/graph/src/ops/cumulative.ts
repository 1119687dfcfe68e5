/**
 * Running sums and products along an axis, and the linear recurrence of which their derivatives are made.
 *
 * All three go along the last axis, from the first element to the last or the other way. What is running is carried in
 * double for floats: that costs nothing, and a long sum keeps its digits.
 */
import { type DType, forEach, isFloat, local, type Scalar, s, scalarType } from '@arignote/loops'
import type { Op } from '../op.js'
import type { RoutineContext } from '../routine.js'
import type { DTypeOf, RankOf, TensorLike, ToSum } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { mul } from './arithmetic.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { entry } from './entry.js'
import { alongAxis, routineOp } from './routine.js'
import { axisOf } from './size.js'
import { padBy, window } from './window.js'

interface Direction {
  /** From the last element to the first. */
  readonly reverse: boolean
}

/** Stores, element after element, what `next` makes of the running value and the elements of the inputs. */
function run(
  { params: { reverse }, inputs, output, size }: RoutineContext<Direction>,
  start: number,
  next: (total: Scalar, elements: readonly Scalar[]) => Scalar,
) {
  const n = size(output.shape[0]!)
  const carrier = isFloat(output.dtype) ? 'float64' : scalarType(output.dtype)
  const total = local('total', s.const(carrier, start))
  return [
    total.declare,
    forEach('k', 0, n, k => {
      const i = reverse ? s.sub(s.sub(n, 1), k) : k
      const elements = inputs.map(x => s.cast(x.at(i), carrier))
      return [total.set(next(total.value, elements)), output.store([i], s.cast(total.value, output.dtype))]
    }),
  ]
}

function evaluateRun(
  count: number,
  { reverse }: Direction,
  start: number,
  next: (total: number, i: number) => number,
): readonly number[] {
  const indices = Array.from({ length: count }, (_, i) => (reverse ? count - 1 - i : i))
  const totals: number[] = []
  let total = start
  for (const i of indices) {
    total = next(total, i)
    totals.push(total)
  }
  return reverse ? totals.reverse() : totals
}

/** The element that is visited before each, `first` before the first. */
function before(x: Variable, { reverse }: Direction, first: number): Variable {
  const last = x.ndim - 1
  const at = (here: number, elsewhere = 0) => x.shape.map((_, axis) => (axis === last ? here : elsewhere))
  const padded = padBy(x, { before: at(reverse ? 0 : 1), after: at(reverse ? 1 : 0), value: first })
  return window(padded, { starts: at(reverse ? 1 : 0), steps: at(1, 1), sizes: x.shape })
}

const lane = { inputs: [1], output: 1 } as const

// ── sums ──────────────────────────────────────────────────────────────────────────────────────

const cumsumOp: Op<Direction> = routineOp<Direction>({
  name: 'cumsum',
  core: lane,
  shape: ([core]) => core!,
  statements: context => run(context, -0, (total, [x]) => s.add(total, x!)),
  evaluate: ([x], direction, [n]) => evaluateRun(n!, direction, -0, (total, i) => total + x!.data[i]!),
  grad: ({ inputs: [x], params: { reverse }, cotangents: [g] }) => [
    isFloat(x!.dtype) ? apply1(cumsumOp, [g!], { reverse: !reverse }) : null,
  ],
})

type Cumulative = <X extends TensorLike>(x: X, axis?: number) => Tensor<ToSum[DTypeOf<X>], RankOf<X>>

function cumulative(op: Op<Direction>): Cumulative & { readonly op: Op<Direction> } {
  return entry(op, ((x: TensorLike, axis = -1) => {
    const given = asTensor(x, op.name)
    const v: Variable = isFloat(given.dtype) ? given : cast(given, 'int32')
    return alongAxis([v], axisOf(op.name, axis, given), lanes => apply1(op, [lanes!], { reverse: false }))
  }) as Cumulative)
}

/** The sum of the elements up to and with each, along an axis (the last). Sums of bool and uint8 are int32. */
export const cumsum = cumulative(cumsumOp)

// ── the linear recurrence ─────────────────────────────────────────────────────────────────────

/** y₀ = b₀, yᵢ = aᵢ·yᵢ₋₁ + bᵢ; a₀ should be 0. */
const recurrenceOp: Op<Direction> = routineOp<Direction>({
  name: 'recurrence',
  core: { inputs: [1, 1], output: 1 },
  shape: ([core]) => core!,
  statements: context => run(context, 0, (total, [a, b]) => s.add(s.mul(a!, total), b!)),
  evaluate: ([a, b], direction, [n]) =>
    evaluateRun(n!, direction, 0, (total, i) => a!.data[i]! * total + b!.data[i]!),
  grad: ({ inputs: [a], outputs: [y], params: direction, cotangents: [g] }) => {
    const back = { reverse: !direction.reverse }
    const total = recurrence(before(a!, back, 0), g!, back)
    return [mul(total, before(y!, direction, 0)), total]
  },
})

const recurrence = (a: Variable, b: Variable, direction: Direction): Variable =>
  apply1(recurrenceOp, [a, b], direction)

// ── products ──────────────────────────────────────────────────────────────────────────────────

const times = (dtype: DType) => (isFloat(dtype) ? (a: number, b: number) => a * b : Math.imul)

/**
 * The derivative divides by nothing, so it holds for zeros too: with R from the last element on,
 * Rⱼ = gⱼ + xⱼ₊₁·Rⱼ₊₁, the cotangent of xⱼ is x₀ ⋯ xⱼ₋₁·Rⱼ.
 */
const cumprodOp: Op<Direction> = routineOp<Direction>({
  name: 'cumprod',
  core: lane,
  shape: ([core]) => core!,
  statements: context => run(context, 1, (total, [x]) => s.mul(total, x!)),
  evaluate: ([x], direction, [n]) => {
    const multiply = times(x!.dtype)
    return evaluateRun(n!, direction, 1, (total, i) => multiply(total, x!.data[i]!))
  },
  grad: ({ inputs: [x], outputs: [product], params: direction, cotangents: [g] }) => {
    if (!isFloat(x!.dtype)) return [null]
    const back = { reverse: !direction.reverse }
    return [mul(before(product!, direction, 1), recurrence(before(x!, back, 0), g!, back))]
  },
})

/** The product of the elements up to and with each, along an axis (the last). Products of bool and uint8 are int32. */
export const cumprod = cumulative(cumprodOp)
