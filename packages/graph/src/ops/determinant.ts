/**
 * Determinants, and their derivative, the adjugate.
 */
import { forAll, forEach, local, type Scalar, s } from '@arignote/loops'
import type { Op } from '../op.js'
import type { DTypeOf, RankLess, RankOf, TensorLike, ToFloat } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { div, mul, sub } from './arithmetic.js'
import { besideUnit, copyInto, eliminate, reduceRows, rowsOf, subtractRow, withUnit } from './elimination.js'
import { entry } from './entry.js'
import { matrices, sizeOfMatrix, square, tableOf, transposed } from './matrices.js'
import { matmul } from './product.js'
import { sum } from './reduce.js'
import { routineOp } from './routine.js'
import { expandDims } from './view.js'

const detOp: Op<null> = routineOp<null>({
  name: 'det',
  core: { inputs: [2], output: 0 },
  shape: ([core], _, variables, requires) => {
    square('det', core!, variables, requires)
    return []
  },
  scratch: ([x]) => [tableOf(sizeOfMatrix(x!), sizeOfMatrix(x!))],
  statements: ({ inputs: [x], output, scratch: [rows], size }) => {
    const n = size(x!.shape[0]!)
    const product = local('product', s.const('float64', 1))
    return [
      product.declare,
      copyInto(rows!, x!, s.int(0), size),
      eliminate({
        rows: rows!,
        n,
        columns: n,
        pivot: value => [product.set(s.mul(product.value, value))],
        swap: [product.set(s.neg(product.value))],
      }),
      output.store([], s.cast(product.value, output.dtype)),
    ]
  },
  evaluate: ([x]) => [reduceRows(rowsOf(x!)).determinant],
  grad: ({ inputs: [x], cotangents: [g] }) => [mul(expandDims(g!, [-2, -1]), transposed(adjugate(x!)))],
})

/**
 * The determinant of each matrix. It has a gradient for every matrix; a second one for those that are regular.
 * @throws ShapeError where matrices are not square
 */
export const det = entry(
  detOp,
  <X extends TensorLike>(x: X): Tensor<ToFloat[DTypeOf<X>], RankLess[RankOf<X>][2]> =>
    apply1(detOp, [matrices('det', x)], null) as never,
)

/**
 * det(x)·x⁻¹, which there is for singular matrices too: the transposed derivative of the determinant. With P·x·Q = L·U, zeros
 * last among the pivots, it is ±Q·(det U·U⁻¹)·L⁻¹·P. The last pivot cancels; if another one is 0, all is.
 */
const adjugateOp: Op<null> = routineOp<null>({
  name: 'adjugate',
  core: { inputs: [2], output: 2 },
  shape: ([core], _, variables, requires) => {
    const n = square('det', core!, variables, requires)
    return [n, n]
  },
  scratch: ([x]) => [withUnit(x!), { dtype: 'int32', shape: [sizeOfMatrix(x!)] }],
  statements: ({ inputs: [x], output, scratch: [rows, order], size }) => {
    const [n, columns] = rows!.shape.map(size) as [Scalar, Scalar]
    const product = local('product', s.const('float64', 1))
    const last = local('last', s.const('float64', 1))
    return [
      product.declare,
      last.declare,
      forEach('i', 0, n, i => [order!.store([i], i)]),
      ...besideUnit(rows!, x!, size),
      eliminate({
        rows: rows!,
        n,
        columns,
        order: order!,
        pivot: value => [product.set(s.mul(product.value, last.value)), last.set(value)],
        swap: [product.set(s.neg(product.value))],
      }),
      forEach('t', 0, n, t => {
        const i = s.sub(s.sub(n, 1), t)
        const isLast = s.eq(t, 0)
        const scale = local('scale', s.mul(product.value, s.select(isLast, 1, last.value)))
        const pivot = local('pivot', s.select(isLast, s.const('float64', 1), rows!.at(i, i)))
        const quotient = (x: Scalar) => s.select(s.eq(pivot.value, 0), 0, s.div(x, pivot.value))
        return [
          scale.declare,
          pivot.declare,
          forAll('j', n, columns, j => [rows!.store([i, j], s.mul(rows!.at(i, j), scale.value))]),
          forEach('m', s.add(i, 1), n, m => {
            const factor = local('factor', rows!.at(i, m))
            return [factor.declare, subtractRow(rows!, factor.value, [i, m], [n, columns])]
          }),
          forAll('j', n, columns, j => [rows!.store([i, j], quotient(rows!.at(i, j)))]),
        ]
      }),
      forEach('i', 0, n, i => {
        const row = local('row', order!.at(i))
        return [
          row.declare,
          forAll('j', 0, n, j => [
            output.store([row.value, j], s.cast(rows!.at(i, s.add(n, j)), output.dtype)),
          ]),
        ]
      }),
    ]
  },
  evaluate: ([x]) => {
    const rows = rowsOf(x!)
    const without = <T>(list: readonly T[], at: number) => list.filter((_, i) => i !== at)
    const minor = (i: number, j: number) => without(rows, i).map(row => without(row, j))
    return rows.flatMap((row, i) =>
      row.map((_, j) => reduceRows(minor(j, i)).determinant * ((i + j) % 2 === 0 ? 1 : -1)),
    )
  },
  grad: ({ inputs: [x], outputs: [y], cotangents: [g] }) => {
    const back = transposed(y!)
    const along = sum(mul(g!, y!), [-2, -1], { keepdims: true })
    const whole = sub(mul(along, back), matmul(matmul(back, g!), back))
    return [div(whole, expandDims(det(x!), [-2, -1]))]
  },
})

const adjugate = (x: Variable): Variable => apply1(adjugateOp, [x], null)
