/**
 * Diagonals of the last two axes: taking one, and the matrix that has nothing but one. Each is the other's gradient.
 */
import { type DType, s } from '@arignote/loops'
import { addDim, type Dim, maxDim, minDim, mulDim, subDim } from '../dim.js'
import { badArgument, wrongRank } from '../errors.js'
import { checkTensor } from '../given.js'
import type { Op, Requirement } from '../op.js'
import type { DiagRank } from '../static.js'
import { apply1, type Rank, type Tensor, type Variable } from '../variable.js'
import { entry, meetDims } from './entry.js'
import { neverNegative } from './size.js'

interface DiagonalParams {
  /** How far above the main diagonal; negative: below. */
  readonly offset: number
}
interface MatrixParams extends DiagonalParams {
  readonly rows: Dim
  readonly columns: Dim
}

/** The row and the column in which a diagonal begins. */
const beginning = (offset: number) => ({ row: Math.max(-offset, 0), column: Math.max(offset, 0) })

function lengthOf(rows: Dim, columns: Dim, offset: number): Dim {
  const { row, column } = beginning(offset)
  const length = minDim(subDim(rows, row), subDim(columns, column))
  return neverNegative(length) ? length : maxDim(0, length)
}

const diagonalOp: Op<DiagonalParams> = {
  name: 'diagonal',
  family: {
    kind: 'view',
    read: (index, { params: { offset } }) => {
      const { row, column } = beginning(offset)
      const i = index.at(-1)!
      return [{ input: 0, index: [...index.slice(0, -1), s.add(i, row), s.add(i, column)] }]
    },
    strided: (strides, { params: { offset } }) => {
      const { row, column } = beginning(offset)
      const [down, right] = strides.slice(-2) as [Dim, Dim]
      return {
        offset: addDim(mulDim(down, row), mulDim(right, column)),
        strides: [...strides.slice(0, -2), addDim(down, right)],
      }
    },
  },
  infer: ([x], { offset }) => {
    const [rows, columns] = x!.shape.slice(-2) as [Dim, Dim]
    return {
      outputs: [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -2), lengthOf(rows, columns, offset)] }],
    }
  },
  grad: ({ inputs: [x], params: { offset }, cotangents: [g] }) => [
    fromDiagonal(g!, { offset, rows: x!.shape.at(-2)!, columns: x!.shape.at(-1)! }),
  ],
  batch: ([x], _, params) => apply1(diagonalOp, [x!], params),
}

const fromDiagonalOp: Op<MatrixParams> = {
  name: 'fromDiagonal',
  family: {
    kind: 'view',
    read: (index, { params: { offset } }) => {
      const [row, column] = index.slice(-2) as [(typeof index)[number], (typeof index)[number]]
      return [
        {
          input: 0,
          index: [...index.slice(0, -2), s.sub(row, beginning(offset).row)],
          where: s.eq(s.sub(column, row), offset),
        },
        { input: null, index: [], fill: 0 },
      ]
    },
  },
  infer: ([x], { offset, rows, columns }, variables) => {
    const requires: Requirement[] = []
    const rule = 'the last axis must be as long as the diagonal'
    meetDims('diag', x!.shape.at(-1)!, lengthOf(rows, columns, offset), rule, variables, requires)
    return { outputs: [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), rows, columns] }], requires }
  },
  grad: ({ params: { offset }, cotangents: [g] }) => [apply1(diagonalOp, [g!], { offset })],
  batch: ([x], _, params) => fromDiagonal(x!, params),
}

/** Matrices of zeros but for one diagonal each. */
export function fromDiagonal(x: Variable, params: MatrixParams): Variable {
  return apply1(fromDiagonalOp, [x], params)
}

/**
 * Of a vector, the square matrix with it on the diagonal `offset` above the main one and zeros elsewhere; of a matrix, that
 * diagonal. Of more axes, the diagonals of the last two. (Theano's and NumPy's `diag`.)
 * @throws ShapeError for a scalar
 */
export const diag = entry(
  diagonalOp,
  <D extends DType, R extends Rank>(x: Tensor<D, R>, offset = 0): Tensor<D, DiagRank[R]> => {
    checkTensor('diag', x)
    if (!Number.isInteger(offset))
      throw badArgument('diag', `an offset of ${offset}`, 'the offset is a whole number', [x])
    if (x.ndim === 0) throw wrongRank('diag', [x], '{0} must have at least one axis')
    if (x.ndim > 1) return apply1(diagonalOp, [x], { offset }) as Tensor<D, DiagRank[R]>
    const size = addDim(x.shape[0]!, Math.abs(offset))
    return fromDiagonal(x, { offset, rows: size, columns: size }) as Tensor<D, DiagRank[R]>
  },
)

/** Whether the node takes a diagonal, and which. */
export const takesDiagonal = (node: { readonly op: object; readonly params: unknown }) =>
  node.op === diagonalOp ? (node.params as DiagonalParams) : null
