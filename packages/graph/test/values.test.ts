import { describe, expect, test } from '@jest/globals'
import ndarray from 'ndarray'
import * as G from '../src/index.js'
import { array, shared, toNested } from '../src/index.js'
import { messageOf } from './messages.js'

describe('conversion', () => {
  const as = (value: unknown, dtype: G.Variable['dtype'] | null = null) => {
    const { data, shape, dtype: result } = G.convert(value, dtype, 'test')
    return [result, shape, Array.from(data)]
  }

  test('numbers and nested arrays take the dtype that is declared', () => {
    expect(as(2)).toEqual(['float32', [], [2]])
    expect(as(2, 'int32')).toEqual(['int32', [], [2]])
    expect(as(true, 'float64')).toEqual(['float64', [], [1]])
    expect(
      as(
        [
          [1, 2],
          [3, 4],
        ],
        'uint8',
      ),
    ).toEqual(['uint8', [2, 2], [1, 2, 3, 4]])
    expect(as([true, false], 'bool')).toEqual(['bool', [2], [1, 0]])
    expect(as([])).toEqual(['float32', [0], []])
    expect(as([[], []])).toEqual(['float32', [2, 0], []])
    expect(as([0.1])).toEqual(['float32', [1], [Math.fround(0.1)]])
    expect(as([0.1], 'float64')).toEqual(['float64', [1], [0.1]])
    expect(as([Number.NaN, Number.POSITIVE_INFINITY])).toEqual([
      'float32',
      [2],
      [Number.NaN, Number.POSITIVE_INFINITY],
    ])
  })

  test('typed arrays bring their own', () => {
    expect(as(new Float64Array([0.1]))).toEqual(['float64', [1], [0.1]])
    expect(as(new Int32Array([1, 2]))).toEqual(['int32', [2], [1, 2]])
    expect(as(new Uint8Array([7]))).toEqual(['uint8', [1], [7]])
    expect(as(new Int16Array([-7]))).toEqual(['int32', [1], [-7]])
    expect(as(new BigInt64Array([5n]))).toEqual(['int32', [1], [5]])
    expect(as([new Float32Array([1, 2]), new Float32Array([3, 4])])).toEqual([
      'float32',
      [2, 2],
      [1, 2, 3, 4],
    ])
  })

  test('into a declared dtype: doubles are rounded, integers widened, bytes are truth values', () => {
    expect(as(new Float64Array([0.1]), 'float32')).toEqual(['float32', [1], [Math.fround(0.1)]])
    expect(as(new Int32Array([3]), 'float64')).toEqual(['float64', [1], [3]])
    expect(as(new Int32Array([3]), 'uint8')).toEqual(['uint8', [1], [3]])
    expect(as(new BigInt64Array([3n]), 'float32')).toEqual(['float32', [1], [3]])
    expect(as(new Uint8Array([0, 1, 9]), 'bool')).toEqual(['bool', [3], [0, 1, 1]])
  })

  test('an NdArray may have any strides', () => {
    const a = ndarray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3])
    expect(as(a.transpose(1, 0))).toEqual(['float32', [3, 2], [1, 4, 2, 5, 3, 6]])
    expect(as(a.step(1, -1))).toEqual(['float32', [2, 3], [3, 2, 1, 6, 5, 4]])
    expect(as(a.pick(1, 2))).toEqual(['float32', [], [6]])
    expect(as(ndarray([1, 2, 3], [3]), 'int32')).toEqual(['int32', [3], [1, 2, 3]])
    expect(as(ndarray([0.5]))).toEqual(['float32', [1], [0.5]])
  })

  test('an NdArray over small or large integers becomes int32', () => {
    for (const Elements of [Int8Array, Int16Array, Uint16Array, Uint32Array])
      expect(as(ndarray(new Elements([1, 2, 3])))).toEqual(['int32', [3], [1, 2, 3]])
    expect(as(ndarray(new BigInt64Array([1n, 2n]) as never))).toEqual(['int32', [2], [1, 2]])
    expect(G.convert(ndarray(new Int16Array([1])), null, 'test').data).toBeInstanceOf(Int32Array)
    expect(G.convert(ndarray(new Uint8ClampedArray([1])), null, 'test').data).toBeInstanceOf(Uint8Array)
  })

  test('a Buffer is an array of bytes like any other, and is copied', () => {
    const mine = Buffer.from([1, 2, 3])
    const all = [G.convert(mine, null, 'test'), G.convert(ndarray(mine), null, 'test'), array(mine)]
    const [c, v] = [G.constant(mine), shared(mine)]
    v.setValue(mine)
    mine[0] = 9
    for (const { data } of all) {
      expect(Array.from(data)).toEqual([1, 2, 3])
      expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype)
    }
    expect(Array.from(v.getValue().data)).toEqual([1, 2, 3])
    expect(G.constant(new Uint8Array([1, 2, 3]))).toBe(c)
    expect(G.constant(new Uint8Array([9, 2, 3]))).not.toBe(c)
  })

  test('the data is never the caller’s', () => {
    const mine = new Float32Array([1])
    expect(G.convert(mine, null, 'test').data).not.toBe(mine)
    expect(G.convert(ndarray(mine), null, 'test').data).not.toBe(mine)
  })

  const refused: Record<string, () => unknown> = {
    'a fraction into int32': () => as([1, 2.5], 'int32'),
    'too great for int32': () => as([[2 ** 31]], 'int32'),
    'NaN into int32': () => as(Number.NaN, 'int32'),
    'too great for uint8': () => as(new Int32Array([1, 256]), 'uint8'),
    'a number into bool': () => as([0, 2], 'bool'),
    'floats into int32': () => as(new Float32Array([1]), 'int32'),
    'an NdArray of doubles into uint8': () => as(ndarray(new Float64Array([1])), 'uint8'),
    'a short row': () => as([[1, 2], [3]]),
    'a number for a row': () => as([[1, 2], 3]),
    'a row for a number': () => as([1, [2]]),
    'deep inside': () =>
      as([
        [[1], [2]],
        [[3], [4, 5]],
      ]),
    'a string': () => as('1'),
    'a string in a list': () => as([1, '2']),
    nothing: () => as(undefined),
    'a size that is none': () => G.zerosArray([2, -1]),
    'random integers': () => G.randn([2], { dtype: 'int32' }),
  }
  test.each(Object.keys(refused))('refused: %s', name => {
    expect(messageOf(refused[name]!)).toMatchSnapshot()
  })
})

describe('NdArrays', () => {
  test('array and toNested undo each other', () => {
    for (const value of [
      7,
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
      [[[1], [2]]],
      [],
      [[], []],
    ])
      expect(toNested(array(value))).toEqual(value)
    expect(array([[1, 2]], 'int32').data).toBeInstanceOf(Int32Array)
    expect(
      toNested(
        array([
          [1, 2],
          [3, 4],
        ]).transpose(1, 0),
      ),
    ).toEqual([
      [1, 3],
      [2, 4],
    ])
  })

  test('a seed gives the same numbers, in any order of asking', () => {
    expect(G.randn([3], { seed: 1 }).data).toEqual(G.randn([3], { seed: 1 }).data)
    expect(G.randn([3], { seed: 1 }).data).not.toEqual(G.randn([3], { seed: 2 }).data)
    expect(G.rand([5], { seed: 1 }).data.slice(0, 3)).toEqual(G.rand([3], { seed: 1 }).data)
    expect(G.rand([3]).data).not.toEqual(G.rand([3]).data)
    expect(Array.from(G.rand([3], { seed: 0, dtype: 'float64' }).data)).toMatchInlineSnapshot(`
[
  0.7259824017528445,
  0.280590184032917,
  0.04691867041401565,
]
`)
  })

  test('they have the distribution that is asked for', () => {
    const count = 20_000
    const moments = (data: ArrayLike<number>) => {
      const mean = Array.from(data).reduce((a, b) => a + b) / count
      return [mean, Math.sqrt(Array.from(data).reduce((a, b) => a + (b - mean) ** 2, 0) / count)]
    }
    const [mean, std] = moments(G.randn([count], { seed: 3, mean: 5, std: 2 }).data)
    expect(mean).toBeCloseTo(5, 1)
    expect(std).toBeCloseTo(2, 1)
    const uniform = G.rand([count], { seed: 4, low: -1, high: 3 }).data
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-1)
    expect(Math.max(...uniform)).toBeLessThan(3)
    expect(moments(uniform)[0]).toBeCloseTo(1, 1)
  })
})

describe('shared variables', () => {
  test('have the dtype of a typed array, else float32, and the shape of the value', () => {
    expect(G.printType(shared([[1, 2]]).type)).toBe('f32[1, 2]')
    expect(G.printType(shared(new Float64Array(3)).type)).toBe('f64[3]')
    expect(G.printType(shared(ndarray(new Int32Array(4), [2, 2])).type)).toBe('i32[2, 2]')
    expect(G.printType(shared(true).type)).toBe('f32[]')
    expect(G.printType(shared([1], 'k', { dtype: 'int32' }).type)).toBe('i32[1]')
    expect(G.printType(shared([[1, 2]], 'rows', { shape: ['rows', 2] }).type)).toBe('f32[rows, 2]')
  })

  test('are copies of the value that they are made from', () => {
    const mine = new Float32Array([1, 2])
    const all = [shared(mine), shared(ndarray(mine)), shared(ndarray(mine, [2, 1]))]
    mine[0] = 5
    for (const v of all) expect(Array.from(v.getValue().data)).toEqual([1, 2])
  })

  test('getValue is a copy unless borrowed', () => {
    const W = shared([1, 2], 'W')
    W.getValue().data[0] = 9
    expect(toNested(W.getValue())).toEqual([1, 2])
    W.getValue({ borrow: true }).data[0] = 9
    expect(toNested(W.getValue())).toEqual([9, 2])
  })

  test('setValue copies, converts and keeps the shape', () => {
    const W = shared([1, 2], 'W')
    const mine = new Float64Array([0.1, 0.2])
    W.setValue(mine)
    mine[0] = 5
    expect(Array.from(W.getValue().data)).toEqual([Math.fround(0.1), Math.fround(0.2)])
    expect(messageOf(() => W.setValue([1, 2, 3]))).toMatchInlineSnapshot(`
"ShapeError shared "W": the value has another shape
  W : f32[2]   (shared "W")
  the shape must be [2]: it is [3]
  created at … [E034]"
`)
    expect(messageOf(() => shared([1], 'k', { dtype: 'int32' }).setValue([0.5]))).toMatchInlineSnapshot(`
"DTypeError shared "k": 0.5 at [0] does not fit into int32
  an int32 is a whole number from -2147483648 to 2147483647
  created at … [E032]"
`)
    expect(toNested(W.getValue())).not.toEqual([1, 2, 3])
    const open = shared([[1, 2]], 'open', { shape: [null, 2] })
    open.setValue([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(open.getValue().shape).toEqual([3, 2])
    expect(messageOf(() => open.setValue([[1]]))).toMatchInlineSnapshot(`
"ShapeError shared "open": the value has another shape
  open : f32[?, 2]   (shared "open")
  the shape must be [?, 2]: it is [1, 1]
  created at … [E034]"
`)
  })
})
