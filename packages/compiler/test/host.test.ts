import { array, matrix, tensor, toNested, vector } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import ndarray from 'ndarray'
import { freshResult, Slot, targetOf } from '../src/6-run/host.js'

/** Where the elements are copied from, and what they are. */
function taken(slot: Slot, value: unknown): { readonly from: TypedArray; readonly shape: readonly number[] } {
  slot.take(value)
  let from: TypedArray | null = null
  slot.copyTo({ set: (source: TypedArray) => (from = source) } as unknown as TypedArray)
  return { from: from!, shape: slot.shape }
}

describe('an argument', () => {
  const x = new Slot(matrix('x'), 0)

  test('in C order is not copied on its way', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect(taken(x, ndarray(data, [2, 3])).from).toBe(data)
    expect(taken(x, ndarray(data, [2, 2], [2, 1], 2)).from.buffer).toBe(data.buffer)
    expect(taken(x, ndarray(data, [1, 6], [77, 1])).from).toBe(data)
    expect(taken(new Slot(vector('v'), 0), data).from).toBe(data)
  })

  test('with other strides is put in order', () => {
    const a = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])
    expect([...taken(x, a.transpose(1, 0)).from]).toEqual([1, 4, 2, 5, 3, 6])
    expect([...taken(x, a.step(-1, 2)).from]).toEqual([4, 6, 1, 3])
    expect(taken(x, a.hi(0, 2)).from).toHaveLength(0)
    expect([...taken(x, ndarray(Float64Array.of(7), [2, 2], [0, 0])).from]).toEqual([7, 7, 7, 7])
  })

  test('of a generic array is converted', () => {
    expect([...taken(x, ndarray([1, 2, 3, 4], [2, 2])).from]).toEqual([1, 2, 3, 4])
    const scalar = new Slot(tensor('s', { shape: [] }), 0)
    expect([...taken(scalar, ndarray(Float32Array.of(0, 9), [], [], 1)).from]).toEqual([9])
    expect([...taken(scalar, true).from]).toEqual([1])
  })

  test('may be changed by the caller afterwards', () => {
    const given = array([[1, 2]])
    const target = new Float32Array(2)
    x.take(given)
    x.copyTo(target)
    x.release()
    given.data[0] = 7
    expect([...target]).toEqual([1, 2])
  })
})

describe('a result', () => {
  const y = matrix('y')

  test('is fresh and in C order', () => {
    const a = freshResult('int32', [2, 3])
    expect([a.data, a.shape, a.stride, a.offset]).toEqual([new Int32Array(6), [2, 3], [3, 1], 0])
    expect(freshResult('bool', []).data).toEqual(new Uint8Array(1))
  })

  test('goes into an array of the caller, whatever its strides', () => {
    const data = new Float32Array(6)
    expect(targetOf(ndarray(data, [2, 3]), y, [2, 3], 'y')).toEqual({ data, finish: null })
    const turned = ndarray(data, [3, 2]).transpose(1, 0)
    const target = targetOf(turned, y, [2, 3], 'y')
    target.data.set([1, 2, 3, 4, 5, 6])
    target.finish?.()
    expect(toNested(turned)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect([...data]).toEqual([1, 4, 2, 5, 3, 6])
  })

  test('goes nowhere else', () => {
    for (const out of [
      ndarray(new Float64Array(6), [2, 3]),
      ndarray(new Float32Array(6), [3, 2]),
      new Float32Array(6),
      null,
    ]) {
      expect(() => targetOf(out, y, [2, 3], 'y')).toThrow(/the array for y does not fit/)
    }
  })
})
