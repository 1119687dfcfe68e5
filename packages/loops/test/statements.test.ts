import {
  type BufferParam,
  forAll,
  forEach,
  interpretKernel,
  type Kernel,
  local,
  printKernel,
  s,
  verifyKernel,
  when,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'

const x: BufferParam = { kind: 'buffer', name: 'x', dtype: 'float32', access: 'readwrite' }
const kernel = (body: Kernel['body']): Kernel => ({ name: 'test', params: [x], range: null, body })

function run(body: Kernel['body'], values: number[]): number[] {
  verifyKernel(kernel(body))
  const array = Float32Array.from(values)
  interpretKernel(kernel(body), [array])
  return [...array]
}

/** Moves the greatest element to the end, one exchange after the other. */
const bubble = () => {
  const greatest = local('greatest', s.load(x, s.int(0)))
  return [
    greatest.declare,
    forEach('i', 1, 4, i => {
      const here = local('here', s.load(x, i))
      return [
        here.declare,
        when(s.ge(here.value, greatest.value), [greatest.set(here.value)]),
        when(s.lt(here.value, greatest.value), [
          { kind: 'store', buffer: x, index: s.sub(i, 1), value: here.value },
          { kind: 'store', buffer: x, index: i, value: greatest.value },
        ]),
      ]
    }),
  ]
}

test('locals, loops and conditions make an algorithm', () => {
  expect(run(bubble(), [3, 9, 1, 4])).toEqual([3, 1, 4, 9])
  expect(run(bubble(), [9, 3, 1, 4])).toEqual([3, 1, 4, 9])
})

test('a condition is a loop of no or one iteration', () => {
  const text = printKernel(kernel([when(s.gt(s.load(x, s.int(0)), 0), [])]))
  expect(text).toContain('for i in 0 .. toInt32(a[0] > 0.0)')
})

test('borders may be computed, and a loop whose end is not above its beginning does nothing', () => {
  const doubled = (end: number) => [
    forAll('i', s.int(1), s.sub(s.int(end), 1), i => [
      { kind: 'store', buffer: x, index: i, value: s.mul(s.load(x, i), 2) } as const,
    ]),
  ]
  expect(run(doubled(4), [1, 1, 1, 1])).toEqual([1, 2, 2, 1])
  expect(run(doubled(2), [1, 1, 1, 1])).toEqual([1, 1, 1, 1])
  expect(run(doubled(-5), [1, 1, 1, 1])).toEqual([1, 1, 1, 1])
})
