/**
 * What the operations of linear algebra have in common: matrices are the last two axes, and what is before them is a batch.
 */
import { isFloat } from '@arignote/loops'
import { type Dim, mulDim } from '../dim.js'
import { wrongRank } from '../errors.js'
import type { Op, Requirement } from '../op.js'
import type { MeetOf, RankOf, TensorLike, ToFloat } from '../static.js'
import type { TensorType } from '../type.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { asTensor, broadcastBatch, promoted } from './builders.js'
import { cast } from './cast.js'
import { meetDims } from './entry.js'
import { moveaxis, swapaxes } from './rearrange.js'
import { expand, expandDims, reshape, squeeze } from './view.js'

export const transposed = (x: Variable): Variable => swapaxes(x, -1, -2)

/** The number of rows, which must be that of columns. */
export function square(
  operation: string,
  [rows, columns]: readonly Dim[],
  variables: readonly Variable[],
  requires: Requirement[],
): Dim {
  return meetDims(operation, rows!, columns!, 'a matrix must be square', variables, requires)
}

/** Of matrices: a float, at least. */
export function matrices(operation: string, x: TensorLike): Variable {
  const v = asTensor(x, operation)
  if (v.ndim < 2) throw wrongRank(operation, [v], '{0} must have at least two axes, those of a matrix')
  return isFloat(v.dtype) ? v : cast(v, 'float32')
}

export const tableOf = (height: Dim, width: Dim): TensorType => ({ dtype: 'float64', shape: [height, width] })
export const sizeOfMatrix = ({ shape }: TensorType): Dim => shape.at(-1)!

/** The shape of what solves: b must have as many rows as the square matrix a. */
export function solutionShape(
  operation: string,
  [a, b]: readonly (readonly Dim[])[],
  variables: readonly Variable[],
  requires: Requirement[],
): readonly Dim[] {
  const n = square(operation, a!, variables, requires)
  const rule = 'b must have as many rows as the matrix'
  return [meetDims(operation, b![0]!, n, rule, variables, requires), b![1]!]
}

/** The rank of what solves: of vectors it is that of a batch of them, of matrices the greater. */
export interface SolveRank {
  [a: number]: { [b: number]: number }
  2: { [b: number]: number; 1: 1; 2: 2; 3: 3; 4: 4; 5: 5 }
  3: { [b: number]: number; 1: 2; 2: 3; 3: 3; 4: 4; 5: 5 }
  4: { [b: number]: number; 1: 3; 2: 4; 3: 4; 4: 4; 5: 5 }
  5: { [b: number]: number; 1: 4; 2: 5; 3: 5; 4: 5; 5: 5 }
}

/** Both as matrices of one batch and dtype; a vector is a column. */
export function equations(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  solution: (a: Variable, b: Variable) => Variable,
): Variable {
  const pair = promoted([a, b], operation).map(v => (isFloat(v.dtype) ? v : cast(v, 'float32')))
  const [left, right] = pair as [Variable, Variable]
  if (left.ndim < 2 || right.ndim < 1)
    throw wrongRank(operation, pair, '{0} must have the two axes of a matrix, and {1} at least one axis')
  const isVector = right.ndim === 1
  const column = isVector ? expandDims(right, 1) : right
  const [matrix, columns] = broadcastBatch(operation, [left, column], [2, 2])
  const x = solution(matrix!, columns!)
  return isVector ? squeeze(x, -1) : x
}

export type Solution<A, B> = Tensor<ToFloat[MeetOf<A, B>], SolveRank[RankOf<A>][RankOf<B>]>

/** How what solves is batched: of one matrix the many right-hand sides are columns, so that it is eliminated once. */
export function manySides<P>(op: () => Op<P>): NonNullable<Op<P>['batch']> {
  return ([a, b], [manyMatrices, isMany], params, { size }) => {
    if (manyMatrices) {
      const sides = isMany ? b! : expand(expandDims(b!, 0), [size, ...b!.shape])
      return apply1(op(), [a!, sides], params)
    }
    const wide = moveaxis(b!, 0, -2)
    const [many, columns] = wide.shape.slice(-2) as [Dim, Dim]
    const sides: Variable = reshape(wide, [...wide.shape.slice(0, -2), mulDim(many, columns)])
    return moveaxis(reshape(apply1(op(), [a!, sides], params), wide.shape) as Variable, -2, 0)
  }
}
