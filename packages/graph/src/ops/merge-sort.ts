/**
 * A merge sort from the bottom up, as statements: runs of 1, 2, 4, … sorted items are merged by pairs, from one half of the
 * scratch memory to the other. Of a merged run only the first `count` items are kept, so that the best few of many cost a
 * time proportional to the many.
 *
 * The order is NumPy's: NaN is greater than everything, −0 and 0 are equal, and equals keep theirs.
 */
import { forEach, type Local, local, type Scalar, type Statement, s } from '@arignote/loops'
import type { RoutineArray } from '../routine.js'

export interface Order {
  readonly descending: boolean
}

/** Whether an element comes before another that stands to the left of it. */
function precedes(right: Scalar, left: Scalar, { descending }: Order): Scalar {
  const [first, second] = descending ? [right, left] : [left, right]
  const isBeyond = s.gt(first, second)
  if (left.type === 'int32') return isBeyond
  const notANumber = (x: Scalar) => s.ne(x, x)
  return s.or(isBeyond, s.and(notANumber(first), s.not(notANumber(second))))
}

export interface Merge extends Order {
  /** How many elements there are, and how many are wanted. */
  readonly n: Scalar
  readonly count: Scalar
  /** What is moved: at first item(i), for i from 0 to n. */
  item(i: Scalar): Scalar
  /** What it is sorted by; absent: itself. */
  key?(item: Scalar): Scalar
  /** For 2n items. */
  readonly scratch: RoutineArray
  store(i: Scalar, item: Scalar): Statement
}

export function mergeSort(m: Merge): readonly Statement[] {
  const { n, count, scratch } = m
  const width = local('width', s.int(1))
  const source = local('source', s.int(0))
  // ⌈log₂ n⌉ is the exponent of n − 1, and one more; where there is nothing to merge it is negative.
  const exponent = s.cast(s.shrS(s.bitsOf64(s.cast(s.sub(n, 1), 'float64')), 52), 'int32')
  const passes = s.mul(s.sub(exponent, 1022), s.min(count, 1))
  return [
    forEach('i', 0, n, i => [scratch.store([i], m.item(i))]),
    width.declare,
    source.declare,
    forEach('pass', 0, passes, () => {
      const double = s.mul(width.value, 2)
      const pairs = s.quot(s.sub(s.add(n, double), 1), double)
      return [
        forEach('pair', 0, pairs, pair => mergePair(m, s.mul(pair, double), width, source)),
        width.set(double),
        source.set(s.sub(n, source.value)),
      ]
    }),
    forEach('i', 0, count, i => [m.store(i, scratch.at(s.add(source.value, i)))]),
  ]
}

/** Merges the run at `start` with the one after it, from the half at `source` to the other. */
function mergePair(m: Merge, start: Scalar, width: Local, source: Local): readonly Statement[] {
  const { n, count, scratch } = m
  const middle = s.add(start, width.value)
  const length = (from: Scalar) => s.min(s.min(width.value, s.max(s.sub(n, from), 0)), count)
  const from = (x: Scalar) => s.add(source.value, x)
  const i = local('i', from(start))
  const j = local('j', from(middle))
  const leftEnd = local('leftEnd', s.add(i.value, length(start)))
  const rightEnd = local('rightEnd', s.add(j.value, length(middle)))
  // Where a run ends its last element is read once more, and in place of one that is empty the other's.
  const leftLast = local('leftLast', s.sub(leftEnd.value, 1))
  const hasRight = s.lt(j.value, rightEnd.value)
  const rightLast = local('rightLast', s.select(hasRight, s.sub(rightEnd.value, 1), i.value))
  const left = local('left', scratch.at(i.value))
  const right = local('right', scratch.at(s.min(j.value, rightLast.value)))
  const keys = m.key && {
    left: local('leftKey', m.key(left.value)),
    right: local('rightKey', m.key(right.value)),
  }
  const { left: leftKey, right: rightKey } = keys ?? { left, right }
  const target = s.add(s.sub(n, source.value), start)
  const total = s.min(count, s.add(length(start), length(middle)))
  const locals = [i, j, leftEnd, rightEnd, leftLast, rightLast, left, right]
  return [
    ...[...locals, ...(keys ? [leftKey, rightKey] : [])].map(x => x.declare),
    forEach('k', 0, total, k => {
      const isRightNext = s.or(
        s.ge(i.value, leftEnd.value),
        s.and(s.lt(j.value, rightEnd.value), precedes(rightKey.value, leftKey.value, m)),
      )
      const takesRight = local('takesRight', isRightNext)
      const pick = (x: Scalar, y: Scalar) => s.select(takesRight.value, x, y)
      const step = s.cast(takesRight.value, 'int32')
      const at = pick(s.min(j.value, rightLast.value), s.min(i.value, leftLast.value))
      const next = local('next', scratch.at(at))
      const nextKey = m.key && local('nextKey', m.key(next.value))
      return [
        takesRight.declare,
        scratch.store([s.add(target, k)], pick(right.value, left.value)),
        j.set(s.add(j.value, step)),
        i.set(s.add(i.value, s.sub(1, step))),
        next.declare,
        right.set(pick(next.value, right.value)),
        left.set(pick(left.value, next.value)),
        ...(nextKey === undefined
          ? []
          : [
              nextKey.declare,
              rightKey.set(pick(nextKey.value, rightKey.value)),
              leftKey.set(pick(leftKey.value, nextKey.value)),
            ]),
      ]
    }),
  ]
}

/** The same order for JavaScript's sort, which is stable too. */
export function comparator({ descending }: Order): (x: number, y: number) => number {
  const ascending = (x: number, y: number) =>
    Number.isNaN(x) || Number.isNaN(y) ? Number(Number.isNaN(x)) - Number(Number.isNaN(y)) : x - y || 0
  return descending ? (x, y) => ascending(y, x) : ascending
}
