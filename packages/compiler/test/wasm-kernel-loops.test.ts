import {
  type DType,
  dtypes,
  intrinsicNames,
  type Register,
  type Scalar,
  type Statement,
  s,
  scalarType,
} from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { agree, buffer, filled, kernel, lanes, loop, simd, size, store } from './wasm-kernel-harness.js'

const wave = (i: number) => Math.sin(i * 1.7) * 100
const data = (dtype: DType, length: number) =>
  filled(dtype, length, i =>
    dtype === 'bool' ? Number(wave(i) > 0) : dtype === 'uint8' ? wave(i) & 255 : wave(i),
  )
const register = (name: string, type: Register['type']): Register => ({ name, type })
const declare = (r: Register, value: Scalar): Statement => ({ kind: 'declare', register: r, value })
const assign = (r: Register, value: Scalar): Statement => ({ kind: 'assign', register: r, value })
const get = s.register

const lengths = [...Array.from({ length: 21 }, (_, i) => i), 37, 64]

describe('lanes and what is left', () => {
  test.each([1, 2, 3])('jam %i, every length, fixed and as a size', jam => {
    const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
    const n = size('n')
    const body = (i: Scalar) => [store(y, i, s.add(s.mul(s.load(x, i), 2), s.cast(i, 'float32')))]
    const dynamic = kernel([x, y, n], [lanes(s.size(n), jam, body)])
    for (const length of lengths) {
      const args = [data('float32', length), data('float32', length)]
      agree(kernel([x, y], [lanes(length, jam, body)]), args)
      agree(dynamic, [...args, length])
    }
    agree(dynamic, [data('float32', 4), data('float32', 4), -5])
    agree(dynamic, [data('float32', 4), data('float32', 4), -2147483648])
  })

  test('ranges: begin and end as sizes, steps, tiles', () => {
    const [x, y] = [buffer('x', 'float64'), buffer('y', 'float64', 'write')]
    const [begin, end] = [size('begin'), size('end')]
    for (const step of [1, 2, 3]) {
      for (const mode of ['lanes', 'serial'] as const) {
        const body = (i: Scalar) => [store(y, i, s.add(s.load(x, i), s.cast(i, 'float64')))]
        const k = kernel(
          [x, y, begin, end],
          [loop(s.size(end), { begin: s.size(begin), step, mode, jam: 2 }, body)],
        )
        for (const [from, to] of [
          [0, 40],
          [3, 22],
          [5, 5],
          [7, 2],
          [1, 12],
        ] as const) {
          agree(k, [data('float64', 40), data('float64', 40), from, to])
        }
      }
    }
    // Constant distance from a begin that varies.
    const tiles = loop(s.size(end), { step: 8 }, i => [
      loop(s.add(i, 8), { begin: i, mode: 'lanes', jam: 1 }, j => [store(y, j, s.load(x, j))]),
      loop(s.add(i, 1), { begin: i, mode: 'serial' }, j => [store(y, j, s.const('float64', 7))]),
    ])
    agree(kernel([x, y, begin, end], [tiles]), [data('float64', 40), data('float64', 40), 0, 40])
  })
})

describe('dtypes', () => {
  const values = dtypes.map(dtype => buffer(`x_${dtype}`, dtype))
  const results = dtypes.map(dtype => buffer(`y_${dtype}`, dtype, 'write'))
  const cases = dtypes.flatMap(from => dtypes.map(to => [from, to] as const))

  test.each(cases)('%s becomes %s in lanes', (from, to) => {
    const [x, y] = [values[dtypes.indexOf(from)]!, results[dtypes.indexOf(to)]!]
    for (const length of [3, 11, 40]) {
      const body = (i: Scalar) => [store(y, i, s.cast(s.load(x, i), to))]
      agree(kernel([x, y], [lanes(length, 2, body)]), [data(from, length), data(to, length)])
    }
  })

  test.each(['float32', 'float64'] as const)('all of them meet in one loop (%s)', float => {
    const body = (i: Scalar) => {
      const [b, u, n, f, d] = values.map(v => s.load(v, i)) as [Scalar, Scalar, Scalar, Scalar, Scalar]
      const number = float === 'float64' ? d : f
      const sum = s.add(s.add(number, s.cast(u, float)), s.cast(n, float))
      return [
        store(results[0]!, i, s.and(b, s.lt(s.cast(u, 'float32'), f))),
        store(results[1]!, i, s.select(b, u, n)),
        store(results[2]!, i, s.select(s.not(b), s.add(n, u), s.cast(number, 'int32'))),
        store(results[3]!, i, s.select(s.or(b, s.gt(number, 0)), f, s.cast(sum, 'float32'))),
        ...(float === 'float64' ? [store(results[4]!, i, s.select(b, sum, d))] : []),
      ]
    }
    for (const length of [7, 21, 32]) {
      const arrays = dtypes.map(dtype => data(dtype, length))
      agree(kernel([...values, ...results], [lanes(length, 2, body)]), [...arrays, ...arrays])
    }
  })

  test('a bool in memory is whatever is not 0', () => {
    const [x, y] = [buffer('x', 'bool'), buffer('y', 'int32', 'write')]
    const odd = filled('bool', 19, i => (i % 3) * 77)
    const body = (i: Scalar) => [store(y, i, s.cast(s.load(x, i), 'int32'))]
    agree(kernel([x, y], [lanes(19, 1, body)]), [odd, data('int32', 19)])
  })
})

describe('places', () => {
  const layouts: [string, (i: Scalar, n: number) => Scalar][] = [
    ['backward', (i, n) => s.sub(n - 1, i)],
    ['with gaps', i => s.mul(i, 3)],
    ['backward with gaps', (i, n) => s.sub(3 * n, s.mul(i, 3))],
    ['in blocks', i => s.add(s.mul(s.quot(i, 4), 8), s.rem(i, 4))],
    ['by squares', i => s.rem(s.mul(i, i), 11)],
    ['shifted', i => s.add(i, 5)],
  ]
  test.each(layouts)('elements %s are loaded and stored', (_name, at) => {
    for (const dtype of dtypes) {
      for (const n of [5, 18]) {
        const [x, y] = [buffer('x', dtype), buffer('y', dtype, 'write')]
        const load = (i: Scalar) => [store(y, i, s.load(x, at(i, n)))]
        agree(kernel([x, y], [lanes(n, 2, load)]), [data(dtype, 64), data(dtype, 64)])
        const put = (i: Scalar) => [store(y, at(i, n), s.load(x, i))]
        if (_name !== 'by squares')
          agree(kernel([x, y], [lanes(n, 2, put)]), [data(dtype, 64), data(dtype, 64)])
      }
    }
  })

  test('a stride that is a size', () => {
    const [x, y, n] = [buffer('x', 'float32'), buffer('y', 'float32', 'write'), size('n')]
    const k = kernel(
      [x, y, n],
      [
        lanes(9, 2, i => [
          loop(3, {}, j => [store(y, s.add(s.mul(j, 9), i), s.load(x, s.add(s.mul(i, s.size(n)), j)))]),
        ]),
      ],
    )
    for (const stride of [0, 1, 4]) agree(k, [data('float32', 60), data('float32', 60), stride])
  })

  test.each(dtypes)('%s gathered and scattered by an index tensor', dtype => {
    const [x, y, ids] = [buffer('x', dtype), buffer('y', dtype, 'write'), buffer('ids', 'int32')]
    const order = filled('int32', 24, i => (i * 7) % 24)
    const rows = (i: Scalar) => s.add(s.mul(s.load(ids, i), 2), 1)
    const gather = lanes(23, 2, i => [store(y, i, s.load(x, rows(i)))])
    const scatter = lanes(23, 2, i => [store(y, rows(i), s.load(x, i))])
    const clamped = lanes(23, 1, i => [store(y, i, s.load(x, s.min(s.max(s.load(ids, i), 3), 9)))])
    for (const body of [gather, scatter, clamped]) {
      agree(kernel([x, y, ids], [body]), [data(dtype, 50), data(dtype, 50), order])
    }
  })

  test('an index held in a register, and one computed from floats', () => {
    const [x, y, ids] = [buffer('x', 'float32'), buffer('y', 'float32', 'write'), buffer('ids', 'float32')]
    const id = register('id', 'int32')
    const body = (i: Scalar) => [
      declare(id, s.cast(s.load(ids, i), 'int32')),
      store(y, i, s.add(s.load(x, get(id)), s.load(x, s.cast(s.load(ids, s.sub(18, i)), 'int32')))),
    ]
    const order = filled('float32', 19, i => (i * 5) % 19)
    agree(kernel([x, y, ids], [lanes(19, 2, body)]), [data('float32', 19), data('float32', 19), order])
  })

  test('neighbours share a pointer, also below it', () => {
    const [x, y] = [buffer('x', 'float32'), buffer('y', 'float32', 'write')]
    const at = (i: Scalar, d: number) => s.load(x, s.add(i, d))
    const body = (i: Scalar) => [store(y, i, s.add(s.add(at(i, -1), at(i, 0)), at(i, 1)))]
    const k = kernel([x, y], [loop(19, { begin: s.int(1), mode: 'lanes', jam: 2 }, body)])
    agree(k, [data('float32', 20), data('float32', 20)])
    expect(simd.text([k])).toMatch(/v128\.load offset=8/)
  })

  test('in place', () => {
    const x = buffer('x', 'float32', 'readwrite')
    const body = (i: Scalar) => [store(x, i, s.mul(s.load(x, i), 2)), store(x, i, s.add(s.load(x, i), 1))]
    agree(kernel([x], [lanes(23, 2, body)]), [data('float32', 23)])
  })
})

describe('folds', () => {
  const sum = (r: Register, o: Register, identity: number) => ({
    registers: [r],
    identity: [s.const(r.type, identity)],
    others: [o],
    combine: [s.add(get(r), get(o))],
  })
  const cases = (['float32', 'float64', 'int32', 'uint8'] as const).flatMap(dtype =>
    [1, 2, 3].map(jam => [dtype, jam] as const),
  )
  test.each(cases)('sum of %s, jam %i', (dtype, jam) => {
    const type = scalarType(dtype)
    const [x, y, n] = [buffer('x', dtype), buffer('y', type, 'write'), size('n')]
    const [r, o] = [register('r', type), register('o', type)]
    const body = (end: Scalar | number) => [
      declare(r, s.const(type, 3)),
      loop(end, { mode: 'lanes', jam, folds: [sum(r, o, 0)] }, i => [assign(r, s.add(get(r), s.load(x, i)))]),
      store(y, 0, get(r)),
    ]
    // Small integers, so that any order of additions gives the same.
    for (const length of lengths) {
      const args = [filled(dtype, length, i => (i * 7) % 13), data(type, 1)]
      agree(kernel([x, y], body(length)), args)
      agree(kernel([x, y, n], body(s.size(n))), [...args, length])
    }
  })

  test('argmax of every row: a pair of registers', () => {
    const [x, y, n] = [buffer('x', 'float32'), buffer('y', 'int32', 'write'), size('n')]
    const [best, where] = [register('best', 'float32'), register('where', 'int32')]
    const [best2, where2] = [register('best2', 'float32'), register('where2', 'int32')]
    const wins = s.or(
      s.gt(get(best2), get(best)),
      s.and(s.eq(get(best2), get(best)), s.lt(get(where2), get(where))),
    )
    const fold = {
      registers: [best, where],
      identity: [s.const('float32', -1 / 0), s.int(2147483647)],
      others: [best2, where2],
      combine: [s.select(wins, get(best2), get(best)), s.select(wins, get(where2), get(where))],
    }
    const better = register('better', 'bool')
    const k = kernel(
      [x, y, n],
      [
        loop(3, {}, row => [
          declare(best, s.const('float32', -1 / 0)),
          declare(where, s.int(0)),
          loop(s.size(n), { mode: 'lanes', jam: 2, folds: [fold] }, i => {
            const value = s.load(x, s.add(s.mul(row, s.size(n)), i))
            return [
              declare(better, s.gt(value, get(best))),
              assign(best, s.select(get(better), value, get(best))),
              assign(where, s.select(get(better), i, get(where))),
            ]
          }),
          store(y, row, get(where)),
        ]),
      ],
    )
    for (const length of lengths.slice(1)) {
      agree(k, [filled('float32', 3 * length, i => Math.round(wave(i) / 20)), data('int32', 3), length])
    }
  })

  test('a fold of bools and a wide one in the same loop', () => {
    const [x, y, z] = [buffer('x', 'float64'), buffer('y', 'bool', 'write'), buffer('z', 'float64', 'write')]
    const [any, other] = [register('any', 'bool'), register('other', 'bool')]
    const [m, m2] = [register('m', 'float64'), register('m2', 'float64')]
    const folds = [
      {
        registers: [any],
        identity: [s.const('bool', 0)],
        others: [other],
        combine: [s.or(get(any), get(other))],
      },
      {
        registers: [m],
        identity: [s.const('float64', -1 / 0)],
        others: [m2],
        combine: [s.max(get(m), get(m2))],
      },
    ]
    for (const [length, limit] of [
      [9, 0],
      [9, 1e9],
      [2, 0],
      [1, 0],
      [40, 99.9],
    ] as const) {
      const k = kernel(
        [x, y, z],
        [
          declare(any, s.const('bool', 0)),
          declare(m, s.const('float64', -1 / 0)),
          loop(length, { mode: 'lanes', jam: 2, folds }, i => [
            assign(any, s.or(get(any), s.gt(s.load(x, i), limit))),
            assign(m, s.max(get(m), s.load(x, i))),
          ]),
          store(y, 0, get(any)),
          store(z, 0, get(m)),
        ],
      )
      agree(k, [data('float64', length), data('bool', 1), data('float64', 1)])
    }
  })
})

describe('intrinsics', () => {
  test.each(intrinsicNames.map(name => [name]))('%s in lanes, both formats', name => {
    for (const type of ['float32', 'float64'] as const) {
      const [x, y] = [buffer('x', type), buffer('y', type, 'write')]
      const value = (i: Scalar): Scalar => {
        const args = name === 'pow' || name === 'atan2' ? [s.load(x, i), s.const(type, 1.5)] : [s.load(x, i)]
        return { kind: 'intrinsic', name, type, args }
      }
      const xs = filled(type, 23, i => (name === 'acosh' ? 1 + i / 3 : 0.02 + i / 25))
      const k = kernel([x, y], [lanes(23, 2, i => [store(y, i, value(i))])])
      agree(k, [xs, xs], type === 'float32' ? 1e-6 : 1e-14)
    }
  })
})
