/**
 * Triangular matrices: equations, and the Cholesky decomposition.
 */

import { forAll, forEach, local, type Scalar, s } from '@arignote/loops'
import { checkOptions } from '../given.js'
import type { Op } from '../op.js'
import type { DTypeOf, RankOf, TensorLike, ToFloat } from '../static.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { add, mul, neg, sub } from './arithmetic.js'
import { tril, triu } from './compose.js'
import { copyInto, rowsOf, subtractRow } from './elimination.js'
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

export interface TriangularOptions {
  /** Only what is not above the diagonal is read (the default), or only what is not below it. */
  readonly lower?: boolean
  /** Solve with the transposed of the matrix. */
  readonly transpose?: boolean
}
type Triangle = Required<TriangularOptions>

const solveTriangularOp: Op<Triangle> = routineOp<Triangle>({
  name: 'solveTriangular',
  core: { inputs: [2, 2], output: 2 },
  shape: (cores, _, variables, requires) => solutionShape('solveTriangular', cores, variables, requires),
  scratch: ([a, b]) => [tableOf(sizeOfMatrix(a!), b!.shape.at(-1)!)],
  failure: { problem: 'the matrix is singular', hint: 'an element of its diagonal is 0' },
  statements: ({ params, inputs, output, scratch, size, require: demand }) => {
    const [a, b, rows] = [inputs[0]!, inputs[1]!, scratch[0]!]
    const [n, columns] = rows.shape.map(size) as [Scalar, Scalar]
    const isForward = params.lower !== params.transpose
    const at = (k: Scalar) => (isForward ? k : s.sub(s.sub(n, 1), k))
    const element = (i: Scalar, j: Scalar) => s.cast(params.transpose ? a.at(j, i) : a.at(i, j), 'float64')
    return [
      copyInto(rows, b, s.int(0), size),
      forEach('k', 0, n, k => {
        const i = at(k)
        const diagonal = local('diagonal', element(i, i))
        return [
          forEach('m', 0, k, m => {
            const factor = local('factor', element(i, at(m)))
            return [factor.declare, subtractRow(rows, factor.value, [i, at(m)], [s.int(0), columns])]
          }),
          diagonal.declare,
          demand(s.ne(diagonal.value, 0)),
          forAll('j', 0, columns, j => [rows.store([i, j], s.div(rows.at(i, j), diagonal.value))]),
          forAll('j', 0, columns, j => [output.store([i, j], s.cast(rows.at(i, j), output.dtype))]),
        ]
      }),
    ]
  },
  evaluate: ([a, b], { lower, transpose }) => {
    const [matrix, x] = [rowsOf(a!), rowsOf(b!)]
    if (matrix.some((row, i) => row[i] === 0)) return null
    const order = matrix.map((_, i) => i)
    const done: number[] = []
    for (const i of lower === transpose ? order.reverse() : order) {
      x[i] = x[i]!.map((value, column) => {
        const known = done.map(j => (transpose ? matrix[j]![i]! : matrix[i]![j]!) * x[j]![column]!)
        return (value - known.reduce((sum, y) => sum + y, 0)) / matrix[i]![i]!
      })
      done.push(i)
    }
    return x.flat()
  },
  batch: manySides(() => solveTriangularOp),
  grad: ({ inputs: [a], outputs: [x], params, cotangents: [g] }) => {
    const back = triangular(a!, g!, { ...params, transpose: !params.transpose })
    const whole = params.transpose ? matmul(x!, transposed(back)) : matmul(back, transposed(x!))
    return [neg((params.lower ? tril : triu)(whole)), back]
  },
})

const triangular = (a: Variable, b: Variable, params: Triangle): Variable =>
  apply1(solveTriangularOp, [a, b], params)

/**
 * The x for which a·x = b, a being triangular: of its other half nothing is read. b is as in `solve`.
 * @throws ShapeError where sizes do not fit; a call throws NumericError for a 0 on the diagonal
 */
export const solveTriangular = entry(
  solveTriangularOp,
  <A extends TensorLike, B extends TensorLike>(
    a: A,
    b: B,
    options: TriangularOptions = {},
  ): Solution<A, B> => {
    checkOptions('solveTriangular', options, ['lower', 'transpose'])
    const { lower = true, transpose = false } = options
    return equations('solveTriangular', a, b, (...both) => triangular(...both, { lower, transpose })) as never
  },
)

// ── Cholesky ──────────────────────────────────────────────────────────────────────────────────

/** The part on and below the diagonal, of the diagonal one half. */
const lowerHalf = (x: Variable): Variable => sub(tril(x), mul(diagonalOf(x), 0.5))

const diagonalOf = (x: Variable): Variable => triu(tril(x))

/**
 * The derivative is that of I. Murray, Differentiation of the Cholesky decomposition (2016): with S = L⁻ᵀ·Φ(Lᵀ·g)·L⁻¹, where
 * Φ takes the lower half, it is S + Sᵀ with the diagonal once, of which only the part that is read counts.
 */
const choleskyOp: Op<null> = routineOp<null>({
  name: 'cholesky',
  core: { inputs: [2], output: 2 },
  shape: ([core], _, variables, requires) => {
    const n = square('cholesky', core!, variables, requires)
    return [n, n]
  },
  scratch: ([x]) => [tableOf(sizeOfMatrix(x!), sizeOfMatrix(x!))],
  failure: {
    problem: 'the matrix is not positive definite',
    hint: 'the matrix must be symmetric, and its eigenvalues positive; a small multiple of the unit matrix may help',
  },
  statements: ({ inputs, output, scratch, size, require: demand }) => {
    const [x, L] = [inputs[0]!, scratch[0]!]
    const n = size(x.shape[0]!)
    /** x[i, j] less what the columns before j account for. */
    const remainder = (name: string, i: Scalar, j: Scalar) => {
      const rest = local(name, s.cast(x.at(i, j), 'float64'))
      const sum = forEach('m', 0, j, m => [rest.set(s.sub(rest.value, s.mul(L.at(i, m), L.at(j, m))))])
      return { value: rest.value, statements: [rest.declare, sum] }
    }
    return [
      forEach('j', 0, n, j => {
        const left = remainder('left', j, j)
        const pivot = local('pivot', s.sqrt(left.value))
        return [
          ...left.statements,
          demand(s.not(s.le(left.value, 0))),
          pivot.declare,
          L.store([j, j], pivot.value),
          forEach('i', s.add(j, 1), n, i => {
            const rest = remainder('rest', i, j)
            return [...rest.statements, L.store([i, j], s.div(rest.value, pivot.value))]
          }),
        ]
      }),
      forEach('i', 0, n, i => [
        forEach('j', 0, n, j => [
          output.store([i, j], s.cast(s.select(s.le(j, i), L.at(i, s.min(i, j)), 0), output.dtype)),
        ]),
      ]),
    ]
  },
  evaluate: ([x]) => {
    const L = rowsOf(x!).map(row => row.map(() => 0))
    for (const [i, row] of rowsOf(x!).entries()) {
      for (let j = 0; j <= i; j++) {
        const rest = row[j]! - L[i]!.reduce((sum, value, m) => (m < j ? sum + value * L[j]![m]! : sum), 0)
        if (i === j && rest <= 0) return null
        L[i]![j] = i === j ? Math.sqrt(rest) : rest / L[j]![j]!
      }
    }
    return L.flat()
  },
  grad: ({ outputs: [L], cotangents: [g] }) => {
    const back = { lower: true, transpose: true }
    const half = lowerHalf(matmul(transposed(L!), g!))
    const S = triangular(L!, transposed(triangular(L!, half, back)), back)
    return [tril(sub(add(S, transposed(S)), diagonalOf(S)))]
  },
})

/**
 * The lower triangular L of each matrix for which L·Lᵀ is the matrix. Of the matrix only what is not above the diagonal is
 * read.
 * @throws ShapeError where matrices are not square; a call throws NumericError for one that is not positive definite
 */
export const cholesky = entry(
  choleskyOp,
  <X extends TensorLike>(x: X): Tensor<ToFloat[DTypeOf<X>], RankOf<X>> =>
    apply1(choleskyOp, [matrices('cholesky', x)], null) as never,
)
