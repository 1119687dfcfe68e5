import {
  type BufferParam,
  evaluateBody,
  interpretKernel,
  type Kernel,
  native,
  type Register,
  s,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'

const buffer = (name: string, dtype: BufferParam['dtype'], access: BufferParam['access']): BufferParam => ({
  kind: 'buffer',
  name,
  dtype,
  access,
})

test('a reduction runs through its register, lanes or not', () => {
  const x = buffer('x', 'float32', 'read')
  const y = buffer('y', 'float32', 'write')
  const sum: Register = { name: 'sum', type: 'float32' }
  const other: Register = { name: 'other', type: 'float32' }
  const axis = { name: 'i' }
  const kernel: Kernel = {
    name: 'sum',
    params: [x, y],
    range: null,
    body: [
      { kind: 'declare', register: sum, value: s.const('float32', 0) },
      {
        kind: 'loop',
        axis,
        begin: s.int(0),
        end: s.int(5),
        step: 1,
        mode: 'lanes',
        jam: 1,
        folds: [
          {
            registers: [sum],
            identity: [s.const('float32', 0)],
            others: [other],
            combine: [s.add(s.register(sum), s.register(other))],
          },
        ],
        body: [{ kind: 'assign', register: sum, value: s.add(s.register(sum), s.load(x, s.axis(axis))) }],
      },
      { kind: 'store', buffer: y, index: s.int(0), value: s.register(sum) },
    ],
  }
  const result = new Float32Array(1)
  interpretKernel(kernel, [{ array: new Float32Array([9, 1, 2, 3, 4, 5]), offset: 1 }, result])
  expect(result[0]).toBe(15)
})

test('float32 arithmetic rounds after every instruction', () => {
  const f = evaluateBody((a, b) => s.sub(s.add(a, b), a), ['float32', 'float32'])
  expect(f(1, 2 ** -25)).toBe(0)
})

test('integers wrap, divisions are total, and casts saturate', () => {
  expect(evaluateBody((a, b) => s.add(a, b), ['int32', 'int32'])(2 ** 31 - 1, 1)).toBe(-(2 ** 31))
  expect(evaluateBody((a, b) => s.quot(a, b), ['int32', 'int32'])(5, 0)).toBe(0)
  expect(evaluateBody((a, b) => s.quot(a, b), ['int32', 'int32'])(-(2 ** 31), -1)).toBe(-(2 ** 31))
  expect(evaluateBody((a, b) => s.rem(a, b), ['int32', 'int32'])(-7, 3)).toBe(-1)
  expect(evaluateBody(a => s.cast(a, 'int32'), ['float32'])(1e20)).toBe(2 ** 31 - 1)
  expect(evaluateBody(a => s.cast(a, 'uint8'), ['int32'])(-1)).toBe(255)
})

test('nearest rounds half to even and keeps the sign of zero', () => {
  const f = evaluateBody(a => s.nearest(a), ['float64'])
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994].map(x => f(x))).toEqual([0, 2, 2, -0, -2, 0])
})

test('int64 expressions pass float64 bits through exactly', () => {
  const doubled = evaluateBody(
    x => s.fromBits64(s.add(s.bitsOf64(x), s.const('int64', 2 ** 52))),
    ['float64'],
  )
  expect(doubled(Math.PI)).toBe(2 * Math.PI)
})

test('erf and erfc agree with tables', () => {
  const table = [
    [0.1, 0.1124629160182849, 0.887537083981715],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [1, 0.8427007929497149, 0.15729920705028513],
    [2, 0.9953222650189527, 0.004677734981047266],
    [5, 0.9999999999984626, 1.5374597944280349e-12],
  ] as const
  for (const [x, erf, erfc] of table) {
    expect(Math.abs(native.erf(x) / erf - 1)).toBeLessThan(3e-16)
    expect(Math.abs(native.erfc(x) / erfc - 1)).toBeLessThan(6e-16)
    expect(native.erf(-x)).toBe(-native.erf(x))
  }
})

test('an index counts from the place that is given, before it too, as in a view that is turned around', () => {
  const [x, y] = [buffer('x', 'float32', 'read'), buffer('y', 'float32', 'write')]
  const copy = (from: number): Kernel => ({
    name: 'copy',
    params: [x, y],
    range: null,
    body: [{ kind: 'store', buffer: y, index: s.int(0), value: s.load(x, s.int(from)) }],
  })
  const out = new Float32Array(1)
  interpretKernel(copy(-1), [{ array: Float32Array.of(1, 2, 3), offset: 2 }, out])
  expect(out[0]).toBe(2)
  for (const outside of [-3, 1])
    expect(() =>
      interpretKernel(copy(outside), [{ array: Float32Array.of(1, 2, 3), offset: 2 }, out]),
    ).toThrow(`internal: x[${outside}] is out of range`)
})
