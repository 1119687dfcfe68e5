/**
 * Elimination with pivoting, as statements: of n rows, of which the first n columns are a matrix and the others
 * whatever is transformed with it. And the same on arrays of rows, for the reference.
 *
 * Everything is in double, float32 too: what is small enough for this is not made slower by it, and keeps its digits.
 */
import { forAll, forEach, local, type Scalar, type Statement, s, when } from '@arignote/loops'
import { addDim } from '../dim.js'
import type { Core, RoutineArray } from '../routine.js'
import type { TensorType } from '../type.js'
import { sizeOfMatrix, tableOf } from './matrices.js'

export interface Elimination {
  /** In float64: [n, columns]. */
  readonly rows: RoutineArray
  readonly n: Scalar
  readonly columns: Scalar
  /** What to do with each pivot, before it is divided by. */
  pivot(value: Scalar): readonly Statement[]
  /** What to do when two rows, or columns, change places. */
  readonly swap?: readonly Statement[]
  /**
   * Int32, [n]: pivots are looked for among columns too, and this keeps track of which column is where. Zeros then come
   * last among the pivots.
   */
  readonly order?: RoutineArray
}

/** Zeros below the diagonal are not stored; what is there afterwards is of no use. */
export function eliminate({ rows, n, columns, pivot, swap = [], order }: Elimination): Statement {
  return forEach('k', 0, n, k => {
    const below = s.add(k, 1)
    const best = local('best', k)
    const bestColumn = local('bestColumn', k)
    const size = local('size', s.abs(rows.at(k, k)))
    return [
      best.declare,
      ...(order === undefined ? [] : [bestColumn.declare]),
      size.declare,
      forEach('i', k, n, i =>
        order === undefined ? [...compare(i, k)] : [forEach('j', k, n, j => compare(i, j))],
      ),
      when(s.ne(best.value, k), [
        forAll('j', k, columns, j => exchange(rows, [k, j], [best.value, j])),
        ...swap,
      ]),
      ...(order === undefined
        ? []
        : [
            when(s.ne(bestColumn.value, k), [
              forEach('i', 0, n, i => exchange(rows, [i, k], [i, bestColumn.value])),
              ...exchange(order, [k], [bestColumn.value]),
              ...swap,
            ]),
          ]),
      ...clearBelow(),
    ]

    function compare(i: Scalar, j: Scalar): readonly Statement[] {
      const candidate = local('candidate', s.abs(rows.at(i, j)))
      const isLarger = local('isLarger', s.gt(candidate.value, size.value))
      return [
        candidate.declare,
        isLarger.declare,
        best.set(s.select(isLarger.value, i, best.value)),
        ...(order === undefined ? [] : [bestColumn.set(s.select(isLarger.value, j, bestColumn.value))]),
        size.set(s.select(isLarger.value, candidate.value, size.value)),
      ]
    }

    /** Where the pivot is 0 there is nothing to clear. */
    function clearBelow(): readonly Statement[] {
      const value = local('value', rows.at(k, k))
      return [
        value.declare,
        ...pivot(value.value),
        forEach('i', below, s.select(s.eq(value.value, 0), below, n), i => {
          const factor = local('factor', s.div(rows.at(i, k), value.value))
          return [factor.declare, subtractRow(rows, factor.value, [i, k], [below, columns])]
        }),
      ]
    }
  })
}

function exchange(
  array: RoutineArray,
  here: readonly Scalar[],
  there: readonly Scalar[],
): readonly Statement[] {
  const [x, y] = [local('x', array.at(...here)), local('y', array.at(...there))]
  return [x.declare, y.declare, array.store(here, y.value), array.store(there, x.value)]
}

/** After elimination: the columns from n on become the solutions, from the last row to the first. */
export function substituteBack({ rows, n, columns }: Omit<Elimination, 'pivot'>): Statement {
  return forEach('t', 0, n, t => {
    const i = s.sub(s.sub(n, 1), t)
    const pivot = local('pivot', rows.at(i, i))
    return [
      forEach('m', s.add(i, 1), n, m => {
        const factor = local('factor', rows.at(i, m))
        return [factor.declare, subtractRow(rows, factor.value, [i, m], [n, columns])]
      }),
      pivot.declare,
      forAll('j', n, columns, j => [rows.store([i, j], s.div(rows.at(i, j), pivot.value))]),
    ]
  })
}

/** rows[to] −= factor · rows[from], in the columns of a range. */
export function subtractRow(
  rows: RoutineArray,
  factor: Scalar,
  [to, from]: readonly [Scalar, Scalar],
  [begin, end]: readonly [Scalar, Scalar],
): Statement {
  return forAll('j', begin, end, j => [
    rows.store([to, j], s.sub(rows.at(to, j), s.mul(factor, rows.at(from, j)))),
  ])
}

/** Copies a matrix into columns from `first` on. */
export function copyInto(rows: RoutineArray, matrix: RoutineArray, first: Scalar, size: Size): Statement {
  const [height, width] = matrix.shape.map(size) as [Scalar, Scalar]
  return forEach('i', 0, height, i => [
    forAll('j', 0, width, j => [rows.store([i, s.add(first, j)], s.cast(matrix.at(i, j), 'float64'))]),
  ])
}
type Size = (dim: RoutineArray['shape'][number]) => Scalar

/** The type of a matrix with the unit matrix beside it. */
export const withUnit = (x: TensorType): TensorType =>
  tableOf(sizeOfMatrix(x), addDim(sizeOfMatrix(x), sizeOfMatrix(x)))

export function besideUnit(rows: RoutineArray, x: RoutineArray, size: Size): readonly Statement[] {
  const n = size(x.shape[0]!)
  return [
    copyInto(rows, x, s.int(0), size),
    forEach('i', 0, n, i => [
      forAll('j', 0, n, j => [rows.store([i, s.add(n, j)], s.cast(s.eq(i, j), 'float64'))]),
    ]),
  ]
}

// ── for the reference

export type Rows = number[][]

export function rowsOf({ shape, data }: Core): Rows {
  const [height, width] = shape as [number, number]
  return Array.from({ length: height }, (_, i) => Array.from(data).slice(i * width, (i + 1) * width))
}

/**
 * Gauss–Jordan: the rows with the unit matrix in place of the matrix of the first columns, and its determinant. No rows
 * where it has no inverse.
 */
export function reduceRows(given: Rows): { readonly rows: Rows | null; readonly determinant: number } {
  const rows = given.map(row => [...row])
  let determinant = 1
  let isRegular = true
  for (let k = 0; k < rows.length; k++) {
    let best = k
    for (let i = k + 1; i < rows.length; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[best]![k]!)) best = i
    const row = rows[best]!
    rows[best] = rows[k]!
    rows[k] = row
    const pivot = row[k]!
    determinant *= best === k ? pivot : -pivot
    isRegular &&= pivot !== 0
    if (pivot === 0) continue
    rows[k] = row.map(x => x / pivot)
    for (let i = 0; i < rows.length; i++) {
      const factor = rows[i]![k]!
      if (i !== k) rows[i] = rows[i]!.map((x, j) => x - factor * rows[k]![j]!)
    }
  }
  return { rows: isRegular ? rows : null, determinant }
}
