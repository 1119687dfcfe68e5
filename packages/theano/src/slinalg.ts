/** `T.slinalg`. */
import { solveTriangular, type Tensor, type TensorLike } from '@arignote/graph'

/** `T.slinalg.solve_lower_triangular(a, b)`. */
export const solve_lower_triangular = (a: TensorLike, b: TensorLike): Tensor =>
  solveTriangular(a, b, { lower: true }) as Tensor

/** `T.slinalg.solve_upper_triangular(a, b)`. */
export const solve_upper_triangular = (a: TensorLike, b: TensorLike): Tensor =>
  solveTriangular(a, b, { lower: false }) as Tensor

export { cholesky, solve } from '@arignote/graph'
