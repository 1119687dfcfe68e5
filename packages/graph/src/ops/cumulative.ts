/**
 * Running sums and products along an axis, and the linear recurrence of which their derivatives are made.
 */
import { forEach, isFloat, local, type Scalar, type ScalarType, s, scalarType } from '@arignote/loops'
import type { Op } from '../op.js'
import type { DTypeOf, RankOf, TensorLike, ToSum } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { entry } from './entry.js'
import { alongAxis, routineOp } from './routine.js'
import { axisOf } from './size.js'

interface Direction {
  /** From the end to the beginning. */
  readonly reverse: boolean
}

/** Sums of float32 are carried in double: it costs nothing, and a long sum keeps its digits. */
const carrier = (type: ScalarType): 'float64' | 'int32' =>
  type === 'float32' || type === 'float64' ? 'float64' : 'int32'

/** The place of the k-th element on the way. */
const visit = (k: Scalar, n: Scalar, reverse: boolean) => (reverse ? s.sub(s.sub(n, 1), k) : k)

const cumsumOp: Op<Direction> = routineOp<Direction>({
  name: 'cumsum',
  core: { inputs: [1], output: 1 },
  shape: ([core]) => core!,
  statements: ({ params: { reverse }, inputs: [x], output, size }) => {
    const n = size(x!.shape[0]!)
    const type = scalarType(x!.dtype)
    const total = local('total', s.const(carrier(type), 0))
    return [
      total.declare,
      forEach('k', 0, n, k => {
        const i = visit(k, n, reverse)
        return [
          total.set(s.add(total.value, s.cast(x!.at(i), carrier(type)))),
          output.store([i], s.cast(total.value, output.dtype)),
        ]
      }),
    ]
  },
  evaluate: ([x], { reverse }) => running(x!.data, reverse, (total, value) => total + value, 0),
  grad: ({ inputs: [x], params: { reverse }, cotangents: [g] }) => [
    isFloat(x!.dtype) ? apply1(cumsumOp, [g!], { reverse: !reverse }) : null,
  ],
})

function running(
  data: ArrayLike<number>,
  reverse: boolean,
  combine: (total: number, value: number) => number,
  start: number,
): number[] {
  const values = reverse ? Array.from(data).reverse() : Array.from(data)
  let total = start
  const totals = values.map(value => {
    total = combine(total, value)
    return total
  })
  return reverse ? totals.reverse() : totals
}

/** What a reduction adds up in; see `reduce.ts`. */
function summable(operation: string, x: TensorLike): Variable {
  const v = asTensor(x, operation)
  return isFloat(v.dtype) ? v : cast(v, 'int32')
}

/** The sums of the elements up to and with each, along an axis (the last). Sums of bool and uint8 are int32. */
export const cumsum = entry(
  cumsumOp,
  <X extends TensorLike>(x: X, axis = -1): Tensor<ToSum[DTypeOf<X>], RankOf<X>> => {
    const v = summable('cumsum', x)
    const along = axisOf('cumsum', axis, v)
    return alongAxis(v, along, lanes => apply1(cumsumOp, [lanes], { reverse: false })) as never
  },
)
