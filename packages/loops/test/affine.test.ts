import { affine, coefficientOf, evaluateScalar, printScalar, type Scalar, s } from '@arignote/loops'
import { expect, test } from '@jest/globals'

const [i, j, k] = [{ name: 'i' }, { name: 'j' }, { name: 'k' }]
const n = { kind: 'size', name: 'n' } as const
const [vi, vj, vk, vn] = [s.axis(i), s.axis(j), s.axis(k), s.size(n)]
const x = { kind: 'buffer', name: 'x', dtype: 'int32', access: 'read' } as const

function text(index: Scalar): string {
  const form = affine(index)
  if (form === null) return 'null'
  return [
    ...[...form.terms].map(([axis, c]) => `${axis.name}: ${printScalar(c)}`),
    printScalar(form.rest),
  ].join(', ')
}

test('strides are numbers where they are literal', () => {
  expect(text(s.add(s.mul(vi, 128), vj))).toBe('i: 128, j: 1, 0')
  expect(text(s.add(s.mul(s.add(s.mul(vi, 4), vj), 8), s.add(vk, 3)))).toBe('i: 32, j: 8, k: 1, 3')
  expect(text(s.sub(s.add(vi, 7), s.shl(vj, 2)))).toBe('i: 1, j: -4, 7')
})

test('strides may be sizes', () => {
  expect(text(s.mul(s.add(vi, 1), vn))).toBe('i: n, n')
  expect(text(s.mul(vn, s.mul(vi, vn)))).toBe('i: n * n, 0')
})

test('an axis that cancels is gone', () => {
  expect(text(s.sub(s.add(vi, vj), vi))).toBe('j: 1, 0')
})

test('products and divisions of axes, and loads at axes, are not linear', () => {
  for (const index of [s.mul(vi, vj), s.quot(vi, 2), s.load(x, vi), s.min(vi, 3)])
    expect(text(index)).toBe('null')
})

test('a coefficient asks for one axis only, whatever others do', () => {
  const index = s.add(s.add(s.mul(s.rem(vj, 7), vn), s.load(x, vk)), vi)
  const form = coefficientOf(index, i)!
  expect(printScalar(form.coefficient)).toBe('1')
  expect(printScalar(form.rest)).toBe('rem(j, 7) * n + x[k]')
  expect(coefficientOf(index, j)).toBeNull()
  expect(printScalar(coefficientOf(s.int(4), i)!.coefficient)).toBe('0')
})

test('the sum has the value of the index, wrapping included', () => {
  const index = s.add(s.mul(s.sub(s.mul(vi, 123456789), vj), vn), s.mul(s.int(7), s.add(vj, vn)))
  const form = affine(index)!
  const axes = new Map([
    [i, 98765],
    [j, -4321],
  ])
  const environment = { axes, sizes: new Map([[n, 1 << 20]]), registers: new Map(), buffers: new Map() }
  const sum = [...form.terms].reduce((rest, [axis, c]) => s.add(rest, s.mul(s.axis(axis), c)), form.rest)
  expect(evaluateScalar(sum, environment)).toBe(evaluateScalar(index, environment))
})
