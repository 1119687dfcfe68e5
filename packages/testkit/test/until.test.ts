/** Early exit: scans whose step says that it is the last one. */
import { constant, dim, matrix, scalar, scan, sum, until, type Variable } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/index.js'

const flat = (x: { readonly data: ArrayLike<number> }) => Array.from(x.data)

describe.each(['float32', 'float64'] as const)('early exit, %s', dtype => {
  const limit = scalar('limit', dtype)
  const doubling = (steps: number | Variable) =>
    scan(({ x }) => until(x.mul(2).ge(limit), { x: x.mul(2) }), {
      state: { x: constant(1, dtype) },
      steps,
    }).x

  test('stops after the step that makes the condition true, and that step counts', () => {
    const { all, last } = doubling(50)
    const [every, final, count] = agree([limit], [all, last, dim(all, 0)], [45])
    expect(flat(every!)).toEqual([2, 4, 8, 16, 32, 64])
    expect(flat(final!)).toEqual([64])
    expect(flat(count!)).toEqual([6])
  })

  test.each([
    ['true at the first step', 1, [2]],
    ['never true', 1e6, [2, 4, 8, 16, 32]],
  ])('the condition is %s', (_, bound, expected) => {
    const { all, last } = doubling(5)
    const [every, final] = agree([limit], [all, last], [bound])
    expect(flat(every!)).toEqual(expected)
    expect(flat(final!)).toEqual(expected.slice(-1))
  })

  test('with no step at most, all is empty and last the initial state', () => {
    const n = scalar('n', 'int32')
    const { all, last } = doubling(n)
    const [every, final] = agree([limit, n], [all, last], [9, 0], {
      further: [
        [9, 3],
        [9, 7],
      ],
    })
    expect(every!.shape).toEqual([4])
    expect(flat(final!)).toEqual([16])
    const none = agree([limit, n], [all, last], [9, 0])
    expect(none[0]!.shape).toEqual([0])
    expect(flat(none[1]!)).toEqual([1])
  })

  test.each([false, true])('walks over sequences, with outputs that are no states; reverse: %s', reverse => {
    const x = matrix('x', { dtype, shape: ['time', 3] })
    const r = scan(
      ({ x, total }) => {
        const next = total.add(sum(x))
        return until(next.gt(limit), { total: next, row: x.mul(2) })
      },
      { sequences: { x }, state: { total: constant(0, dtype) }, reverse },
    )
    const values = [1, 2, 3, 4, 5].flatMap(v => [[v, v, v]])
    const out = agree([x, limit], [r.total.all, r.total.last, r.row.all, r.row.last], [values, 10])
    const visited = reverse ? [5] : [1, 2, 3]
    expect(flat(out[2]!)).toEqual(visited.flatMap(v => [2 * v, 2 * v, 2 * v]))
    expect(flat(out[3]!)).toEqual(visited.slice(-1).flatMap(v => [2 * v, 2 * v, 2 * v]))
    expect(flat(out[0]!)).toEqual(reverse ? [15] : [3, 9, 18])
  })
})
