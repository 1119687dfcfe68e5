import {
  type BufferParam,
  type Kernel,
  kernelKey,
  printKernel,
  printScalar,
  type Scalar,
  s,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'

function shifted(name: string, constant: number): Kernel {
  const x: BufferParam = { kind: 'buffer', name: `${name}.x`, dtype: 'float32', access: 'read' }
  const y: BufferParam = { kind: 'buffer', name: `${name}.y`, dtype: 'float32', access: 'write' }
  const size = { kind: 'size', name: `${name}.n` } as const
  const axis = { name: `${name}.i` }
  const i = s.axis(axis)
  const e = s.exp(s.load(x, i))
  const value = s.div(e, s.add(s.mul(e, s.load(x, i)), constant))
  return {
    name,
    params: [x, y, size],
    range: null,
    body: [
      {
        kind: 'loop',
        axis,
        begin: s.int(0),
        end: s.size(size),
        step: 1,
        mode: 'lanes',
        jam: 2,
        folds: [],
        body: [{ kind: 'store', buffer: y, index: i, value }],
      },
    ],
  }
}

test('a kernel prints by position, and what is used twice is printed once', () => {
  expect(printKernel(shifted('gate', 1))).toBe(
    [
      'kernel gate(a: read f32, b: write f32, n0: size)',
      '  for i in 0 .. n0 lanes ×2',
      '    t0 = a[i]',
      '    t1 = exp(t0)',
      '    b[i] = t1 / (t1 * t0 + 1.0)',
    ].join('\n'),
  )
})

test('equal kernels have equal keys whatever things are called', () => {
  expect(kernelKey(shifted('one', 1))).toBe(kernelKey(shifted('two', 1)))
})

test('constants that differ only in sign of zero, NaN or the last bit give different keys', () => {
  const constants = [0, -0, Number.NaN, 1, 1 + 2 ** -23, Number.POSITIVE_INFINITY]
  expect(new Set(constants.map(c => kernelKey(shifted('k', c)))).size).toBe(constants.length)
})

test('a deep chain and a wide fan of shared nodes print in linear space', () => {
  let deep: Scalar = s.register({ name: 'x', type: 'float32' })
  for (let i = 0; i < 20_000; i++) deep = s.sqrt(deep)
  expect(printScalar(deep).length).toBeLessThan(200_000)
  let doubled: Scalar = s.register({ name: 'x', type: 'float32' })
  for (let i = 0; i < 100; i++) doubled = s.add(doubled, s.mul(doubled, 2))
  expect(printScalar(doubled).split('\n')).toHaveLength(100)
})
