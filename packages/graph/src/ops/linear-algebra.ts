/**
 * Inverses and linear equations of small dense matrices, by elimination. NumPy's `linalg`.
 */
import { forAll, forEach, type Scalar, type Statement, s } from '@arignote/loops'
import { addDim } from '../dim.js'
import type { Op } from '../op.js'
import type { RoutineArray, RoutineContext } from '../routine.js'
import type { DTypeOf, RankOf, TensorLike, ToFloat } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { neg } from './arithmetic.js'
import {
  besideUnit,
  copyInto,
  eliminate,
  reduceRows,
  rowsOf,
  substituteBack,
  withUnit,
} from './elimination.js'
import { entry } from './entry.js'
import {
  equations,
  manySides,
  matrices,
  type Solution,
  sizeOfMatrix,
  solutionShape,
  square,
  tableOf,
  transposed,
} from './matrices.js'
import { matmul } from './product.js'
import { routineOp } from './routine.js'

const isSingular = {
  problem: 'the matrix is singular',
  hint: 'a pivot is exactly 0: some of its rows are multiples of others',
}

/** Eliminates, and stores the columns behind the matrix. */
function solveInto(
  { output, size, require: demand }: RoutineContext<null>,
  rows: RoutineArray,
): readonly Statement[] {
  const [n, columns] = rows.shape.map(size) as [Scalar, Scalar]
  return [
    eliminate({ rows, n, columns, pivot: value => [demand(s.ne(value, 0))] }),
    substituteBack({ rows, n, columns }),
    forEach('i', 0, n, i => [
      forAll('j', 0, s.sub(columns, n), j => [
        output.store([i, j], s.cast(rows.at(i, s.add(n, j)), output.dtype)),
      ]),
    ]),
  ]
}

const invOp: Op<null> = routineOp<null>({
  name: 'inv',
  core: { inputs: [2], output: 2 },
  shape: ([core], _, variables, requires) => {
    const n = square('inv', core!, variables, requires)
    return [n, n]
  },
  scratch: ([x]) => [withUnit(x!)],
  failure: isSingular,
  statements: context => {
    const { inputs, scratch, size } = context
    const rows = scratch[0]!
    return [...besideUnit(rows, inputs[0]!, size), ...solveInto(context, rows)]
  },
  evaluate: ([x], _, [n]) => {
    const rows = rowsOf(x!).map((row, i) => [...row, ...row.map((_, j) => Number(i === j))])
    return reduceRows(rows).rows?.flatMap(row => row.slice(n)) ?? null
  },
  grad: ({ outputs: [y], cotangents: [g] }) => {
    const back = transposed(y!)
    return [neg(matmul(matmul(back, g!), back))]
  },
})

/**
 * The inverse of each matrix.
 * @throws ShapeError where matrices are not square; a call throws NumericError for a singular one
 */
export const inv = entry(
  invOp,
  <X extends TensorLike>(x: X): Tensor<ToFloat[DTypeOf<X>], RankOf<X>> =>
    apply1(invOp, [matrices('inv', x)], null) as never,
)

const solveOp: Op<null> = routineOp<null>({
  name: 'solve',
  core: { inputs: [2, 2], output: 2 },
  shape: (cores, _, variables, requires) => solutionShape('solve', cores, variables, requires),
  scratch: ([a, b]) => [tableOf(sizeOfMatrix(a!), addDim(sizeOfMatrix(a!), b!.shape.at(-1)!))],
  failure: isSingular,
  statements: context => {
    const { inputs, scratch, size } = context
    const [a, b, rows] = [inputs[0]!, inputs[1]!, scratch[0]!]
    return [
      copyInto(rows, a, s.int(0), size),
      copyInto(rows, b, size(a.shape[0]!), size),
      ...solveInto(context, rows),
    ]
  },
  evaluate: ([a, b]) => {
    const right = rowsOf(b!)
    const rows = rowsOf(a!).map((row, i) => [...row, ...right[i]!])
    return reduceRows(rows).rows?.flatMap(row => row.slice(a!.shape[1])) ?? null
  },
  batch: manySides(() => solveOp),
  grad: ({ inputs: [a], outputs: [x], cotangents: [g] }) => {
    const back: Variable = apply1(solveOp, [transposed(a!), g!], null)
    return [neg(matmul(back, transposed(x!))), back]
  },
})

/**
 * The x for which a·x = b. A vector b stands for one right-hand side; otherwise the columns of its last two axes are
 * several. The axes before those of the matrices broadcast.
 * @throws ShapeError where sizes do not fit; a call throws NumericError for a singular matrix
 */
export const solve = entry(
  solveOp,
  <A extends TensorLike, B extends TensorLike>(a: A, b: B): Solution<A, B> =>
    equations('solve', a, b, (...both) => apply1(solveOp, both, null)) as never,
)
